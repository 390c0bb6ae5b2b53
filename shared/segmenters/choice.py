"""From settings to segmenters."""

from collections.abc import Callable

from shared.identity import Authorisation, BearerKey, IdentityToken, NoAuthorisation
from shared.sam2_contract import FieldNames
from shared.segmenters import Segmenter
from shared.segmenters.absent import AbsentSegmenter
from shared.segmenters.grabcut import GrabCutSegmenter
from shared.segmenters.oval import OvalSegmenter
from shared.segmenters.sam2 import Sam2Segmenter
from shared.settings import SegmentationSettings

_FALLBACKS: dict[str, Callable[[], Segmenter | None]] = {
    "grabcut": GrabCutSegmenter,
    "oval": OvalSegmenter,
    "none": lambda: None,
}

_AUTHORISATIONS: dict[str, Callable[[SegmentationSettings], Authorisation]] = {
    "identity": lambda settings: IdentityToken(settings.audience),
    "api-key": lambda settings: BearerKey(settings.key),
    "none": lambda _: NoAuthorisation(),
}


def primary(settings: SegmentationSettings) -> Segmenter:
    """The SAM2 service that is configured, or one that says that none is."""
    if settings.sam2_url is None:
        return AbsentSegmenter()
    names = FieldNames(
        image=settings.sam2_image_field,
        points=settings.sam2_points_field,
        box=settings.sam2_box_field,
        multimask=settings.sam2_multimask,
        return_prob=settings.sam2_return_prob,
    )
    authorisation = _AUTHORISATIONS[settings.sam2_auth](settings)
    return Sam2Segmenter(str(settings.sam2_url), authorisation, names, settings.sam2_timeout)


def fallback(settings: SegmentationSettings) -> Segmenter | None:
    """What segments where SAM2 cannot, if anything does."""
    return _FALLBACKS[settings.sam2_fallback]()
