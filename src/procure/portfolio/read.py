"""A portfolio read from its file, every fault of the file named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from procure.errors import DataError, Fault, nearest
from procure.portfolio.frames import FRAMES, decode, from_document, is_wrong
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
            raise DataError(Fault(where, f"{size:,} bytes", f"an answer has at most {MAX_BYTES:,} bytes"))
        return json.loads(Path(path).read_bytes().decode("utf-8-sig"), parse_constant=_refuse_constant)
    except OSError as error:
        seen = f"cannot be read ({error.strerror or type(error).__name__})"
        raise DataError(Fault(where, seen, "an answer is a file", "check the path")) from None
    except (ValueError, RecursionError) as error:
        seen = f"not JSON: {error}" if not isinstance(error, RecursionError) else "not JSON: nested too deep"
        remedy = "save the answer again with to_json"
        raise DataError(Fault(where, seen, "an answer is a JSON file in UTF-8", remedy)) from None


def check_version(document: Mapping[str, Any], version: int, where: str) -> None:
    """Refuse an answer that another release wrote, whose fields are others than those of a version."""
    said = document.get("version")
    if type(said) is int and said == version:
        return
    seen = f"version is {said!r}"
    if type(said) is int:
        seen += ", of an earlier release" if said < version else ", of a later release"
    rule = f"this release reads version {version}, whose fields are others"
    raise DataError(Fault(where, seen, rule, "ask again with this release, or read it with the one that wrote it"))


def _refuse_constant(text: str) -> Any:
    raise ValueError(f"{text} is no JSON number")


def _from_document(document: Any, where: str) -> Portfolio:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        seen = f"format is {document.get('format')!r}" if isinstance(document, dict) else "it is no object"
        raise DataError(Fault(where, seen, f"the format is '{FORMAT}'", "give a file written by Portfolio.to_json"))
    check_version(document, VERSION, where)
    faults: list[Fault] = []
    objects = ("title", "programmes", "names", "exchange", "numbers", "summary", "settings", "frames")
    known = ("format", "version", *TEXTS, *objects, "proof")
    for key in known:
        if key not in document and key != "proof":
            faults.append(Fault(where, f"'{key}' is missing", "a portfolio has this key"))
        elif (key in TEXTS and not isinstance(document[key], str)) or (
            key in objects and not isinstance(document[key], dict)
        ):
            faults.append(
                Fault(f"{where}, {key}", "the value is of another kind", "text and objects stand where they belong")
            )
    faults += [Fault(where, f"unknown key '{key}'", "a portfolio has no other keys", nearest(key, known))
               for key in document if key not in known]  # fmt: skip
    if faults:
        raise DataError(faults)
    frames: dict[str, Any] = {}
    for name in FRAMES:
        if name not in document["frames"]:
            faults.append(Fault(f"{where}, frames", f"'{name}' is missing", f"the frames are {', '.join(FRAMES)}"))
            continue
        frame = from_document(name, document["frames"][name], f"{where}, frames.{name}", faults)
        if frame is not None:
            frames[ATTRIBUTE.get(name, name)] = frame
    rule = f"the frames are {', '.join(FRAMES)}"
    faults += [
        Fault(f"{where}, frames", f"unknown frame '{name}'", rule, nearest(name, FRAMES))
        for name in document["frames"]
        if name not in FRAMES
    ]
    summary = document["summary"]
    tie = summary.get(TIE)
    if not isinstance(tie, list) or not all(isinstance(level, str) for level in tie):
        faults.append(
            Fault(f"{where}, summary.{TIE}", f"value is {str(tie)[:40]!r}", "it is a list of programme levels")
        )
    counted = {**document, "summary": {key: value for key, value in summary.items() if key != TIE}}
    numbers = {
        key: _mapping(counted[key], "number", f"{where}, {key}", faults) for key in ("exchange", "numbers", "summary")
    }
    faults += [
        Fault(f"{where}, summary", f"'{key}' is missing", "a summary has this number")
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
        Fault(f"{where}, names.{key}", f"value is {str(value)[:40]!r}", "names are text by language")
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
        Fault(f"{where}.{key}", f"value is {str(document[key])[:40]!r}", f"it is a {kind}")
        for key, value in values.items()
        if is_wrong(value)
    ]
    return values
