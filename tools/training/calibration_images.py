"""Images for the calibration of the score: `python -m tools.training.calibration_images FOLDER`.

They are composed of the drawings that training does not see (`sources.split`). FOLDER/truth.json is
for tools/evaluation/calibration.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
from rich.progress import track

from tools.training.paths import SPRITES
from tools.training.pictures import picture
from tools.training.sources import split

FACELESS, WITH_FACES = 1_200, 600

_SEED = 2_000_003
"""Apart from those of training and validation."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    _, unseen = split(SPRITES)
    truth = {}
    for number in track(range(FACELESS + WITH_FACES), "Images"):
        made = picture(unseen, _SEED, number, with_faces=number >= FACELESS)
        name = f"{number:04}.png"
        cv2.imwrite(str(folder / name), cv2.cvtColor(made.pixels, cv2.COLOR_RGB2BGR))
        boxes = [{"box": box.round().astype(int).tolist()} for box in made.faces]
        truth[name] = {"set": "", "faces": boxes}
    (folder / "truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
