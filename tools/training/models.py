"""Writes models where the functions find them."""

import base64
from pathlib import Path

from shared.detection.opencv_network import MODELS, SUFFIX

_LINE = 100


def write(name: str, content: bytes) -> Path:
    """Writes an ONNX model as lines of base64. Returns its file."""
    MODELS.mkdir(parents=True, exist_ok=True)
    text = base64.b64encode(content).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    path = MODELS / f"{name}{SUFFIX}"
    path.write_text("\n".join(lines) + "\n")
    return path
