"""Writes index.html, a page that shows results. It works from the file system, without network."""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, select_autoescape
from pydantic import ValidationError

from shared.schemas import object_names
from shared.schemas.documents import ResultDocument
from shared.schemas.field_errors import problems


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of one image. `pictures` maps kinds, such as overlay, to links."""

    name: str
    document: ResultDocument
    pictures: Mapping[str, str]


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
        "This run": [result for result in results if f"{result.name}/" in folders],
        "Earlier runs": [result for result in results if f"{result.name}/" not in folders],
    }
    environment = Environment(
        loader=PackageLoader("local"), autoescape=select_autoescape(), trim_blocks=True
    )
    page = folder / "index.html"
    template = environment.get_template("gallery.html")
    logs = (folder / "logs").is_dir()
    html = template.render(count=len(results), parts=parts, invalid=invalid, logs=logs)
    page.write_text(html, "utf-8")
    return page


def _read(folder: Path) -> tuple[list[_Result], dict[str, str]]:
    """Returns the results in a folder by name, and the errors of invalid result files."""
    results: list[_Result] = []
    invalid: dict[str, str] = {}
    for file in sorted(folder.rglob(object_names.RESULT)):
        if not file.is_file():
            continue
        try:
            document = ResultDocument.model_validate_json(file.read_bytes())
        except ValidationError as error:
            invalid[file.relative_to(folder).as_posix()] = problems(error)
        else:
            pictures = _pictures(folder, file.parent, document)
            name = file.parent.relative_to(folder).as_posix()
            results.append(_Result(name, document, pictures))
    return results, invalid


def _pictures(folder: Path, place: Path, document: ResultDocument) -> dict[str, str]:
    """Returns links to the image files that exist and are in the result's own folder."""
    files = {"original": next(place.glob("original.*"), None)}
    if outputs := document.outputs:
        named = {"overlay": outputs.overlay, "cutout": outputs.cutout, "mask": outputs.mask}
        files |= {
            kind: place / name for kind, name in named.items() if object_names.is_picture(name)
        }
    return {
        kind: quote(file.relative_to(folder).as_posix())
        for kind, file in files.items()
        if file and file.is_file()
    }
