"""The served page: without its token, or from elsewhere, nothing; nothing ends it; its answers are those of a fresh solve."""

import http.client
import json
import os
import re
import shutil
import signal
import socket
import threading
import time
import tomllib
from contextlib import closing
from http.cookies import SimpleCookie
from xml.etree import ElementTree

import pandas as pd
import pytest
from pytest import approx
from typer.testing import CliRunner

import procure
from procure.cli import app as commands
from procure.languages import LANGUAGES
from procure.limits import KINDS
from procure.model import Model
from procure.model.file import bundled_models
from procure.report.served import site
from procure.report.served.asked import Setting, Wanted
from procure.report.served.desk import Desk
from procure.report.served.form import form
from procure.report.served.numbers import numbers_of
from procure.report.served.solver import Solver
from procure.report.served.words import words_in
from test_habits import HOSTILE

pytest.importorskip("starlette", reason="the extra explore is not installed")
pytest.importorskip("uvicorn", reason="the extra explore is not installed")

#: What a drawing may be made of: the script of the page takes over nothing else.
DRAWN = set(
    re.findall(
        r'"(\w+)"', re.search(r"DRAWN = new Set\(\[(.*?)\]", site.resource("served.js", "procure.report.served"))[1]
    )
)
TOKEN = "the-token-of-this-test"
LYNAS = "suppliers.lynas.offers.medium_heavy.2027"
RANGES = {
    path: {"from": low, "to": high}
    for path, low, high in (("risk.weight", 0, 1), ("shortage.scale", 1, 5), (LYNAS, 0, 2000))
}


class Served:
    """The page of two-class on a port of its own."""

    def __init__(self):
        model = procure.load_model("two-class")
        self.solver = Solver(model, RANGES)
        self.solver.wait()
        self.line = site.listening(0)
        self.port = self.line.getsockname()[1]
        self.home = f"127.0.0.1:{self.port}"
        text, may = site.page(model, numbers_of(model, RANGES), "en")
        self.server = site.server(site.app(self.solver, text, may, self.port, TOKEN))
        self.thread = threading.Thread(target=self.server.run, kwargs={"sockets": [self.line]}, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)

    def end(self):
        self.server.should_exit = True
        self.thread.join(10)
        self.solver.end()
        self.line.close()

    def ask(self, method, path, body=None, *, drop=(), **headers):
        """Status, headers and body of a request; as the page would make it, but for the `headers` given and those to `drop`."""
        raw = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        own = {"host": self.home, "x-procure-token": TOKEN, "content-type": "application/json"}
        own |= {"origin": f"http://{self.home}"} if method == "POST" else {}
        own |= {"content-length": str(len(raw))} if raw is not None else {}
        own |= {key.replace("_", "-"): value for key, value in headers.items()}
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for key, value in own.items():
                if key not in drop:
                    connection.putheader(key, value)
            connection.endheaders()
            try:
                connection.send(raw or b"")
                reply = connection.getresponse()
            except (BrokenPipeError, ConnectionResetError):  # refused before it was all said
                return 413, {}, b""
            return reply.status, dict(reply.getheaders()), reply.read()

    def solve(self, **values):
        status, _, body = self.ask(
            "POST", "/solve", {"values": {key.replace("__", "."): each for key, each in values.items()}}
        )
        return status, json.loads(body)


@pytest.fixture(scope="module")
def served():
    page = Served()
    yield page
    page.end()


# --------------------------------------------------------------------------------------------------------- what it answers


@pytest.mark.parametrize("weight, scale", [(0.0, 1.0), (0.37, 1.0), (0.5, 2.25)])
def test_an_answer_is_that_of_a_fresh_solve(served, weight, scale):
    """Every figure: programme, weighed cost, mean, tail, worst path, and in the mix the shares."""
    status, found = served.solve(risk__weight=weight, shortage__scale=scale)
    fresh = procure.solve(procure.load_model("two-class").with_(**{"risk.weight": weight, "shortage.scale": scale}))
    assert status == 200 and found["objective"] == approx(fresh.summary["objective"], rel=1e-9)
    (tiles,) = [part["tiles"] for part in found["en"]["parts"] if part["kind"] == "tiles"]
    assert tiles[0]["figure"]["value"] == approx(fresh.summary["expected_cost"], rel=1e-9)
    assert tiles[1]["figure"]["value"] == approx(fresh.summary["cvar"], rel=1e-9)
    costs = [line["cell"]["value"] for line in found["en"]["lines"][:3]]
    assert costs == approx([fresh.summary[key] for key in ("expected_cost", "cvar", "worst_case")], rel=1e-9)
    shares = [line["cell"]["value"] for line in found["en"]["lines"][3:] if isinstance(line["cell"], dict)]
    assert sum(shares) == approx(2.0, rel=1e-9)  # of both classes: unserved, and every supplier


def test_a_number_of_the_tables_moves_in_the_unit_of_its_row(served):
    status, found = served.solve(**{LYNAS.replace(".", "__"): 700})
    fresh = procure.solve(procure.load_model("two-class").with_(**{LYNAS: 700.0}))
    assert status == 200 and found["objective"] == approx(fresh.summary["objective"], rel=1e-9)


def test_both_languages_say_the_same_figures(served):
    _, found = served.solve(risk__weight=0.5)

    def figures(value):
        if isinstance(value, dict):
            own = [value["value"]] if "value" in value else []
            return own + [each for inner in value.values() for each in figures(inner)]
        return [each for inner in value for each in figures(inner)] if isinstance(value, list) else []

    assert figures(found["en"]) == figures(found["ja"]) and len(figures(found["en"])) > 20
    assert re.search("[ぁ-ん]", found["ja"]["parts"][0]["text"])


def test_the_model_file_has_the_answer_of_the_page(served, tmp_path):
    """Choices in their tables and numbers of the tables as overrides; its tables lie beside it."""
    values = {"risk.weight": 0.25, LYNAS: 700.0}
    status, _, text = served.ask("POST", "/file", {"values": values})
    assert status == 200
    document = tomllib.loads(text.decode())
    assert document["risk"]["weight"] == 0.25 and [each["set"] for each in document["overrides"]] == [LYNAS]
    file = tmp_path / "mine.toml"
    file.write_bytes(text)
    shutil.copytree(bundled_models()["two-class"].with_suffix(""), tmp_path / "two-class")
    _, found = served.solve(risk__weight=0.25, **{LYNAS.replace(".", "__"): 700.0})
    assert procure.solve(file).summary["objective"] == approx(found["objective"], rel=1e-9)


def test_the_report_is_of_the_numbers_asked_for(served):
    status, headers, page = served.ask("POST", "/report", {"values": {"risk.weight": 0.5}, "language": "ja"})
    _, found = served.solve(risk__weight=0.5)
    assert status == 200 and headers["content-type"].startswith("text/plain")  # to be saved, not to be run here
    assert page.startswith(b'<!doctype html>\n<html lang="ja">')
    (tiles,) = [part["tiles"] for part in found["en"]["parts"] if part["kind"] == "tiles"]
    assert f'<data value="{tiles[0]["figure"]["value"]}">'.encode() in page


@pytest.mark.parametrize(
    "values, says",
    [
        ({"risk.weight": 5}, "risk.weight: value is 5.0; it is <= 1"),
        ({"risk.weight": -1e300}, "risk.weight"),
        ({"model.name": 1}, "model.name: the page has no slider of this name"),
        ({"risk.weight": 1e400}, "risk.weight"),
        ({"risk.weight": "0.5"}, "risk.weight: Input should be a valid number"),
        ({"risk.weight": None}, "risk.weight"),
        ({"risk.weight": True}, "risk.weight"),
        ({"</script><script>\u202e": 1}, "the page has no slider of this name"),
        ({"x" * 1000: 1}, "at most 300 characters"),
        ({str(each): 1 for each in range(101)}, "at most 100 items"),
        ([], "values"),
    ],
)
def test_nonsense_is_refused_in_words(served, values, says):
    status, _, body = served.ask("POST", "/solve", {"values": values})
    faults = json.loads(body)["faults"]
    assert status == 422 and says in faults[0]["en"] and faults[0]["ja"]
    assert "\u202e" not in json.dumps(faults, ensure_ascii=False)


def test_numbers_that_nothing_keeps_are_explained():
    """A limit that the page has made too tight: no portfolio, and what would mend it."""
    model = procure.load_model("two-class").limited({"shortage_probability": 0.9, "scope": "medium_heavy"})
    (path,) = [number.path for number in numbers_of(model, {}) if number.path.startswith("limits.")]
    solver = Solver(model, {path: {"from": 0, "to": 1}})
    try:
        solver.wait()
        reply = solver.ask(Wanted("answer", Setting({path: 0.0})))
        assert reply.ended == "refused" and "no portfolio keeps" in reply.sentences[0]
        assert solver.ask(Wanted("answer")).ended == "answered"
    finally:
        solver.end()


# ------------------------------------------------------------------------------------- limits, pictures, and why answers differ

SHARE = {"name": "china", "kind": "share", "supplier": "china", "max": 0.6}


def test_an_answer_under_a_limit_of_the_page_is_that_of_a_fresh_solve(served, tmp_path):
    """With its bound moved, too; and the model file that is saved has it."""
    asked = {"limits": [SHARE], "values": {"limits.china.max": 0.5, "risk.weight": 0.25}}
    status, _, body = served.ask("POST", "/solve", asked)
    model = procure.load_model("two-class").limited({**SHARE, "max": 0.5}).with_(**{"risk.weight": 0.25})
    assert status == 200 and json.loads(body)["objective"] == approx(
        procure.solve(model).summary["objective"], rel=1e-9
    )
    _, _, text = served.ask("POST", "/file", asked)
    (limit,) = tomllib.loads(text.decode())["limits"]
    assert (limit["kind"], limit["supplier"], limit["max"]) == ("share", "china", 0.5)


def test_limits_are_told_in_both_languages_with_a_slider_each(served):
    days = {"kind": "stock_days", "name": "room", "min": "60 days"}
    status, _, body = served.ask("POST", "/limits", {"limits": [SHARE, days]})
    china, stock = json.loads(body)
    assert status == 200 and china["says"]["en"] == "at most 60 % of all elements from china while undisturbed"
    assert "中国" in china["says"]["ja"] and china["number"]["path"] == "limits.china.max"
    assert (stock["number"]["value"], stock["number"]["high"], stock["number"]["unit"]) == (60, 120, "days")


@pytest.mark.parametrize(
    "limits, says",
    [
        ([{"kind": "shares", "max": 0.5}], "did you mean 'share'"),
        ([{**SHARE, "supplier": "chino"}], "did you mean 'china'"),
        ([{**SHARE, "max": 65}], "a share lies between 0 and 1"),
        ([{**SHARE, "max": "６５"}], "65"),  # digits of full width
        ([{**SHARE, "country": "China"}], "it has both"),
        ([SHARE, SHARE], "china"),  # a name twice
        (["jogmec-61"], "no policy has this name"),
        ([{"</script><script>": "\u202e"}], ""),
        ([{**SHARE, "scope": ["light"] * 101}], "at most 100"),
        ([{**SHARE, "note": "x" * 1000}], "at most 300"),
        ([SHARE] * 21, "at most 20"),
        ([[]], ""),
        ([None], ""),
        ("share", "array"),
        ([{**SHARE, "scope": {"a": 1}}], ""),
        ([{**SHARE, "name": "../../etc/passwd"}], "name"),
        ([{**SHARE, "from": 2027.5}], "from"),
        ([{**SHARE, "from": 99999}], "from"),
        ([{**SHARE, "max": -1e308}], "0"),
    ],
)
@pytest.mark.parametrize("where", ["/limits", "/solve", "/file", "/why"])
def test_limits_that_are_none_are_refused_in_words(served, where, limits, says):
    body = {"limits": limits, **({"beside": {}} if where == "/why" else {})}
    status, _, body = served.ask("POST", where, body)
    faults = json.loads(body)["faults"]
    told = " ".join(fault["en"] for fault in faults)
    assert status == 422 and says in told and all(fault["ja"] for fault in faults)
    assert "\u202e" not in told


def test_the_form_asks_for_all_that_each_kind_reads_and_what_it_offers_is_taken():
    """Every key, in both languages; a limit of the first of every option is one of the model."""
    model = procure.load_model("two-class")
    drawn = form(model)["kinds"]
    assert drawn.keys() == KINDS.keys()
    for name, kind in KINDS.items():
        keys = [field["key"] for field in drawn[name]["fields"]]
        assert keys == [kind.sense, *kind.reads]
        assert all(field["words"]["en"] and field["words"]["ja"] for field in drawn[name]["fields"])
        chosen = {f["key"]: f["options"][-1]["value"] for f in drawn[name]["fields"] if f["options"]}
        chosen |= {"country": ""} if chosen.get("supplier") else {}
        chosen = {key: value for key, value in chosen.items() if value != ""}
        (limit,) = model.limited({"name": "mine", "kind": name, kind.sense: 0.5, **chosen}).settings.limits
        assert limit.kind == name


def test_pictures_are_drawn_in_both_languages(served):
    _, found = served.solve(risk__weight=0.5)
    assert found["pictures"] == ["mix-0", "mix-1", "cost", "shortage"]
    for name in found["pictures"]:
        status, _, body = served.ask("POST", "/picture", {"values": {"risk.weight": 0.5}, "name": name})
        drawn = json.loads(body)
        assert status == 200 and drawn.keys() == set(LANGUAGES)
        assert all(text.startswith("<svg") and "<script" not in text for text in drawn.values())
        assert re.search("[ぁ-んァ-ヶ一-龠]", drawn["ja"]) and not re.search("[ぁ-ん]", drawn["en"])
    status, _, body = served.ask("POST", "/picture", {"name": "mix-9"})
    assert status == 422 and "did you mean 'mix-" in json.loads(body)["faults"][0]["en"]


def test_why_two_answers_differ_adds_up(served):
    """Every table of parts adds up to the difference of the two answers, as each was told."""
    one, other = {"risk.weight": 0.5}, {"risk.weight": 0.5, "shortage.scale": 2.0}
    costs = [
        served.solve(**{key.replace(".", "__"): x for key, x in each.items()})[1]["objective"] for each in (one, other)
    ]
    status, _, body = served.ask("POST", "/why", {"values": other, "beside": {"values": one}, "number": 7})
    found = json.loads(body)
    assert status == 200 and found["en"][0]["text"].startswith("This answer is dearer than answer 7 by")
    tables = [part for part in found["en"] if part["kind"] == "table"]
    apart = costs[1] - costs[0]
    for table in tables[2:]:
        made = sum(float(row[3].replace(",", "").replace("-", "0") or 0) for row in table["groups"][0]["rows"])
        assert made == approx(apart, rel=5e-3), table["headings"]
    assert served.ask("POST", "/why", {"values": other})[0] == 422  # beside nothing


# ------------------------------------------------------------------------------------------------------------- who may ask


def test_the_token_of_the_address_becomes_a_cookie(served):
    status, headers, _ = served.ask("GET", f"/?token={TOKEN}", drop=["x-procure-token"])
    assert (status, headers["location"]) == (303, "/")
    cookie = SimpleCookie(headers["set-cookie"])[f"procure_{served.port}"]
    assert cookie["httponly"] and cookie["samesite"] == "strict" and cookie["path"] == "/"
    status, _, _ = served.ask("GET", "/", drop=["x-procure-token"], cookie=f"procure_{served.port}={TOKEN}")
    assert status == 200


def test_a_browser_may_do_nothing_else_with_the_page(served):
    _, headers, body = served.ask("GET", "/")
    may = dict(each.strip().split(" ", 1) for each in headers["content-security-policy"].split(";"))
    assert may["default-src"] == may["base-uri"] == may["form-action"] == may["frame-ancestors"] == "'none'"
    assert may["connect-src"] == "'self'" and "unsafe" not in headers["content-security-policy"]
    addresses = re.findall(rb"(?:src|href|action)=\"([^\"]*)\"", body)
    assert addresses == [b"data:,"] and b"http" not in body
    assert headers["cache-control"] == "no-store" and TOKEN.encode() not in body


EVIL = {"origin": "http://evil.example"}


@pytest.mark.parametrize(
    "method, path, drop, headers, status",
    [
        ("POST", "/solve", ["x-procure-token"], {}, 403),
        ("POST", "/solve", [], {"x_procure_token": "another"}, 403),
        ("POST", "/solve", [], {"x_procure_token": "\xff"}, 403),
        ("POST", f"/solve?token={TOKEN}", ["x-procure-token"], {}, 403),  # only the first address has it
        ("GET", "/", ["x-procure-token"], {}, 403),
        ("GET", "/state", ["x-procure-token"], {"cookie": "procure=1"}, 403),
        ("POST", "/solve", [], EVIL, 403),
        ("POST", "/cancel", [], EVIL, 403),
        ("GET", "/state", [], EVIL, 403),
        ("POST", "/solve", [], {"origin": "null"}, 403),
        ("POST", "/solve", ["origin"], {}, 403),
        ("POST", "/solve", [], {"sec_fetch_site": "same-site"}, 403),
        ("GET", "/", [], {"host": "evil.example"}, 421),
        ("GET", "/", [], {"host": "127.0.0.1"}, 421),
        ("POST", "/solve", [], {"content_type": "text/plain"}, 415),
        ("GET", "/nowhere", [], {}, 404),
        ("GET", "/../../etc/passwd", [], {}, 404),
        ("GET", "/solve", [], {}, 405),
        ("DELETE", "/", [], {"origin": ""}, 403),
    ],
)
def test_who_may_not_ask_is_told_so(served, method, path, drop, headers, status):
    found, _, body = served.ask(method, path, {} if method == "POST" else None, drop=drop, **headers)
    assert found == status
    assert json.loads(body)["faults"][0].keys() == set(LANGUAGES)


@pytest.mark.parametrize("length", ["70000", "99999999999999", "-1", "x"])
def test_a_body_that_says_it_is_huge_is_not_read(served, length):
    status, _, _ = served.ask("POST", "/solve", b"", content_length=length)
    assert status in (400, 413)


def test_a_body_that_does_not_say_how_large_it_is_is_read_no_further_than_the_limit(served):
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=10)) as line:
        head = f"POST /solve HTTP/1.1\r\nHost: {served.home}\r\nOrigin: http://{served.home}\r\nX-Procure-Token: {TOKEN}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
        for _ in range(9):
            line.sendall(b"2000\r\n" + b" " * 0x2000 + b"\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"[" * 60_000, b'{"values": {}, "more": 1}', b"null", b'{"language": "fr"}']
)
def test_what_is_no_question_is_refused(served, body):
    assert served.ask("POST", "/solve", body)[0] == 422


# ----------------------------------------------------------------------------------------------------- what cannot end it


def test_a_thousand_bad_requests_change_nothing(served):
    """Wrong token, origin, host and path, huge, nonsense, closed in the middle: each a clear answer, memory flat."""
    asks = [
        lambda: served.ask("POST", "/solve", {}, x_procure_token="no")[0] == 403,
        lambda: served.ask("POST", "/solve", {}, **EVIL)[0] == 403,
        lambda: served.ask("GET", "/", host="evil.example")[0] == 421,
        lambda: served.ask("GET", "/nowhere")[0] == 404,
        lambda: served.ask("POST", "/solve", b" " * 70_000)[0] == 413,
        lambda: served.ask("POST", "/solve", b"{" * 1000)[0] == 422,
        lambda: served.ask("POST", "/solve", {"values": {"risk.weight": "x" * 10_000}})[0] == 422,
        lambda: served.ask("POST", "/solve", {"values": {"no.such.number": 1}})[0] == 422,
        lambda: served.ask("POST", "/solve", {"values": {"risk.weight": 9}})[0] == 422,
        lambda: served.ask("POST", "/solve", {"limits": [{"kind": "no such kind", "max": 1}]})[0] == 422,
        lambda: served.ask("POST", "/picture", {"name": "../../etc/passwd"})[0] == 422,
        lambda: served.ask("POST", "/why", {"beside": {"values": {"x": 1}}})[0] == 422,
        lambda: closed(served),
    ]

    def memory(pid):
        with open(f"/proc/{pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    pids = os.getpid(), served.solver.pid
    for ask in 10 * asks:
        assert ask()
    assert 77 * len(asks) >= 1000
    before = [memory(pid) for pid in pids]
    for ask in 77 * asks:
        assert ask()
    assert [memory(pid) for pid in pids] == approx(before, abs=8)  # MB
    assert served.solver.pid == pids[1] and served.solve()[0] == 200


def closed(served):
    """A connection that is closed in the middle of its body."""
    with closing(socket.create_connection(("127.0.0.1", served.port), timeout=10)) as line:
        head = f"POST /solve HTTP/1.1\r\nHost: {served.home}\r\nOrigin: http://{served.home}\r\nX-Procure-Token: {TOKEN}\r\n"
        line.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{{".encode())
    return True


def test_a_solver_process_that_was_killed_is_started_again(served):
    before = served.solver.pid
    os.kill(before, signal.SIGKILL)
    for _ in range(2):  # the first question may find it dying
        status, found = served.solve(risk__weight=0.5)
        if status == 200:
            break
        assert status == 503 and "another takes its place" in found["faults"][0]["en"]
    assert status == 200 and served.solver.pid != before


def under_way(served):
    """A question in a thread, and the list that its reply comes into; it is being worked on when this returns."""
    replies = []
    os.kill(served.solver.pid, signal.SIGSTOP)  # whatever it is asked, it takes its time
    thread = threading.Thread(target=lambda: replies.append(served.solve(risk__weight=0.125)))
    thread.start()
    while not json.loads(served.ask("GET", "/state")[2])["seconds"]:
        time.sleep(0.02)
    return thread, replies


def test_what_is_under_way_is_cancelled_and_nothing_else_waits_for_it(served):
    thread, replies = under_way(served)
    assert served.solve()[0] == 409  # one at a time
    assert served.ask("POST", "/cancel", {})[0] == 200
    thread.join(10)
    ((status, found),) = replies
    assert status == 409 and found["faults"][0]["en"] == "Cancelled."
    assert served.solve()[0] == 200
    assert served.ask("POST", "/cancel", {})[0] == 200 and served.solve()[0] == 200  # nothing to cancel


def test_a_solver_process_that_dies_under_way_is_told_of(served):
    thread, replies = under_way(served)
    os.kill(served.solver.pid, signal.SIGKILL)
    thread.join(10)
    assert replies[0][0] == 503 and served.solve()[0] == 200


# -------------------------------------------------------------------------------------------------------------- the command


def test_without_the_extra_the_remedy_is_named(monkeypatch):
    monkeypatch.setattr(
        "procure.cli.explore.find_spec", lambda name: None if name in ("starlette", "uvicorn") else True
    )
    found = CliRunner().invoke(commands, ["explore", "two-class", "--no-browser"])
    assert found.exit_code == 2 and "starlette / uvicorn is not installed" in found.output
    assert "pip install 'procure[explore]'" in found.output


@pytest.mark.parametrize(
    "words, says",
    [
        (["--slider", "risk.weigth=0:1"], "did you mean 'risk.weight'?"),
        (["--slider", "risk.weight=1:0"], "from is below to"),
        (["--slider", "risk.weight"], "--slider risk.weight: it is no path=low:high"),
        (["--set", "risk.weight=7"], "it is <= 1"),
    ],
)
def test_what_cannot_be_explored_is_bad_input(words, says):
    found = CliRunner().invoke(commands, ["explore", "two-class", "--no-browser", *words])
    assert found.exit_code == 2 and says in found.output


def test_a_port_that_is_taken_is_bad_input(served):
    with pytest.raises(procure.DataError, match="a free one is taken"):
        site.listening(served.port)


def test_the_page_has_every_word_that_it_says():
    script, page = (site.resource(f"served.{kind}", "procure.report.served") for kind in ("js", "html"))
    asked = {
        *re.findall(r'say\("(\w+)"', script),
        *re.findall(r'data-word="(\w+)"', page),
        "note",
        "note_live",
        "back",
        "drop",
        "lost",
    }
    assert asked <= words_in("en").keys()


def test_names_with_markup_stay_text():
    """In the page itself; what comes in later is set as text by its script."""
    model = procure.load_model("two-class")
    evil = "</script><script>alert(1)</script>\u202e"
    title = model.settings.model.model_copy(update={"title": {"en": evil, "ja": evil}})
    model = Model(model.settings.model_copy(update={"model": title}), model.facts, model.origin)
    text, _ = site.page(model, numbers_of(model, RANGES), "en")
    assert "alert(1)" in text and "<script>alert" not in text and "\u202e" not in text
    assert "innerHTML" not in text and "insertAdjacent" not in text and "document.write" not in text


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_of_tables_stay_text_in_answers_pictures_limits_and_differences(name, tmp_path):
    """Names of suppliers, elements and the model, through all that the page is told; what it is told it sets as text."""
    assert CliRunner().invoke(commands, ["new", str(tmp_path / "mine.toml"), "--world", "copper"]).exit_code == 0
    text = HOSTILE[name]
    for table, column in (("suppliers", "name_en"), ("elements", "name_en")):
        file = tmp_path / "copper" / f"{table}.csv"
        frame = pd.read_csv(file, dtype=str, keep_default_na=False)
        frame.assign(**{column: text, column.replace("_en", "_ja"): text}).to_csv(file, index=False)
    model = procure.load_model(tmp_path / "mine.toml")
    desk = Desk(model, {}, {}, lambda *told: None)
    limit = {"name": "half", "kind": "share", "supplier": "importer", "max": 0.5}
    here, there = Setting({}, [limit]), Setting({"shortage.scale": 2.0})
    told = desk.answer(Wanted("answer", here))
    drawn = [desk.answer(Wanted("picture", here, name=each)) for each in told["pictures"]]
    said = [told, desk.answer(Wanted("limits", here)), desk.answer(Wanted("why", here, beside=there)), form(model)]
    assert len(drawn) > 2
    for whole in [*said, *drawn]:
        plain = json.dumps(whole, ensure_ascii=False)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\x1b\x00-\x08]", plain)
    for svg in [svg for each in drawn for svg in each.values()]:
        root = ElementTree.fromstring(svg)
        assert {each.tag for each in root.iter()} <= DRAWN
        assert not any(
            key.startswith("on") or "javascript:" in value for each in root.iter() for key, value in each.items()
        )
    page, _ = site.page(model, numbers_of(model, {}), "en")
    assert page.count("<script") == 2 and page.count("</script") == 2
