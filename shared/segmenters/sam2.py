"""A SAM2 service over HTTP: anybody's, a prompt a call, or our own, all prompts in one."""

from collections.abc import Iterator, Sequence
from typing import Any, Literal, TypeAlias

from shared.deadline import Deadline
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt
from shared.sam2.answers import AnswerError, parse_answer
from shared.sam2.calls import JsonService
from shared.sam2.contract import (
    MOST_PICTURES,
    MOST_PROMPTS,
    FieldNames,
    batch_request,
    per_prompt,
    single_request,
)
from shared.sam2.pictures import Picture, picture_of, shared_windows
from shared.segmenters import Answer

_MOST_BYTES = 18 * 2**20
"""Of pictures in a request, where base64 makes them a third larger: Cloud Run, and our own service,
take 32 MiB."""

Asked: TypeAlias = tuple[Picture, Sequence[Prompt]]


class Sam2Segmenter:
    """Asks any server that speaks the contract."""

    name: Literal["sam2"] = "sam2"
    batch = 1
    parallel = 4

    def __init__(self, service: JsonService, names: FieldNames, *, multimask: bool = True) -> None:
        self._service = service
        self._names = names
        self._multimask = multimask

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """Every candidate of the service's answer to each."""
        answers: list[Answer] = []
        for prompt in prompts:
            picture = picture_of(image, prompt.crop)
            request = single_request(picture, prompt, self._names, multimask=self._multimask)
            answers.append(_answer(self._service.ask(request, deadline), picture, prompt))
        return answers


class BatchSegmenter:
    """Asks our own service (functions/sam2)."""

    name: Literal["sam2"] = "sam2"
    batch = MOST_PROMPTS
    parallel = 1

    def __init__(self, service: JsonService, *, multimask: bool = True) -> None:
        self._service = service
        self._multimask = multimask

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """Every candidate of the service's answers: one, or a few where pictures are large."""
        windows = shared_windows(prompts)
        pictures = [(picture_of(image, window), members) for window, members in windows]
        answers: dict[str, Answer] = {}
        for request in _requests(pictures):
            answers |= self._ask(request, deadline)
        return [answers[prompt.id] for prompt in prompts]

    def _ask(self, pictures: Sequence[Asked], deadline: Deadline) -> dict[str, Answer]:
        request = batch_request(pictures, multimask=self._multimask)
        answer = self._service.ask(request, deadline, len(pictures))
        told = per_prompt(answer, pictures)
        return {prompt.id: _answer(masks, picture, prompt) for masks, picture, prompt in told}


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


def _answer(told: Any, picture: Picture, prompt: Prompt) -> Answer:
    """The masks in what a service told about one prompt, brought to the prompt's crop."""
    try:
        masks = parse_answer(told, (picture.height, picture.width))
    except AnswerError as error:
        return error
    return [Candidate(picture.mask(mask.values, prompt.crop), mask.predicted_iou) for mask in masks]
