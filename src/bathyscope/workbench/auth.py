"""Who may talk to the server, and what every answer forbids the browser.

The server reads a person's data and runs code for them, and any web page the same person visits can send it
requests. So, in this order: the Host must be ours (a rebound DNS name is not), a socket or anything but a GET must
come from our own page, and whoever asks must hold the token.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, field
from http.cookies import CookieError
from typing import Literal
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bathyscope.errors import AccessError, RequestError
from bathyscope.workbench.replies import error_reply, refusal_page

Role = Literal["owner", "viewer"]

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
PUBLIC_PREFIXES = ("/assets/",)
PUBLIC_PATHS = frozenset({"/plain.css", "/favicon.ico", "/favicon.svg", "/api/status"})
"""What holds nothing of the recording: the program of the page, and the sign that the server is up."""

MIN_TOKEN_LENGTH = 16


@dataclass(frozen=True)
class Access:
    """The keys of one server and the names under which it may be addressed.

    Parameters
    ----------
    token : gives the role of an owner
    viewer_token : gives the role of a viewer, who looks and changes nothing
    read_only : whoever comes is a viewer
    hosts : host names beside the loopback ones that requests may be addressed to
    any_address : accept every numeric address as well, for a server on all interfaces; a DNS name can be pointed
        at this machine by a stranger, a number cannot
    """

    token: str = field(repr=False)
    viewer_token: str | None = field(default=None, repr=False)
    read_only: bool = False
    hosts: frozenset[str] = frozenset()
    any_address: bool = False

    def __post_init__(self) -> None:
        for token in (self.token, self.viewer_token):
            if token is not None and len(token) < MIN_TOKEN_LENGTH:
                raise AccessError(
                    f"The token has {len(token)} characters; it guards everything the server can do. "
                    f"Give at least {MIN_TOKEN_LENGTH} random ones, or none to have one made."
                )

    def role_of(self, token: str) -> Role | None:
        """Role that the token gives; takes as long for a wrong token as for a right one."""
        return self._role(token, {self.token: "owner", self.viewer_token: "viewer"})

    def role_of_cookie(self, value: str) -> Role | None:
        """Role that the cookie gives. It holds a digest, so that a leaked cookie jar leaks no token."""
        owner: dict[str | None, Role] = {cookie_value(self.token): "owner"}
        if self.viewer_token is not None:
            owner[cookie_value(self.viewer_token)] = "viewer"
        return self._role(value, owner)

    def knows_host(self, host: str) -> bool:
        """Whether a Host header names this server."""
        try:
            parts = urlsplit(f"//{host}")
            name, _ = parts.hostname, parts.port
        except ValueError:
            return False
        if not name or parts.username is not None or parts.path or parts.query or parts.fragment:
            return False
        # Any port: behind `ssh -L 9000:localhost:8400` the browser says localhost:9000, and a rebound name is
        # told apart by the name.
        return name in LOOPBACK or name in self.hosts or (self.any_address and _is_address(name))

    def _role(self, given: str, keys: dict[str | None, Role]) -> Role | None:
        found: Role | None = None
        for key, role in keys.items():
            if key is not None and hmac.compare_digest(given.encode("utf-8", "replace"), key.encode()):
                found = role
        return "viewer" if found and self.read_only else found


class Guard:
    """ASGI middleware that lets in only what `Access` allows and puts the security headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access) -> None:
        self.app = app
        self.access = access

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check one request or handshake, then pass it on with `scope["role"]` set."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        send = _with_security_headers(send, host if self.access.knows_host(host) else None)
        try:
            answer = self._check(scope, headers)
        except (AccessError, RequestError) as error:
            answer = _refusal(scope, error)
        if answer is None:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await _deny_socket(answer, scope, receive, send)
        else:
            await answer(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> Response | None:
        """None to go on; an answer to give instead."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self.access.knows_host(hosts[0]):
            raise AccessError(
                f"This server does not answer to the host name {(hosts or ['(none)'])[0]!r}. Open it under the "
                "address it printed when it started, or start it with that name among its allowed hosts."
            )
        scope["role"] = self._role(scope, headers)
        if scope["type"] == "websocket" or scope["method"] not in ("GET", "HEAD"):
            _check_same_origin(scope, headers)
        elif scope["path"].startswith("/api/"):
            _check_fetch_site(headers)
        if scope["type"] == "http" and scope["method"] == "POST":
            _check_json(headers)
        if scope["type"] == "http" and scope["path"] == "/" and b"token=" in scope["query_string"]:
            return self._log_in(scope, headers)
        if scope["role"] is None and not _is_public(scope):
            return _unknown_visitor(scope, headers)
        return None

    def _role(self, scope: Scope, headers: Headers) -> Role | None:
        kind, _, token = headers.get("authorization", "").partition(" ")
        if kind.lower() in ("token", "bearer"):
            return self.access.role_of(token.strip())
        try:
            cookies = cookie_parser(headers.get("cookie", ""))
        except CookieError:
            return None
        return self.access.role_of_cookie(cookies.get(cookie_name(headers["host"]), ""))

    def _log_in(self, scope: Scope, headers: Headers) -> Response:
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
        token = next((value for name, value in query if name == "token"), "")
        if self.access.role_of(token) is None:
            return refusal_page(401)
        rest = urlencode([(name, value) for name, value in query if name != "token"])
        answer = RedirectResponse(f"/?{rest}" if rest else "/", status_code=303)
        answer.set_cookie(
            cookie_name(headers["host"]),
            cookie_value(token),
            httponly=True,
            samesite="strict",
            secure=scope["scheme"] == "https",
        )
        answer.headers["Cache-Control"] = "no-store"
        return answer


def cookie_name(host: str) -> str:
    """Name after the port that the browser sees: cookies are shared by all ports of a host, servers are not."""
    parts = urlsplit(f"//{host}")
    return f"bathyscope-{parts.port or 80}"


def cookie_value(token: str) -> str:
    """What the cookie holds in place of the token."""
    return hashlib.sha256(f"bathyscope cookie {token}".encode()).hexdigest()


def content_security_policy(host: str | None) -> str:
    """The policy of every answer; `host` is ours as the browser names it."""
    # Safari before 17 does not count a socket of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if host else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; "
        f"connect-src 'self'{sockets}; worker-src 'self' blob:; frame-ancestors 'self'; base-uri 'none'; "
        "form-action 'none'"
    )


def is_loopback(host: str) -> bool:
    """Whether a bind address can be reached from this machine only."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def hosts_of(addresses: Iterable[str]) -> frozenset[str]:
    """Host names in the form in which they are compared."""
    return frozenset(address.strip("[]").lower() for address in addresses)


def _check_same_origin(scope: Scope, headers: Headers) -> None:
    """Refuse a socket or a changing request that another page makes the browser send."""
    _check_fetch_site(headers)
    scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
    own = f"{scheme}://{headers['host']}".lower()
    origin = headers.get("origin")
    if origin is None and "authorization" in headers:
        return  # a program, not a browser: browsers always send Origin here, and never a token by themselves
    if origin is None or origin.lower() != own:
        raise AccessError(f"This request came from {origin or 'an unnamed page'}; only {own} itself may send it.")


def _check_fetch_site(headers: Headers) -> None:
    site = headers.get("sec-fetch-site", "same-origin")
    if site not in ("same-origin", "none"):
        raise AccessError(f"The browser says that this request is {site}; only the workbench's own page may send it.")


def _check_json(headers: Headers) -> None:
    content_type = headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise RequestError(f"The request's content type is {content_type!r}; application/json is expected.", status=415)


def _is_public(scope: Scope) -> bool:
    path: str = scope["path"]
    return scope["type"] == "http" and (path in PUBLIC_PATHS or path.startswith(PUBLIC_PREFIXES))


def _unknown_visitor(scope: Scope, headers: Headers) -> Response | None:
    elsewhere = headers.get("sec-fetch-site") in ("cross-site", "same-site")
    if scope["type"] == "http" and scope["path"] == "/" and elsewhere:
        # The link with the token was clicked on another page: the browser has just taken our strict cookie and
        # still does not send it along this one redirect. The bare page shows nothing; its own requests bring it.
        return None
    return _refusal(scope, AccessError("No valid token came with this request.", status=401))


def _refusal(scope: Scope, error: AccessError | RequestError) -> Response:
    if scope["type"] == "http" and not scope["path"].startswith("/api/"):
        return refusal_page(error.status, None if error.status == 401 else str(error))
    return error_reply(error)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


async def _deny_socket(answer: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if "websocket.http.response" in scope.get("extensions", {}):
        await answer(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": 1008, "reason": "not allowed"})


def _with_security_headers(send: Send, host: str | None) -> Send:
    async def guarded(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = content_security_policy(host)
            headers["Referrer-Policy"] = "no-referrer"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            headers["Cross-Origin-Resource-Policy"] = "same-origin"
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return guarded
