"""Writes models where the functions find them."""

import base64
from pathlib import Path

_LINE = 100


def write(file: Path, content: bytes) -> None:
    """Writes an ONNX model as lines of base64."""
    text = base64.b64encode(content).decode()
    lines = [text[start : start + _LINE] for start in range(0, len(text), _LINE)]
    file.write_text("\n".join(lines) + "\n")
