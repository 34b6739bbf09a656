"""`procure new`: a model file to start from, and a small world of tables."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any

import typer

from procure.cli import complete
from procure.cli.language import in_japanese
from procure.cli.metavars import MODEL
from procure.cli.output import Overwrite, say, unwritable, unwritable_folder
from procure.errors import DataError, Fault
from procure.languages import Said

_WRITTEN = Said("{file} is written.", "{file} を書き出した。")
_WITH_TABLES = Said(
    "{file} is written, and {count} tables in {folder}.", "{file} と、{folder} の表 {count} 件を書き出した。"
)


@in_japanese("出発点となるモデルファイルを、全てのキーとその説明とともに書き出す。望めば小さな世界の表も書き出す。")
def new(
    file: Annotated[
        Path,
        typer.Argument(
            metavar=Said("MODEL.toml", "モデル.toml"), help=Said("The model file to write.", "書き出すモデルファイル。")
        ),
    ],
    like: Annotated[
        str,
        typer.Option(
            "--from",
            metavar=MODEL,
            help=Said("Take the choices of this model, bundled or one's own.", "選択肢の元にするモデル、同梱か自作。"),
            autocompletion=complete.models,
        ),
    ] = "japan",
    world: Annotated[
        str | None,
        typer.Option(
            metavar=Said("FOLDER", "フォルダー"),
            help=Said(
                "Write a small world of tables, too, into this folder beside the file, and stand on it alone.",
                "小さな世界の表もファイルの隣のこのフォルダーに書き出し、それだけを使う。",
            ),
        ),
    ] = None,
    force: Overwrite = False,
) -> None:
    """Write a model file to start from, with every key and what it says, and if wanted a small world of tables."""
    from procure.portfolio.store import replacing
    from procure.report.starter import model_text, world_document, world_tables

    faults = unwritable(file, force, "procure new")
    if file.suffix != ".toml":
        seen, rule = (
            Said("it does not end in .toml", ".toml で終わっていない"),
            Said("a model file is TOML", "モデルファイルは TOML"),
        )
        faults.append(
            Fault(
                str(file), seen, rule, Said("write {seen}.toml", "{seen}.toml と書く").format(seen=file.stem or "mine")
            )
        )
    if world is None:
        document, tables = _like(like, file, faults)
    else:
        if Path(world).name != world or world == "..":
            rule, remedy = (
                Said(
                    "a world is a folder directly beside its model file", "データのフォルダーはモデルファイルのすぐ隣"
                ),
                Said("write --world {seen}", "--world {seen} と書く").format(
                    seen=Path(world).name.strip(".") or "world"
                ),
            )
            faults.append(Fault(f"--world {world}", Said("it is no plain name", "単純な名前ではない"), rule, remedy))
        document = world_document(world)
        tables = {file.parent / world / f"{name}.csv": text for name, text in world_tables().items()}
    for folder in {path.parent for path in tables}:
        faults += unwritable_folder(folder, tables, force, "--world" if world else "--from")
    if faults:
        raise DataError(faults)
    name = re.sub(r"[^a-z0-9_-]+", "-", file.stem.lower()).strip("-_") or "mine"
    for path, text in {file: model_text(str(file), name, document), **tables}.items():
        path.parent.mkdir(exist_ok=True)
        with replacing(path.resolve()) as made:
            made.write_text(text, encoding="utf-8")
    done = _WITH_TABLES if tables else _WRITTEN
    where = next(iter(tables)).parent if tables else ""
    say(done.format(file=file, count=len(tables), folder=where))
    print(f"procure solve {file}")


def _like(like: str, file: Path, faults: list[Fault]) -> tuple[dict[str, Any], dict[Path, str]]:
    """What a model chooses, and the tables of its own that it stands on."""
    import tomllib

    from procure.model.file import load_model, path_of

    try:
        load_model(like)  # what is copied is sound
    except DataError as error:
        faults += error.faults
        return {}, {}
    path = path_of(like)
    document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    facts = document["model"].get("facts", "bundled")
    if facts == "bundled":
        return document, {}
    tables = sorted((path.parent / facts).glob("*.csv"))
    return document, {file.parent / facts / table.name: table.read_text(encoding="utf-8-sig") for table in tables}
