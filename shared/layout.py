"""Where an upload's results lie in the output bucket."""

import re

PROMPTS = "prompts.json"
RESULT = "result.json"

PICTURES = re.compile(r"(mask|overlay|cutout)\.png|(face|hand)-[1-9][0-9]*/(mask|cutout)\.png")
"""Names, inside an upload's folder, of the pictures that segmentation writes."""

PROMPTS_AND_PICTURES = re.compile(rf"{PICTURES.pattern}|prompts\.json")
"""The same, and the prompts."""


def folder(upload: str) -> str:
    """Prefix of all objects that belong to the upload of that name."""
    return f"{upload}/"
