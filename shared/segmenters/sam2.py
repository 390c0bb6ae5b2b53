"""A SAM2 service over HTTP: anybody's, a prompt a call, or our own, all prompts in one."""

from collections.abc import Sequence
from typing import Any, Literal

from shared.deadline import Deadline
from shared.geometry import Image
from shared.masks import Candidate
from shared.prompts import Prompt
from shared.sam2.answers import AnswerError, parse_answer
from shared.sam2.calls import JsonService, bad_answer
from shared.sam2.contract import (
    MOST_PICTURES,
    FieldNames,
    batch_request,
    per_prompt,
    single_request,
)
from shared.sam2.pictures import Picture, picture_of, shared_windows
from shared.segmenters import Answer


class Sam2Segmenter:
    """Asks any server that speaks the contract."""

    name: Literal["sam2"] = "sam2"
    batch = 1
    parallel = 4

    def __init__(self, service: JsonService, names: FieldNames) -> None:
        self._service = service
        self._names = names

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """Every candidate of the service's answer to each."""
        answers: list[Answer] = []
        for prompt in prompts:
            picture = picture_of(image, prompt.crop)
            request = single_request(picture, prompt, self._names)
            answers.append(_answer(self._service.ask(request, deadline), picture, prompt))
        return answers


class BatchSegmenter:
    """Asks our own service (functions/sam2)."""

    name: Literal["sam2"] = "sam2"
    batch = MOST_PICTURES
    parallel = 1

    def __init__(self, service: JsonService) -> None:
        self._service = service

    def segment(self, image: Image, prompts: Sequence[Prompt], deadline: Deadline) -> list[Answer]:
        """Every candidate of the service's one answer to all."""
        pictures = [
            (picture_of(image, window), members) for window, members in shared_windows(prompts)
        ]
        answer = self._service.ask(batch_request(pictures), deadline)
        try:
            told = per_prompt(answer, pictures)
        except AnswerError as error:
            raise bad_answer(error) from error
        answers = {prompt.id: _answer(masks, picture, prompt) for masks, picture, prompt in told}
        return [answers[prompt.id] for prompt in prompts]


def _answer(told: Any, picture: Picture, prompt: Prompt) -> Answer:
    """The masks in what a service told about one prompt, brought to the prompt's crop."""
    try:
        masks = parse_answer(told, (picture.height, picture.width))
    except AnswerError as error:
        return bad_answer(error)
    return [Candidate(picture.mask(mask.values, prompt.crop), mask.predicted_iou) for mask in masks]
