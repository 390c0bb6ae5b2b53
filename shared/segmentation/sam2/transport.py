"""JSON over HTTP, with limits for time and bytes that hold for any server.

Socket timeouts restart with each received byte. So calls run in one event loop on its own thread,
where a timeout can cover a complete call. Any thread may start calls.
"""

import asyncio
import json
import threading
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import cache, partial
from http import HTTPStatus
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2

from shared.gcp.id_tokens import Authorisation
from shared.runtime import tracing
from shared.runtime.deadline import Deadline
from shared.runtime.trace_context import TRACE_PARENT
from shared.schemas.errors import Permanent, ReasonCode, Transient
from shared.schemas.url_redaction import without_secrets
from shared.segmentation.sam2.answers import AnswerError, parse_json
from shared.segmentation.sam2.resilience import RetryPolicy

MOST_BYTES = 64 * 2**20
"""Limit for a response, in bytes: about 20 times the size of four masks of SAM2's own resolution as
lists of numbers."""

_CONNECT_SECONDS = 5.0
_DESCRIBE_SECONDS = 10.0
_MOST_DESCRIPTION = 2**16
"""Timeouts to connect and for a description, and the limit for a description in bytes. Chosen by
hand: shorter timeouts fail for slow servers, longer ones delay retries."""

_RETRYABLE = frozenset({408, 425, 429})
"""Client errors that a later attempt may not get: RFC 9110, section 15.5.9; RFC 8470, section 5.2;
RFC 6585, section 4."""

_PLAIN = "identity"
UNCOMPRESSED = {"Accept-Encoding": _PLAIN}
_JSON = {"Content-Type": "application/json", **UNCOMPRESSED}

INVALID_HEADER = (httpx2.LocalProtocolError, UnicodeEncodeError)
"""Errors of a request whose header has a character that HTTP does not allow, e.g. a line end."""

T = TypeVar("T")


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="calls", daemon=True).start()
    return loop


def in_loop(work: Coroutine[Any, Any, T]) -> T:
    """Runs the coroutine in the event loop of all calls; returns its result or raises its error."""
    return asyncio.run_coroutine_threadsafe(work, _loop()).result()


@dataclass(frozen=True, slots=True)
class _Call:
    """A request, with limits for the seconds of one attempt and the bytes of its response."""

    method: str
    content: bytes
    seconds: float
    most_bytes: int


class JsonService:
    """A server that accepts and returns JSON. One per process; safe to share between threads."""

    def __init__(
        self,
        url: str,
        authorisation: Authorisation,
        timeout: float,
        *,
        continues_traces: bool = False,
    ) -> None:
        """`continues_traces` says that the server is our own: only it gets the trace's position."""
        self._url = url
        self._continues_traces = continues_traces
        self._authorisation = authorisation
        self._timeout = timeout
        self._name = f"The segmentation service at {without_secrets(url)}"
        self._retry_policy = RetryPolicy(self._name)
        self._client = httpx2.AsyncClient(
            timeout=httpx2.Timeout(None, connect=_CONNECT_SECONDS),
            limits=httpx2.Limits(max_connections=None, max_keepalive_connections=8),
        )

    @property
    def host(self) -> str:
        """The server's host or host:port."""
        return urlsplit(self._url).netloc

    def post(
        self,
        payload: Mapping[str, Any],
        deadline: Deadline,
        crops: int = 1,
        most_bytes: int = MOST_BYTES,
    ) -> Any:
        """Posts JSON and returns the JSON response. The timeout is multiplied by `crops`.

        Raises:
            Transient: no response before the deadline; a later attempt may succeed.
            Permanent: the server refuses, or its response is invalid.
        """
        content = json.dumps(payload, separators=(",", ":")).encode()
        call = _Call("POST", content, self._timeout * crops, most_bytes)
        answer = partial(self._answer, call, deadline)
        return parse_json(in_loop(self._retry_policy.call(answer, deadline)))

    def describe(self, deadline: Deadline) -> Any:
        """Returns the server's description of itself: the JSON response to a GET of its URL.

        Raises:
            Transient, Permanent: there is no valid response. The request is not retried.
        """
        call = _Call("GET", b"", _DESCRIBE_SECONDS, _MOST_DESCRIPTION)
        return parse_json(in_loop(self._answer(call, deadline)))

    async def _answer(self, call: _Call, deadline: Deadline) -> bytes:
        """Makes one attempt, including authorisation, within its limits; returns the body."""
        seconds = min(call.seconds, deadline.left)
        try:
            async with asyncio.timeout(seconds):
                response, body = await self._send_authorised(call)
        except TimeoutError as error:
            raise Transient(f"{self._name} gave no answer in {seconds:.0f} s") from error
        except httpx2.DecodingError as error:
            raise AnswerError(error) from error
        except INVALID_HEADER:  # the error's text contains the key
            sentence = f"The key for {self._name} has characters that no HTTP header may have."
            raise Permanent(ReasonCode.SAM2_REFUSED, sentence) from None
        except httpx2.TransportError as error:
            reason = str(error) or type(error).__name__
            raise Transient(f"{self._name} cannot be reached: {reason}") from error
        self._check(response, body)
        return body

    async def _send_authorised(self, call: _Call) -> tuple[httpx2.Response, bytes]:
        """Sends with authorisation headers; retries once if a refused token can be renewed.

        A token may expire between two attempts, or seem expired if clocks differ.
        """
        headers = await self._headers()
        response, body = await self._send(call, headers)
        if response.status_code == HTTPStatus.UNAUTHORIZED and self._authorisation.renew(headers):
            response, body = await self._send(call, await self._headers())
        return response, body

    async def _headers(self) -> dict[str, str]:
        return await asyncio.wrap_future(self._authorisation.headers())

    async def _send(self, call: _Call, headers: Mapping[str, str]) -> tuple[httpx2.Response, bytes]:
        with tracing.span(call.method, "client", self._span_attributes(call)):
            request = self._client.build_request(
                call.method,
                self._url,
                content=call.content,
                headers={**_JSON, **headers, **self._trace_headers()},
            )
            response = await self._client.send(request, stream=True)
            try:
                status = response.status_code
                tracing.annotate({"http.response.status_code": status})
                if status >= HTTPStatus.BAD_REQUEST:
                    tracing.fail(str(status), "")
                return response, await fetch(response, ByteBudget(call.most_bytes))
            finally:
                await response.aclose()

    def _span_attributes(self, call: _Call) -> dict[str, object]:
        """https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client."""
        address = urlsplit(self._url)
        return {
            "http.request.method": call.method,
            "http.request.body.size": len(call.content),
            "server.address": address.hostname,
            "server.port": address.port or (443 if address.scheme == "https" else 80),
            "url.full": without_secrets(self._url),
        }

    def _trace_headers(self) -> dict[str, str]:
        current = tracing.context()
        if current is None or not self._continues_traces:
            return {}
        return {TRACE_PARENT: current.trace_parent}

    def _check(self, response: httpx2.Response, body: bytes) -> None:
        """Raises Transient or Permanent, unless the status is 200."""
        status = response.status_code
        sentence = f"{self._name} answered {status} {response.reason_phrase}".rstrip()
        if status in _RETRYABLE or status >= 500:
            raise Transient(sentence, retry_after(response.headers))
        if status in (401, 403):
            raise Permanent(
                ReasonCode.SAM2_REFUSED, f"{sentence}: {self._authorisation.remedy(status)}"
            )
        if status != 200:
            excerpt = body[:200].decode(errors="replace")
            location = without_secrets(response.headers.get("Location", ""))
            where = f" It redirects to {location}: is SAM2_URL right?" if location else ""
            raise Permanent(ReasonCode.SAM2_REFUSED, f"{sentence}: {excerpt}{where}")


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Returns the seconds in the header Retry-After; None if it is missing or invalid.

    RFC 9110, section 10.2.3: an integer number of seconds, or a date.
    """
    value = headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


class ByteBudget:
    """A limit for the total bytes of one response."""

    def __init__(self, limit: int = MOST_BYTES) -> None:
        self._limit = limit
        self._remaining = limit

    def use(self, count: int) -> None:
        """Subtracts received bytes; raises Permanent if the limit is exceeded."""
        self._remaining -= count
        if self._remaining < 0:
            sentence = f"The segmentation service's answer has more than {self._limit:,} bytes."
            raise Permanent(ReasonCode.SAM2_BAD_ANSWER, sentence)


async def fetch(response: httpx2.Response, budget: ByteBudget) -> bytes:
    """Reads the body of a response whose headers have been received.

    Raises:
        AnswerError: the body is compressed.
        Permanent: the body exceeds the budget.
    """
    body = bytearray()
    encoding = response.headers.get("Content-Encoding", _PLAIN)
    if encoding != _PLAIN:  # httpx would decompress nested encodings without a limit
        raise AnswerError(f"it is compressed ({encoding[:40]}), which was not requested")
    async for chunk in response.aiter_raw():
        budget.use(len(chunk))
        body += chunk
    return bytes(body)
