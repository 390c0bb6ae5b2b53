"""A page to look at results with: one file, no network, works from the file system."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, select_autoescape

from local.job import Outcome


def write(folder: Path, outcomes: Sequence[Outcome], originals: Mapping[str, Path]) -> Path:
    """Writes index.html over results that lie in `folder`, with copies of the originals.

    Returns the page's path.
    """
    images = []
    for outcome in outcomes:
        place = folder / outcome.name
        place.mkdir(parents=True, exist_ok=True)
        original = place / f"original{originals[outcome.name].suffix.lower()}"
        shutil.copyfile(originals[outcome.name], original)
        pictures = {"original": original.name}
        if outcome.document.outputs:
            outputs = outcome.document.outputs
            pictures |= {
                "overlay": outputs.overlay,
                "cutout": outputs.cutout,
                "mask": outputs.mask,
            }
        images.append(
            {
                "outcome": outcome,
                "pictures": {
                    kind: quote(f"{outcome.name}/{file}") for kind, file in pictures.items()
                },
            }
        )
    environment = Environment(
        loader=PackageLoader("local"), autoescape=select_autoescape(), trim_blocks=True
    )
    page = folder / "index.html"
    page.write_text(environment.get_template("gallery.html").render(images=images), "utf-8")
    return page
