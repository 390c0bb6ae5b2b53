"""The pair of buckets: one for uploads, one for their results."""

from dataclasses import dataclass, field
from http import HTTPStatus

from shared.api.problems import Refused
from shared.api.settings import ApiSettings
from shared.gcp.gcs import RETRY, TIMEOUT, ObjectRef, Storage


@dataclass(frozen=True, slots=True)
class Buckets:
    """The names of the two buckets, and the access to them. Safe to share between threads."""

    input: str
    output: str
    storage: Storage = field(default_factory=Storage)

    @classmethod
    def of(cls, settings: ApiSettings) -> "Buckets | None":
        """Returns the buckets in the settings, or None if the settings have none."""
        if settings.input_bucket is None or settings.output_bucket is None:
            return None
        return cls(settings.input_bucket, settings.output_bucket)

    @property
    def origin(self) -> str:
        """The origin of Cloud Storage, to which browsers send uploads."""
        return str(self.storage.client.api_endpoint)

    def upload(self, name: str, generation: int) -> ObjectRef:
        """Returns the reference to one generation of an upload."""
        return ObjectRef(self.input, name, generation)

    def uri(self, name: str) -> str:
        """Returns the URI of an upload in the notation of gsutil."""
        return f"gs://{self.input}/{name}"

    def has_upload(self, name: str) -> bool:
        """Whether an upload of this name exists."""
        blob = self.storage.client.bucket(self.input).blob(name)
        return bool(blob.exists(timeout=TIMEOUT, retry=RETRY))


def no_buckets() -> Refused:
    """Returns the refusal of requests that need buckets, if the settings have none."""
    sentence = "This service has no buckets (INPUT_BUCKET and OUTPUT_BUCKET are not set)."
    return Refused(HTTPStatus.NOT_FOUND, "no-buckets", sentence)
