"""The files of a dataset's folder. Each appears complete, or not at all."""

import os
import threading
from collections.abc import Iterable
from pathlib import Path


class DatasetFiles:
    """Writes files into a folder. Safe to share between threads that write different files."""

    def __init__(self, root: Path, unfinished: Path) -> None:
        """`unfinished` is a folder in the same file system, for files that are being written."""
        self._root = root
        self._unfinished = unfinished

    def write(self, path: str, chunks: Iterable[bytes]) -> None:
        """Writes or replaces a file; `path` is relative to the folder. One chunk is in memory."""
        partial = self._unfinished / str(threading.get_ident())
        partial.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())  # or the journal could outlive the file in a power failure
        target = self._root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(target)
