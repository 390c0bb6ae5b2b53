"""python -m tests.schemas: writes the documents' JSON Schemas anew."""

import json
from pathlib import Path

from shared.documents import PromptsDocument, ResultDocument
from shared.record import Record

FOLDER = Path(__file__).parent.parent / "docs" / "schemas"
DOCUMENTS: dict[str, type[Record]] = {"prompts": PromptsDocument, "result": ResultDocument}


def schema_text(document: type[Record]) -> str:
    """The schema as it is committed."""
    return json.dumps(document.model_json_schema(mode="serialization"), indent=2) + "\n"


def main() -> None:
    """Writes docs/schemas/NAME.schema.json."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, document in DOCUMENTS.items():
        (FOLDER / f"{name}.schema.json").write_text(schema_text(document))


if __name__ == "__main__":
    main()
