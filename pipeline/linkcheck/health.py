"""A response, or the lack of one -> the health of its URL."""

from __future__ import annotations

import datetime as dt

import httpx
import msgspec

HEALTH_BY_STATUS = {404: "gone", 410: "gone", 429: "busy"}
TEMPORARY_FAILURES = {"busy", "failing", "timeout", "unreachable", "disallowed"}  # results that expire after a day


class LinkHealth(msgspec.Struct, frozen=True):
    """The result for a URL: health, HTTP status (0: no response), the final URL after redirects, and the time."""

    health: str  # ok, moved, gone, refused, busy, failing, timeout, unreachable, loop, private, disallowed
    status: int
    final: str
    checked: str  # ISO 8601, UTC


class FinalResult(Exception):  # noqa: N818 - a condition, not a fault
    """The health of a URL is known: no further request is needed."""

    def __init__(self, health: LinkHealth) -> None:
        """Carry the health."""
        super().__init__(health.health)
        self.health = health


class TryAgain(FinalResult):
    """The request failed but may succeed later; `after` is the host's Retry-After, in seconds."""

    def __init__(self, health: LinkHealth, after: float = 0) -> None:
        """Carry the health that counts if no further try is made."""
        super().__init__(health)
        self.after = after


def health_of_response(response: httpx.Response) -> LinkHealth:
    """Return the health that a response shows. Raises TryAgain where another try may succeed."""
    status = response.status_code
    permanent = any(one.status_code in {301, 308} for one in response.history)
    success = "moved" if permanent else "ok"
    error = "failing" if response.is_server_error else "refused"
    name = success if response.is_success else HEALTH_BY_STATUS.get(status, error)
    health = health_now(name, status, str(response.url) if response.history else "")
    if name in {"busy", "failing"}:
        after = response.headers.get("retry-after", "")
        raise TryAgain(health, float(after) if after.isdecimal() else 0)
    return health


def health_now(name: str, status: int = 0, final: str = "") -> LinkHealth:
    """Return a result of this moment."""
    return LinkHealth(name, status, final, dt.datetime.now(dt.UTC).isoformat(timespec="seconds"))
