"""The served page in browsers: no error, no request to anywhere else, by keyboard, at a phone's width, and in both languages."""

import re
import time

import pytest

from browsers import browser, left_by_axe, watched
from procure.report.served.words import words_in
from test_explore import RANGES, TOKEN, Served

pytest.importorskip("starlette", reason="the extra explore is not installed")
__all__ = ["browser"]


@pytest.fixture(scope="module")
def served():
    page = Served()
    yield page
    page.end()


@pytest.fixture
def opened(browser, served):
    """Opens the page, and notes what goes wrong and what is asked for."""
    contexts = []

    def open_page(width=1280):
        context = browser.new_context(viewport={"width": width, "height": 900}, accept_downloads=True)
        contexts.append(context)
        page = watched(context)
        page.goto(f"http://{served.home}/?token={TOKEN}")
        assert TOKEN not in page.url
        settled(page)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            assert page.wrong == []
            assert {re.sub(r"^(http://[^/]+|data:|blob:).*", r"\1", url) for url in page.asked} <= {
                f"http://{served.home}",
                "data:",
                "blob:",
            }
        context.close()
    while served.solver.state["seconds"]:  # the next page is not to find it busy
        time.sleep(0.05)


def settled(page):
    """Wait until the page has its answer, and every picture of it."""
    page.wait_for_function(
        """() => document.getElementById('cancel').disabled && document.querySelectorAll('#answer .tiles').length === 1
                 && !document.getElementById('answer').classList.contains('stale')
                 && document.querySelectorAll('#pictures svg').length >= 4""",
        timeout=60_000,
    )


def move(page, name, value):
    """Write a value into the field of a number, by its label."""
    page.get_by_label(f"{name}: value", exact=True).fill(str(value))


def with_limit(page, kind="share", bound="60 %", **chosen):
    page.click("#adding summary")
    page.select_option("#kind", kind)
    page.fill("#limit-max", bound)
    for key, label in chosen.items():
        page.select_option(f"#limit-{key}", label=label)
    page.click("#form button")


CHINA = {"supplier": "China (licensed route)"}
SCALE = "Loss of a shortage, times that of the tables"


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "ja"])
def test_nothing_is_wider_than_the_window_and_every_word_is_there(width, language, opened):
    page = opened(width)
    page.click("#keep")
    with_limit(page, **CHINA)
    page.wait_for_selector("#limits li")
    settled(page)
    page.get_by_role("button", name="Why do they differ?: answer 1").click()
    page.wait_for_selector("#why h3")
    page.click("#adding summary")
    page.click(f"button[data-language={language}]")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    text = page.inner_text("main")
    assert not re.search(r"[{}]|undefined|\bNaN\b|\[object", text)
    keys = words_in("en").keys()
    assert not {word for word in re.findall(r"\b[a-z]+_[a-z_]+\b", text) if word in keys}
    if language == "ja":  # sentences are Japanese: what is left of English are names, symbols, units and quotes of laws
        assert re.search("[ぁ-ん]", page.inner_text("#why")) and "Solve" not in text and "answer" not in text


def test_a_limit_is_added_moved_and_taken_away(opened, served):
    page = opened()
    with_limit(page, **CHINA)
    page.wait_for_selector("#limits li")
    settled(page)
    assert "at most 60 % of all elements from china" in page.inner_text("#limits")
    move(page, "China's share while undisturbed: at most", 0.5)
    settled(page)
    _, found = served.solve()
    _, limited = served.ask(
        "POST", "/solve", {"limits": [{"name": "share", "kind": "share", "supplier": "china", "max": 0.5}]}
    )[::2]
    assert f'"objective":{found["objective"]}'[:15] not in limited.decode()
    shown = page.locator("#answer .tiles data").first.get_attribute("value")
    assert f'"value":{shown}' in limited.decode()
    page.get_by_role("button", name="Remove").click()
    page.wait_for_function("() => !document.querySelector('#limits li')")
    settled(page)
    assert page.locator("#board .slider").count() == len(RANGES)


def test_a_limit_that_is_none_is_refused_in_words(opened):
    page = opened()
    with_limit(page, bound="65")
    page.wait_for_function("() => document.getElementById('state').innerText.includes('not added')")
    assert page.locator("#limits li").count() == 0
    assert re.search(r"supplier|share", page.inner_text("#state"))
    # A refusal is an answer that a browser reports as one, and nothing else goes wrong.
    assert all("422" in line for line in page.wrong)
    page.wrong.clear()


def test_answers_are_kept_and_their_difference_is_taken_apart(opened):
    page = opened()
    page.click("#keep")
    move(page, SCALE, 2)
    settled(page)
    page.get_by_role("button", name="Why do they differ?: answer 1").click()
    page.wait_for_selector("#why h3")
    said = page.inner_text("#why")
    assert said.startswith("Why this answer differs from answer 1") and "This answer is dearer than answer 1" in said
    assert SCALE in said and page.evaluate("document.activeElement.id") == "why"
    page.get_by_role("button", name="Go back to it: answer 1").click()
    page.wait_for_function("() => document.getElementById('value-1').value === '1'")
    settled(page)
    page.get_by_role("button", name="Take it away: answer 1").click()
    assert page.locator(".kept li").count() == 0


def test_the_keyboard_is_enough(opened):
    """From the top by Tab alone: language, sliders and fields, the form, what solves, keeps and saves; arrows move a slider."""
    page = opened()
    reached = []
    for _ in range(30):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate(
                "document.activeElement.id || document.activeElement.dataset.language || document.activeElement.tagName"
            )
        )
        if reached[-1] == "save-report":
            break
    wanted = [
        "en",
        "ja",
        "value-0",
        "slider-0",
        "value-1",
        "slider-1",
        "SUMMARY",
        "solve",
        "keep",
        "save-file",
        "save-report",
    ]
    assert [each for each in reached if each in wanted] == wanted
    page.focus("#slider-1")
    before = float(page.input_value("#slider-1"))
    page.keyboard.press("ArrowRight")
    settled(page)
    assert float(page.input_value("#slider-1")) > before
    assert page.get_attribute("#slider-1", "aria-valuetext") == page.input_value("#value-1")
    assert page.get_attribute("#slider-1", "aria-description") == "shortage.scale"
    page.focus("#adding summary")
    page.keyboard.press("Enter")
    assert page.locator("#kind").is_visible()


def test_what_is_saved_is_what_is_shown(opened, browser):
    if browser.browser_type.name == "firefox":
        pytest.skip("Playwright is not told what a Firefox of the system has downloaded")
    page = opened()
    move(page, SCALE, 3)
    settled(page)
    for button, ends in (("#save-file", ".toml"), ("#save-report", ".html")):
        with page.expect_download(timeout=60_000) as download:
            page.click(button)
        with open(download.value.path(), encoding="utf-8") as file:
            text = file.read()
        assert download.value.suggested_filename.endswith(ends)
        assert (
            "scale = 3" in text
            if ends == ".toml"
            else page.locator("#answer .tiles data").first.get_attribute("value") in text
        )


@pytest.mark.parametrize("language", ["en", "ja"])
def test_axe_finds_nothing(opened, language):
    page = opened()
    page.click("#keep")
    with_limit(page, **CHINA)
    page.wait_for_selector("#limits li")
    settled(page)
    page.click("#adding summary")
    page.click(f"button[data-language={language}]")
    assert left_by_axe(page) == []
