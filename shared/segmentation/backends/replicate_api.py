"""The part of Replicate's HTTP API that segmentation needs.

https://replicate.com/docs/reference/http
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import quote, urlsplit

import httpx2

from shared.schemas.errors import Permanent, ReasonCode, Transient
from shared.segmentation.sam2.answers import AnswerError, parse_json
from shared.segmentation.sam2.transport import (
    INVALID_HEADER,
    UNCOMPRESSED,
    ByteBudget,
    fetch,
    retry_after,
)

API = "https://api.replicate.com"

_POLL_SECONDS = 0.5
"""Interval between requests for the state of a prediction. The default of Replicate's own client,
https://github.com/replicate/replicate-python."""

_MOST_FAILED_POLLS = 5
"""Failed requests for the state in a row, after which the attempt fails. Chosen by hand: a larger
number survives a longer outage, but hides it for longer from the retry policy."""

_MOST_REASON = 200
"""Limit for a reason that Replicate gives, in characters. It ends up in results."""

_TIMEOUT = httpx2.Timeout(None, connect=5.0)
"""Replicate's own client waits 5 s for a connection, too. `Prefer: wait` delays a response by up to
60 s, so the caller's time limit is the only other one."""


class ReplicateApi:
    """Calls the API. Use it in the event loop of all calls, with a time limit around each call.

    All methods raise:
        Transient: 429, 5xx or a failed connection; a later attempt may succeed.
        Permanent: the API refuses, or its response is invalid.
    """

    def __init__(self, token: str, base_url: str) -> None:
        self._token = token
        self._base_url = base_url
        self._client = httpx2.AsyncClient(
            headers=UNCOMPRESSED, limits=httpx2.Limits(max_connections=None)
        )

    @property
    def host(self) -> str:
        """The host of the API."""
        return urlsplit(self._base_url).netloc

    async def newest_version(self, model: str) -> str:
        """Returns the id of the newest version of a model, whose name is owner/name."""
        response = await self._call("GET", f"models/{model}")
        if isinstance(response, dict) and response.get("latest_version") is None:
            raise Permanent(ReasonCode.SAM2_REFUSED, f"{model} has no version.")
        return _string(response, "latest_version", "id")

    async def upload(self, data: bytes) -> str:
        """Uploads a file and returns its URL, which an input of a prediction may contain."""
        return _string(await self._call("POST", "files", files={"content": data}), "urls", "get")

    async def predict(self, version: str, inputs: Mapping[str, str]) -> Any:
        """Runs one prediction and returns its output."""
        request = {"version": version, "input": inputs}
        headers = {"Prefer": "wait"}
        prediction = await self._call("POST", "predictions", json=request, headers=headers)
        prediction = await self._completed(prediction)
        match prediction["status"]:
            case "succeeded":
                return prediction.get("output")
            case "failed":
                reason = f"Replicate failed: {str(prediction.get('error'))[:_MOST_REASON]}"
                raise Permanent(ReasonCode.SAM2_REFUSED, reason)
            case "canceled" | "aborted" as status:
                raise Transient(f"Replicate's prediction ended as {status}")
            case status:
                raise AnswerError(f"status: {status[:80]}")

    async def _completed(self, prediction: Any) -> Any:
        """Waits for the end of a prediction. Repeats a failed poll: a new prediction costs money.

        The states: https://replicate.com/docs/topics/predictions/lifecycle.
        """
        name = quote(_string(prediction, "id"), safe="")
        failed = 0
        while _string(prediction, "status") in ("starting", "processing"):
            try:
                await asyncio.sleep(_POLL_SECONDS)
                prediction = await self._call("GET", f"predictions/{name}")
                failed = 0
            except Transient as error:
                failed += 1
                if failed == _MOST_FAILED_POLLS:
                    raise
                await asyncio.sleep(error.retry_after or 0)
        return prediction

    async def download(self, url: str, budget: ByteBudget) -> bytes:
        """Downloads a file of an output, without the token: the URL may be of another host."""
        if not url.startswith(("https://", self._base_url)):
            raise AnswerError(f"individual_masks: {url[:80]} is no https address")
        async with _errors(), self._client.stream("GET", url) as response:
            if response.status_code != 200:
                raise Transient(f"Replicate's file answered {response.status_code}")
            return await fetch(response, budget)

    async def _call(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **content: Any
    ) -> Any:
        """Sends one request and returns the JSON of its response."""
        async with (
            _errors(),
            self._client.stream(
                method,
                f"{self._base_url}/v1/{path}",
                headers={"Authorization": f"Bearer {self._token}", **(headers or {})},
                timeout=_TIMEOUT,
                **content,
            ) as response,
        ):
            status = response.status_code
            if status == 429 or status >= 500:
                raise Transient(f"Replicate answered {status}", retry_after(response.headers))
            body = await fetch(response, ByteBudget())
        if status >= 400:
            raise Permanent(ReasonCode.SAM2_REFUSED, _refusal(status, body))
        return parse_json(body)


@asynccontextmanager
async def _errors() -> AsyncIterator[None]:
    """Maps the errors of the HTTP client to ours."""
    try:
        yield
    except INVALID_HEADER:  # the error's text contains the token
        sentence = "REPLICATE_API_TOKEN has characters that no HTTP header may have."
        raise Permanent(ReasonCode.SAM2_REFUSED, sentence) from None
    except httpx2.TransportError as error:
        raise Transient(f"Replicate cannot be reached: {error}") from error
    except (httpx2.InvalidURL, ValueError, ExceptionGroup) as error:
        # a port beyond 65535 raises OverflowError in the connection's task group
        raise AnswerError(error) from error


def _refusal(status: int, body: bytes) -> str:
    """Returns the sentence for a status that no retry changes, with the reason in the body."""
    if status in (401, 403):
        return f"Replicate answered {status}: it does not accept REPLICATE_API_TOKEN."
    problem: Any = None
    with suppress(AnswerError):
        problem = parse_json(body)
    fields = problem if isinstance(problem, dict) else {}
    reason = fields.get("detail") or fields.get("title") or "no reason given"
    return f"Replicate answered {status}: {str(reason)[:_MOST_REASON]}"


def _string(response: Any, *path: str) -> str:
    """Returns the string at a path of fields. Raises AnswerError if there is none."""
    value = response
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    if not isinstance(value, str):
        raise AnswerError(f"want {'.'.join(path)}, got {str(response)[:80]}")
    return value
