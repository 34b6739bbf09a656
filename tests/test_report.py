"""The page of an answer: its figures are the answer's, its names are text, nothing is loaded, and both languages are whole."""

import json
import math
import re
from dataclasses import replace
from functools import cache
from html import escape
from html.parser import HTMLParser

import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app
from procure.report.html.given import PLACES
from procure.report.html.page import embedded, rendered
from procure.report.html.words import WORDS
from procure.report.screens import PAGES
from procure.report.text import second_currency
from procure.words import percent
from test_plot import decided, followed, levels, small_japan, switches, two_class

VOID = {"meta", "br", "input", "link", "img", "hr"}


class Page(HTMLParser):
    """Every element with its attributes and the elements that it stands in, the text of each, and the figures."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.texts, self.figures = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))
        if tag == "data":
            self.figures.append([float(dict(attrs)["value"]), ""])
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs), tuple(self.open)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append((tuple(self.open), data))
        if "data" in self.open:
            self.figures[-1][1] += data

    def of(self, tag):
        return [attributes for name, attributes, _ in self.elements if name == tag]


@cache
def page(of):
    return Page(rendered(of()))


def numbers_in(document):
    """Every number that a document holds."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, (list, tuple)):
        return {number for inner in document for number in numbers_in(inner)}
    return {float(document)} if isinstance(document, (int, float)) else set()


def sums_of(portfolio):
    """What a page adds up: shortage over the years of an element or a class, and money in the currency of the model."""
    rate = second_currency(portfolio)[0]
    frame = portfolio.shortage
    for key in ("element", "class"):
        for _, rows in frame.groupby(key):
            demand = rows["demand_t"].sum()
            yield from (
                demand / len(rows),
                rows["expected_t"].sum() / demand,
                rows["probability"].sum(),
                rows["cost_musd"].sum(),
            )
    money = [*portfolio.costs.drop(columns="component").to_numpy().ravel(), *(portfolio.summary[k] for k in _COSTS)]
    yield from (rate * amount for amount in money)


_COSTS = ("expected_cost", "cvar", "worst_case")


@pytest.mark.parametrize("of", [two_class, small_japan])
def test_every_figure_is_the_answers(of):
    """The number behind each figure is one of the answer's file, digit by digit, or one of the few sums that a page makes."""
    portfolio = of()
    known = numbers_in(json.loads(json.dumps(portfolio.document())))
    sums = list(sums_of(portfolio))
    figures = page(of).figures
    assert len(figures) > 60
    for value, text in figures:
        assert value in known or any(value == approx(x, rel=1e-12, abs=1e-15) for x in sums), text


@pytest.mark.parametrize("of", [two_class, small_japan])
def test_a_figure_reads_as_the_number_behind_it(of):
    """Plain numbers in the text are the value, or its hundredfold for a share, to half of the last digit that is shown."""
    for value, text in page(of).figures:
        found = re.match(r"-?[0-9][0-9,]*(\.[0-9]+)?", text)
        if not found:
            assert text in ("-", "yes", "あり"), text
            continue
        number = float(found[0].replace(",", ""))
        digits = len(found[1] or ".") - 1
        rough = max(
            0.5 * 10**-digits, 0.0501 * abs(number) if digits == 0 and "," not in text else 0.00501 * abs(number)
        )
        assert any(abs(number - scale * value) <= rough * 1.001 for scale in (1, 100)), (value, text)


@pytest.mark.parametrize("of", [two_class, small_japan, levels])
def test_both_languages_say_the_same(of):
    """The same sections, tables and figures, once in each language."""
    text = rendered(of())
    english, japanese = (Page(f"{part}") for part in re.findall(r"<article.*?</article>", text, re.DOTALL))
    assert [value for value, _ in english.figures] == [value for value, _ in japanese.figures]
    for tag in ("section", "table", "tr", "th", "td", "svg", "h2"):
        assert len(english.of(tag)) == len(japanese.of(tag)) > 0
    assert english.of("article")[0]["lang"], japanese.of("article")[0]["lang"] == ("en", "ja")
    assert re.search("[ぁ-ん]", "".join(text for _, text in japanese.texts))


@pytest.mark.parametrize("of", [two_class, small_japan, levels])
def test_every_sentence_is_filled_in(of):
    text = "".join(text for stack, text in page(of).texts if stack[-1:] not in (("style",), ("script",), ("pre",)))
    assert len(text) > 1_000 and not re.search(r"\{[a-z_]*\}|\bnan\b", text)


@pytest.mark.parametrize("of", [two_class, small_japan])
def test_nothing_is_loaded(of):
    """No element that fetches, no address but links that a reader follows, and a policy that forbids the rest."""
    parsed = page(of)
    assert not {tag for tag, _, _ in parsed.elements} & {
        "link",
        "img",
        "iframe",
        "object",
        "embed",
        "image",
        "base",
        "form",
    }
    for tag, attributes, _ in parsed.elements:
        assert (
            "src" not in attributes and "style" not in attributes and not [k for k in attributes if k.startswith("on")]
        )
        for key in ("href", "xlink:href"):
            assert tag == "a" or attributes.get(key, "#").startswith("#")
    sheet = "".join(text for stack, text in parsed.texts if stack[-1:] == ("style",))
    assert "url(" not in sheet and "@import" not in sheet
    policy = next(m["content"] for m in parsed.of("meta") if m.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'; style-src 'sha256-") and "unsafe" not in policy


def test_references_within_the_page_lead_somewhere():
    parsed = page(small_japan)
    names = [attributes["id"] for _, attributes, _ in parsed.elements if "id" in attributes]
    assert len(names) == len(set(names))
    for _, attributes, _ in parsed.elements:
        told = re.findall(r"url\(#(.*?)\)", " ".join(filter(None, attributes.values())))
        told.append(attributes.get("aria-labelledby"))
        told.append((attributes.get("href") or "").removeprefix("#") or None)
        assert {name for name in told if name} <= set(names)


def test_tables_say_what_their_cells_are_of():
    parsed = page(small_japan)
    for tag, attributes, stack in parsed.elements:
        if tag == "th":
            assert attributes["scope"] in ("row", "col", "rowgroup") and "table" in stack
    assert len(parsed.of("caption")) == len(
        parsed.of("table")
    )  # those of screens have none, and stand under their words
    assert all(
        part["tabindex"] == "0" and part["aria-label"] for part in parsed.of("div") if "scroll" in part.get("class", "")
    )


HOSTILE = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "=cmd()|'/c calc'!A1", "\u202egnihtyna", "x" * 300,
    "../../etc/passwd",
    "</style></script><!--", "{{ 7 * 7 }}", "javascript:alert(1)", "\x1b[31mred\x07", "&lt;b&gt;", "$x^2$",
)  # fmt: skip


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_stay_text(name):
    """A name makes no element, no attribute and no instruction, wherever it stands; and it is there to be read."""
    sound = two_class()
    frames = {}
    for key in ("mix", "shares"):
        frame = getattr(sound, key).copy()
        frame["supplier"] = frame["supplier"].replace("lynas", name)
        frames[key] = frame
    plan = sound.plan.copy()
    plan["of"] = plan["of"].str.replace("lynas", name.replace(".", ""), regex=False)
    names = {key: value for key, value in sound.names.items() if key != "lynas"} | {name: {"en": name, "ja": name}}
    settings = {**sound.settings, "overrides": [{"set": name, "value": 1.0, "reason": name}]}
    texts = dict.fromkeys(("name", "origin", "status"), name)
    title = {"en": name, "ja": name}
    spoiled = replace(sound, title=title, names=names, settings=settings, plan=plan, **texts, **frames)
    parsed, usual = Page(rendered(spoiled, ["en"])), page(two_class)
    assert {tag for tag, _, _ in parsed.elements} <= {tag for tag, _, _ in usual.elements}
    assert {key for _, attributes, _ in parsed.elements for key in attributes} <= {
        key for _, attributes, _ in usual.elements for key in attributes
    }
    assert len(parsed.of("script")) == 1
    text = "".join(text for _, text in parsed.texts)
    assert "\u202e" not in text and "\x1b" not in text and "49" not in parsed.of("article")[0]["data-title"]
    plain = {"\u202egnihtyna": "gnihtyna", "\x1b[31mred\x07": "red"}.get(name, name)
    assert plain in text


def test_embedded_json_stays_in_its_element():
    data = {"</script><!-- & \u2028": ["<b>", math.pi]}
    text = str(embedded(data))
    assert not set(text) & set("<>&\u2028") and json.loads(text) == data
    with pytest.raises(ValueError, match="JSON"):
        embedded(math.nan)


def test_small_enough_to_be_sent():
    assert len(rendered(small_japan()).encode()) < 3_000_000


def test_the_same_answer_makes_the_same_page(tmp_path):
    two_class().to_json(tmp_path / "answer.json")
    again = procure.read_portfolio(tmp_path / "answer.json")
    assert rendered(again) == rendered(two_class())


def run(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def test_commands_write_it(tmp_path):
    answer, first, second = (tmp_path / name for name in ("answer.json", "first.html", "second.html"))
    done = run("solve", "two-class", "--json", answer, "--report", first, "--quiet")
    assert done.exit_code == 0, done.output
    assert run("report", answer, "--out", second, "--lang", "ja").exit_code == 0
    assert Page(first.read_text(encoding="utf-8")).of("html") == [{"lang": "en"}]
    assert Page(second.read_text(encoding="utf-8")).of("html") == [{"lang": "ja"}]
    refused = run("report", answer, "--out", second)
    assert refused.exit_code == 2 and "the file exists" in refused.output


def test_a_page_is_in_languages_that_there_are(tmp_path):
    with pytest.raises(procure.DataError, match="'fr'"):
        procure.report(two_class(), tmp_path / "page.html", languages=["fr"])
    procure.report(two_class(), tmp_path / "page.html", languages=["ja"])
    assert len(Page((tmp_path / "page.html").read_text(encoding="utf-8")).of("article")) == 1


@cache
def swept():
    grid = {"risk.weight": {"from": 0, "to": 0.6, "steps": 3}, "shortage.scale": {"from": 1, "to": 5, "steps": 2}}
    return procure.sweep(procure.load_model("two-class"), grid, workers=1)


@cache
def moved():
    return rendered(two_class(), sliders=swept())


def board():
    """What the script of a page with sliders reads."""
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', moved(), re.DOTALL)[1])


def test_every_step_of_a_slider_is_a_fresh_solve():
    """At a step the page has what `solve` answers for a model with these numbers: the last slider varies fastest."""
    data = board()
    weights, scales = (axis["values"] for axis in data["axes"])
    assert (weights, scales) == ([0.0, 0.3, 0.6], [1.0, 5.0])
    for place, (weight, scale) in enumerate((w, s) for w in weights for s in scales):
        fresh = procure.solve(procure.load_model("two-class").with_(**{"risk.weight": weight, "shortage.scale": scale}))
        costs = [fresh.summary[key] for key in ("expected_cost", "cvar", "worst_case")]
        assert [value for value, _ in data["cases"][place]["numbers"][:3]] == approx(costs, rel=1e-9)


def test_sliders_begin_at_the_answer():
    """They stand where its numbers are, and there what was swept is what was solved: every line of the table is the same twice."""
    rows = re.findall(r'data-line="\d+">(.*?)</td><td>.*?</td><td class="number">(.*?)</td>', moved())
    assert len(rows) > 2 * 10
    for here, answer in rows:
        (first,), (second,) = (Page(cell).figures for cell in (here, answer))
        assert first[0] == approx(second[0], rel=1e-7, abs=1e-9) and first[1] == second[1]
    assert re.findall(r'<input.*?value="(\d)"', moved()) == ["0", "0"] * 2


def test_a_step_without_a_portfolio_says_why():
    rows = swept().copy()
    rows.attrs = swept().attrs
    rows.loc[1, ["status", "message"]] = ["infeasible", "</script>no plan"]
    page = rendered(two_class(), sliders=rows)
    assert "</script>no plan" not in page
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert data["cases"][1] == {"message": "</script>no plan"}


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda rows: rows.iloc[:-1], "every combination"),
        (lambda rows: rows.drop(columns="cvar_musd"), "cvar_musd"),
        (lambda rows: rows.assign(**{"risk.weight": "many"}), "no numbers"),
        (lambda rows: rows.set_flags(), None),
    ],
)
def test_sliders_are_a_sweep_of_a_product(spoil, said):
    rows = spoil(swept())
    rows.attrs = swept().attrs
    if said is None:
        assert rendered(two_class(), sliders=rows) == moved()
        return
    with pytest.raises(procure.DataError, match=said):
        rendered(two_class(), sliders=rows)


def test_commands_with_sliders(tmp_path):
    answer, first, second = (tmp_path / name for name in ("answer.json", "first.html", "second.html"))
    done = run("solve", "two-class", "--json", answer, "--report", first, "--quiet", "--sliders", "risk.weight=0:0.6")
    assert done.exit_code == 0, done.output
    done = run("report", answer, "--out", second, "--model", "two-class", "--sliders", "risk.weight=0:0.6", "--quiet")
    assert done.exit_code == 0, done.output
    figures = [Page(page.read_text(encoding="utf-8")).figures for page in (first, second)]
    assert len(figures[0]) == len(figures[1])
    for words in (["risk.weight"], ["risk.weight=1"], ["risk.weight=0:1", "--sliders", "risk.weight=0:1"]):
        assert run("report", answer, "--out", tmp_path / "third.html", "--sliders", *words).exit_code == 2
    other = ("--model", "two-class", "--set", "risk.weight=0.2", "--sliders", "shortage.scale=1:5")
    refused = run("report", answer, "--out", tmp_path / "third.html", *other)
    assert refused.exit_code == 2 and "the answer is of other choices" in refused.output
    assert run("solve", "two-class", "--quiet", "--sliders", "risk.weight=0:0.6").exit_code == 2


@cache
def ranged():
    return procure.ranges(procure.load_model("two-class"))


def tornado():
    """The first number flips the choice at its high end, the second does not."""
    told = {
        "choice": ["flips", "stays"],
        "margin_musd": [3.0, 0.0],
        "standard_error_musd": [1.0, 0.0],
        "swing_musd": [30.0, 3.0],
    }
    return replace(decided(), name="two-class", table=decided().table.assign(**told))


@cache
def with_answers():
    answers = [ranged(), replace(switches(), path="shortage.scale"), tornado()]
    return rendered(two_class(), answers=answers)


def sections_in(language, text):
    return re.findall(rf'<section id="{language}-(.*?)"', text)


def test_other_answers_stand_where_they_belong():
    """Firm shares after the mix, switches and numbers before the assumptions, in both languages; nothing where none are given."""
    for language in ("en", "ja"):
        own = sections_in(language, with_answers())
        assert own.index("ranges-0") == own.index("mix") + 1
        assert own.index("switches-1") < own.index("numbers-2") < own.index("assumptions")
        assert not [key for key in sections_in(language, rendered(two_class())) if "-" in key]


def test_firm_and_free_shares_are_those_of_the_ranges():
    """Every share of the screen of the ranges stands in the section."""
    section = re.search(r'<section id="en-ranges-0".*?</section>', with_answers(), re.DOTALL)[0]
    for row in ranged().table.to_dict("records"):
        if row["most_high"] >= 0.0005:
            for key in ("share", "low", "high"):
                assert f">{percent(row[key])}<" in section


def test_numbers_that_decide_come_with_source_and_switch():
    """The switch of 0.6 stands beside its number; of a number of the tables status and source are told as they stand there."""
    section = re.search(r'<section id="en-assumptions".*?</section>', with_answers(), re.DOTALL)[0]
    rows = {cells[0]: cells for cells in re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", section)}
    assert ">0.6<" in rows["shortage.scale"][1]
    first, second = tornado().table["number"]
    assert ">seabed none at the high end<" in rows[first][1] and ">nowhere in the range<" in rows[second][1]
    facts = procure.load_model("two-class").facts
    path = next(path for path in facts.paths() if path.startswith("prices"))
    table, position = facts.paths()[path]
    row = facts.tables[table].iloc[position]
    told = tornado()
    table = told.table.assign(number=[path] * len(told.table))
    page = rendered(two_class(), answers=[replace(told, table=table)])
    assert f">{row['status']}<" in page and escape(str(row["source"])) in page


def test_only_web_addresses_are_followed():
    facts = procure.load_model("two-class").facts
    path = next(path for path in facts.paths() if path.startswith("prices"))
    prices = facts.tables["prices"].assign(address="javascript:alert(1)")
    model = replace(procure.load_model("two-class"), facts=replace(facts, tables=facts.tables | {"prices": prices}))
    table = tornado().table.assign(number=path)
    page = Page(rendered(replace(two_class(), model=model), answers=[replace(tornado(), table=table)]))
    assert not [a for a in page.of("a") if not a["href"].startswith("#")]


def test_an_event_is_followed_on_the_page():
    text = rendered(small_japan(), ["en"], answers=[followed()])
    own = sections_in("en", text)
    assert own.index("stress-0") == own.index("shortage") + 1
    assert len(Page(text).of("svg")) == len(page(small_japan).of("svg")) / 2 + 1


def test_every_answer_that_has_a_screen_has_a_place():
    """But the portfolio, which the page is of, what is part of it, and answers of several models."""
    assert {kind.__name__ for kind in set(PAGES) - set(PLACES)} == {"Portfolio", "Information", "SideBySide"}
    for place in PLACES.values():
        assert f"{place.key}_heading" in WORDS


def test_answers_are_of_the_model():
    with pytest.raises(procure.DataError, match="of the model 'japan'"):
        rendered(two_class(), answers=[followed()])
    with pytest.raises(procure.DataError, match="a DataFrame"):
        rendered(two_class(), answers=[two_class().mix])


@pytest.mark.parametrize("of", [two_class, ranged, followed, tornado, switches])
def test_a_notebook_shows_what_a_screen_shows(of):
    """Every word and number of the screen, as text; and no other element than those of paragraphs and tables."""
    shown = Page(of()._repr_html_())
    text = " ".join(text for _, text in shown.texts)
    assert re.findall(r"[^\s]+", str(of())) and sorted(text.split()) == sorted(str(of()).split())
    assert {tag for tag, _, _ in shown.elements} <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_notebook_shows_names_as_text(name):
    shown = Page(replace(two_class(), name=name, title={"en": name})._repr_html_())
    assert {tag for tag, _, _ in shown.elements} <= {"div", "p", "strong", "table", "thead", "tbody", "tr", "th", "td"}
    assert "\u202e" not in "".join(text for _, text in shown.texts)


def test_kept_answers_are_read_beside_it(tmp_path):
    """A page with the kept ranges is, in English, the page with the ranges."""
    answer, firm, out = (tmp_path / name for name in ("answer.json", "firm.json", "page.html"))
    two_class().to_json(answer)
    ranged().to_json(firm)
    assert run("report", answer, "--out", out, "--with", firm).exit_code == 0
    pages = out.read_text(encoding="utf-8"), rendered(two_class(), answers=[ranged()])
    first, second = (re.search(r'<article lang="en".*?</article>', text, re.DOTALL)[0] for text in pages)
    assert first == second and "en-ranges-0" in first
    refused = run("report", answer, "--out", out, "--force", "--with", answer)
    assert refused.exit_code == 2 and "procure.portfolio" in refused.output
