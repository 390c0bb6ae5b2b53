"""The HTTP API in functions-framework's app, and requests to it."""

import base64
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any
from unittest import mock

import numpy as np
import numpy.typing as npt
from flask.testing import FlaskClient
from functions_framework import create_app
from PIL import Image as PillowImage
from werkzeug.test import TestResponse

from local.processes import ProcessTree, free_ports
from local.stack import function_command
from shared.api import openapi
from tests.functions.documented import documented_client
from tools.support.examples import EXAMPLES, ROOT

PATH = "/v1/face-mask-sam2"
SOURCE = ROOT / "functions" / "api" / "main.py"
DOCUMENT = openapi.document(with_key=False, max_upload=1)


def client(**settings: str) -> FlaskClient:
    """Returns a test client of the API with these settings."""
    with mock.patch.dict("os.environ", settings):
        return documented_client(create_app("api", str(SOURCE), "http"), DOCUMENT)


@contextmanager
def served(logs: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[str]:
    """Runs the API with gunicorn, as in the cloud, and yields its address."""
    (port,) = free_ports(1)
    with ProcessTree(logs) as tree:
        environment = {"PYTHONPATH": str(ROOT), **settings}
        tree.start("api", function_command("api", port), environment, port)
        tree.await_ready()
        yield f"http://127.0.0.1:{port}"


def send(
    to: FlaskClient,
    image: bytes | Path = EXAMPLES / "avataaars_05.png",
    fields: Mapping[str, str] = MappingProxyType({}),
    *,
    query: str = "",
    headers: dict[str, str] | None = None,
) -> TestResponse:
    """Returns the response to an image."""
    content = image if isinstance(image, bytes) else image.read_bytes()
    form: dict[str, Any] = {"image": (io.BytesIO(content), "cartoon.png"), **fields}
    # buffered: the image occupies its slot until the response is read
    return to.post(PATH + query, data=form, headers=headers, buffered=True)


def decoded(png_base64: str) -> npt.NDArray[np.uint8]:
    """Returns the pixels of a picture in a JSON response."""
    return pixels(base64.b64decode(png_base64, validate=True))


def pixels(png: bytes) -> npt.NDArray[np.uint8]:
    """Returns the pixels of a PNG."""
    return np.asarray(PillowImage.open(io.BytesIO(png), formats=["PNG"]))


def problem(response: TestResponse, status: int, code: str) -> str:
    """Checks the status and the code of a problem, and returns its detail."""
    assert (response.status_code, response.mimetype) == (status, "application/problem+json")
    body = response.get_json()
    assert (body["status"], body["code"]) == (status, code)
    assert "Traceback" not in response.text
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return str(body["detail"])
