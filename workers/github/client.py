"""How GitHub is asked: one connection pool, a time limit, reads tried again, writes never, and every failure in words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

from githubkit import GitHub
from githubkit.auth import UnauthAuthStrategy
from githubkit.exception import GitHubException, RateLimitExceeded, RequestError, RequestFailed
from githubkit.response import Response
from githubkit.retry import RetryOption

from workers.core.errors import ExpectedError, InterruptedWorkError
from workers.core.redact import redact
from workers.core.refusals import RefusalCode
from workers.github.answers import Answer
from workers.github.permissions import Endpoint

T = TypeVar("T")

API_VERSION = "2022-11-28"
PAGE = 100
MOST_PAGES = 100
_PAUSES = (0.25, 0.5, 1.0)
_RATE_LIMIT_WORDS = (
    "rate limit",
    "abuse detection",
)  # https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
_LONGEST_WAIT = 3600.0


class NotFoundError(ExpectedError):
    """404: it is not there, or the App may not see it."""


class UnauthorizedError(ExpectedError):
    """401: the token has expired or the key is wrong; nothing was done."""


class RefusedError(ExpectedError):
    """GitHub says no, for the reason in the message; nothing was done."""


class UnsureError(ExpectedError):
    """A request ended without an answer: what it should write may be written."""


class Client:
    """GitHub at one API address. Used inside `with`, so that connections are kept; `transport` is httpx's, for logs."""

    def __init__(
        self, api_url: str, *, timeout: float = 15, patience: float = 6, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.patience, self.sleep = patience, sleep
        self.github = GitHub(
            UnauthAuthStrategy(),
            base_url=api_url,
            timeout=timeout,
            auto_retry=_retry_reads,
            http_cache=False,
            user_agent="schemagate",
        )

    def __enter__(self) -> Self:
        self.github.__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.github.__exit__(kind, error, trace)

    def send(
        self,
        endpoint: Endpoint,
        authorization: str,
        parts: Mapping[str, object],
        *,
        query: Mapping[str, str | int] | None = None,
        body: Mapping[str, object] | None = None,
    ) -> Answer:
        """Ask once; a read is asked again after a failure of the server.

        Raises NotFoundError, UnauthorizedError, RefusedError, UnsureError, or InterruptedWorkError where GitHub asks to wait.
        """
        headers = {"Authorization": authorization, "X-GitHub-Api-Version": API_VERSION}
        try:
            response = self.github.request(
                endpoint.method,
                endpoint.url(**parts),
                params=dict(query or {}),
                json=dict(body) if body is not None else None,
                headers=headers,
            )
            return Answer(response.json() if response.content else None)
        except GitHubException as error:
            raise _in_words(error, endpoint) from None
        except ValueError:
            raise _failed(UnsureError, f"GitHub's answer to {endpoint.method} {endpoint.path} is no JSON") from None

    def pages(self, ask: Callable[[dict[str, str | int]], tuple[Answer, ...]]) -> Iterator[Answer]:
        """Every item of a list, page by page. Raises ExpectedError(too_large) rather than cutting it."""
        for page in range(1, MOST_PAGES + 1):
            items = ask({"per_page": PAGE, "page": page})
            yield from items
            if len(items) < PAGE:
                return
        message = f"GitHub lists more than {PAGE * MOST_PAGES} items"
        raise ExpectedError(message, "close what is not needed any more", RefusalCode.TOO_LARGE)

    def patiently(self, ask: Callable[[], T]) -> T:
        """Ask for something so new that GitHub may not find it for some seconds yet."""
        end = time.monotonic() + self.patience
        while True:
            try:
                return ask()
            except NotFoundError:
                if time.monotonic() > end:
                    raise
            self.sleep(0.5)


def surely(write: Callable[[], T], look: Callable[[], T | None]) -> T:
    """Write once. Where the answer is lost, look whether it was written before saying that it failed."""
    try:
        return write()
    except UnsureError:
        found = look()
        if found is None:
            raise
        return found


def _retry_reads(error: GitHubException, count: int) -> RetryOption:
    """GET after a failure of the server or of the connection; nothing else, ever."""
    if isinstance(error, RateLimitExceeded) or not isinstance(error, RequestError) or count >= len(_PAUSES):
        return RetryOption(do_retry=False)
    again = _status(error) >= 500 and _method(error) == "GET"
    return RetryOption(do_retry=again, retry_after=timedelta(seconds=_PAUSES[count]))


def _status(error: RequestError[Any]) -> int:
    """The HTTP status; 599 for a connection that broke or took too long."""
    return error.response.status_code if isinstance(error, RequestFailed) else 599


def _method(error: RequestError[Any]) -> str:
    request = getattr(error.exc, "_request", None)
    return str(getattr(request, "method", ""))


def _in_words(error: GitHubException, endpoint: Endpoint) -> ExpectedError | InterruptedWorkError:
    asked = f"{endpoint.method} {endpoint.path}"
    if isinstance(error, RateLimitExceeded):
        return InterruptedWorkError(
            "GitHub asks to wait", after=min(max(error.retry_after.total_seconds(), 1.0), _LONGEST_WAIT)
        )
    if not isinstance(error, RequestFailed):
        kind = ExpectedError if endpoint.method == "GET" else UnsureError
        return _failed(kind, f"GitHub did not answer {asked}")
    status, said = error.response.status_code, _said(error.response)
    if status == 429 or (status == 403 and any(word in said.lower() for word in _RATE_LIMIT_WORDS)):
        return InterruptedWorkError("GitHub asks to wait", after=60)
    if status >= 500:
        return _failed(
            ExpectedError if endpoint.method == "GET" else UnsureError, f"GitHub failed at {asked} ({status})"
        )
    if status == 401:
        return UnauthorizedError(
            f"GitHub does not accept the App's credentials at {asked}",
            "check App id and private key",
            RefusalCode.NOT_CONFIGURED,
        )
    if status in {404, 410}:
        return NotFoundError(
            f"GitHub finds nothing at {asked}",
            "check that the App is installed there and may see it",
            RefusalCode.CHECKOUT_FAILED,
        )
    return RefusedError(
        f"GitHub refuses {asked} ({status}): {said}",
        "check the App's permissions and the branch's rules",
        RefusalCode.CHECKOUT_FAILED,
    )


def _said(response: Response[Any]) -> str:
    """GitHub's own words, and those about single fields."""
    try:
        answer = Answer(response.json())
        details = [Answer(item).maybe_text("message") for item in answer.at("errors").value or []]
    except (ValueError, TypeError):
        return ""
    return redact(" ".join(text for text in (answer.maybe_text("message"), *details) if text))[:300]


def _failed(kind: type[ExpectedError], message: str) -> ExpectedError:
    return kind(message, "GitHub may be in trouble; comment `/plan` to try again", RefusalCode.CHECKOUT_FAILED)
