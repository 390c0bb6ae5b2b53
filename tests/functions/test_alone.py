"""Each function handles an event in its own environment, installed from its own lock file."""

import base64
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
import requests
from google.cloud import pubsub_v1
from google.cloud import storage as gcs

from local.processes import ProcessTree, free_ports
from shared.schemas.box import Box
from shared.schemas.documents import PromptsDocument, Source
from tests.functions.deployment import deployed
from tests.shared.segmentation_runs import output
from tools.function_imports import packages_of
from tools.support.examples import EXAMPLES, ROOT
from tools.support.pushes import pushed
from tools.support.shapes import ellipse, prompt_for

pytestmark = pytest.mark.slow

TOPIC = "projects/a-project/topics/prompts"
Serve = Callable[[str, Mapping[str, str]], str]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """Deploys a function as in the cloud; returns its URL."""
    with ProcessTree(tmp_path / "logs") as tree:

        def start(function: str, settings: Mapping[str, str]) -> str:
            place = tmp_path / function
            _copy(function, place)
            return deployed(tree, function, place, settings)

        yield start


@pytest.fixture
def broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The embedded broker with the topic of prompts messages."""
    (port,) = free_ports(1)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    with ProcessTree(tmp_path / "broker") as tree:
        tree.start("broker", [sys.executable, "-m", "local.broker", "--port", str(port)], {}, port)
        tree.await_ready()
        pubsub_v1.PublisherClient().create_topic(name=TOPIC)
        yield


def _copy(function: str, place: Path) -> None:
    """Copies exactly the files of a deployment: the function's folder, its imports, its lock."""
    ignored = shutil.ignore_patterns("__pycache__", ".venv")
    shutil.copytree(ROOT / "functions" / function, place, ignore=ignored)
    (place / "shared").mkdir()
    shutil.copy(ROOT / "shared/__init__.py", place / "shared")
    for package in packages_of(function):
        shutil.copytree(ROOT / "shared" / package, place / "shared" / package, ignore=ignored)


def _notification(blob: gcs.Blob) -> dict[str, object]:
    attributes = {"eventType": "OBJECT_FINALIZE", "bucketId": blob.bucket.name}
    return pushed(json.dumps(blob._properties).encode(), attributes)


@pytest.mark.usefixtures("broker")
def test_landmarks(serve: Serve, bucket: gcs.Bucket) -> None:
    blob = bucket.blob("cat.png")
    blob.upload_from_filename(EXAMPLES / "avataaars_05.png", content_type="image/png")
    buckets = {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name}
    url = serve("landmarks", {**buckets, "PROMPTS_TOPIC": TOPIC})
    assert requests.post(url, json=_notification(blob), timeout=60).status_code == 200
    prompts = json.loads(output(bucket).blob("cat.png/prompts.json").download_as_bytes())
    assert [instance["id"] for instance in prompts["instances"]] == ["face-1"]


def test_segmentation(serve: Serve, bucket: gcs.Bucket) -> None:
    blob = bucket.blob("cat.png")
    blob.upload_from_filename(EXAMPLES / "avataaars_05.png", content_type="image/png")
    prompt = prompt_for(ellipse(256, 230, 80, 90), Box(0, 0, 512, 512))
    source = Source(
        bucket=bucket.name, name="cat.png", generation=blob.generation, width=512, height=512
    )
    document = PromptsDocument(
        source=source, config="0123456789ab", instances=(prompt,), versions={}
    )
    url = serve("segmentation", {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name})
    body = pushed(document.model_dump_json().encode())
    assert requests.post(url, json=body, timeout=60).status_code == 200
    result = json.loads(output(bucket).blob("cat.png/result.json").download_as_bytes())
    assert (result["status"], result["reason"]["code"]) == ("degraded", "sam2-not-configured")
    assert result["instances"][0]["segmenter"] == "grabcut"
    assert output(bucket).blob("cat.png/face-1/cutout.png").exists()


def test_drain(serve: Serve, bucket: gcs.Bucket) -> None:
    blob = bucket.blob("cat.png")
    blob.upload_from_string(b"a picture")
    url = serve("drain", {"INPUT_BUCKET": bucket.name, "OUTPUT_BUCKET": output(bucket).name})
    generation = str(blob.generation)
    named = {"bucketId": bucket.name, "objectId": blob.name, "objectGeneration": generation}
    assert requests.post(url, json=pushed(b"{}", named), timeout=60).status_code == 200
    result = json.loads(output(bucket).blob("cat.png/result.json").download_as_bytes())
    assert (result["status"], result["reason"]["code"]) == ("failed", "gave-up")


def test_api(serve: Serve) -> None:
    url = serve("api", {})
    with (EXAMPLES / "avataaars_05.png").open("rb") as picture:
        answer = requests.post(f"{url}v1/face-mask-sam2", files={"image": picture}, timeout=60)
    assert [one["id"] for one in answer.json()["instances"]] == ["face-1"]
    assert "<title>toonmask</title>" in requests.get(url, timeout=60).text
    assert requests.get(f"{url}?{'x' * 9000}", timeout=60).status_code == 414


def test_sam2(serve: Serve) -> None:
    url = serve("sam2", {})
    image = base64.b64encode((EXAMPLES / "avataaars_05.png").read_bytes()).decode()
    request = {"image_base64": image, "points": [[256, 230, 1]], "box": [150, 110, 360, 340]}
    answer = requests.post(f"{url}v1/segment", json=request, timeout=60)
    assert answer.status_code == 200
    assert len(answer.json()["masks"]) == len(answer.json()["scores"]) > 0
    assert requests.get(f"{url}healthz", timeout=60).json()["status"] == "ok"
