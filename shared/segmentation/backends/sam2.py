"""A SAM2 service over HTTP: anybody's, a prompt a call, or our own, all prompts in one."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import CandidateMasks, SegmenterResponse
from shared.segmentation.masks import Candidate
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
"""Of pictures in a request, where base64 makes them a third larger: Cloud Run, and our own service,
take 32 MiB."""

CropWithPrompts: TypeAlias = tuple[Crop, Sequence[Prompt]]


class _ServiceSegmenter:
    """What both have in common: whom they ask, and what that one says that it is."""

    def __init__(self, service: JsonService, *, multimask: bool = True) -> None:
        self._service = service
        self._multimask = multimask

    def version(self, deadline: Deadline) -> SegmenterVersion | None:
        """What the service says that it is, if it says it."""
        try:
            return segmenter_of(self._service.describe(deadline))
        except (Permanent, Transient):
            return None

    def _segmenter_of(self, answer: Any) -> SegmenterVersion:
        return segmenter_of(answer) or SegmenterVersion(f"http:{self._service.host}")


class Sam2Segmenter(_ServiceSegmenter):
    """Asks any server that speaks the contract."""

    batch = 1
    parallel = 4

    def __init__(self, service: JsonService, names: FieldNames, *, multimask: bool = True) -> None:
        super().__init__(service, multimask=multimask)
        self._names = names

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline
    ) -> list[SegmenterResponse]:
        """Every candidate of the service's answer to each."""
        return [self._segment(image, prompt, deadline) for prompt in prompts]

    def _segment(self, image: Image, prompt: Prompt, deadline: Deadline) -> SegmenterResponse:
        crop = encode_crop(image, prompt.crop)
        request = single_request(crop, prompt, self._names, multimask=self._multimask)
        response = self._service.post(request, deadline)
        return CandidateMasks(self._segmenter_of(response), _candidates(response, crop, prompt))


class BatchSegmenter(_ServiceSegmenter):
    """Asks our own service (functions/sam2)."""

    batch = MOST_PROMPTS
    parallel = 1

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline
    ) -> list[SegmenterResponse]:
        """Every candidate of the service's responses: one, or a few where pictures are large."""
        windows = shared_windows(prompts)
        crops = [(encode_crop(image, window), members) for window, members in windows]
        requests = list(_requests(crops))
        most_bytes = MOST_BYTES // len(requests)  # all responses are in memory together
        responses: dict[str, SegmenterResponse] = {}
        for request in requests:
            responses |= self._ask(request, deadline, most_bytes)
        return [responses[prompt.id] for prompt in prompts]

    def _ask(
        self, crops: Sequence[CropWithPrompts], deadline: Deadline, most_bytes: int
    ) -> dict[str, SegmenterResponse]:
        request = batch_request(crops, multimask=self._multimask)
        response = self._service.post(request, deadline, len(crops), most_bytes)
        segmenter = self._segmenter_of(response)
        return {
            prompt.id: CandidateMasks(segmenter, _candidates(masks, crop, prompt))
            for masks, crop, prompt in per_prompt(response, crops)
        }


def _requests(crops: Sequence[CropWithPrompts]) -> Iterator[list[CropWithPrompts]]:
    """The pictures in parts that one request may hold."""
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
    """The masks in a service's response to one prompt, brought to the prompt's crop."""
    for mask in parse_answer(response, (crop.height, crop.width)):
        yield Candidate(crop.mask(mask.values, prompt.crop), mask.predicted_iou)
