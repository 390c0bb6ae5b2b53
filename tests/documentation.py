"""python -m tests.documentation: writes the generated parts of docs/ anew.

The JSON Schemas of the documents, the SAM2 service's contract, and the tables of settings.
"""

import json
from pathlib import Path

from pydantic.fields import FieldInfo

from shared.documents import PromptsDocument, ResultDocument
from shared.record import Record
from shared.sam2_server import openapi
from shared.sam2_server.settings import Sam2Settings
from shared.settings import LandmarksSettings, SegmentationSettings, Settings

DOCS = Path(__file__).parent.parent / "docs"
SETTINGS: dict[str, type[Settings]] = {
    "landmarks": LandmarksSettings,
    "segmentation": SegmentationSettings,
    "sam2": Sam2Settings,
}
DOCUMENTS: dict[str, type[Record]] = {"prompts": PromptsDocument, "result": ResultDocument}


def generated() -> dict[Path, str]:
    """Every generated file with its text."""
    files = {
        DOCS / "schemas" / f"{name}.schema.json": _schema(document)
        for name, document in DOCUMENTS.items()
    }
    contract = json.dumps(openapi.document(), indent=2) + "\n"
    return {**files, DOCS / "sam2.openapi.json": contract, DOCS / "settings.md": _settings()}


def _schema(document: type[Record]) -> str:
    return json.dumps(document.model_json_schema(mode="serialization"), indent=2) + "\n"


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "Environment variables, read once when a function starts. A bad value stops the start with",
        "a message that names the variable. `make docs` writes this page from the code.",
    ]
    for function, settings in SETTINGS.items():
        lines += [
            "",
            f"## {function}",
            "",
            "| variable | default | what it is |",
            "| --- | --- | --- |",
        ]
        lines += [
            f"| `{name.upper()}` | {_default(field)} | {field.description} |"
            for name, field in settings.model_fields.items()
        ]
    return "\n".join(lines) + "\n"


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    if isinstance(field.default, frozenset):
        return f"`{','.join(sorted(field.default))}`"
    return "unset" if field.default is None else f"`{field.default}`"


def main() -> None:
    """Writes them all."""
    for file, text in generated().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
