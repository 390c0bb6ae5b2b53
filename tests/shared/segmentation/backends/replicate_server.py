"""A local server with the part of Replicate's HTTP API that segmentation uses.

https://replicate.com/docs/reference/http
"""

import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from local.processes import free_ports
from shared.decoding import pixels
from shared.imaging import png
from shared.imaging.geometry import BoolMask, Image
from shared.segmentation.masks import picture
from tools.support import servers

TOKEN = "r8_token"
NEWEST = "fe" * 32


class Replicate:
    """The server's behaviour, which a test sets, and the requests that it received."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.segment: Callable[[Image], list[BoolMask]] = lambda image: [
            np.ones(image.shape[:2], bool)
        ]
        self.refuse: Callable[[int], ResponseReturnValue | None] = lambda _: None
        """Gives the answer to the n-th prediction where it is not accepted."""
        self.refuse_poll: Callable[[int], ResponseReturnValue | None] = lambda _: None
        """Gives the answer to the n-th poll where it is not accepted."""
        self.refuse_mask: Callable[[int], ResponseReturnValue | None] = lambda _: None
        """Gives the answer to the download of a mask where it is not sent."""
        self.end: dict[str, Any] = {"status": "succeeded"}
        self.output: Any = None
        self.predictions: list[dict[str, Any]] = []
        self.uploads: list[bytes] = []
        self.tokens: list[str | None] = []
        self.masks: list[bytes] = []
        self._polls = 0

    def app(self) -> Flask:
        app = Flask(__name__)
        app.before_request(self._authorise)
        app.add_url_rule("/v1/models/<owner>/<name>", view_func=self._model)
        app.add_url_rule("/v1/files", view_func=self._upload, methods=["POST"])
        app.add_url_rule("/v1/predictions", view_func=self._predict, methods=["POST"])
        app.add_url_rule("/v1/predictions/<name>", view_func=self._prediction)
        app.add_url_rule("/masks/<int:index>.png", view_func=self._mask)
        return app

    def _authorise(self) -> ResponseReturnValue | None:
        self.tokens.append(request.headers.get("Authorization"))
        if request.path.startswith("/masks/"):
            return None
        if self.tokens[-1] == f"Bearer {TOKEN}":
            return None
        return {"title": "Unauthenticated", "status": 401}, 401

    def _model(self, owner: str, name: str) -> ResponseReturnValue:
        version = {
            "id": NEWEST,
            "created_at": "2024-08-01T00:00:00Z",
            "cog_version": "0.9",
            "openapi_schema": {},
        }
        about = {"url": self.url, "owner": owner, "name": name, "visibility": "public"}
        return {**about, "run_count": 1, "latest_version": version}

    def _upload(self) -> ResponseReturnValue:
        (file,) = request.files.values()
        self.uploads.append(file.read())
        about = {"id": "f", "name": "f", "content_type": "x", "size": 1, "etag": "", "metadata": {}}
        urls = {"get": f"{self.url}/v1/files/{len(self.uploads) - 1}"}
        return {**about, "checksums": {}, "created_at": "", "expires_at": None, "urls": urls}, 201

    def _predict(self) -> ResponseReturnValue:
        self.predictions.append(request.get_json())
        refused = self.refuse(len(self.predictions))
        if refused is not None:
            return refused
        found = self.segment(self._image(self.predictions[-1]["input"]["image"]))
        self.masks = [png.encode_array(picture(mask)) for mask in found]
        return self._state("starting"), 201

    def _image(self, url: str) -> Image:
        if url.startswith("data:"):
            return pixels.decode(base64.b64decode(url.partition(",")[2]), 10**8)
        return pixels.decode(self.uploads[int(url.rpartition("/")[2])], 10**8)

    def _prediction(self, name: str) -> ResponseReturnValue:
        assert name == "p"
        self._polls += 1
        refused = self.refuse_poll(self._polls)
        if refused is not None:
            return refused
        return self._state("processing" if self._polls % 2 else self.end["status"])

    def _state(self, status: str) -> dict[str, Any]:
        urls = [f"{self.url}/masks/{index}.png" for index in range(len(self.masks))]
        output = self.output or {"combined_mask": urls[0], "individual_masks": urls}
        version = self.predictions[-1]["version"]
        about = {"id": "p", "model": "meta/sam-2", "version": version, "input": {}, "logs": ""}
        return {**about, **self.end, "status": status, "output": output, "urls": {}}

    def _mask(self, index: int) -> ResponseReturnValue:
        refused = self.refuse_mask(index)
        if refused is not None:
            return refused
        return Response(io.BytesIO(self.masks[index]), mimetype="image/png")


@contextmanager
def serving() -> Iterator[Replicate]:
    """Runs a server while the context lasts."""
    (port,) = free_ports(1)
    replicate = Replicate(f"http://127.0.0.1:{port}")
    with servers.serving(replicate.app(), port):
        yield replicate
