"""One run at a time on a folder: a lock file that says whose it is, and that a dead process no longer holds.

The lock is the operating system's, on the open file: it is given back when the process that holds it ends, however it ends. What
the file says is for people.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from pathlib import Path
from typing import IO

from procure.errors import DataError, Fault, of_system
from procure.languages import Said, again

_SOMEBODY = Said("an unknown process", "不明なプロセス")
#: Who holds a lock, as the lock itself says it in English.
_HOLDER = Said("process {process} on {host} since {since}", "{host} のプロセス {process}（{since} から）")
_NO_LOCK = Said("it cannot be locked ({error})", "ロックできない（{error}）")
_LOCKED = Said("a store is locked while it is written to", "書き込み中の保存先はロックする")
_WITH_LOCKS = Said("choose a folder on a file system with locks", "ロックの使えるファイルシステムのフォルダーにする")
_ONE_RUN = Said("one run at a time writes to a store", "保存先に書き込むのは一度に一つの実行")
_IN_USE = Said("it is in use by {holder}", "使用中: {holder}")
_WAIT = Said("wait for it, or choose another folder", "終わるのを待つか、別のフォルダーにする")

NAME = "_lock"


class Lock:
    """The lock of a folder, held from `take` until `give_back`."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._file: IO[bytes] | None = None

    def take(self) -> None:
        """Take the lock; `DataError` with who holds it, where somebody does."""
        file = self._path.open("a+b")
        try:
            _lock(file)
        except OSError as error:
            file.seek(0)
            holder = file.read().decode("utf-8", "replace").strip() or _SOMEBODY
            file.close()
            if not isinstance(error, BlockingIOError | PermissionError):
                seen, rule = _NO_LOCK.format(error=of_system(error)), _LOCKED
                raise DataError(Fault(str(self._path), seen, rule, _WITH_LOCKS)) from None
            raise DataError(
                Fault(str(self._path.parent), _IN_USE.format(holder=again(holder, _HOLDER)), _ONE_RUN, _WAIT)
            ) from None
        # What a process that was killed has left there is overwritten: its lock went with it.
        since = time.strftime("%Y-%m-%d %H:%M:%S")
        said = f"{_HOLDER.format(process=os.getpid(), host=socket.gethostname(), since=since)}\n"
        file.truncate(0)
        file.write(said.encode())
        file.flush()
        self._file = file

    def give_back(self) -> None:
        """Let another run have it."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.truncate(0)
            self._file.close()
            self._file = None


def _lock(file: IO[bytes]) -> None:
    """Lock an open file or raise at once."""
    if os.name == "nt":
        import msvcrt

        file.seek(2**30)  # beyond what is written, so that others can read it
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
    else:
        import fcntl

        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
