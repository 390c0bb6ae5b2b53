"""Folders of results, as a run writes them."""

import json
from pathlib import Path
from typing import Any

from tools.support.examples import EXAMPLES


def finish(folder: Path, name: str, **fields: Any) -> None:
    """Writes a result like that of a run, with some fields changed."""
    place = folder / name
    place.mkdir(parents=True)
    for picture in ("mask", "overlay", "cutout"):
        (place / f"{picture}.png").write_bytes((EXAMPLES / "apple.png").read_bytes())
    document = {
        "schema": "toonmask/result/1",
        "status": "segmented",
        "reason": None,
        "source": {"bucket": "in", "name": name, "generation": 1, "width": 9, "height": 9},
        "config": "0123456789ab",
        "instances": [],
        "outputs": {"mask": "mask.png", "overlay": "overlay.png", "cutout": "cutout.png"},
        "timing": {},
        "versions": {},
        **fields,
    }
    (place / "result.json").write_text(json.dumps(document))
