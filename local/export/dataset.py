"""Exports results as a dataset, in a folder.

Files of single images are written at once, COCO's documents at the end. The journal keeps what has
been done, so a second start continues after any interruption, and results in the same bytes. It is
deleted when everything is exported.
"""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from local.export.files import DatasetFiles
from local.export.journal import Entry, Journal, OtherExport, Outcome, State
from local.export.sources import OpenResult, Source, Unreadable
from shared.export import coco, formats
from shared.export.cutouts import cropped
from shared.export.formats import Format
from shared.export.labelled_image import LabelledImage, image_of
from shared.export.places import Place, Subset
from shared.runtime.bounded_map import bounded_map
from shared.runtime.memory_budget import MemoryBudget
from shared.schemas import object_names
from shared.schemas.documents import Status
from shared.schemas.errors import Superseded

JOURNAL = ".toonmask-export"
"""The folder of an unfinished export, in the folder of the dataset."""

_PARALLEL_RESULTS = 8
"""Results that are read at a time. Chosen by hand: most of the time is spent waiting for Cloud
Storage; more need more memory and connections."""

_BATCH = 64
"""Results that are taken together. Their lines wait in memory if one of them takes long. Chosen by
hand: more need more memory, fewer leave threads without work at the end of each batch."""

_MOST_READS = 5
"""Attempts to read a result that is replaced in the meantime. Chosen by hand: more would help only
if it is replaced again and again."""

_CUTOUT_PIXELS = 60_000_000
"""Pixels of cutouts that are in memory at a time, at about 5 bytes each: one of the largest that
the pipeline makes, or many small ones. Chosen by hand."""

_CUTOUT_SECONDS = 3600.0
"""Seconds that a cutout waits for memory. The others are ready long before."""


class Refused(Exception):
    """The export cannot begin. The message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is exported. `share` of the images are for training, 0..1.

    `with_empty`: also images without faces and hands. `with_images`: copies the images.
    """

    prefix: str
    formats: frozenset[Format]
    share: float
    with_empty: bool
    with_images: bool

    def identity(self, source: Source) -> str:
        """Returns a text that is the same only for the same export."""
        return json.dumps(
            [
                source.name, self.prefix, sorted(self.formats), self.share, self.with_empty,
                self.with_images,
            ]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Summary:
    """What has been exported. `left_out` has numbers by the reason, `failed` reasons by folder."""

    exported: int
    left_out: dict[str, int]
    failed: dict[str, str]


class Dataset:
    """An export of a source into a folder."""

    def __init__(self, source: Source, options: Options, folder: Path) -> None:
        self._source = source
        self._options = options
        self._folder = folder
        self._files = DatasetFiles(folder, folder / JOURNAL / "unfinished")
        self._memory = MemoryBudget(_CUTOUT_PIXELS)

    def export(self, advance: Callable[[int, int], None]) -> Summary:
        """Exports what has not been exported yet, and what failed before.

        `advance` is called with the number of results that are done, and with that of all results.

        Raises:
            Refused: the folder has other files, or another unfinished export.
        """
        with closing(self._opened()) as journal:
            if not journal.is_planned:
                journal.plan(self._source.folders(self._options.prefix))
            counts = journal.counts()
            total = sum(counts.values())
            done = total - counts.get((None, ""), 0)
            advance(done, total)
            while entries := journal.pending(_BATCH):
                outcomes = bounded_map(self._export, entries, _PARALLEL_RESULTS)
                for entry, outcome in zip(entries, outcomes, strict=True):
                    journal.save(entry, outcome)
                    done += 1
                    advance(done, total)
            self._write_common_files(journal)
            summary = _summary(journal)
        if not summary.failed:
            shutil.rmtree(self._folder / JOURNAL)
        return summary

    def _opened(self) -> Journal:
        place = self._folder / JOURNAL
        if not place.is_dir() and self._folder.exists() and any(self._folder.iterdir()):
            raise Refused(f"{self._folder} has other files. Choose another OUTPUT, or empty it.")
        place.mkdir(parents=True, exist_ok=True)
        try:
            return Journal(place / "journal.sqlite", self._options.identity(self._source))
        except OtherExport as error:
            raise Refused(
                f"{self._folder} is not free: {error}. Choose another OUTPUT, or empty it."
            ) from error

    def _export(self, entry: Entry) -> Outcome:
        """Writes the files of one result, all of one generation. It removes those of others."""
        for _ in range(_MOST_READS):
            self._remove(entry.place)
            try:
                return self._attempt(entry)
            except Superseded as error:
                reason = str(error)
            except Unreadable as error:
                self._remove(entry.place)
                return Outcome(State.FAILED, str(error))
        self._remove(entry.place)
        return Outcome(State.FAILED, f"it was replaced while it was read ({reason})")

    def _attempt(self, entry: Entry) -> Outcome:
        result = self._source.read(entry.folder)
        document = result.document
        if not document.source.name.startswith(self._options.prefix):
            return Outcome(State.LEFT_OUT, "other prefix")
        if document.status in (Status.REJECTED, Status.FAILED):
            return Outcome(State.LEFT_OUT, document.status)
        try:
            image = image_of(document, entry.number, entry.place, self._options.share)
        except ValueError as error:
            raise Unreadable(str(error)) from error
        if not image.instances and not self._options.with_empty:
            return Outcome(State.LEFT_OUT, Status.EMPTY)
        if self._options.with_images:
            self._files.write(image.place.file(image.subset), result.original())
        if Format.CUTOUTS in self._options.formats:
            self._write_cutouts(image, result)
        for file in formats.text_files(
            image, self._options.formats, with_images=self._options.with_images
        ):
            self._files.write(file.path, [file.text.encode()])
        return Outcome(State.EXPORTED, lines=list(formats.lines(image, self._options.formats)))

    def _write_cutouts(self, image: LabelledImage, result: OpenResult) -> None:
        pixels = image.width * image.height
        names = {instance.id: instance.files.cutout for instance in result.document.instances}
        for instance in image.instances:
            if not object_names.is_picture(names[instance.id]):
                raise Unreadable(f"the name of the cutout of {instance.id} is not one of ours")
            # 4 bytes for a pixel, and what PNG adds to data that cannot be compressed
            content = result.picture(names[instance.id], 5 * pixels + 2**16)
            with self._memory.acquired(pixels, _CUTOUT_SECONDS):
                try:
                    part = cropped(content, image, instance)
                except ValueError as error:
                    raise Unreadable(str(error)) from error
            self._files.write(formats.cutout_path(image, instance), [part])

    def _remove(self, place: Place) -> None:
        """Removes all files that an image can have: an interrupted attempt may have left some."""
        for subset in Subset:
            for path in formats.possible_files(place, subset, self._options.formats):
                (self._folder / path).unlink(missing_ok=True)

    def _write_common_files(self, journal: Journal) -> None:
        for file in formats.common_files(self._options.formats, self._options.share):
            self._files.write(file.path, [file.text.encode()])
        for document in formats.documents(self._options.formats, self._options.share):
            pieces = coco.document_text(
                journal.lines(document, "images"), journal.lines(document, "annotations")
            )
            self._files.write(document, (piece.encode() for piece in pieces))


def _summary(journal: Journal) -> Summary:
    counts = journal.counts()
    return Summary(
        counts.get((State.EXPORTED, ""), 0),
        {detail: n for (state, detail), n in counts.items() if state is State.LEFT_OUT},
        dict(journal.failures()),
    )
