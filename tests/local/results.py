"""Results in a folder, as `make run` writes them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from shared.imaging.geometry import BoolMask
from shared.schemas import object_names
from shared.schemas.documents import Instance, Outputs, ResultDocument, Source, Status
from tests.shared.export.masks import stored_instance
from tools.support.pipeline import png

HEIGHT, WIDTH = 20, 30
FACE = np.zeros((HEIGHT, WIDTH), bool)
FACE[3:15, 4:20] = True
FACE[6:8, 8:10] = False
HAND = np.zeros((HEIGHT, WIDTH), bool)
HAND[16:19, 22:29] = True


def result(
    name: str,
    masks: Sequence[BoolMask] = (FACE, HAND),
    generation: int = 1,
    status: Status = Status.SEGMENTED,
) -> ResultDocument:
    """A result with a face for each mask, except the last of several, which is a hand."""
    last = len(masks) - 1
    instances: list[Instance] = [
        stored_instance(mask, "hand" if index and index == last else "face", index)
        for index, mask in enumerate(masks)
    ]
    height, width = masks[0].shape if masks else (HEIGHT, WIDTH)
    return ResultDocument(
        status=status,
        reason=None,
        source=Source(
            bucket="a-bucket", name=name, generation=generation, width=width, height=height
        ),
        config="0123456789ab",
        instances=tuple(instances),
        outputs=Outputs(),
        timing={},
        versions={},
    )


def cutout(number: int) -> bytes:
    """A cutout of the image's size, with one colour for each number."""
    return png(np.full((HEIGHT, WIDTH, 4), number, np.uint8))


def write_run(root: Path, document: ResultDocument, original: bytes = b"the original") -> Path:
    """Writes a result as `make run` does; returns its folder."""
    folder = root / object_names.folder(document.source.name)
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(document.model_dump_json())
    (folder / "original.png").write_bytes(original)
    for number, instance in enumerate(document.instances, 1):
        file = folder / instance.files.cutout
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(cutout(number))
    return folder
