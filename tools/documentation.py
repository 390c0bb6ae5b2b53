"""python -m tools.documentation: generates parts of the documentation from the code.

It writes the JSON Schemas of the documents, the OpenAPI documents, the tables of the settings and
of Terraform's inputs and outputs, the table in README.md, and functions/packages.json.
"""

import json
import re
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from local.settings import SETTINGS
from shared.api import openapi as api_openapi
from shared.api.settings import ApiSettings
from shared.sam2_server import openapi as sam2_openapi
from shared.schemas.base import Record
from shared.schemas.documents import PromptsDocument, ResultDocument
from tools.function_imports import FUNCTIONS, packages_of

DOCS = Path(__file__).parent.parent / "docs"
PACKAGES = DOCS.parent / "functions/packages.json"
"""The packages of shared that each function ships; Terraform reads it."""

DOCUMENTS: dict[str, type[Record]] = {"prompts": PromptsDocument, "result": ResultDocument}


README = DOCS.parent / "README.md"
TERRAFORM = DOCS.parent / "terraform"
_BLOCK = re.compile(r'^(variable|output) "(\w+)" \{\n(.*?)^\}', re.DOTALL | re.MULTILINE)
_ARGUMENT = re.compile(r"^  (\w+) +=(.*?)(?=^  \w|\Z)", re.DOTALL | re.MULTILINE)


def generated() -> dict[Path, str]:
    """Returns the text of each generated file."""
    files = {
        DOCS / "schemas" / f"{name}.schema.json": _schema(document)
        for name, document in DOCUMENTS.items()
    }
    contracts = {
        "sam2": sam2_openapi.document(),
        "api": api_openapi.document(
            with_key=False, max_upload=ApiSettings.model_fields["max_upload"].default
        ),
    }
    return {
        **files,
        **{DOCS / f"{name}.openapi.json": _json(contract) for name, contract in contracts.items()},
        DOCS / "settings.md": _settings(),
        PACKAGES: _json({name: packages_of(name) for name in FUNCTIONS}),
        TERRAFORM / "README.md": _terraform(),
        README: _readme(),
    }


def _schema(document: type[Record]) -> str:
    return _json(document.model_json_schema(mode="serialization"))


def _json(value: Any) -> str:
    return json.dumps(value, indent=2) + "\n"


def _settings() -> str:
    lines = [
        "# Settings",
        "",
        "Settings are environment variables. Each function reads them once, when it starts. If a",
        "value is invalid, the function does not start, and the error message names the variable.",
        "`make docs` generates this page from the code.",
    ]
    for function, settings in SETTINGS.items():
        lines += [
            "",
            f"## {function}",
            "",
            "| variable | default | meaning |",
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
        return f"`{','.join(sorted(field.default))}`" if field.default else "empty"
    return "unset" if field.default is None else f"`{field.default}`"


def _terraform() -> str:
    """Returns terraform/README.md with new tables of inputs and outputs."""
    names = ("", "_images", "_sam2", "_api")
    files = [*(TERRAFORM / f"variables{name}.tf" for name in names), TERRAFORM / "outputs.tf"]
    found = [block for file in files for block in _BLOCK.findall(file.read_text())]
    inputs = [_input(name, body) for kind, name, body in found if kind == "variable"]
    outputs = [_output(name, body) for kind, name, body in found if kind == "output"]
    lines = ["| input | type | default | description |", "| --- | --- | --- | --- |", *inputs, ""]
    lines += ["| output | description |", "| --- | --- |", *outputs]
    return with_generated((TERRAFORM / "README.md").read_text(), "\n".join(lines))


def _readme() -> str:
    """Returns README.md with numbers from the row ALL of the corpus in docs/quality.md."""
    _, _, quality = (DOCS / "quality.md").read_text().partition("<!-- corpus -->")
    corpus, _, _ = quality.partition("<!-- /corpus -->")
    (row,) = re.findall(r"^\| ALL \| (.*) \|$", corpus, re.MULTILINE)
    images, faces, recall, iou, boundary, _, *plain = row.split(" | ")
    names = (
        "recall: share of true faces that are found (IoU of the boxes at least 0.4)",
        "IoU of the masks, mean per image",
        "boundary F, tolerance 3 pixels",
    )
    lines = [
        f"| {images} drawings with {faces} faces | toonmask | plain MediaPipe |",
        "| --- | ---: | ---: |",
        *(
            f"| {name} | {own} | {other} |"
            for name, own, other in zip(names, (recall, iou, boundary), plain, strict=True)
        ),
    ]
    return with_generated(README.read_text(), "\n".join(lines), "quality")


def with_generated(page: str, text: str, mark: str = "generated") -> str:
    """Returns the page with this text between its marks."""
    before, _, rest = page.partition(f"<!-- {mark} -->")
    after = rest.partition(f"<!-- /{mark} -->")[2]
    return f"{before}<!-- {mark} -->\n\n{text.strip()}\n\n<!-- /{mark} -->{after}"


def _input(name: str, body: str) -> str:
    arguments = {key: " ".join(value.split()) for key, value in _ARGUMENT.findall(body)}
    kind = arguments["type"].partition("(")[0] if "object(" in body else arguments["type"]
    default = f"`{arguments['default']}`" if "default" in arguments else "required"
    return f"| `{name}` | {kind} | {default} | {json.loads(arguments['description'])} |"


def _output(name: str, body: str) -> str:
    arguments = {key: " ".join(value.split()) for key, value in _ARGUMENT.findall(body)}
    return f"| `{name}` | {json.loads(arguments['description'])} |"


def main() -> None:
    """Writes all generated files."""
    for file, text in generated().items():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


if __name__ == "__main__":
    main()
