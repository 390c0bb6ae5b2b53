"""Downloads and decodes uploads within limits for bytes, pixels and memory."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.decoding.sandbox import OpenedFile, Sandbox
from shared.gcp.gcs import ObjectRef, Storage
from shared.gcp.stored_results import frame_original
from shared.imaging.geometry import Image
from shared.runtime.memory_budget import MEMORY_SECONDS, MemoryBudget
from shared.schemas.documents import Source
from shared.schemas.settings import PipelineSettings

_PNG_BYTES_PER_PIXEL = 4
"""Limit for the file of a frame. Pixels that cannot be compressed take a little more than 3."""


class UploadDecoder:
    """Decodes uploads. One per process; safe to share between threads.

    All images that are open at a time have at most MAX_PIXELS together.
    """

    def __init__(self, storage: Storage, settings: PipelineSettings) -> None:
        self._storage = storage
        self._settings = settings
        self._sandbox = Sandbox(settings.max_pixels)
        self._memory = MemoryBudget(settings.max_pixels)

    @contextmanager
    def decoded(self, source: Source) -> Iterator[Image]:
        """Returns the image of an upload or a frame, RGB uint8 (h, w, 3), until the context ends.

        Raises:
            Superseded: the upload was overwritten or deleted.
            Rejected: the upload is no supported image, or exceeds a limit.
            Transient: the memory did not become free in time.
        """
        content = self._read_frame(source) if source.frame else self.read(ObjectRef.of(source))
        with self.opened(content) as file:
            yield file.decode()

    def read(self, upload: ObjectRef) -> bytes:
        """Returns the content of an upload, at most MAX_BYTES of it.

        Raises:
            Superseded: it was overwritten or deleted.
            Rejected: its gzip data is corrupt or too large.
        """
        return self._storage.read(upload, self._settings.max_bytes)

    @contextmanager
    def opened(self, content: bytes, most_frames: int | None = None) -> Iterator[OpenedFile]:
        """Opens a file, and waits until there is memory for its image.

        With `most_frames`, the frames are counted.

        Raises:
            Rejected, Transient: as in `decoded`.
        """
        with (
            self._sandbox.opened(content, most_frames=most_frames) as file,
            self._memory.acquired(file.pixels, MEMORY_SECONDS),
        ):
            yield file

    def _read_frame(self, source: Source) -> bytes:
        """Returns the pixels that landmarks has stored of a frame, as PNG."""
        bucket = self._settings.output_bucket
        blob = frame_original(self._storage, bucket, source)
        most_bytes = _PNG_BYTES_PER_PIXEL * self._settings.max_pixels
        return self._storage.read(ObjectRef(bucket, blob.name, blob.generation), most_bytes)
