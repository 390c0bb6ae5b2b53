"""python -m tools.hostile.costs: measures the cost of decoding, each file in its own process.

It prints two tables for docs/operations.md: valid images of all formats with nearly MAX_PIXELS, and
bombs. The memory does not include the file, and for images not the decoded pixels.
"""

import os
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import psutil
from PIL import Image
from pydantic import ValidationError

from shared.decoding import job
from shared.decoding.messages import GO_ON, Header, Refusal, Task
from tools.hostile.bombs import BOMBS
from tools.hostile.pictures import encoded

MAX_PIXELS = 50_000_000
TASK = Task(max_pixels=MAX_PIXELS, over_white=True)
_SIDE = 7000
"""Side of the valid images in pixels: 49 megapixels, nearly MAX_PIXELS."""

_MB = 1e6


@dataclass(frozen=True)
class Cost:
    """CPU seconds and bytes that a process used, its limits, and how it ended."""

    seconds: float
    memory: int
    pixels: int
    allowed_seconds: float
    allowed_memory: int
    end: str


def cost(data: bytes) -> Cost:
    """Decodes a file as the sandbox does; waits for the end of the process."""
    ours, theirs = socket.socketpair()
    buffer = os.memfd_create("pixels")
    process = os.fork()
    if process == 0:
        ours.close()
        job.run(Connection(theirs.detach()), buffer)
        os._exit(0)
    theirs.close()
    before = psutil.Process(process).memory_info().rss
    header, end = None, ""
    with Connection(ours.detach()) as caller:
        try:
            caller.send_bytes(
                Task(max_pixels=MAX_PIXELS, over_white=True).model_dump_json().encode()
            )
            caller.send_bytes(data)
            header, end = _header(caller.recv_bytes())
            if header:
                os.ftruncate(buffer, 3 * header.pixels)
                caller.send_bytes(GO_ON)
                end = _end(caller.recv_bytes())
        except (EOFError, OSError):
            end = ""
    _, status, used = os.wait4(process, 0)
    os.close(buffer)
    pixels = header.pixels if header else 0
    return Cost(
        used.ru_utime + used.ru_stime,
        max(0, used.ru_maxrss * 1024 - before - len(data) - 3 * pixels),
        pixels,
        header.seconds if header else 0,
        header.memory if header else 0,
        end or _signal(os.WTERMSIG(status)),
    )


def _signal(number: int) -> str:
    return "ended: too much time" if number == signal.SIGXCPU else f"ended by signal {number}"


def _header(message: bytes) -> tuple[Header | None, str]:
    try:
        return Header.model_validate_json(message), ""
    except ValidationError:
        return None, _end(message)


def _end(message: bytes) -> str:
    try:
        return Refusal.model_validate_json(message).code.value
    except ValidationError:
        return "decoded"


def valid(side: int) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Yields the most expensive valid images of each format. They are square."""
    y, x = np.mgrid[:side, :side]
    rgb = np.stack([(x * y >> 8) & 255, (x + y) & 255, (x ^ y) & 255], -1).astype(np.uint8)
    rgba = np.dstack([rgb, rgb[..., 0]])
    colour, layered, grey = Image.fromarray(rgb), Image.fromarray(rgba), rgb[..., 0]
    cmyk = colour.convert("CMYK")
    plain = Image.new("RGB", (side, side), "red")
    other = Image.new("RGB", (side, side), "blue")
    frames: dict[str, Any] = {"save_all": True, "append_images": [other]}
    floating = Image.fromarray(grey.astype(np.float32))
    yield "PNG, RGB", lambda: encoded(colour, "PNG", compress_level=1)
    yield "PNG, RGBA", lambda: encoded(layered, "PNG", compress_level=1)
    yield "PNG, RGBA of 16 bits", lambda: _by_opencv(".png", rgba)
    yield "PNG, grey of 16 bits", lambda: _by_opencv(".png", grey)
    yield "JPEG", lambda: encoded(colour, "JPEG")
    yield "JPEG, progressive", lambda: encoded(colour, "JPEG", progressive=True, subsampling=0)
    yield (
        "JPEG, progressive CMYK",
        lambda: encoded(cmyk, "JPEG", progressive=True),
    )
    yield "WebP", lambda: encoded(colour, "WEBP", method=0)
    yield "WebP, transparent", lambda: encoded(layered, "WEBP", method=0)
    yield "WebP, lossless", lambda: encoded(layered, "WEBP", lossless=True, quality=0, method=0)
    yield "WebP, animated", lambda: encoded(plain, "WEBP", **frames)
    yield "AVIF", lambda: encoded(colour, "AVIF", speed=10)
    yield "AVIF, transparent", lambda: encoded(layered, "AVIF", speed=10, subsampling="4:4:4")
    yield "AVIF, animated", lambda: encoded(plain, "AVIF", speed=10, **frames)
    yield "GIF", lambda: encoded(Image.fromarray(grey), "GIF")
    yield "GIF, animated", lambda: encoded(plain, "GIF", **frames)
    yield "BMP", lambda: encoded(colour, "BMP")
    yield "TIFF, LZW", lambda: encoded(colour, "TIFF", compression="tiff_lzw")
    yield "TIFF, RGBA of 16 bits", lambda: _by_opencv(".tiff", rgba)
    yield "TIFF, floating point", lambda: encoded(floating, "TIFF", compression="tiff_lzw")


def _by_opencv(ending: str, pixels: npt.NDArray[np.uint8]) -> bytes:
    return cv2.imencode(ending, pixels.astype(np.uint16) * 257)[1].tobytes()


def main() -> None:
    """Prints both tables."""
    print("| image | file, MB | processor, s | allowed, s | memory, bytes a pixel | allowed |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, make in valid(_SIDE):
        data = make()
        found = cost(data)
        end = "" if found.end == "decoded" else f" ({found.end})"
        print(
            f"| {name}{end} | {len(data) / _MB:.1f} | {found.seconds:.1f} | "
            f"{found.allowed_seconds:.0f} | {found.memory / found.pixels:.1f} | "
            f"{found.allowed_memory / found.pixels:.0f} |",
            flush=True,
        )
    print("\n| bomb | file, MB | processor, s | memory, MB | end |")
    print("| --- | ---: | ---: | ---: | --- |")
    for name, make in sorted(BOMBS.items()):
        data = make()
        found = cost(data)
        print(
            f"| {name} | {len(data) / _MB:.2f} | {found.seconds:.1f} | {found.memory / _MB:.0f} | "
            f"{found.end} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
