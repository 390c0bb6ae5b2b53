"""SAM2 at replicate.com: it takes no prompts, so all masks of a crop are asked for.

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
    polygon_mask,
    polygon_of,
)
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, ReasonCode, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import Answer, Answered
from shared.segmentation.masks import Candidate, Mask
from shared.segmentation.sam2.answers import AnswerError, parse_picture
from shared.segmentation.sam2.crops import Crop, encode_crop
from shared.segmentation.sam2.resilience import RetryPolicy
from shared.segmentation.sam2.transport import UNCOMPRESSED, Allowance, fetch, in_loop, retry_after

_INLINE = 256 * 2**10
"""Replicate's advice: pictures up to this many bytes go into the request, larger ones as files."""

_MOST_MASKS = 256
_DOWNLOADS = 8
"""At a time."""

_KEPT = 3
_LEAST_FIT = 0.1
"""A best mask that agrees less with the outline is not of this face."""

T = TypeVar("T")


class ReplicateSegmenter:
    """Asks a model that answers as meta/sam-2 does."""

    batch = 1
    parallel = 4

    def __init__(self, token: str, model: str, timeout: float, base_url: str | None = None) -> None:
        self._model = model
        self._timeout = timeout
        self._base_url = base_url
        self._client = Client(
            token, base_url=base_url, event_hooks={"response": [_raise_for_trouble]}
        )
        self._downloads = httpx2.AsyncClient(headers=UNCOMPRESSED)
        self._retry_policy = RetryPolicy("Replicate")
        self._version: str | None = None

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[Answer]:
        """The masks that fit each prompt best."""
        del multimask  # the model takes no prompts, so all masks are candidates
        return [self._segment(image, prompt, deadline) for prompt in prompts]

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """The model in the version that would answer, if Replicate says which."""
        try:
            in_loop(
                self._retry_policy.ask(lambda: self._bounded(self._newest(), deadline), deadline)
            )
        except (Permanent, Transient):
            return None
        return self._segmenter

    @property
    def _segmenter(self) -> SegmenterVersion:
        name, _, version = self._model.partition(":")
        return SegmenterVersion(f"replicate:{name}", self._version or version)

    def _segment(self, image: Image, prompt: Prompt, deadline: Deadline) -> Answer:
        picture = encode_crop(image, prompt.crop)
        files = in_loop(self._retry_policy.ask(lambda: self._ask(picture, deadline), deadline))
        return Answered(self._segmenter, _best(files, picture, prompt))

    async def _ask(self, picture: Crop, deadline: Deadline) -> list[bytes]:
        """All masks of the picture, as image files."""
        return await self._bounded(self._masks_of(picture), deadline)

    async def _masks_of(self, picture: Crop) -> list[bytes]:
        urls = _mask_urls(await self._predict(picture))
        slots, allowance = asyncio.Semaphore(_DOWNLOADS), Allowance()
        return await asyncio.gather(*(self._download(url, slots, allowance) for url in urls))

    async def _bounded(self, work: Coroutine[Any, Any, T], deadline: Deadline) -> T:
        """What the work gives, in time, with its errors in the families of ours."""
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
        except ValueError as error:  # the client's own, where an answer is not what it should be
            raise AnswerError(error) from error

    async def _predict(self, picture: Crop) -> Any:
        """The output of one prediction."""
        small = len(picture.data) <= _INLINE
        file = picture.data_url if small else io.BytesIO(picture.data)
        prediction = await self._client.predictions.async_create(
            version=await self._newest(), input={"image": file}, wait=True
        )
        await prediction.async_wait()
        if prediction.status == "failed":
            raise Permanent(ReasonCode.SAM2_REFUSED, f"Replicate failed: {prediction.error}")
        if prediction.status != "succeeded":
            raise Transient(f"Replicate's prediction ended as {prediction.status}")
        return prediction.output

    async def _newest(self) -> str:
        """The model's version: the one that is set, or the newest when the first call is made."""
        if self._version is None:
            identifier = ModelVersionIdentifier.parse(self._model)
            self._version = identifier.version
        if self._version is None:
            model = await self._client.models.async_get(self._model)
            if model.latest_version is None:
                raise Permanent(ReasonCode.SAM2_REFUSED, f"{self._model} has no version.")
            self._version = model.latest_version.id
        return self._version

    async def _download(self, url: str, slots: asyncio.Semaphore, allowance: Allowance) -> bytes:
        local = self._base_url is not None and url.startswith(self._base_url)
        if not (url.startswith("https://") or local):
            raise AnswerError(f"individual_masks: {url[:80]} is no https address")
        async with slots, self._downloads.stream("GET", url) as response:
            if response.status_code != 200:
                raise Transient(f"Replicate's file answered {response.status_code}")
            return await fetch(response, allowance)


async def _raise_for_trouble(response: httpx.Response) -> None:
    """Trouble that passes, with what Replicate says about when to come back."""
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


def _best(files: Sequence[bytes], picture: Crop, prompt: Prompt) -> list[Candidate]:
    """The few masks that fit the prompt best; no more than these are in memory at a time.

    How well one fits is the mean of its IoU with the prompt's polygon and of their bounds' IoU.
    """
    polygon = polygon_mask(polygon_of(prompt.polygon), prompt.crop)
    target = bounding_box(polygon_of(prompt.polygon)).intersection(prompt.crop)
    best: list[tuple[float, int, BoolMask]] = []
    for index, data in enumerate(files):
        values = parse_picture(data, f"individual_masks[{index}]")
        mask = picture.mask(values, prompt.crop)
        bounds = Mask(prompt.crop, mask).bounds
        fit = (mask_iou(mask, polygon) + bounds.iou(target)) / 2 if bounds else 0.0
        best = sorted([*best, (fit, -index, mask)], key=lambda one: one[:2], reverse=True)[:_KEPT]
    if not best or best[0][0] < _LEAST_FIT:
        raise AnswerError(f"none of {len(files)} masks is near {prompt.id}")
    return [Candidate(mask) for _, _, mask in best]
