"""A SAM2 server that fails in every way, in front of one that does not."""

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
"""Answers of before, to be given to other questions."""

_LEAST_UNLIKE = 0.5
"""Another image's masks share less than this with the right ones: nobody could mix them up."""

_CELLS = 64


class Server(ThreadingHTTPServer):
    """Says nothing of clients that were killed while they asked."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@dataclass(frozen=True)
class _Answer:
    """What was answered for one image's prompts; `masks` of bool, all of the same shape."""

    content: bytes
    colour: Colour
    masks: tuple[npt.NDArray[np.bool_], ...]

    def is_unlike(self, other: "_Answer") -> bool:
        """Whether it fits the other's question in its form, and in nothing else."""
        if self.colour == other.colour or len(self.masks) != len(other.masks):
            return False
        pairs = zip(self.masks, other.masks, strict=True)
        return all((a & b).sum() < _LEAST_UNLIKE * (a | b).sum() for a, b in pairs)


class FaultySam2(Server):
    """Hands calls on to `target`, or answers 500, 429, garbage, or nothing for too long.

    Before that it wants a valid identity token, as Cloud Run does. Sometimes it answers with what
    it answered for another image.
    """

    def __init__(self, mix: Mix, patience: float, issuer: Issuer) -> None:
        """`patience`: seconds after which whoever calls gives up."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.target = ""
        self.injected: Counter[str] = Counter()
        self.reached: set[Colour] = set()
        self.mix = mix
        self.patience = patience
        self.over = threading.Event()
        self._certs = issuer.certs()
        self._fates: defaultdict[Colour, set[bool]] = defaultdict(set)
        self._before: deque[_Answer] = deque(maxlen=_KEPT)
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
        """Whose every answer was another image's."""
        with self._lock:
            return {colour for colour, fates in self._fates.items() if fates == {True}}

    def refusal(self, authorization: str) -> tuple[int, str] | None:
        """Why the bearer may not come in."""
        refused = iam_proxy.refusal(authorization, self.origin, self._certs)
        if refused:
            with self._lock:
                self.injected["tokens refused"] += 1
        return refused

    def fate(self) -> str:
        """What becomes of the next call; once it is `over`, all are answered."""
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
            (fate,) = self._dice.choices(
                [*rates, "answered"], [*rates.values(), 1 - sum(rates.values())]
            )
            if fate != "another's masks":  # whether there is one to swap with shows later
                self.injected[fate] += 1
        return fate

    def answer(self, colour: Colour, right: bytes, *, swap: bool) -> bytes:
        """The right answer, or one that was given to another image's question."""
        answer = _Answer(right, colour, tuple(_masks(right)))
        with self._lock:
            unlike = [one for one in self._before if one.is_unlike(answer)] if swap else []
            self._fates[answer.colour].add(bool(unlike))
            self._before.append(answer)
            if swap:
                self.injected["another's masks" if unlike else "answered"] += 1
        return unlike[-1].content if unlike else right


def _colour(question: bytes) -> Colour:
    """That of the background, by which the version that was sent is known."""
    (image, *_) = json.loads(question)["images"]
    picture = PillowImage.open(io.BytesIO(base64.b64decode(image["image_base64"])))
    pixels = np.asarray(picture.convert("RGB"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colours, counts = np.unique(border, axis=0, return_counts=True)
    red, green, blue = map(int, colours[counts.argmax()])
    return red, green, blue


def _masks(answer: bytes) -> list[npt.NDArray[np.bool_]]:
    """The best mask for each prompt of each image, all of the same small size."""
    return [
        np.asarray(
            PillowImage.open(io.BytesIO(base64.b64decode(told["mask_png_base64"])))
            .convert("L")
            .resize((_CELLS, _CELLS))
        )
        > 127
        for image in json.loads(answer)["images"]
        for told in image
    ]


class _Handler(BaseHTTPRequestHandler):
    server: FaultySam2
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        refused = self.server.refusal(self.headers.get("Authorization", ""))
        if refused:
            status, why = refused
            self._answer(status, why.encode())
            return
        colour = _colour(body)
        self.server.reached.add(colour)
        match self.server.fate():
            case "500":
                self._answer(500, b"out of memory")
            case "429":
                self._answer(429, b"too many requests", {"Retry-After": "1"})
            case "garbage":
                self._answer(200, _GARBAGE[self.server.injected["garbage"] % len(_GARBAGE)])
            case "hang":
                self.server.over.wait(1.5 * self.server.patience)
                self.close_connection = True
            case fate:
                self._hand_on(body, colour, swap=fate != "answered")

    def _hand_on(self, body: bytes, colour: Colour, *, swap: bool) -> None:
        kind = {"Content-Type": self.headers["Content-Type"]}
        try:
            answer = requests.post(self.server.target, data=body, headers=kind, timeout=60)
        except requests.RequestException as error:  # it may have been killed just now
            self._answer(503, json.dumps({"error": str(error)}).encode())
            return
        content = answer.content
        if answer.status_code == 200:
            content = self.server.answer(colour, content, swap=swap)
        self._answer(answer.status_code, content)

    def _answer(self, status: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        try:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)
        except ConnectionError:  # whoever asked is tired of waiting, or dead
            self.close_connection = True

    def log_message(self, *_: Any) -> None:
        pass
