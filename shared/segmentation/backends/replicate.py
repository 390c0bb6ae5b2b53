"""SAM2 at replicate.com. It accepts no prompts, so it returns all masks of a crop.

https://replicate.com/meta/sam-2/api: input `image`, output `individual_masks`, a URL for each.
"""

import asyncio
import io
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import httpx
import httpx2
from replicate.client import Client
from replicate.exceptions import ReplicateError
from replicate.identifier import ModelVersionIdentifier

from shared.imaging.geometry import (
    BoolMask,
    Image,
    bounding_box,
    mask_iou,
    polygon_of,
)
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, ReasonCode, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks, SegmenterResponse
from shared.segmentation.masks import Candidate, Mask, outline_mask
from shared.segmentation.sam2.answers import AnswerError, parse_picture
from shared.segmentation.sam2.crops import Crop, encode_crop
from shared.segmentation.sam2.resilience import RetryPolicy
from shared.segmentation.sam2.transport import UNCOMPRESSED, ByteBudget, fetch, in_loop, retry_after

_INLINE = 256 * 2**10
"""Replicate recommends images up to this many bytes in the request, and larger ones as files."""

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

    def __init__(self, token: str, model: str, timeout: float, base_url: str | None = None) -> None:
        self._model = model
        self._timeout = timeout
        self._base_url = base_url
        self._client = Client(
            token, base_url=base_url, event_hooks={"response": [_raise_for_transient]}
        )
        self._downloads = httpx2.AsyncClient(headers=UNCOMPRESSED)
        self._retry_policy = RetryPolicy("Replicate")
        self._version: str | None = None

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[SegmenterResponse]:
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

    def _segment(self, image: Image, prompt: Prompt, deadline: Deadline) -> SegmenterResponse:
        crop = encode_crop(image, prompt.crop)
        files = in_loop(
            self._retry_policy.call(lambda: self._request_masks(crop, deadline), deadline)
        )
        return CandidateMasks(self._segmenter, _best(files, crop, prompt))

    async def _request_masks(self, crop: Crop, deadline: Deadline) -> list[bytes]:
        """Returns all masks of the crop as image files."""
        return await self._bounded(self._download_masks(crop), deadline)

    async def _download_masks(self, crop: Crop) -> list[bytes]:
        urls = _mask_urls(await self._predict(crop))
        slots, budget = asyncio.Semaphore(_DOWNLOADS), ByteBudget()
        return await asyncio.gather(*(self._download(url, slots, budget) for url in urls))

    async def _bounded(self, work: Coroutine[Any, Any, T], deadline: Deadline) -> T:
        """Runs the work within the time limits, and maps its errors to ours."""
        seconds = min(self._timeout, deadline.left)
        try:
            async with asyncio.timeout(seconds):
                return await work
        except TimeoutError as error:
            raise Transient(f"Replicate gave no answer in {seconds:.0f} s") from error
        except (httpx.TransportError, httpx2.TransportError) as error:
            raise Transient(f"Replicate cannot be reached: {error}") from error
        except ReplicateError as error:
            raise Permanent(ReasonCode.SAM2_REFUSED, _refusal(error)) from error
        except ValueError as error:  # the client raises it for invalid responses
            raise AnswerError(error) from error

    async def _predict(self, crop: Crop) -> Any:
        """Runs one prediction and returns its output."""
        small = len(crop.data) <= _INLINE
        file = crop.data_url if small else io.BytesIO(crop.data)
        prediction = await self._client.predictions.async_create(
            version=await self._pinned_version(), input={"image": file}, wait=True
        )
        await prediction.async_wait()
        if prediction.status == "failed":
            raise Permanent(ReasonCode.SAM2_REFUSED, f"Replicate failed: {prediction.error}")
        if prediction.status != "succeeded":
            raise Transient(f"Replicate's prediction ended as {prediction.status}")
        return prediction.output

    async def _pinned_version(self) -> str:
        """Returns the model's version: the configured one, or the newest at the first call."""
        if self._version is None:
            identifier = ModelVersionIdentifier.parse(self._model)
            self._version = identifier.version
        if self._version is None:
            model = await self._client.models.async_get(self._model)
            if model.latest_version is None:
                raise Permanent(ReasonCode.SAM2_REFUSED, f"{self._model} has no version.")
            self._version = model.latest_version.id
        return self._version

    async def _download(self, url: str, slots: asyncio.Semaphore, budget: ByteBudget) -> bytes:
        local = self._base_url is not None and url.startswith(self._base_url)
        if not (url.startswith("https://") or local):
            raise AnswerError(f"individual_masks: {url[:80]} is no https address")
        async with slots, self._downloads.stream("GET", url) as response:
            if response.status_code != 200:
                raise Transient(f"Replicate's file answered {response.status_code}")
            return await fetch(response, budget)


async def _raise_for_transient(response: httpx.Response) -> None:
    """Raises Transient for 429 and 5xx, with Replicate's Retry-After."""
    if response.status_code == 429 or response.status_code >= 500:
        raise Transient(f"Replicate answered {response.status_code}", retry_after(response.headers))


def _refusal(error: ReplicateError) -> str:
    if error.status in (401, 403):
        return f"Replicate answered {error.status}: it does not accept REPLICATE_API_TOKEN."
    return f"Replicate answered {error.status}: {error.detail or error.title or 'no reason given'}"


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
