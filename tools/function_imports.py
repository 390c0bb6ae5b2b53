"""Finds what a function imports, directly or through `shared`, from the source files."""

import ast
from functools import cache
from pathlib import Path

from tools.support.examples import ROOT

FUNCTIONS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py"))

DISTRIBUTIONS = {
    "PIL": "pillow",
    "ai_edge_litert": "ai-edge-litert",
    "cachecontrol": "cachecontrol",
    "cachetools": "cachetools",
    "cv2": "opencv-python-headless",
    "flask": "flask",
    "flask_cors": "flask-cors",
    "werkzeug": "flask",
    "functions_framework": "functions-framework",
    "google.api_core": "google-api-core",
    "google.auth": "google-auth",
    "google.auth.transport.requests": "requests",
    "google.oauth2": "google-auth",
    "google.cloud.pubsub_v1": "google-cloud-pubsub",
    "google.cloud.storage": "google-cloud-storage",
    "gunicorn": "gunicorn",
    "httpx2": "httpx2",
    "huggingface_hub": "huggingface-hub",
    "mediapipe": "mediapipe",
    "numpy": "numpy",
    "openvino": "openvino",
    "opentelemetry": "opentelemetry-sdk",
    "opentelemetry.proto": "opentelemetry-proto",
    "pycocotools": "pycocotools",
    "pydantic": "pydantic",
    "pydantic_settings": "pydantic-settings",
    "pythonjsonlogger": "python-json-logger",
    "requests": "requests",
    "safetensors": "safetensors",
    "simplejpeg": "simplejpeg",
    "tenacity": "tenacity",
    "torch": "torch",
    "transformers": "transformers",
    "transformers.AutoImageProcessor": "torchvision",  # that of SAM2 needs it
    "transformers.AutoModelForMaskGeneration": "timm",  # EdgeTAM's backbone is from it
    "zlib_ng": "zlib-ng",
}
"""Third-party modules, with the distributions that contain them."""


@cache
def imported_by(file: Path) -> frozenset[str]:
    """Returns the dotted names that a source file imports, or finds by `find_spec("name")`."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            assert not node.level, f"{file}: relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "find_spec":
            names |= {ast.literal_eval(argument) for argument in node.args}
    return frozenset(names)


def source_of(name: str) -> Path | None:
    """Returns the source file of one of our own modules; None for any other name."""
    base = ROOT.joinpath(*name.split("."))
    for file in (base.with_suffix(".py"), base / "__init__.py"):
        if file.is_file():
            return file
    return None


def closure(file: Path) -> set[Path]:
    """Returns a source file and all our files that it imports, directly or indirectly."""
    found, waiting = {file}, [file]
    while waiting:
        for name in imported_by(waiting.pop()):
            source = source_of(name)
            if source and source not in found:
                found.add(source)
                waiting.append(source)
    return found


def packages_of(function: str) -> list[str]:
    """Returns the packages of `shared` that a function imports, directly or indirectly."""
    files = closure(ROOT / "functions" / function / "main.py")
    parts = [file.relative_to(ROOT).parts for file in files]
    return sorted({names[1] for names in parts if names[0] == "shared" and len(names) > 2})


def distributions_of(file: Path) -> set[str]:
    """Returns the distributions that must be installed to import a source file."""
    needed = set()
    for source in closure(file):
        for name in imported_by(source):
            needed |= {
                distribution
                for module, distribution in DISTRIBUTIONS.items()
                if name == module or name.startswith(f"{module}.")
            }
    return needed
