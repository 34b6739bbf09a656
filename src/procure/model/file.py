"""The file of a model: found by its name, read, and made a model with the facts it names."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from procure.errors import BYTES, DataError, Fault, nearest
from procure.facts import Facts, load_facts
from procure.languages import Said
from procure.model.choices import Settings
from procure.model.faults import short
from procure.model.model import Model, make_model
from procure.model.presets import with_presets
from procure.words import FULL_WIDTH, half_width

#: Largest model file that is read, bytes.
MAX_MODEL_BYTES = 1_000_000


#: What a question may be asked of: a model, a bundled name, or the path of a .toml file.
ModelOrName = Model | str | Path


def load_model(name: str | Path, facts: Facts | None = None) -> Model:
    """A model: a bundled one by its name, such as ``"japan"``, or one's own from a TOML file.

    Parameters
    ----------
    name : str or Path
        Bundled name (`procure models` lists them), or path ending in ``.toml``.
    facts : Facts, optional
        One's own facts; they take the place of those the file names.

    Returns
    -------
    Model
        Checked and frozen: mass in t, prices in USD/kg, money in thousand USD, shares as fractions.

    Raises
    ------
    DataError
        Listing every fault: a missing or malformed file, unknown keys, values out of range, names the facts lack.

    >>> load_model("two-class").years
    (2027,)
    """
    path = path_of(name)
    document = _parse(_read(path), path.name)
    settings, faults = None, list[Fault]()
    try:
        facts = facts_of(document, path) if facts is None else facts
    except DataError as error:
        faults += error.faults
    try:
        document = document if facts is None else dict(with_presets(document, facts, path.name))
    except DataError as error:
        faults += error.faults
        document.pop("limits")  # what is wrong with them is said
    try:
        settings = Settings.checked(document, path.name)
    except DataError as error:
        faults += error.faults
    if settings is None or facts is None or faults:
        raise DataError(faults)
    return make_model(settings, facts, path.name)


def as_model(model: ModelOrName) -> Model:
    """The model itself, or the one that a name or a path stands for, as `load_model` finds it."""
    return model if isinstance(model, Model) else load_model(model)


def bundled_models() -> dict[str, Path]:
    """Path of every bundled model, by its name."""
    import procure.models

    folder = Path(str(procure.models.__path__[0]))
    return {path.stem: path for path in sorted(folder.glob("*.toml"), key=lambda path: path.stem)}


def path_of(name: str | Path) -> Path:
    """The path of the file that a name stands for."""
    bundled = bundled_models()
    if str(name) in bundled:
        return bundled[str(name)]
    path = Path(name)
    rule = Said("a model is a bundled name or the path of a .toml file", "モデルは同梱の名前か .toml ファイルのパス")
    if path.suffix != ".toml":
        raise DataError(
            Fault(
                short(str(name)),
                Said("no bundled model has this name", "この名前の同梱モデルはない"),
                rule,
                nearest(str(name), bundled),
            )
        )
    try:
        exists = path.is_file()
    except (OSError, ValueError):  # a name no file system takes
        exists = False
    if not exists:
        raise DataError(
            Fault(short(str(name)), Said("no such file", "ファイルがない"), rule, nearest(path.stem, bundled))
        )
    return path


def _read(path: Path) -> str:
    """The text of a file."""

    def fail(seen: str, rule: str, remedy: str) -> DataError:
        return DataError(Fault(path.name, seen, rule, remedy))

    try:
        if (size := path.stat().st_size) > MAX_MODEL_BYTES:
            rule = Said("a model file has at most {most:,} bytes", "モデルファイルは {most:,} バイトまで")
            remedy = Said("put tables into a facts folder", "表はデータのフォルダーに入れる")
            raise fail(BYTES.format(size=size), rule.format(most=MAX_MODEL_BYTES), remedy)
        raw = path.read_bytes()
    except OSError as error:
        raise fail(
            Said("it cannot be read: {why}", "読めない: {why}").format(why=error.strerror),
            Said("a model file is readable", "モデルファイルは読めること"),
            Said("check its permissions", "アクセス権を確かめる"),
        ) from None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        seen = Said("byte {byte} in line {line} is not UTF-8", "{line} 行目のバイト {byte} は UTF-8 ではない")
        raise fail(
            seen.format(byte=f"0x{raw[error.start]:02x}", line=line),
            Said("a model file is UTF-8 text", "モデルファイルは UTF-8 の文字列"),
            Said("save it as UTF-8", "UTF-8 で保存する"),
        ) from None


def _parse(text: str, origin: str) -> dict[str, Any]:
    """The document that a text writes down."""
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # malformed, or a number or a nesting beyond all bounds
        seen = Said("not TOML: {why}", "TOML ではない: {why}").format(why=short(str(error), 120))
        remedy = Said("quote text, close brackets and lists", "文字列を引用符で囲み、括弧とリストを閉じる")
        at = re.search(r"at line (\d+)", str(error))
        value = text.splitlines()[int(at[1]) - 1].partition("=")[2].partition("#")[0].strip() if at else ""
        if plain := half_width(value):
            remedy = FULL_WIDTH.format(plain=plain)
        raise DataError(
            Fault(origin, seen, Said("a model file is TOML 1.0", "モデルファイルは TOML 1.0 で書く"), remedy)
        ) from None


def facts_of(document: Mapping[str, Any], path: Path) -> Facts | None:
    """The facts the file names; None where what it says is no name (which is a fault of the choices)."""
    choices = document.get("model")
    choices = choices if isinstance(choices, dict) else {}
    choice, extend = choices.get("facts", "bundled"), choices.get("extend", True)
    if choice == "bundled":
        return load_facts()
    if not isinstance(choice, str) or not choice or not isinstance(extend, bool):
        return None
    where = f"{path.name}, model.facts"
    rule = Said(
        "facts is 'bundled' or a folder beside the model file or below it",
        "facts は 'bundled' か、モデルファイルと同じ場所かその下のフォルダー",
    )
    home = path.parent.resolve()
    try:
        folder = (home / choice).resolve()
        inside, exists = folder.is_relative_to(home), folder.is_dir()
    except (OSError, ValueError):  # a name no file system takes
        inside, exists = True, False
    if Path(choice).is_absolute() or not inside:
        seen = Said("'{folder}' leads outside the model's folder", "'{folder}' はモデルのフォルダーの外")
        remedy = Said("copy the folder there", "フォルダーをそこへ写す")
        raise DataError(Fault(where, seen.format(folder=choice), rule, remedy))
    if not exists:
        folders = [item.name for item in home.iterdir() if item.is_dir()]
        seen = Said("no folder {folder}", "フォルダー {folder} がない").format(folder=short(choice))
        raise DataError(Fault(where, seen, rule, nearest(choice, ["bundled", *folders])))
    return load_facts(folder, extend=extend)
