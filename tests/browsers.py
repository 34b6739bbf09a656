"""The browsers in which the pages are opened, as the system has them, driven by Playwright; and what goes wrong in them, noted.

A test is skipped where Playwright or its browser is not installed, or where the one does not know how to drive the other.
"""

import re
import shutil

import pytest

#: What the program of each may be called, and how Playwright starts it.
BROWSERS = {
    "chromium": (("chromium", "chromium-headless-shell", "chromium-browser", "google-chrome"), {"args": ["--no-sandbox"]}),
    "firefox": (("firefox-esr", "firefox"), {"channel": "moz-firefox"}),
}  # fmt: skip


@pytest.fixture(scope="module", params=BROWSERS)
def browser(request):
    playwright = pytest.importorskip("playwright.sync_api")
    names, options = BROWSERS[request.param]
    program = next(filter(None, map(shutil.which, names)), None)
    if program is None:
        pytest.skip(f"no {request.param} is installed")
    with playwright.sync_playwright() as started:
        browser = getattr(started, request.param).launch(executable_path=program, **options)
        try:
            browser.new_page().close()
        except playwright.Error as error:
            pytest.skip(f"this Playwright does not drive this {request.param}: {error}")
        yield browser
        browser.close()


def watched(context):
    """A page of a context that notes what goes wrong in it and what it asks for: `page.wrong`, `page.asked`."""
    page = context.new_page()
    page.wrong, page.asked = [], []
    page.on("console", lambda message: page.wrong.append(message.text))
    page.on("pageerror", lambda error: page.wrong.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    return page


def left_by_axe(page):
    """What axe finds wrong with a page as it stands; axe is a script of its own, which the page itself would not let in."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    context = page.context.browser.new_context(bypass_csp=True)
    other = context.new_page()
    other.set_content(re.sub(r"<script.*?</script>", "", page.content(), flags=re.DOTALL))
    found = axe.Axe().run(other)
    context.close()
    return found.response["violations"]
