"""A portfolio read from its file, every fault of the file named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from procure.errors import BYTES, CHECK_PATH, IS_MISSING, UNKNOWN_KEY, UNREADABLE, DataError, Fault, nearest, of_system
from procure.languages import Said
from procure.portfolio.frames import FRAMES, decode, from_document, is_wrong, of_kind
from procure.portfolio.portfolio import ATTRIBUTE, FORMAT, SUMMARY, TEXTS, TIE, VERSION, Portfolio
from procure.portfolio.proof import check

#: Largest answer that is read, bytes.
MAX_BYTES = 500_000_000


def read_portfolio(path: str | Path) -> Portfolio:
    """The portfolio that `Portfolio.to_json` wrote; nothing is lost on the way.

    Parameters
    ----------
    path : str or Path
        A JSON file in UTF-8, of the format and version that this release writes.

    Returns
    -------
    Portfolio
        Equal to the one written, digit by digit; of its `model` nothing is known but the settings.

    Raises
    ------
    DataError
        Naming every fault: no such file, not JSON, another format or version, keys, columns or values that a portfolio does
        not have.

    >>> from tempfile import TemporaryDirectory
    >>> from procure import load_model, solve
    >>> portfolio = solve(load_model("two-class"))
    >>> with TemporaryDirectory() as folder:
    ...     portfolio.to_json(f"{folder}/answer.json")
    ...     read_portfolio(f"{folder}/answer.json").summary == portfolio.summary
    True
    """
    return _from_document(read_document(path), str(path))


def read_document(path: str | Path) -> Any:
    """What a file of an answer holds, as JSON knows it.

    Raises `DataError` where it cannot be read, is too large, or no JSON.
    """
    where = str(path)
    try:
        size = Path(path).stat().st_size
        if size > MAX_BYTES:
            raise DataError(
                Fault(
                    where,
                    BYTES.format(size=size),
                    Said("an answer has at most {max_bytes:,} bytes", "回答は最大 {max_bytes:,} バイト").format(
                        max_bytes=MAX_BYTES
                    ),
                )
            )
        return json.loads(Path(path).read_bytes().decode("utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        seen = UNREADABLE.format(seen=of_system(error))
        raise DataError(Fault(where, seen, Said("an answer is a file", "回答はファイル"), CHECK_PATH)) from None
    except (ValueError, RecursionError) as error:
        seen = (
            Said("not JSON: {error}", "JSON ではない: {error}").format(
                error=error.args[0] if isinstance(error.args[0], Said) else error
            )
            if not isinstance(error, RecursionError)
            else Said("not JSON: nested too deep", "JSON ではない: 入れ子が深すぎる")
        )
        remedy = Said("save the answer again with to_json", "to_json で回答を保存し直す")
        raise DataError(
            Fault(where, seen, Said("an answer is a JSON file in UTF-8", "回答は UTF-8 の JSON ファイル"), remedy)
        ) from None


def check_version(document: Mapping[str, Any], version: int, where: str) -> None:
    """Refuse an answer that another release wrote, whose fields are others than those of a version."""
    said = document.get("version")
    if type(said) is int and said == version:
        return
    seen = Said("version is {said!r}", "version は {said!r}").format(said=said)
    if type(said) is int:
        earlier, later = Said(", of an earlier release", "（以前の版）"), Said(", of a later release", "（以後の版）")
        seen += earlier if said < version else later
    rule = Said(
        "this release reads version {version}, whose fields are others",
        "この版が読むのは version {version} で、項目が異なる",
    ).format(version=version)
    raise DataError(
        Fault(
            where,
            seen,
            rule,
            Said(
                "ask again with this release, or read it with the one that wrote it",
                "この版で解き直すか、書いた版で読む",
            ),
        )
    )


_NO_NUMBER = Said("{text} is no JSON number", "{text} は JSON の数値ではない")


def _refuse_constant(text: str) -> Any:
    raise ValueError(_NO_NUMBER.format(text=text))


def _from_document(document: Any, where: str) -> Portfolio:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        seen = (
            Said("format is {seen!r}", "format は {seen!r}").format(seen=document.get("format"))
            if isinstance(document, dict)
            else Said("it is no object", "オブジェクトではない")
        )
        raise DataError(
            Fault(
                where,
                seen,
                Said("the format is '{format}'", "format は '{format}'").format(format=FORMAT),
                Said("give a file written by Portfolio.to_json", "Portfolio.to_json が書いたファイルを指定する"),
            )
        )
    check_version(document, VERSION, where)
    faults: list[Fault] = []
    objects = ("title", "programmes", "names", "exchange", "numbers", "summary", "settings", "frames")
    known = ("format", "version", *TEXTS, *objects, "proof")
    for key in known:
        if key not in document and key != "proof":
            faults.append(
                Fault(
                    where,
                    IS_MISSING.format(key=key),
                    Said("a portfolio has this key", "回答にはこのキーがある"),
                )
            )
        elif (key in TEXTS and not isinstance(document[key], str)) or (
            key in objects and not isinstance(document[key], dict)
        ):
            faults.append(
                Fault(
                    f"{where}, {key}",
                    Said("the value is of another kind", "値の種類が違う"),
                    Said("text and objects stand where they belong", "文字列とオブジェクトはあるべき所にある"),
                )
            )
    other = Said("a portfolio has no other keys", "回答に他のキーはない")
    faults += [
        Fault(where, UNKNOWN_KEY.format(key=key), other, nearest(key, known)) for key in document if key not in known
    ]
    if faults:
        raise DataError(faults)
    frames: dict[str, Any] = {}
    for name in FRAMES:
        if name not in document["frames"]:
            faults.append(
                Fault(
                    f"{where}, frames",
                    IS_MISSING.format(key=name),
                    Said("the frames are {names}", "表は {names}").format(names=", ".join(FRAMES)),
                )
            )
            continue
        frame = from_document(name, document["frames"][name], f"{where}, frames.{name}", faults)
        if frame is not None:
            frames[ATTRIBUTE.get(name, name)] = frame
    rule = Said("the frames are {names}", "表は {names}").format(names=", ".join(FRAMES))
    faults += [
        Fault(
            f"{where}, frames",
            Said("unknown frame '{name}'", "未知の表 '{name}'").format(name=name),
            rule,
            nearest(name, FRAMES),
        )
        for name in document["frames"]
        if name not in FRAMES
    ]
    summary = document["summary"]
    tie = summary.get(TIE)
    if not isinstance(tie, list) or not all(isinstance(level, str) for level in tie):
        faults.append(
            Fault(
                f"{where}, summary.{TIE}",
                Said("value is {said!r}", "値は {said!r}").format(said=str(tie)[:40]),
                Said("it is a list of programme levels", "開発計画の水準のリスト"),
            )
        )
    counted = {**document, "summary": {key: value for key, value in summary.items() if key != TIE}}
    numbers = {
        key: _mapping(counted[key], "number", f"{where}, {key}", faults) for key in ("exchange", "numbers", "summary")
    }
    faults += [
        Fault(
            f"{where}, summary",
            IS_MISSING.format(key=key),
            Said("a summary has this number", "要約にはこの数値がある"),
        )
        for key in SUMMARY
        if key not in numbers["summary"]
    ]
    texts = {key: _mapping(document[key], "text", f"{where}, {key}", faults) for key in ("title", "programmes")}
    names = {
        key: _mapping(value, "text", f"{where}, names.{key}", faults)
        for key, value in document["names"].items()
        if isinstance(value, dict)
    }
    faults += [
        Fault(
            f"{where}, names.{key}",
            Said("value is {said!r}", "値は {said!r}").format(said=str(value)[:40]),
            Said("names are text by language", "名称は言語別の文字列"),
        )
        for key, value in document["names"].items()
        if not isinstance(value, dict)
    ]
    if faults:
        raise DataError(faults)
    own: dict[str, Any] = {key: document[key] for key in TEXTS}
    numbers["summary"] = {key: tie if key == TIE else numbers["summary"][key] for key in summary}
    proof = check(document["proof"], where) if "proof" in document else None
    return Portfolio(**own, **texts, **numbers, names=names, settings=document["settings"], proof=proof, **frames)


def _mapping(document: Mapping[str, Any], kind: Literal["text", "number"], where: str, faults: list[Fault]) -> Any:
    values = {key: decode(value, kind) for key, value in document.items()}
    faults += [
        Fault(
            f"{where}.{key}",
            Said("value is {said!r}", "値は {said!r}").format(said=str(document[key])[:40]),
            of_kind(kind),
        )
        for key, value in values.items()
        if is_wrong(value)
    ]
    return values
