"""The page in browsers: no error, no request beside the file, both languages, sliders exact at their steps, a phone's width."""

import pytest

from browsers import browser, left_by_axe, watched
from procure.report.html.page import rendered
from test_report import board, moved, small_japan, with_answers

__all__ = ["browser"]


@pytest.fixture
def opened(browser, tmp_path):
    """Opens a page, offline, and notes what goes wrong and what is asked for."""
    contexts = []

    def open_page(text, width=1280):
        context = browser.new_context(offline=True, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = watched(context)
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            assert page.wrong == [] and {*page.asked} <= {page.url}  # of files Firefox does not tell
        context.close()


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "text", [lambda: rendered(small_japan()), with_answers, moved], ids=["japan", "answers", "sliders"]
)
def test_nothing_is_wider_than_the_window(text, width, opened):
    page = opened(text(), width)
    for language in ("en", "ja"):
        page.click(f"button[data-language={language}]")
        assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_one_language_is_shown(opened):
    page = opened(rendered(small_japan()))
    for language, other in (("ja", "en"), ("en", "ja")):
        page.click(f"button[data-language={language}]")
        assert (
            page.locator(f"article[lang={language}]").is_visible()
            and page.locator(f"article[lang={other}]").is_hidden()
        )
        assert page.evaluate("document.documentElement.lang") == language
        assert page.title() == page.locator(f"article[lang={language}] h1").inner_text()


def move(page, axis, step):
    page.locator(f"#en-slider-{axis}").evaluate(
        "(slider, step) => { slider.value = step; slider.dispatchEvent(new Event('input')); }", step
    )


def test_sliders_say_what_was_solved_at_every_step(opened):
    page, data = opened(moved()), board()
    sizes = [len(axis["values"]) for axis in data["axes"]]
    for place, case in enumerate(data["cases"]):
        for axis, step in enumerate(divmod(place, sizes[1])):
            move(page, axis, step)
        shown = page.evaluate(
            "[...document.querySelectorAll('#en [data-line]')].map(c => [c.firstChild.value ?? null, c.textContent])"
        )
        assert [[value if value is None else float(value), text] for value, text in shown] == case["numbers"]
        assert page.inner_text("#en .state") == "Solved: exact at these steps."


def test_between_steps_nothing_is_said_to_be_solved(opened):
    page = opened(moved())
    move(page, 0, 0.5)
    assert page.inner_text("#en .state") == "Between solved steps: interpolated, not solved."
    assert all(text.startswith("≈") for text in page.locator("#en [data-line]").all_inner_texts())
    assert page.inner_text("#en output[data-axis='0']").startswith("≈")


def test_the_keyboard_moves_sliders(opened):
    page = opened(moved())
    page.focus("#en-slider-0")
    for _ in range(4):  # a quarter of a step each
        page.keyboard.press("ArrowRight")
    assert page.inner_text("#en output[data-axis='0']") == "0.3"
    assert page.get_attribute("#en-slider-0", "aria-valuetext") == "0.3"


def test_it_prints(opened):
    assert opened(rendered(small_japan())).pdf(format="A4").startswith(b"%PDF")


@pytest.mark.parametrize("language", ["en", "ja"])
@pytest.mark.parametrize("text", [with_answers, moved], ids=["answers", "sliders"])
def test_axe_finds_nothing(text, language, opened):
    page = opened(text())
    page.click(f"button[data-language={language}]")
    assert left_by_axe(page) == []
