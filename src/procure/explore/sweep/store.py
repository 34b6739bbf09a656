"""A folder that keeps the rows of a sweep: Parquet parts, a manifest, a lock.

  _manifest.json        what the rows hang on (`inputs`), their parameters, the grids that were run, and a digest of it all
  part-<time>-<digest>.parquet    rows; each says in its metadata what they hang on, so that the manifest can be made again, and
                        by its name what its bytes come to, so that a single bit that has turned is noticed
  _lock                 who is writing

Parts are only added. A file is written aside, forced to the disk and renamed, so that whatever is there under its own name is
whole, and a run that is killed loses what it has not written yet and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from procure.errors import ANOTHER_FOLDER, DataError, Fault, of_system
from procure.explore.sweep.cases import Parameter
from procure.explore.sweep.columns import CASE
from procure.explore.sweep.inputs import differences, digest_of
from procure.explore.sweep.lock import NAME as LOCK
from procure.explore.sweep.lock import Lock
from procure.explore.sweep.table import in_order, joined
from procure.languages import Said

if TYPE_CHECKING:
    import pyarrow as pa

_OF_ITS_OWN = Said("a store is a folder of its own", "保存先は専用のフォルダー")
_HOLDS = Said("it holds {name} and no store", "{name} があり、保存先ではない")
_NO_STORE = Said("it is no store", "保存先ではない")
_HAS_MANIFEST = Said("a store has a {manifest}", "保存先には {manifest} がある")
_NAME_A_STORE = Said("name the folder of a sweep", "掃引のフォルダーを指定する")
_NO_ROWS = Said("it has no rows yet", "まだ行がない")
_AS_IT_GOES = Said("a sweep writes them as it goes", "行は掃引が進むにつれ書かれる")
_RUN_FIRST = Said("run the sweep first", "先に掃引を実行する")
_DELETE_PART = Said(
    "delete this file: its cases are solved again, all others are kept",
    "このファイルを削除する。その事例は解き直され、他は残る",
)
_UNREADABLE = Said("it cannot be read ({error})", "読めない（{error}）")
_WHOLE_PART = Said("a part is a whole Parquet file", "部分は完全な Parquet ファイル")
_NOT_OURS = Said("it is no part of this store", "この保存先の部分ではない")
_SAME_INPUTS = Said("the parts of a store have the same inputs", "保存先の部分は入力が同じ")
_NOT_AS_WRITTEN = Said("it is not as it was written", "書かれたままではない")
_DELETE_MANIFEST = Said(
    "delete {manifest}: it is made again from the parts, which say the same",
    "{manifest} を削除する。同じ内容が各部分から作り直される",
)
_DELETE = Said("delete {manifest}", "{manifest} を削除する")
_JSON = Said("a manifest is a JSON file", "目録は JSON ファイル")
_NO_MANIFEST = Said("it is no manifest of a sweep", "掃引の目録ではない")
_FORMAT = Said("its format is '{format}'", "その format は '{format}'")
_VERSION = Said("version is {version!r}", "version は {version!r}")
_READS = Said("this release reads version {version}", "この版が読むのは version {version}")
_USE_RELEASE = Said("use the release that wrote it", "書いた版を使う")
_CHANGED = Said("it was changed since it was written", "書かれた後に変更されている")
_NOBODY_EDITS = Said("nobody edits a manifest", "目録は編集しない")
_ONE_MODEL = Said(
    "a store has rows of one model, one set of tables and one version",
    "保存先の行は、一つのモデル、一組の表、一つの版のもの",
)
_WRITABLE = Said("a store is a folder that can be written to", "保存先は書き込めるフォルダー")
_MAKE_ROOM = Said(
    "make room or choose another; what was written before is whole",
    "空きを作るか、別のフォルダーにする。それまでに書かれたものは無事",
)
_UNWRITABLE = Said("it cannot be written to ({error})", "書き込めない（{error}）")

#: 2: the name of a part has the digest of its bytes.
FORMAT, VERSION = "procure.sweep", 2
#: Readers of Parquet folders pass over what begins so.
MANIFEST = "_manifest.json"
#: What the metadata of a part say.
KEY = b"procure.sweep"
#: Begins the name of a file that is not whole yet.
ASIDE = ".unfinished-"


class Store:
    """The folder of a sweep, open for writing: use it in a `with`.

    Parameters
    ----------
    folder : str or Path
        Made where it is missing; its own folder exists.
    inputs : mapping
        What the rows hang on (`inputs_of`).
    parameters : iterable of Parameter
        Of the grid to be run; a store knows all that it ever had.
    grid : str
        A text that tells grids apart.

    Raises `DataError` for a folder that holds something else, rows of other inputs (with what differs), or damaged files; one
    that cannot be written to; one in which another run is at work.
    """

    def __init__(
        self, folder: str | Path, inputs: Mapping[str, Any], parameters: Iterable[Parameter], grid: str
    ) -> None:
        self.folder, self._inputs, self._grid = Path(folder), dict(inputs), grid
        self._parameters = {parameter.path: parameter for parameter in parameters}
        self._lock = Lock(self.folder)
        self._grids: list[str] = []
        self._manifest: Mapping[str, Any] = {}

    def __enter__(self) -> Store:
        try:
            self.folder.mkdir(exist_ok=True)
            self._lock.take()
        except OSError as error:
            raise _unwritable(self.folder, error) from None
        try:
            self._open()
        except OSError as error:
            self._lock.give_back()
            raise _unwritable(self.folder, error) from None
        except BaseException:
            self._lock.give_back()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.give_back()

    def _open(self) -> None:
        """Hold the inputs against those of the folder, and write down what is new."""
        for left in self.folder.glob(f"{ASIDE}*"):
            left.unlink()
        manifest = _manifest(self.folder)
        if manifest is None:
            others = [path.name for path in self.folder.iterdir() if path.name != LOCK]
            if others:
                raise DataError(Fault(str(self.folder), _HOLDS.format(name=others[0]), _OF_ITS_OWN, ANOTHER_FOLDER))
            manifest = {"parameters": {}, "grids": []}
        else:
            _refuse_others(self.folder, manifest["inputs"], self._inputs)
        self._manifest = manifest
        self._grids = list(dict.fromkeys([*manifest["grids"], self._grid]))
        self._learn(manifest["parameters"])

    def _learn(self, parameters: Mapping[str, Any]) -> None:
        """Know these parameters too, and write down what is new."""
        self._parameters = {path: Parameter(**said) for path, said in parameters.items()} | self._parameters
        document = _document(self._inputs, self._parameters, self._grids)
        if document != self._manifest:
            with _aside(self.folder / MANIFEST) as file:
                file.write(json.dumps(document, ensure_ascii=False, indent=1).encode())
            self._manifest = document

    def rows(self) -> pa.Table | None:
        """All rows that are there; None where there is none."""
        return _rows(self.folder, digest_of(self._inputs))

    def keep(self, table: pa.Table) -> None:
        """Add rows, as a part of their own."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        said = {"inputs": self._inputs, "parameters": {path: asdict(p) for path, p in self._parameters.items()}}
        metadata = {
            **(table.schema.metadata or {}),
            KEY: json.dumps({"digest": digest_of(self._inputs), **said}, default=str).encode(),
        }
        written = pa.BufferOutputStream()
        pq.write_table(table.replace_schema_metadata(metadata), written)
        content = written.getvalue().to_pybytes()
        part = self.folder / f"part-{time.time_ns():020d}-{_digest_of_bytes(content)}.parquet"
        with _aside(part) as file:
            file.write(content)

    def adopt(self, others: Iterable[str | Path]) -> None:
        """Add copies of the parts of other stores of the same inputs."""
        for other in map(Path, others):
            manifest = _manifest(other)
            if manifest is None:
                raise DataError(Fault(str(other), _NO_STORE, _HAS_MANIFEST.format(manifest=MANIFEST), _NAME_A_STORE))
            _refuse_others(other, manifest["inputs"], self._inputs)
            for part in _parts(other):
                if not (self.folder / part.name).exists():
                    with part.open("rb") as theirs, _aside(self.folder / part.name) as file:
                        shutil.copyfileobj(theirs, file)
            self._learn(manifest["parameters"])


def columns_of(folder: str | Path) -> tuple[str, ...]:
    """The columns that the rows of a store have; none where there is no store."""
    manifest = _manifest(Path(folder))
    return () if manifest is None else tuple(manifest["inputs"]["columns"])


def read(folder: str | Path) -> tuple[pa.Table, list[str]]:
    """All rows of a store, a case once, and the paths of its parameters.

    Raises `DataError` for a folder that is no store, a manifest that was changed, and parts that are damaged or of other inputs.
    """
    home = Path(folder)
    manifest = _manifest(home)
    if manifest is None:
        raise DataError(Fault(str(folder), _NO_STORE, _HAS_MANIFEST.format(manifest=MANIFEST), _NAME_A_STORE))
    table = _rows(home, digest_of(manifest["inputs"]))
    if table is None:
        raise DataError(Fault(str(folder), _NO_ROWS, _AS_IT_GOES, _RUN_FIRST))
    return in_order(table, None), list(manifest["parameters"])


# --- what is there


def _parts(folder: Path) -> list[Path]:
    return sorted(folder.glob("part-*.parquet"))


def _rows(folder: Path, digest: str) -> pa.Table | None:
    """All rows of the parts of a folder, in the order in which they were written."""
    tables = []
    faults = []
    for part in _parts(folder):
        try:
            tables.append(_read_part(part, digest))
        except DataError as error:
            faults += error.faults
    if faults:
        raise DataError(faults)
    return joined(tables) if tables else None


def _read_part(part: Path, digest: str) -> pa.Table:
    import pyarrow as pa
    import pyarrow.parquet as pq

    remedy = _DELETE_PART
    try:
        table = pq.read_table(pa.BufferReader(_whole(part)))
        said = json.loads((table.schema.metadata or {}).get(KEY, b"{}"))
    except (pa.ArrowException, OSError, ValueError) as error:
        seen = _UNREADABLE.format(error=_reason(error))
        raise DataError(Fault(str(part), seen, _WHOLE_PART, remedy)) from None
    if said.get("digest") != digest or CASE not in table.column_names:
        raise DataError(Fault(str(part), _NOT_OURS, _SAME_INPUTS, remedy))
    return table.replace_schema_metadata(None)


def _reason(error: Exception) -> str:
    """Why something cannot be read: our own words in both languages, the first line of others'."""
    own = error.args[0] if error.args else ""
    return own if isinstance(own, Said) else str(error).splitlines()[0][:120]


def _whole(part: Path) -> bytes:
    """What is in a part, as it was written; `ValueError` where it is not: Parquet itself would miss a bit that has turned."""
    content = part.read_bytes()
    if part.stem.rpartition("-")[2] != _digest_of_bytes(content):
        raise ValueError(_NOT_AS_WRITTEN)
    return content


def _digest_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]


def _manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a folder, whole; made again from a part where it is missing; None where there is neither."""
    path = folder / MANIFEST
    if not path.exists():
        return _made_again(folder)
    remedy = _DELETE_MANIFEST.format(manifest=MANIFEST) if _parts(folder) else _DELETE.format(manifest=MANIFEST)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(Fault(str(path), _UNREADABLE.format(error=error), _JSON, remedy)) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise DataError(Fault(str(path), _NO_MANIFEST, _FORMAT.format(format=FORMAT), ANOTHER_FOLDER))
    if document.get("version") != VERSION:
        seen = _VERSION.format(version=document.get("version"))
        raise DataError(Fault(str(path), seen, _READS.format(version=VERSION), _USE_RELEASE))
    if document.get("digest") != _digest_of_document(document):
        raise DataError(Fault(str(path), _CHANGED, _NOBODY_EDITS, remedy))
    return document


def _made_again(folder: Path) -> dict[str, Any] | None:
    """The manifest that the newest part of a folder implies."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    for part in reversed(_parts(folder) if folder.is_dir() else []):
        try:
            said = json.loads((pq.read_schema(pa.BufferReader(_whole(part))).metadata or {})[KEY])
        except (pa.ArrowException, OSError, ValueError, KeyError):
            continue
        return {"inputs": said["inputs"], "parameters": said["parameters"], "grids": []}
    return None


def _refuse_others(folder: Path, stored: Mapping[str, Any], here: Mapping[str, Any]) -> None:
    here = json.loads(json.dumps(here, default=str))  # as a file has them
    found = differences(stored, here)
    if found:
        rule, remedy = _ONE_MODEL, ANOTHER_FOLDER
        raise DataError([Fault(str(folder), seen, rule, remedy) for seen in found])


# --- writing


def _document(inputs: Mapping[str, Any], parameters: Mapping[str, Parameter], grids: Sequence[str]) -> dict[str, Any]:
    said = {path: asdict(parameter) for path, parameter in parameters.items()}
    document = {"format": FORMAT, "version": VERSION, "inputs": inputs, "parameters": said, "grids": list(grids)}
    document = json.loads(json.dumps(document, default=str))
    return {**document, "digest": _digest_of_document(document)}


def _digest_of_document(document: Mapping[str, Any]) -> str:
    return digest_of({key: value for key, value in document.items() if key != "digest"})


@contextmanager
def _aside(path: Path) -> Iterator[IO[bytes]]:
    """A file to write to, which is forced to the disk and then takes its name, whole; `DataError` where it cannot be written."""
    aside = path.with_name(f"{ASIDE}{path.name}")
    try:
        with aside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
        _folder_to_disk(path.parent)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise _unwritable(path.parent, error) from None


def _folder_to_disk(folder: Path) -> None:
    """That a name is there survives a loss of power, where folders can be opened."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(folder: Path, error: OSError) -> DataError:
    rule, remedy = (
        _WRITABLE,
        _MAKE_ROOM,
    )
    seen = _UNWRITABLE.format(error=of_system(error))
    return DataError(Fault(str(folder), seen, rule, remedy))
