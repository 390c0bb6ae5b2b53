"""python -m local.operations.correct UPLOAD FILE: saves an edited prompts.json as a correction.

FILE is the prompts.json of the upload, as downloaded from the output bucket, with other instances.
Its own generation and revision say what was corrected. The upload is then segmented again. To save
the same file twice changes nothing more.
"""

import argparse
import sys
from pathlib import Path

from pydantic import ValidationError

from local.operations.deployment import NotRunning, Target, add_arguments, choose_target
from shared.corrections.refusals import CorrectionRefused
from shared.corrections.saving import Corrections
from shared.gcp.events import MOST_PROMPTS
from shared.gcp.gcs import ObjectRef, Storage
from shared.gcp.publisher import Publisher
from shared.schemas.documents import PromptsDocument
from shared.schemas.errors import Transient
from shared.schemas.field_errors import problems

_MOST_BYTES = 8 * MOST_PROMPTS
"""Limit for the file. Chosen by hand: prompts.json has each number on a line of its own, with
spaces, which are not counted in the limit for prompts."""


class BadFile(Exception):
    """The file is no prompts.json of the upload. The message says why."""


def main() -> None:
    """Saves the correction. The exit code is 1 if it is refused, or no system runs."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_arguments(parser)
    parser.add_argument("upload", help="name of the upload, such as album/cat.png")
    parser.add_argument("file", type=Path, help="its edited prompts.json")
    arguments = parser.parse_args()
    try:
        target = choose_target(arguments)
        document = read(arguments.file, arguments.upload, target.input_bucket)
        revision = save(target, document)
    except (NotRunning, BadFile, CorrectionRefused, Transient) as error:
        sys.exit(str(error))
    sys.stdout.write(
        f"gs://{target.input_bucket}/{arguments.upload}: saved as revision {revision}. It is being "
        "segmented again.\n"
    )


def read(file: Path, upload: str, input_bucket: str) -> PromptsDocument:
    """Returns the content of an edited prompts.json.

    Raises:
        BadFile: it cannot be read, is no prompts.json, or that of another upload.
    """
    try:
        if (size := file.stat().st_size) > _MOST_BYTES:
            raise BadFile(f"{file} has {size:,} bytes. The limit is {_MOST_BYTES:,}.")
        document = PromptsDocument.model_validate_json(file.read_bytes())
    except OSError as error:
        raise BadFile(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise BadFile(f"{file} is no prompts.json: {problems(error)}") from error
    source = document.source
    if (source.bucket, source.name) != (input_bucket, upload):
        raise BadFile(
            f"{file} has the prompts of gs://{source.bucket}/{source.name}, not of "
            f"gs://{input_bucket}/{upload}."
        )
    return document


def save(target: Target, document: PromptsDocument) -> int:
    """Saves the document as a correction of its own revision; returns the new revision.

    Raises:
        CorrectionRefused, Transient: see `Corrections.save`.
    """
    corrections = Corrections(
        Storage(target.storage),
        Publisher(target.publisher),
        target.output_bucket,
        target.topic("prompts"),
    )
    source = document.source
    frame = source.frame.number if source.frame else None
    return corrections.save(ObjectRef.of(source), document.revision, document.instances, frame)


if __name__ == "__main__":
    main()
