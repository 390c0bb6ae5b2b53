"""The objects of a result in the output bucket."""

from shared.gcp.gcs import FRAMES_KEY, REVIEW_KEY, STATUS_KEY, ObjectToWrite
from shared.schemas import object_names
from shared.schemas.documents import ResultDocument
from shared.schemas.image_file import ImageFile


def image_object(folder: str, file: ImageFile) -> ObjectToWrite:
    """Returns an image file as an object of the folder."""
    return ObjectToWrite(folder + file.name, object_names.content_type(file.name), file.data)


def result_object(document: ResultDocument) -> ObjectToWrite:
    """Returns result.json, with metadata that a listing shows."""
    review = len(document.review) + sum(frame.review for frame in document.frames)
    metadata = {STATUS_KEY: document.status.value, REVIEW_KEY: str(review)}
    if document.frames:
        metadata[FRAMES_KEY] = str(len(document.frames))
    name = document.source.folder + object_names.RESULT
    return ObjectToWrite.document(name, document, metadata)
