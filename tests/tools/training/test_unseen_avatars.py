"""The corpus of avatars in unseen styles: its truth lies where the faces are."""

from pathlib import Path

import cv2
import numpy as np

from tests.tools.training.sprites import head
from tools.evaluation.manifest import Manifest, read_label
from tools.training.unseen_avatars import NAME, write_corpus


def test_labels_lie_on_the_faces(tmp_path: Path) -> None:
    write_corpus([head(), head(120, 100, "wide")], tmp_path, scenes=2)
    manifest = Manifest.read(tmp_path / "manifest.json")
    assert manifest.name == NAME
    singles = [image for image in manifest.images if image.kind != "scenes"]
    scenes = [image for image in manifest.images if image.kind == "scenes"]
    assert [image.kind for image in singles] == ["head", "wide"]
    assert {len(image.faces) for image in scenes} <= {2, 3, 4, 5, 6}
    for image in manifest.images:
        assert image.label is not None
        label = read_label(tmp_path / image.label)
        picture = cv2.imread(str(tmp_path / image.image))
        assert picture.shape[:2] == label.shape == (image.height, image.width)
        for number, face in enumerate(image.faces, start=1):
            ys, xs = np.nonzero(label == number)
            inside = ys.min(), xs.min(), ys.max() + 1, xs.max() + 1
            top, left, bottom, right = inside
            # the band along the edge is neither face nor background
            assert 0 <= left - face.box.x0 <= 6
            assert 0 <= top - face.box.y0 <= 6
            assert 0 <= face.box.x1 - right <= 6
            assert 0 <= face.box.y1 - bottom <= 6
            skin = picture[label == number].mean(axis=0)[::-1]
            assert np.abs(skin - (240, 200, 170)).max() < 25


def test_the_same_corpus_is_written_again(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_corpus([head()], tmp_path / name, scenes=1)
    files = sorted(path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*"))
    assert files
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
