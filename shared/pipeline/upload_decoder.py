"""Downloads and decodes uploads within limits for bytes, pixels and memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.decoding.sandbox import Sandbox
from shared.gcp.gcs import ObjectRef, Storage
from shared.imaging.geometry import Image
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget


class UploadDecoder:
    """Decodes uploads. One per process; safe to share between threads.

    All images that are open at a time have at most `max_pixels` together.
    """

    def __init__(self, storage: Storage, max_bytes: int, max_pixels: int) -> None:
        self._storage = storage
        self._max_bytes = max_bytes
        self._sandbox = Sandbox(max_pixels)
        self._memory = MemoryBudget(max_pixels)

    @contextmanager
    def decoded(self, ref: ObjectRef) -> Iterator[Image]:
        """Returns the upload's image, RGB uint8 (h, w, 3). Drop it when the context ends.

        Raises:
            Superseded: the upload was overwritten or deleted.
            Rejected: the upload is no supported image, or exceeds a limit.
            Transient: the memory did not become free in time.
        """
        with (
            self._sandbox.opened(self._storage.read(ref, self._max_bytes)) as file,
            self._memory.acquired(file.pixels, MEMORY_SECONDS),
        ):
            yield file.decode()
