"""What turns a prompt into candidate masks: one small module per backend."""

from typing import Protocol

from shared.documents import Segmenter as SegmenterName
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt


class Segmenter(Protocol):
    """A backend."""

    @property
    def name(self) -> SegmenterName:
        """As it is recorded in result.json."""
        ...

    def segment(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Candidate masks of the size of `crop`, the RGB pixels of the prompt's window.

        Raises:
            Permanent: this prompt will never be answered.
            Transient: it may be answered later.
        """
        ...
