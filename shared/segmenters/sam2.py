"""A SAM2 service over HTTP."""

from typing import Literal

import requests

from shared.connections import Connections
from shared.errors import Permanent, ReasonCode, Transient
from shared.geometry import Image
from shared.identity import Authorisation
from shared.masks import Candidate
from shared.prompts import Prompt
from shared.sam2_contract import AnswerError, FieldNames, build_request, parse_answer

_CONNECT_SECONDS = 5
_RETRYABLE = frozenset({408, 425, 429})


class Sam2Segmenter:
    """Asks one service, one prompt a call."""

    name: Literal["sam2"] = "sam2"

    def __init__(
        self, url: str, authorisation: Authorisation, names: FieldNames, timeout: float
    ) -> None:
        self._url = url
        self._authorisation = authorisation
        self._names = names
        self._timeout = timeout
        self._connections = Connections()

    def segment(self, crop: Image, prompt: Prompt) -> list[Candidate]:
        """Every candidate of the service's answer, at the crop's size."""
        payload = build_request(crop, prompt, self._names)
        try:
            response = self._connections.session.post(
                self._url,
                json=payload,
                headers=self._authorisation.headers(),
                timeout=(_CONNECT_SECONDS, self._timeout),
            )
        except requests.RequestException as error:
            raise Transient(f"SAM2 at {self._url} cannot be reached: {error}") from error
        self._check(response)
        try:
            return parse_answer(response.json(), (crop.shape[0], crop.shape[1]))
        except (AnswerError, requests.JSONDecodeError) as error:
            raise Permanent(
                ReasonCode.SAM2_BAD_ANSWER, f"SAM2's answer is not understood: {error}"
            ) from error

    def _check(self, response: requests.Response) -> None:
        status = response.status_code
        if status in _RETRYABLE or status >= 500:
            raise Transient(f"SAM2 at {self._url} answered {status} {response.reason}")
        if status in (401, 403):
            raise Permanent(
                ReasonCode.SAM2_REFUSED,
                f"SAM2 at {self._url} answered {status}: the segmentation function's service "
                "account needs roles/run.invoker on that service, or SAM2_AUTH and SAM2_AUDIENCE "
                "do not fit it.",
            )
        if status != 200:
            raise Permanent(
                ReasonCode.SAM2_REFUSED,
                f"SAM2 at {self._url} answered {status} {response.reason}: {response.text[:200]}",
            )
