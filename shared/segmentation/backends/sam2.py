"""Segmenters for SAM2 services over HTTP: any server, or our own, which accepts batches."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks
from shared.segmentation.mask_selection import Candidate
from shared.segmentation.sam2.answers import parse_answer
from shared.segmentation.sam2.contract import (
    MOST_PICTURES,
    MOST_PROMPTS,
    FieldNames,
    batch_request,
    per_prompt,
    segmenter_of,
    single_request,
)
from shared.segmentation.sam2.crops import Crop, encode_crop, shared_windows
from shared.segmentation.sam2.transport import MOST_BYTES, JsonService

_MOST_BYTES = 18 * 2**20
"""Limit for the images of a request, in bytes. Base64 makes them a third larger, and Cloud Run and
our own service accept requests up to 32 MiB
(https://cloud.google.com/run/quotas#request_limits)."""

CropWithPrompts: TypeAlias = tuple[Crop, Sequence[Prompt]]


class _ServiceSegmenter:
    """Common part of both: the service, and the version that it reports."""

    def __init__(self, service: JsonService) -> None:
        self._service = service

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """Returns the version that the service reports; None if it reports none."""
        try:
            return segmenter_of(self._service.describe(deadline))
        except (Permanent, Transient):
            return None

    def _segmenter_of(self, answer: Any) -> SegmenterVersion:
        return segmenter_of(answer) or SegmenterVersion(f"http:{self._service.host}")


class Sam2Segmenter(_ServiceSegmenter):
    """Calls any server that implements the contract, with one prompt per request."""

    batch = 1
    parallel = 4

    def __init__(self, service: JsonService, names: FieldNames) -> None:
        super().__init__(service)
        self._names = names

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Returns all candidates of the service's response to each prompt."""
        return [self._segment(image, prompt, deadline, multimask=multimask) for prompt in prompts]

    def _segment(
        self, image: Image, prompt: Prompt, deadline: Deadline, *, multimask: bool
    ) -> CandidateMasks:
        crop = encode_crop(image, prompt.crop)
        request = single_request(crop, prompt, self._names, multimask=multimask)
        response = self._service.post(request, deadline)
        return CandidateMasks(self._segmenter_of(response), _candidates(response, crop, prompt))


class BatchSegmenter(_ServiceSegmenter):
    """Calls our own service (functions/sam2), with all prompts in few requests."""

    batch = MOST_PROMPTS
    parallel = 1

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[CandidateMasks]:
        """Returns all candidates for each prompt. Large crops are sent in several requests."""
        windows = shared_windows(prompts)
        crops = [(encode_crop(image, window), members) for window, members in windows]
        requests = list(_requests(crops))
        most_bytes = MOST_BYTES // len(requests)  # all responses are in memory together
        responses: dict[str, CandidateMasks] = {}
        for request in requests:
            responses |= self._send(request, deadline, most_bytes, multimask=multimask)
        return [responses[prompt.id] for prompt in prompts]

    def _send(
        self,
        crops: Sequence[CropWithPrompts],
        deadline: Deadline,
        most_bytes: int,
        *,
        multimask: bool,
    ) -> dict[str, CandidateMasks]:
        request = batch_request(crops, multimask=multimask)
        response = self._service.post(request, deadline, len(crops), most_bytes)
        segmenter = self._segmenter_of(response)
        return {
            prompt.id: CandidateMasks(segmenter, _candidates(masks, crop, prompt))
            for masks, crop, prompt in per_prompt(response, crops)
        }


def _requests(crops: Sequence[CropWithPrompts]) -> Iterator[list[CropWithPrompts]]:
    """Yields the crops in groups that fit into one request."""
    request: list[CropWithPrompts] = []
    size = 0
    for crop_with_prompts in crops:
        crop, _ = crop_with_prompts
        if request and (size + len(crop.data) > _MOST_BYTES or len(request) == MOST_PICTURES):
            yield request
            request, size = [], 0
        request.append(crop_with_prompts)
        size += len(crop.data)
    if request:
        yield request


def _candidates(response: Any, crop: Crop, prompt: Prompt) -> Iterator[Candidate]:
    """Yields the masks of a response to one prompt, mapped to the prompt's crop."""
    for mask in parse_answer(response, (crop.height, crop.width)):
        yield Candidate(crop.mask(mask.values, prompt.crop), mask.predicted_iou)
