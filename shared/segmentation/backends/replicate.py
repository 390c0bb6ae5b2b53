"""SAM2 at replicate.com. It accepts no prompts, so it returns all masks of a crop.

https://replicate.com/meta/sam-2/api: input `image`, output `individual_masks`, a URL for each.
"""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from shared.imaging.geometry import (
    BoolMask,
    Image,
    bounding_box,
    mask_iou,
    polygon_of,
)
from shared.runtime import tracing
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks
from shared.segmentation.backends.replicate_api import API, ReplicateApi
from shared.segmentation.mask_selection import Candidate, outline_mask
from shared.segmentation.masks import Mask
from shared.segmentation.sam2.answers import AnswerError, parse_picture
from shared.segmentation.sam2.crops import Crop, encode_crop
from shared.segmentation.sam2.resilience import RetryPolicy
from shared.segmentation.sam2.transport import ByteBudget, in_loop

_INLINE = 256 * 2**10
"""Replicate's HTTP reference recommends a data URL for a file of at most 256 KB, and an uploaded
file for a larger one."""

_MOST_MASKS = 256
"""Limit for the masks of a crop that are downloaded. Chosen by hand: a higher limit takes longer, a
lower one may leave out the mask of the target."""

_DOWNLOADS = 8
"""Limit for concurrent downloads. Chosen by hand: more occupy more memory and connections, fewer
take longer."""

_KEPT = 3
"""Number of candidates that are kept in memory. SAM2 with a prompt also returns three. Chosen by
hand: more need more memory."""

_LEAST_FIT = 0.1
"""If the best mask fits the outline less than this, it is a mask of another object. Chosen by hand:
a higher value uses the fallback more often."""

T = TypeVar("T")


class ReplicateSegmenter:
    """Calls a model with the input and output format of meta/sam-2."""

    batch = 1
    parallel = 4

    def __init__(self, token: str, model: str, timeout: float, base_url: str = API) -> None:
        self._model = model
        self._timeout = timeout
        self._api = ReplicateApi(token, base_url)
        self._retry_policy = RetryPolicy("Replicate")
        self._version: str | None = None

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Returns the masks that fit each prompt best."""
        del multimask  # the model accepts no prompts, so all masks are candidates
        return [self._segment(image, prompt, deadline) for prompt in prompts]

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """Returns the model with its current version; None if Replicate does not report it."""
        try:
            in_loop(
                self._retry_policy.call(
                    lambda: self._bounded(self._pinned_version(), deadline), deadline
                )
            )
        except (Permanent, Transient):
            return None
        return self._segmenter

    @property
    def _segmenter(self) -> SegmenterVersion:
        name, _, version = self._model.partition(":")
        return SegmenterVersion(f"replicate:{name}", self._version or version)

    def _segment(self, image: Image, prompt: Prompt, deadline: Deadline) -> CandidateMasks:
        crop = encode_crop(image, prompt.crop)
        files = in_loop(
            self._retry_policy.call(lambda: self._request_masks(crop, deadline), deadline)
        )
        return CandidateMasks(self._segmenter, _best(files, crop, prompt))

    async def _request_masks(self, crop: Crop, deadline: Deadline) -> list[bytes]:
        """Returns all masks of the crop as image files."""
        with tracing.span("replicate", "client", {"server.address": self._api.host}):
            return await self._bounded(self._download_masks(crop), deadline)

    async def _download_masks(self, crop: Crop) -> list[bytes]:
        urls = _mask_urls(await self._predict(crop))
        slots, budget = asyncio.Semaphore(_DOWNLOADS), ByteBudget()
        return await asyncio.gather(*(self._download(url, slots, budget) for url in urls))

    async def _download(self, url: str, slots: asyncio.Semaphore, budget: ByteBudget) -> bytes:
        async with slots:
            return await self._api.download(url, budget)

    async def _bounded(self, work: Coroutine[Any, Any, T], deadline: Deadline) -> T:
        """Runs the work within the time limits."""
        seconds = min(self._timeout, deadline.left)
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError as error:
            raise Transient(f"Replicate gave no answer in {seconds:.0f} s") from error

    async def _predict(self, crop: Crop) -> Any:
        """Runs one prediction and returns its output."""
        version = await self._pinned_version()
        small = len(crop.data) <= _INLINE
        image = crop.data_url if small else await self._api.upload(crop.data)
        return await self._api.predict(version, {"image": image})

    async def _pinned_version(self) -> str:
        """Returns the model's version: the configured one, or the newest at the first call."""
        if self._version is None:
            name, _, version = self._model.partition(":")
            self._version = version or await self._api.newest_version(name)
        return self._version


def _mask_urls(output: Any) -> list[str]:
    urls = output.get("individual_masks") if isinstance(output, dict) else output
    if not isinstance(urls, list) or not all(isinstance(url, str) for url in urls):
        raise AnswerError(f"want individual_masks, got {str(output)[:80]}")
    return urls[:_MOST_MASKS]


def _best(files: Sequence[bytes], crop: Crop, prompt: Prompt) -> list[Candidate]:
    """Returns the masks that fit the prompt best. Only these are decoded in memory at a time.

    The fit of a mask is the mean of its IoU with the prompt's polygon and the IoU of their bounds.
    """
    polygon = outline_mask(prompt)
    target = bounding_box(polygon_of(prompt.polygon)).intersection(prompt.crop)
    best: list[tuple[float, int, BoolMask]] = []
    for index, data in enumerate(files):
        values = parse_picture(data, f"individual_masks[{index}]")
        mask = crop.mask(values, prompt.crop)
        bounds = Mask(prompt.crop, mask).bounds
        fit = (mask_iou(mask, polygon) + bounds.iou(target)) / 2 if bounds else 0.0
        ranked = sorted([*best, (fit, -index, mask)], key=lambda entry: entry[:2], reverse=True)
        best = ranked[:_KEPT]
    if not best or best[0][0] < _LEAST_FIT:
        raise AnswerError(f"none of {len(files)} masks is near {prompt.id}")
    return [Candidate(mask) for _, _, mask in best]
