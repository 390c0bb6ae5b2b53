"""Results for the tests of ResultStore: they have one pixel, and files that say whose they are."""

from functools import partial

from google.cloud import storage as gcs

from shared.gcp.gcs import ObjectRef, ObjectToWrite, Storage, WriteOutcome
from shared.gcp.provenance import Provenance
from shared.pipeline.result_store import ResultStore
from shared.schemas import object_names
from shared.schemas.box import Box
from shared.schemas.documents import (
    Instance,
    InstanceFiles,
    Outputs,
    Reason,
    ResultDocument,
    RleModel,
    Source,
    Status,
)
from shared.schemas.errors import ReasonCode
from shared.schemas.image_file import ImageFile

OLD, NEW = 100, 200
CONFIG = "0123456789ab"
REASON = Reason(code=ReasonCode.GAVE_UP, message="Given up.")


def document_of(
    generation: int, faces: int, config: str = CONFIG, name: str = "cat.png", revision: int = 0
) -> ResultDocument:
    return ResultDocument(
        status=Status.SEGMENTED if faces else Status.EMPTY,
        reason=None,
        source=Source(bucket="in", name=name, generation=generation),
        revision=revision,
        config=config,
        instances=tuple(
            Instance(
                id=f"face-{number}", label="face", side=None, score=1, box=Box(0, 0, 1, 1), area=1,
                segmenter="grabcut", quality=1, rle=RleModel(size=(1, 1), counts="01"),
                files=InstanceFiles(
                    mask=f"face-{number}/mask.png", cutout=f"face-{number}/cutout.png"
                ),
            )
            for number in range(1, faces + 1)
        ),
        outputs=Outputs(),
        timing={},
        versions={},
    )  # fmt: skip


def source_of(generation: int) -> Source:
    return Source(bucket="in", name="cat.png", generation=generation)


def upload(bucket: gcs.Bucket, name: str = "cat.png") -> Source:
    """A new upload whose results go to this bucket."""
    uploads = bucket.client.bucket("in-bucket")
    if not uploads.exists():
        uploads.create()
    blob = uploads.blob(name)
    blob.upload_from_string(b"a picture")
    return ObjectRef(uploads.name, name, blob.generation).source


def store_of(bucket: gcs.Bucket) -> ResultStore:
    return ResultStore(Storage(), bucket.name)


def files_of(document: ResultDocument) -> list[ImageFile]:
    data = f"{document.source.generation} {document.config}".encode()
    return [ImageFile(name, data) for name in document.pictures]


def objects_of(document: ResultDocument) -> list[ObjectToWrite]:
    folder = object_names.folder(document.source.name)
    return [
        ObjectToWrite(folder + file.name, "image/png", file.data) for file in files_of(document)
    ]


def write(
    bucket: gcs.Bucket, generation: int, faces: int, config: str = CONFIG, revision: int = 0
) -> WriteOutcome:
    document = document_of(generation, faces, config, revision=revision)
    return store_of(bucket).write(document, partial(files_of, document))


def state(bucket: gcs.Bucket) -> dict[str, int]:
    """Names in the upload's folder with the upload that each shows."""
    return {
        blob.name.removeprefix("cat.png/"): Provenance.of(blob).generation
        for blob in bucket.list_blobs(prefix="cat.png/")
    }


def whole(generation: int, faces: int) -> dict[str, int]:
    names = (*document_of(generation, faces).pictures, "result.json")
    return dict.fromkeys(names, generation)
