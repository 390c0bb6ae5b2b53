"""A ZIP archive with a dataset from the results in the buckets, written while it is sent."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from pydantic import Field

from shared.api.buckets import Buckets
from shared.api.picture_export import Share, TextFormat
from shared.api.problems import Refused
from shared.api.request_models import RequestModel
from shared.api.zip_stream import ZipEntry, zip_chunks
from shared.export import coco, formats
from shared.export.formats import Format, Line, TextFile
from shared.export.labelled_image import LabelledImage, image_of
from shared.export.places import Place, places
from shared.gcp.stored_results import ListedResult, StoredResult, StoredResults
from shared.runtime.bounded_map import bounded_map
from shared.runtime.deadline import Check
from shared.schemas.documents import ResultDocument, Status
from shared.schemas.errors import Rejected, Superseded

MOST_RESULTS = 2000
"""Limit for the results in an archive. Chosen by hand: their texts take some tens of seconds, of
the 120 that a response has."""

_MOST_LISTED = 20_000
"""Limit for the results that are listed, also those that are left out. Chosen by hand: a listing
has 1,000 a page."""

_MOST_BYTES = 64 * 2**20
"""Limit for all result.json of an archive. They are in memory until its end. Chosen by hand: 2,000
with two faces of 1,000 pixels each have 10 MiB."""

_PARALLEL_READS = 8
"""result.json that are read at a time. Chosen by hand: more are faster, but need more connections.
"""

_MOST_READS = 3
"""Attempts to read a result that is replaced in the meantime. Chosen by hand."""

NOT_EXPORTED = "not-exported.txt"
"""The file of an archive that names the results that could not be read; missing if there are none.
"""


class ExportQuery(RequestModel):
    """Which results to export, and how."""

    format: TextFormat = Field(description="format of the dataset")
    prefix: str = Field("", description="only uploads whose names start with this")
    images: bool = Field(False, description="whether to include the uploaded images")
    split: Share = 0.8
    empty: bool = Field(False, description="include images without faces and hands")


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is needed to write the annotations of an image at the end."""

    number: int
    place: Place
    document: ResultDocument
    line: Line


class DatasetArchives:
    """Writes archives of a pair of buckets. Safe to share between threads."""

    def __init__(self, buckets: Buckets, max_bytes: int) -> None:
        """`max_bytes` limits an upload that is stored gzipped, once it is decompressed."""
        self._buckets = buckets
        self._results = StoredResults(buckets.storage, buckets.input, buckets.output)
        self._max_bytes = max_bytes

    def chunks(self, query: ExportQuery, check: Check) -> Iterator[bytes]:
        """Returns the archive in chunks. The results are listed before this returns.

        Raises:
            Refused: there are too many results, or none.
            Cancelled: raised by `check`, which is called while results are listed.
        """
        return zip_chunks(self._entries(query, self._listed(query, check)))

    def _listed(self, query: ExportQuery, check: Check) -> list[ListedResult]:
        left_out = {Status.REJECTED.value, Status.FAILED.value}
        if not query.empty:
            left_out.add(Status.EMPTY.value)
        found: list[ListedResult] = []
        size = 0
        for number, listed in enumerate(self._results.listed(query.prefix), 1):
            check()
            if listed.status not in left_out:
                found.append(listed)
                size += listed.size
            if len(found) > MOST_RESULTS or size > _MOST_BYTES or number > _MOST_LISTED:
                raise Refused(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                    "too-many-results",
                    f"{self._buckets.uri(query.prefix)} has more results than an archive may have "
                    f"({MOST_RESULTS:,}). Use a longer prefix, or run `make export`, which has no "
                    "limit.",
                )
        if not found:
            sentence = f"There are no results to export under {self._buckets.uri(query.prefix)}."
            raise Refused(HTTPStatus.NOT_FOUND, "no-results", sentence)
        return found

    def _entries(self, query: ExportQuery, listed: Sequence[ListedResult]) -> Iterator[ZipEntry]:
        chosen, kept, failures = Format(query.format), list[_Kept](), list[str]()
        uploads = [result.folder.removesuffix("/") for result in listed]
        read = bounded_map(self._read, listed, _PARALLEL_READS)
        entries = zip(listed, places(uploads), read, strict=True)
        for number, (result, place, first) in enumerate(entries, 1):
            try:
                image, document, original = self._opened(query, number, place, result, first)
            except (Superseded, Rejected, ValueError) as error:
                failures.append(f"{result.folder.removesuffix('/')}: {error}\n")
                continue
            if not image.instances and not query.empty:
                continue
            yield from _texts(formats.text_files(image, [chosen], with_images=query.images))
            if query.images:
                yield ZipEntry(place.file(image.subset), original)
            if line := next(formats.lines(image, [chosen]), None):
                kept.append(_Kept(number, place, document, line))
        yield from _texts(formats.common_files([chosen], query.split))
        for path in formats.documents([chosen], query.split):
            of_subset = [image for image in kept if image.line.document == path]
            pieces = coco.document_text(
                (image.line.text for image in of_subset),
                _annotations(of_subset, chosen, query.split),
            )
            yield ZipEntry(path, map(str.encode, pieces))
        if failures:
            yield ZipEntry(NOT_EXPORTED, map(str.encode, failures))

    def _read(self, listed: ListedResult) -> StoredResult | Exception:
        """Returns a result, or the error; twice the listed size, if it has been replaced."""
        try:
            return self._results.read(listed.folder, 2 * listed.size + 2**16)
        except (Superseded, ValueError) as error:
            return error

    def _opened(
        self,
        query: ExportQuery,
        number: int,
        place: Place,
        listed: ListedResult,
        result: StoredResult | Exception,
    ) -> tuple[LabelledImage, ResultDocument, Iterator[bytes]]:
        """Returns the image of a result, its document, and the upload, all of one generation.

        Raises:
            Superseded: it was replaced again and again, or no result replaces it yet.
            Rejected, ValueError: it is not valid.
        """
        reason = ""
        for _ in range(_MOST_READS):
            try:
                if isinstance(result, Exception):
                    raise result
                image = image_of(result.document, number, place, query.split)
                original = (
                    self._results.original(result, self._max_bytes) if query.images else iter(())
                )
            except Superseded as error:
                reason = str(error)
                result = self._read(listed)
            else:
                return image, result.document, original
        raise Superseded(f"it was replaced while it was read ({reason})")


def _annotations(images: Iterable[_Kept], chosen: Format, share: float) -> Iterator[str]:
    """Yields the lines of annotations. Polygons are much longer than RLE, so none were kept."""
    for kept in images:
        image = image_of(kept.document, kept.number, kept.place, share)
        yield from (
            line.text for line in formats.lines(image, [chosen]) if line.section == "annotations"
        )


def _texts(files: Iterable[TextFile]) -> Iterator[ZipEntry]:
    return (ZipEntry(file.path, [file.text.encode()]) for file in files)
