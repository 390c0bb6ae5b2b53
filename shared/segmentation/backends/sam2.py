"""A SAM2 service over HTTP: anybody's, a prompt a call, or our own, all prompts in one."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from shared.imaging.geometry import Image
from shared.runtime.deadline import Deadline
from shared.schemas.documents import SegmenterVersion
from shared.schemas.errors import Permanent, Transient
from shared.schemas.prompt import Prompt
from shared.segmentation.backends.base import Answer, Answered
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

Asked: TypeAlias = tuple[Crop, Sequence[Prompt]]


class _ServiceSegmenter:
    """What both have in common: whom they ask, and what that one says that it is."""

    def __init__(self, service: JsonService) -> None:
        self._service = service

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

    def __init__(self, service: JsonService, names: FieldNames) -> None:
        super().__init__(service)
        self._names = names

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[Answer]:
        """Every candidate of the service's answer to each."""
        return [self._segment(image, prompt, deadline, multimask=multimask) for prompt in prompts]

    def _segment(
        self, image: Image, prompt: Prompt, deadline: Deadline, *, multimask: bool
    ) -> Answer:
        picture = encode_crop(image, prompt.crop)
        request = single_request(picture, prompt, self._names, multimask=multimask)
        answer = self._service.ask(request, deadline)
        return Answered(self._segmenter_of(answer), _candidates(answer, picture, prompt))


class BatchSegmenter(_ServiceSegmenter):
    """Asks our own service (functions/sam2)."""

    batch = MOST_PROMPTS
    parallel = 1

    def segment(
        self, image: Image, prompts: Sequence[Prompt], deadline: Deadline, *, multimask: bool
    ) -> list[Answer]:
        """Every candidate of the service's answers: one, or a few where pictures are large."""
        windows = shared_windows(prompts)
        pictures = [(encode_crop(image, window), members) for window, members in windows]
        requests = list(_requests(pictures))
        most_bytes = MOST_BYTES // len(requests)  # all answers are in memory together
        answers: dict[str, Answer] = {}
        for request in requests:
            answers |= self._ask(request, deadline, most_bytes, multimask=multimask)
        return [answers[prompt.id] for prompt in prompts]

    def _ask(
        self, pictures: Sequence[Asked], deadline: Deadline, most_bytes: int, *, multimask: bool
    ) -> dict[str, Answer]:
        request = batch_request(pictures, multimask=multimask)
        answer = self._service.ask(request, deadline, len(pictures), most_bytes)
        segmenter = self._segmenter_of(answer)
        return {
            prompt.id: Answered(segmenter, _candidates(masks, picture, prompt))
            for masks, picture, prompt in per_prompt(answer, pictures)
        }


def _requests(pictures: Sequence[Asked]) -> Iterator[list[Asked]]:
    """The pictures in parts that one request may hold."""
    request: list[Asked] = []
    size = 0
    for asked in pictures:
        picture, _ = asked
        if request and (size + len(picture.data) > _MOST_BYTES or len(request) == MOST_PICTURES):
            yield request
            request, size = [], 0
        request.append(asked)
        size += len(picture.data)
    if request:
        yield request


def _candidates(told: Any, picture: Crop, prompt: Prompt) -> Iterator[Candidate]:
    """The masks in what a service told about one prompt, brought to the prompt's crop."""
    for mask in parse_answer(told, (picture.height, picture.width)):
        yield Candidate(picture.mask(mask.values, prompt.crop), mask.predicted_iou)
