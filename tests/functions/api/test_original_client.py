"""The unchanged client of the API that this one replaces: its curl command and its script.

Both are copied from the documentation of that API, with paths and the address filled in.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import requests

from tests.functions.api.service import PATH, pixels, served
from tools.support.examples import EXAMPLES, example

CURL = """\
curl -X POST \\
  -F "image=@/path/to/cartoon.png" \\
  -F "multimask=true" \\
  -F "expand=0.15" \\
  -F "pos_points=16" \\
  "https://YOUR_FACESAM2_URL/v1/face-mask-sam2" > out.json
"""

SAVE_OUTPUTS = """\
# save_outputs.py
import json, base64

with open("out.json","r") as f:
    data = json.load(f)

for key in ["mask_png_base64", "face_rgba_png_base64", "overlay_png_base64"]:
    with open(key.replace("_base64","") + ".png", "wb") as out:
        out.write(base64.b64decode(data[key]))
print("Saved: mask_png.png, face_rgba_png.png, overlay_png.png")
"""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served(tmp_path_factory.mktemp("logs")) as address:
        yield address


def _run(line: str, url: str, picture: Path, folder: Path) -> None:
    filled = line.replace("https://YOUR_FACESAM2_URL", url)
    filled = filled.replace("/path/to/cartoon.png", str(picture))
    assert url in filled
    assert str(picture) in filled
    subprocess.run(["bash", "-ec", filled], cwd=folder, check=True, capture_output=True)
    script = [sys.executable, "-c", SAVE_OUTPUTS]
    done = subprocess.run(script, cwd=folder, check=True, capture_output=True, text=True)
    assert done.stdout.startswith("Saved")


def test_the_client_saves_masks(url: str, tmp_path: Path) -> None:
    picture = EXAMPLES / "avataaars_05.png"
    _run(CURL, url, picture, tmp_path)
    shape = example(picture.name).shape[:2]
    mask, cutout, overlay = (
        pixels((tmp_path / f"{name}.png").read_bytes())
        for name in ("mask_png", "face_rgba_png", "overlay_png")
    )
    assert (mask.shape, cutout.shape, overlay.shape) == (shape, (*shape, 4), (*shape, 3))
    assert set(np.unique(mask)) == {0, 255}
    assert 0.1 < (mask > 0).mean() < 0.3


def test_the_client_saves_empty_masks_without_a_face(url: str, tmp_path: Path) -> None:
    _run(CURL, url, EXAMPLES / "apple.png", tmp_path)
    assert not pixels((tmp_path / "mask_png.png").read_bytes()).any()


def test_responses_are_sent_in_chunks(url: str) -> None:
    """Cloud Run limits responses with a Content-Length to 32 MiB."""
    with (EXAMPLES / "apple.png").open("rb") as picture:
        response = requests.post(url + PATH, files={"image": picture}, timeout=60)
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in response.headers


def test_a_too_large_image_is_refused_over_a_real_connection(url: str) -> None:
    files = {"image": ("large.png", bytes(40 * 2**20))}
    response = requests.post(url + PATH, files=files, timeout=60)
    assert (response.status_code, response.json()["status"]) == (413, 413)


def test_the_page_loads_nothing_from_other_sites(url: str) -> None:
    response = requests.get(url, timeout=60)
    assert response.headers["Content-Type"].startswith("text/html")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "connect-src 'self';" in policy
    again = requests.get(url, headers={"If-None-Match": response.headers["ETag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")
