"""The origin of an object in the output bucket, and which of two objects outranks the other."""

import re
from dataclasses import dataclass

from google.cloud import storage

from shared.schemas.documents import MOST_GENERATION, MOST_REVISION, NO_SETTINGS

_GENERATION_KEY = "source-generation"
_CONFIG_KEY = "config"
_CONTENT_DIGEST_KEY = "shown"
_REVISION_KEY = "revision"
"""Keys in the custom metadata of every object of a result. They are stored: under another
generation key, all existing results would count as older than any upload."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """The origin of an object of a result, stored in its custom metadata.

    It has the generation of the upload, the digest of the settings, a digest of the masks, and the
    revision of the prompts. The digest of the masks is needed because SAM2 may return different
    masks for the same request.
    """

    generation: int
    config: str
    content_digest: str = ""
    revision: int = 0

    @classmethod
    def of(cls, blob: storage.Blob) -> "Provenance":
        """Reads the provenance of an object. Without valid metadata, the generation is -1.

        So an object that another program wrote counts as older than any upload. Objects that no
        person corrected have no revision, which counts as 0.
        """
        metadata = blob.metadata or {}
        return cls(
            _number(metadata.get(_GENERATION_KEY, ""), MOST_GENERATION, -1),
            metadata.get(_CONFIG_KEY, ""),
            metadata.get(_CONTENT_DIGEST_KEY, ""),
            _number(metadata.get(_REVISION_KEY, ""), MOST_REVISION, 0),
        )

    @property
    def metadata(self) -> dict[str, str]:
        """The provenance as custom metadata of a GCS object."""
        content = {_CONTENT_DIGEST_KEY: self.content_digest} if self.content_digest else {}
        revision = {_REVISION_KEY: str(self.revision)} if self.revision else {}
        return {
            _GENERATION_KEY: str(self.generation),
            _CONFIG_KEY: self.config,
            **content,
            **revision,
        }

    @property
    def edition(self) -> tuple[int, int]:
        """The generation and the revision. Of two results, the larger pair is newer."""
        return self.generation, self.revision

    def is_outranked_by(self, existing: "Provenance") -> bool:
        """Whether the existing object stays and this one is not written.

        An object of a newer generation always stays. Of the same generation, a result outranks each
        failure, so that a correction that fails takes nothing away. Then the newer revision stays.
        """
        return existing._rank > self._rank

    @property
    def _rank(self) -> tuple[int, bool, int]:
        return self.generation, self.config != NO_SETTINGS, self.revision


def _number(text: str, most: int, default: int) -> int:
    """Returns a number from 0 to `most`; `default` for any other text."""
    if re.fullmatch("[0-9]{1,19}", text) and int(text) <= most:
        return int(text)
    return default
