"""The supported formats, and the check of an upload's declared type and size."""

from shared.schemas.errors import ReasonCode, Rejected

FORMATS = ("PNG", "JPEG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
CONTENT_TYPES = frozenset(
    {"image/png", "image/jpeg", "image/jpg", "image/webp", "image/gif", "image/bmp",
     "image/x-ms-bmp", "image/tiff", "image/avif"}
)  # fmt: skip
UNDECLARED_TYPES = frozenset({"", "application/octet-stream", "binary/octet-stream"})
"""Types that upload tools declare for files with an unknown extension. For these, the format is
read from the content."""


def check_before_download(content_type: str, size: int, max_bytes: int) -> None:
    """Checks an upload by its declared type and its size in bytes, before it is downloaded.

    Raises:
        Rejected: the file is empty, larger than `max_bytes`, or declared as an unsupported type.
    """
    if size == 0:
        raise Rejected(ReasonCode.EMPTY_FILE, "The file is empty (0 bytes).")
    if size > max_bytes:
        raise Rejected(
            ReasonCode.TOO_MANY_BYTES,
            f"The file has {size:,} bytes; the limit is {max_bytes:,} (MAX_BYTES).",
        )
    declared = content_type.split(";", maxsplit=1)[0].strip().lower()
    if declared not in CONTENT_TYPES | UNDECLARED_TYPES:
        raise Rejected(
            ReasonCode.UNSUPPORTED_TYPE,
            f"The file was uploaded as {declared!r}. Supported formats: {', '.join(FORMATS)}.",
        )
