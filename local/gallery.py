"""Writes index.html, a page that shows results. It works from the file system, without network."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import ValidationError

from shared.schemas import object_names
from shared.schemas.documents import ResultDocument, Status
from shared.schemas.field_errors import problems

_ORIGINAL = "original"

_LOOK = Path(__file__).parents[1] / "functions" / "api" / "page" / "look.css"
"""The common look of the gallery and of the page. It is part of index.html, which is opened without
a server."""

LABELS = {
    Status.SEGMENTED: "Done",
    Status.DEGRADED: "Degraded",
    Status.EMPTY: "Nothing found",
    Status.REJECTED: "Rejected",
    Status.FAILED: "Failed",
}
_ALL, REVIEW = "All", "Check this"
"""The words of the page, in functions/api/page/texts.js."""

_MOST_SHOWN = 2
"""Pictures of a result that are shown; the others are links. Chosen by hand: more are too small to
judge a mask, or make the page long."""


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of one image. `pictures` maps kinds, such as overlay, to links, the best first.

    `name` is that of the folder of the upload, or of the frame.
    """

    name: str
    document: ResultDocument
    pictures: Mapping[str, str]

    @property
    def upload_folder(self) -> str:
        """The folder of the upload, with a slash at its end."""
        return object_names.without_frame(f"{self.name}/")

    @property
    def shown(self) -> list[str]:
        """The kinds of the pictures that are shown.

        Without instances, overlay and cutout show nothing; a rejected file may be no picture.
        """
        if not self.document.outputs:
            return []
        if self.document.status is Status.EMPTY:
            return [kind for kind in self.pictures if kind == _ORIGINAL]
        return list(self.pictures)[:_MOST_SHOWN]

    @property
    def linked(self) -> list[str]:
        """The kinds of the other pictures that are worth a look."""
        if self.document.status is Status.EMPTY:
            return []
        return [kind for kind in self.pictures if kind not in self.shown]


def write(folder: Path, newest: Mapping[str, Path]) -> Path:
    """Writes index.html for all results in `folder`, and returns its path.

    The results of the newest run come first. `newest` maps the object names of that run to its
    input files, which are copied to the results.
    """
    folders = {object_names.folder(name): file for name, file in newest.items()}
    for name, file in folders.items():
        place = folder / name
        place.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place / f"original{file.suffix.lower()}")
    results, invalid = _read(folder)
    parts = {
        "This run": [result for result in results if result.upload_folder in folders],
        "Earlier runs": [result for result in results if result.upload_folder not in folders],
    }
    environment = Environment(
        loader=PackageLoader("local"), autoescape=select_autoescape(), trim_blocks=True
    )
    page = folder / "index.html"
    template = environment.get_template("gallery.html")
    logs = (folder / "logs").is_dir()
    html = template.render(
        count=len(results),
        filters=_filters(results),
        parts=parts,
        invalid=invalid,
        labels=LABELS,
        review_label=REVIEW,
        look=_LOOK.read_text("utf-8"),
        logs=logs,
    )
    page.write_text(html, "utf-8")
    return page


def _filters(results: Sequence[_Result]) -> list[tuple[str, str, int]]:
    """Returns key, label and number of results of each filter that matches any."""
    documents = [result.document for result in results]
    states = [
        (status.value, label, sum(document.status is status for document in documents))
        for status, label in LABELS.items()
    ]
    to_review = ("review", REVIEW, sum(bool(document.review) for document in documents))
    return [
        ("all", _ALL, len(results)),
        *(one for one in (to_review, *states) if one[2]),
    ]


def _read(folder: Path) -> tuple[list[_Result], dict[str, str]]:
    """Returns the results in a folder by name, and the errors of invalid result files.

    Of an upload with frames, these are the results of the frames, without their summary.
    """
    results: list[_Result] = []
    invalid: dict[str, str] = {}
    for file in sorted(folder.rglob(object_names.RESULT)):
        if not file.is_file():
            continue
        try:
            document = ResultDocument.model_validate_json(file.read_bytes())
        except ValidationError as error:
            invalid[file.relative_to(folder).as_posix()] = problems(error)
            continue
        if not document.frames:
            pictures = _pictures(folder, file.parent, document)
            name = file.parent.relative_to(folder).as_posix()
            results.append(_Result(name, document, pictures))
    return results, invalid


def _pictures(folder: Path, place: Path, document: ResultDocument) -> dict[str, str]:
    """Returns links to the image files that exist and are in the result's own folder."""
    files: dict[str, Path | None] = {}
    if outputs := document.outputs:
        named = {"overlay": outputs.overlay, "cutout": outputs.cutout, "mask": outputs.mask}
        files = {
            kind: place / name for kind, name in named.items() if object_names.is_picture(name)
        }
    files[_ORIGINAL] = next(place.glob("original.*"), None)
    return {
        kind: quote(file.relative_to(folder).as_posix())
        for kind, file in files.items()
        if file and file.is_file()
    }
