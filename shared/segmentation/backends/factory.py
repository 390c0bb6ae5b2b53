"""Creates segmenters from the settings."""

from collections.abc import Callable

from shared.gcp.id_tokens import Authorisation, BearerKey, IdentityToken, NoAuthorisation
from shared.schemas.settings import SegmenterSettings, revealed
from shared.segmentation.backends import oval
from shared.segmentation.backends.base import Segmenter
from shared.segmentation.backends.embedded import EmbeddedSegmenter
from shared.segmentation.backends.embedded_masks import EmbeddedMasks
from shared.segmentation.backends.replicate import ReplicateSegmenter
from shared.segmentation.backends.sam2 import BatchSegmenter, Sam2Segmenter
from shared.segmentation.backends.unconfigured import UnconfiguredSegmenter
from shared.segmentation.sam2.contract import FieldNames
from shared.segmentation.sam2.transport import JsonService

_FALLBACKS: dict[str, Callable[[], Segmenter | None]] = {
    "grabcut": lambda: EmbeddedSegmenter("grabcut", EmbeddedMasks().candidates),
    "oval": lambda: EmbeddedSegmenter("oval", oval.candidates),
    "none": lambda: None,
}

_AUTHORISATIONS: dict[str, Callable[[SegmenterSettings], Authorisation]] = {
    "identity": lambda settings: IdentityToken(settings.audience),
    "api-key": lambda settings: BearerKey(revealed(settings.sam2_api_key)),
    "none": lambda _: NoAuthorisation(),
}


def primary(settings: SegmenterSettings) -> Segmenter:
    """Returns the configured segmenter, or an UnconfiguredSegmenter if none is configured."""
    if settings.sam2_provider == "replicate":
        return _replicate(settings)
    if settings.sam2_url is None:
        return UnconfiguredSegmenter()
    authorisation = _AUTHORISATIONS[settings.sam2_auth](settings)
    is_ours = settings.sam2_provider == "toonmask"
    service = JsonService(
        str(settings.sam2_url),
        authorisation,
        settings.sam2_timeout,
        continues_traces=is_ours,
    )
    if is_ours:
        return BatchSegmenter(service)
    names = FieldNames(
        image=settings.sam2_image_field,
        points=settings.sam2_points_field,
        box=settings.sam2_box_field,
        multimask=settings.sam2_multimask,
        return_prob=settings.sam2_return_prob,
    )
    return Sam2Segmenter(service, names)


def _replicate(settings: SegmenterSettings) -> Segmenter:
    token = revealed(settings.replicate_api_token)
    return ReplicateSegmenter(token, settings.replicate_model, settings.sam2_timeout)


def fallback(settings: SegmenterSettings) -> Segmenter | None:
    """Returns the segmenter to use if SAM2 fails permanently; None if there is none."""
    return _FALLBACKS[settings.sam2_fallback]()
