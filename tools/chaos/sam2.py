"""A proxy that injects faults in front of a SAM2 server."""

import base64
import io
import json
import random
import sys
import threading
from collections import Counter, defaultdict, deque
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import numpy.typing as npt
import requests
from PIL import Image as PillowImage

from local import iam_proxy
from local.metadata import Issuer
from tools.chaos.mix import Mix
from tools.chaos.versions import Colour

_GARBAGE = (
    b"<html>Bad gateway</html>",
    b'{"masks": [[1, 2], [3]]}',
    b'{"masks": "what?"}',
    b"\xff",
)
_KEPT = 50
"""Number of recent responses that may be sent for other images."""

_MOST_SIMILAR = 0.5
"""The masks of another image have a smaller IoU with the right ones than this. So the audit can
expect a reason to review the result."""

_CELLS = 64
"""Width and height to which masks are scaled before they are compared, in pixels."""


class Server(ThreadingHTTPServer):
    """A server that ignores connections broken by killed clients."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(frozen=True)
class _Response:
    """The response to the prompts of one image. `masks` are bool (_CELLS, _CELLS)."""

    content: bytes
    colour: Colour
    masks: tuple[npt.NDArray[np.bool_], ...]

    def can_replace(self, other: "_Response") -> bool:
        """Whether it has as many masks as the other, of another image, and all of them differ."""
        if self.colour == other.colour or len(self.masks) != len(other.masks):
            return False
        pairs = zip(self.masks, other.masks, strict=True)
        return all((a & b).sum() < _MOST_SIMILAR * (a | b).sum() for a, b in pairs)


class FaultySam2(Server):
    """Forwards calls to `target`, or injects a fault.

    The faults are 500, 429, invalid data, a late response, and the response for another image. Like
    Cloud Run, it refuses calls without a valid identity token.
    """

    def __init__(self, mix: Mix, client_timeout: float, issuer: Issuer) -> None:
        """`client_timeout` is the time after which a client cancels its call, in seconds."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = ""
        self.injected: Counter[str] = Counter()
        self.reached: set[Colour] = set()
        self.mix = mix
        self.client_timeout = client_timeout
        self.over = threading.Event()
        self._certs = issuer.certs()
        self._swapped: defaultdict[Colour, set[bool]] = defaultdict(set)
        self._recent: deque[_Response] = deque(maxlen=_KEPT)
        self._dice = random.Random(mix.seed)
        self._lock = threading.Lock()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def url(self) -> str:
        return f"{self.origin}/v1/segment"

    @property
    def swapped(self) -> set[Colour]:
        """The colours of images that got only responses for other images."""
        with self._lock:
            return {colour for colour, swaps in self._swapped.items() if swaps == {True}}

    def refusal(self, authorization: str) -> tuple[int, str] | None:
        """Returns status and reason for a request without a valid token, else None."""
        refused = iam_proxy.refusal(authorization, self.origin, self._certs)
        if refused:
            with self._lock:
                self.injected["tokens refused"] += 1
        return refused

    def draw_fault(self) -> str:
        """Draws the fault of the next call, or `answered`. No faults once `over` is set."""
        if self.over.is_set():
            return "answered"
        mix = self.mix
        rates = {
            "500": mix.errors,
            "429": mix.limits,
            "hang": mix.hangs,
            "garbage": mix.garbage,
            "another's masks": mix.swaps,
        }
        with self._lock:
            (fault,) = self._dice.choices(
                [*rates, "answered"], [*rates.values(), 1 - sum(rates.values())]
            )
            if fault != "another's masks":  # counted in `choose`, if there is a response to swap
                self.injected[fault] += 1
        return fault

    def choose(self, colour: Colour, right: bytes, *, swap: bool) -> bytes:
        """Returns the right response, or with `swap` a recent one for another image, if any."""
        response = _Response(right, colour, tuple(_masks(right)))
        with self._lock:
            others = [other for other in self._recent if other.can_replace(response)]
            swapped = others[-1] if swap and others else None
            self._swapped[response.colour].add(swapped is not None)
            self._recent.append(response)
            if swap:
                self.injected["another's masks" if swapped else "answered"] += 1
        return swapped.content if swapped else right


def _colour(request_bytes: bytes) -> Colour:
    """Returns the colour of the image's background, which identifies the version."""
    (image, *_) = json.loads(request_bytes)["images"]
    picture = PillowImage.open(io.BytesIO(base64.b64decode(image["image_base64"])))
    pixels = np.asarray(picture.convert("RGB"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    red, green, blue = map(int, colours[counts.argmax()])
    return red, green, blue


def _masks(response_bytes: bytes) -> list[npt.NDArray[np.bool_]]:
    """Returns the best mask for each prompt of each image, bool (_CELLS, _CELLS)."""
    return [
        np.asarray(
            PillowImage.open(io.BytesIO(base64.b64decode(masks["mask_png_base64"])))
            .convert("L")
            .resize((_CELLS, _CELLS))
        )
        > 127
        for image in json.loads(response_bytes)["images"]
        for masks in image
    ]


class _Handler(BaseHTTPRequestHandler):
    server: FaultySam2
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.server.refusal(self.headers.get("Authorization", ""))
        if refused:
            status, reason = refused
            self._respond(status, reason.encode())
            return
        colour = _colour(body)
        self.server.reached.add(colour)
        match self.server.draw_fault():
            case "500":
                self._respond(500, b"out of memory")
            case "429":
                self._respond(429, b"too many requests", {"Retry-After": "1"})
            case "garbage":
                self._respond(200, _GARBAGE[self.server.injected["garbage"] % len(_GARBAGE)])
            case "hang":
                self.server.over.wait(1.5 * self.server.client_timeout)
                self.close_connection = True
            case fault:
                self._forward(body, colour, swap=fault != "answered")

    def _forward(self, body: bytes, colour: Colour, *, swap: bool) -> None:
        headers = {"Content-Type": self.headers["Content-Type"]}
        try:
            response = requests.post(self.server.target, data=body, headers=headers, timeout=60)
        except requests.RequestException as error:  # the server may have been killed
            self._respond(503, json.dumps({"error": str(error)}).encode())
            return
        content = response.content
        if response.status_code == 200:
            content = self.server.choose(colour, content, swap=swap)
        self._respond(response.status_code, content)

    def _respond(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:  # the client has timed out or was killed
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
