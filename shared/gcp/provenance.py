"""The origin of an object in the output bucket, and which of two objects outranks the other."""

import re
from dataclasses import dataclass

from google.cloud import storage

from shared.schemas.documents import MOST_GENERATION, NO_SETTINGS

_GENERATION_KEY = "source-generation"
_CONFIG_KEY = "config"
_CONTENT_DIGEST_KEY = "shown"
"""Keys in the custom metadata of every object of a result. They are stored: under another
generation key, all existing results would count as older than any upload."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of an object of a result, stored in its custom metadata.

    It has the generation of the upload, the digest of the settings, and a digest of the masks. The
    last is needed because SAM2 may return different masks for the same request.
    """

    generation: int
    config: str
    content_digest: str = ""

    @classmethod
    def of(cls, blob: storage.Blob) -> "Provenance":
        """Reads the provenance of an object. Without valid metadata, the generation is -1.

        So an object that another program wrote counts as older than any upload.
        """
        metadata = blob.metadata or {}
        value = metadata.get(_GENERATION_KEY, "")
        generation = int(value) if re.fullmatch("[0-9]{1,19}", value) else -1
        return cls(
            generation if generation <= MOST_GENERATION else -1,
            metadata.get(_CONFIG_KEY, ""),
            metadata.get(_CONTENT_DIGEST_KEY, ""),
        )

    @property
    def metadata(self) -> dict[str, str]:
        """The provenance as custom metadata of a GCS object."""
        content = {_CONTENT_DIGEST_KEY: self.content_digest} if self.content_digest else {}
        return {_GENERATION_KEY: str(self.generation), _CONFIG_KEY: self.config, **content}

    def is_outranked_by(self, existing: "Provenance") -> bool:
        """Whether the existing object stays and this one is not written.

        An object of a newer generation always stays. If this object is a failure, a result of the
        same generation stays too.
        """
        if self.config == NO_SETTINGS and existing.config != NO_SETTINGS:
            return existing.generation >= self.generation
        return existing.generation > self.generation
