"""Answers in files, written whole or not at all."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from procure.errors import DataError, Fault, of_system
from procure.languages import Said

_UNWRITABLE = Said("cannot be written ({reason})", "書き込めない（{reason}）")
_TO_A_FOLDER = Said(
    "an answer is saved to a file in a folder that exists", "回答は既存のフォルダーのファイルに保存する"
)
_MAKE_FOLDER = Said("make the folder or choose another", "フォルダーを作るか、別のものを選ぶ")


def write(path: str | Path, document: Mapping[str, Any]) -> None:
    """Write a document to `path`, at once or not at all; a file of that name is replaced.

    Raises `DataError` where the folder is missing or cannot be written to.
    """
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A new file to write, which takes the place of `path` once it is whole; if that fails, nothing is left of it.

    Raises `DataError` where the folder is missing or cannot be written to.
    """
    target = Path(path)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except OSError as error:
        seen = _UNWRITABLE.format(reason=of_system(error))
        raise DataError(Fault(str(path), seen, _TO_A_FOLDER, _MAKE_FOLDER)) from None


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
