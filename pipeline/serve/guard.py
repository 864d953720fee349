"""A request -> refused, or passed on: only a browser of this machine that has the token gets a page.

Any web page that a person visits can send requests to this machine. The exact host name defeats DNS rebinding, the
token and the exact origin defeat requests of other sites, and the policies defeat content that a post brings in.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse, RedirectResponse, Response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BODY_BYTES = 65_536  # of a request: a decision has less than a kilobyte, "all of a group" some more
TOKEN_BYTES = 32
DEFAULT_PORT_OF_HTTP = 80  # browsers leave it out of the host
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def new_token() -> str:
    """Return a secret that no other program can guess."""
    return secrets.token_urlsafe(TOKEN_BYTES)


@dataclass(frozen=True, slots=True)
class Guard:
    """An ASGI application around another: what it refuses never reaches the other."""

    app: ASGIApp
    token: str
    port: int

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of HTTP; everything else is closed or ignored."""
        if scope["type"] != "http":
            return
        answer = self._answer(scope)
        await (answer or self.app)(scope, receive, _with_security_headers(send))

    def _answer(self, scope: Scope) -> Response | None:
        """Return the refusal of a request, or the redirection that stores the token; None to pass it on."""
        headers, method = Headers(scope=scope), scope["method"]
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts():
            return _refusal(HTTPStatus.FORBIDDEN, "this server answers only to 127.0.0.1 and localhost")
        origins = headers.getlist("origin")
        if origins not in ([], [f"http://{hosts[0]}"]) or (method == "POST" and not origins):
            return _refusal(HTTPStatus.FORBIDDEN, "requests of other sites are refused")
        if method not in {"GET", "HEAD", "POST"}:
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED, "only GET, HEAD and POST are known")
        query = dict(parse_qsl(scope["query_string"].decode("ascii", "replace")))
        if method == "GET" and self._is_token(query.pop("token", "")):
            return self._signed_in(scope["path"], query)
        if not self._is_token(cookie_parser(headers.get("cookie", "")).get(self._cookie(), "")):
            return _refusal(HTTPStatus.FORBIDDEN, "no token: open the URL that `lacuna serve` printed")
        return _refused_body(headers) if method == "POST" else None

    def _hosts(self) -> set[str]:
        names = {"127.0.0.1", "localhost"}
        bare = names if self.port == DEFAULT_PORT_OF_HTTP else set()
        return {f"{name}:{self.port}" for name in names} | bare

    def _cookie(self) -> str:
        """Return the name of the cookie: cookies of one host are shared by all its ports."""
        return f"lacuna-{self.port}"

    def _is_token(self, given: str) -> bool:
        return secrets.compare_digest(given.encode(), self.token.encode())

    def _signed_in(self, path: str, query: dict[str, str]) -> Response:
        """Return a redirection to the same page without the token in its URL; a cookie has it from now on."""
        target = "/" + path.lstrip("/") + (f"?{urlencode(query)}" if query else "")
        answer = RedirectResponse(target, HTTPStatus.SEE_OTHER)
        answer.set_cookie(self._cookie(), self.token, httponly=True, samesite="strict", path="/")
        return answer


def _refused_body(headers: Headers) -> Response | None:
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit()):
        return _refusal(HTTPStatus.LENGTH_REQUIRED, "a request needs its length")
    if len(length) > len(str(MOST_BODY_BYTES)) or int(length) > MOST_BODY_BYTES:
        return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a request has at most {MOST_BODY_BYTES} bytes")
    return None


def _refusal(status: HTTPStatus, reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", status)


def _with_security_headers(send: Send) -> Send:
    async def sender(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(SECURITY_HEADERS)
        await send(message)

    return sender
