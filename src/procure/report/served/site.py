"""The page and what it may ask for, over loopback: only by whoever has the token, from the page itself, in small requests.

Every request is held against the guard before anything of it is read. Whatever is asked ends in an answer with a status.
"""

from __future__ import annotations

import secrets
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from procure.errors import DataError, Fault, of_system
from procure.languages import LANGUAGES, Language, Said, in_language
from procure.report.html.page import policy, resource, template
from procure.report.served.asked import Ended, Reply, Setting, Wanted
from procure.report.served.form import form, slider
from procure.report.served.numbers import Number
from procure.report.served.solver import Solver
from procure.report.served.words import words_in
from procure.words import printable, span

if TYPE_CHECKING:
    from procure.model import Model

_NOT_OPEN = Said("it cannot be listened on ({error})", "待ち受けられない（{error}）")
_OWN_PORT = Said("the page has a port of its own", "ページには専用のポートがある")
_FREE_PORT = Said("leave it out: a free one is taken", "省く: 空いているものを使う")

#: The one address that is listened on.
LOOPBACK = "127.0.0.1"
#: Bytes of the largest request.
MOST_BYTES = 64 * 1024
#: Connections at a time.
_CONNECTIONS = 64
#: The status of how a question ended.
_STATUS: dict[Ended, int] = {"answered": 200, "refused": 422, "cancelled": 409, "died": 503, "busy": 409}
_NO_TOKEN = Said(
    "No token: open the address that procure explore has printed.",
    "トークンがない。procure explore が表示したアドレスを開く。",
)
_ELSEWHERE = Said("Asked from elsewhere than this page.", "このページ以外からの要求。")
_LARGE = Said("A request is 64 kB at most.", "要求は 64 kB まで。")
_NO_JSON = Said("A request is JSON.", "要求は JSON で書く。")
_UNKNOWN = Said("There is nothing here.", "ここには何もない。")
_LEFT = Said("The connection was closed.", "接続が閉じられた。")
_ALONE = Said("beside: an answer differs from another one.", "beside: 比べる相手の回答がない。")
_WRONG = Said("{where}: {seen}", "{where}: {seen}")

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


Name = Annotated[str, Field(max_length=300)]
#: A limit by the name of a policy, or as a model file writes it: short texts and numbers, and lists of texts.
LimitAsked = (
    Name
    | Annotated[
        dict[
            Annotated[str, Field(max_length=60)],
            bool
            | int
            | Annotated[float, Field(allow_inf_nan=False)]
            | Name
            | Annotated[list[Name], Field(max_length=100)],
        ],
        Field(max_length=20),
    ]
)


class At(BaseModel):
    """The numbers that were moved, and the limits that were added."""

    model_config = ConfigDict(extra="forbid", strict=True)

    values: dict[Name, Annotated[float, Field(allow_inf_nan=False)]] = Field(default_factory=dict, max_length=100)
    limits: list[LimitAsked] = Field(default_factory=list, max_length=20)

    @property
    def setting(self) -> Setting:
        """As the solver takes it."""
        return Setting(self.values, self.limits)


class Question(At):
    """What a request may say: a setting, the language that a report shows first, the name of a picture, the answer `beside` it."""

    language: Language = "en"
    name: Annotated[str, Field(max_length=60)] = ""
    beside: At | None = None
    number: Annotated[int, Field(ge=0, le=1_000_000)] = 0


def page(model: Model, numbers: Sequence[Number], language: Language) -> tuple[str, str]:
    """The page, its language first, and what a browser may do with it."""
    style = resource("page.css") + resource("served.css", __package__)
    script = resource("served.js", __package__)
    languages = sorted(LANGUAGES, key=lambda other: other != language)
    is_live = len(model.years) == 1
    words = {each: words_in(each) for each in languages}
    titles = {each: printable(str(in_language(model.title, each))) for each in languages}
    about = {
        each: f"{words[each]['of_model'].format(name=printable(model.name))} · {span(model.told_years)}"
        for each in languages
    }
    data = {
        "words": words, "titles": titles, "about": about, "file": model.name, "isLive": is_live,
        "numbers": [slider(number) for number in numbers], "form": form(model),
    }  # fmt: skip
    text = template("served.html", __package__).render(
        languages=languages, words=words, title=titles[language], is_live=is_live, style=style, script=script, data=data
    )
    return text, policy(style, script) + "; connect-src 'self'; img-src data:; frame-ancestors 'none'"


def app(solver: Solver, text: str, may: str, port: int, token: str) -> App:
    """The application: the page, its questions, and the guard before all of them."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.requests import ClientDisconnect, Request
    from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
    from starlette.routing import Route

    cookie, host = f"procure_{port}", f"{LOOPBACK}:{port}"
    headers = {
        "Content-Security-Policy": may,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }

    def refused(status: int, *sentences: Said, ended: Ended = "refused") -> Any:
        faults = [{each: str(in_language(sentence, each)) for each in LANGUAGES} for sentence in sentences]
        return JSONResponse({"faults": faults, "ended": ended}, status, headers={**headers, "Connection": "close"})

    def replied(reply: Reply) -> Any:
        if reply.ended != "answered":
            return refused(_STATUS[reply.ended], *reply.sentences, ended=reply.ended)
        if isinstance(reply.content, str):
            return PlainTextResponse(reply.content, headers=headers)
        return JSONResponse(reply.content, headers=headers)

    async def asked(request: Any) -> Question | Any:
        """The question of a request, or the answer that it is none."""
        body = bytearray()
        try:
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST_BYTES:
                    return refused(413, _LARGE)
        except ClientDisconnect:
            return refused(400, _LEFT)
        try:
            return Question.model_validate_json(bytes(body))
        except ValidationError as error:
            faults = [
                (".".join(map(str, each["loc"])), str(each["msg"])) for each in error.errors(include_input=False)[:20]
            ]
            return refused(
                422,
                *(
                    _WRONG.format(where=printable(where)[:100] or "JSON", seen=printable(seen))
                    for where, seen in faults
                ),
            )

    def question(what: Any) -> Callable[[Any], Awaitable[Any]]:
        async def answer(request: Any) -> Any:
            found = await asked(request)
            if not isinstance(found, Question):
                return found
            if what == "why" and found.beside is None:
                return refused(422, _ALONE)
            beside = None if found.beside is None else found.beside.setting
            wanted = Wanted(what, found.setting, found.language, found.name, beside, found.number)
            return replied(await run_in_threadpool(solver.ask, wanted))

        return answer

    async def first(request: Any) -> Any:
        if "token" not in request.query_params:
            return HTMLResponse(text, headers=headers)
        # From here on the cookie has it: neither history nor screenshots of the address do.
        answer = RedirectResponse("/", 303, headers=headers)
        answer.set_cookie(cookie, token, httponly=True, samesite="strict", path="/")
        return answer

    async def state(request: Any) -> Any:
        return JSONResponse(solver.state, headers=headers)

    async def cancel(request: Any) -> Any:
        found = await asked(request)
        if not isinstance(found, Question):
            return found
        await run_in_threadpool(solver.cancel)
        return JSONResponse({}, headers=headers)

    async def unknown(request: Any, error: Any) -> Any:
        return refused(error.status_code, _UNKNOWN)

    site = Starlette(
        routes=[
            Route("/", first, methods=["GET"]),
            Route("/state", state, methods=["GET"]),
            Route("/cancel", cancel, methods=["POST"]),
            Route("/solve", question("answer"), methods=["POST"]),
            Route("/file", question("file"), methods=["POST"]),
            Route("/report", question("report"), methods=["POST"]),
            Route("/limits", question("limits"), methods=["POST"]),
            Route("/picture", question("picture"), methods=["POST"]),
            Route("/why", question("why"), methods=["POST"]),
        ],
        exception_handlers={404: unknown, 405: unknown},
    )

    def fault(request: Any) -> Any | None:
        """The answer to a request that is not let in."""
        given = request.headers
        if given.getlist("host") != [host]:
            return refused(421, _ELSEWHERE)
        origins = given.getlist("origin")
        is_ours = origins == [f"http://{host}"] or (not origins and request.method in ("GET", "HEAD"))
        if not is_ours or given.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
            return refused(403, _ELSEWHERE)
        said = [request.headers.get("x-procure-token"), request.cookies.get(cookie)]
        said += [request.query_params.get("token")] if request.url.path == "/" else []
        if not any(each is not None and secrets.compare_digest(each.encode(), token.encode()) for each in said):
            return refused(403, _NO_TOKEN)
        length = given.get("content-length", "0")
        if not length.isdecimal() or int(length) > MOST_BYTES:
            return refused(413, _LARGE)
        if request.method == "POST" and given.get("content-type", "").partition(";")[0].strip() != "application/json":
            return refused(415, _NO_JSON)
        return None

    async def guarded(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        answer: Response | None = fault(Request(scope, receive))
        await (site if answer is None else answer)(scope, receive, send)

    return guarded


def listening(port: int) -> socket.socket:
    """A socket of this machine only; any free port for 0. Raises `DataError` where the port is taken."""
    line = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.bind((LOOPBACK, port))
        line.listen()
    except OSError as error:
        line.close()
        seen, rule = _NOT_OPEN.format(error=of_system(error)), _OWN_PORT
        raise DataError(Fault(f"--port {port}", seen, rule, _FREE_PORT)) from None
    return line


def server(application: App) -> Any:
    """The server, to be run on a socket until Ctrl-C."""
    import uvicorn

    return uvicorn.Server(
        uvicorn.Config(
            application,
            lifespan="off",
            ws="none",
            http="h11",
            access_log=False,
            log_level="critical",
            log_config=None,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            limit_concurrency=_CONNECTIONS,
            timeout_keep_alive=5,
            timeout_graceful_shutdown=1,
        )
    )
