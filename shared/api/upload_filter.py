"""Which uploads a listing, a search or a count is about."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from shared.api.request_models import RequestModel

DELIMITER = "/"
"""Ends the name of a folder. Cloud Storage has no folders; names look as if it had."""


def _with_delimiter(folder: str) -> str:
    return folder if not folder or folder.endswith(DELIMITER) else folder + DELIMITER


class UploadFilter(RequestModel):
    """Uploads by their names.

    Without `folder`, uploads at any depth are meant. With it, those directly in this folder, and
    its sub-folders; `prefix` is then about the part of a name behind the folder.
    """

    prefix: str = Field("", description="only uploads whose names start with this")
    folder: Annotated[str, AfterValidator(_with_delimiter)] | None = Field(
        None,
        description="only what is directly in this folder, as album/; empty: the top of the "
        "bucket; unset: uploads at any depth",
    )
    contains: str = Field(
        "",
        description="only uploads whose names contain this, in upper or lower case, behind the "
        "last slash of `folder` and `prefix`",
    )

    @property
    def full_prefix(self) -> str:
        """The prefix of the complete names."""
        return (self.folder or "") + self.prefix

    @property
    def delimiter(self) -> str | None:
        """The delimiter of Cloud Storage's listing; None for uploads at any depth."""
        return None if self.folder is None else DELIMITER

    def matches(self, name: str) -> bool:
        """Whether the name of an upload, or of a sub-folder, has the text behind the folder."""
        start = self.full_prefix.rfind(DELIMITER) + 1
        return not self.contains or _folded(self.contains) in _folded(name[start:])

    def is_folder(self, name: str) -> bool:
        """Whether a name in the listing is that of a sub-folder, and not of an upload."""
        return self.folder is not None and DELIMITER in name[len(self.full_prefix) :]


def _folded(text: str) -> str:
    """Returns the text without case, and with composed characters.

    macOS decomposes the characters of file names, and keyboards write composed ones.
    """
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())
