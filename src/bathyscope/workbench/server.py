"""Starting the workbench: as an ASGI application, as a program of its own, and from Python in the background."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import mimetypes
import os
import secrets
import socket
import threading
import webbrowser
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response

from bathyscope.errors import AccessError, BathyscopeError, PortTakenError
from bathyscope.recording import Recording
from bathyscope.workbench.auth import Access, Guard, hosts_of, is_loopback
from bathyscope.workbench.layout import LayoutLike, layout_json
from bathyscope.workbench.routes import LastResort, failure, routes
from bathyscope.workbench.session import Session
from bathyscope.workbench.shown import MAX_ROWS

PAGE = Path(__file__).parent / "page"
"""The page as Vite builds it."""

FIRST_PORT = 8400
PORTS_TRIED = 20
MAX_PORT = 65_535
POLL_S = 0.5
MAX_MESSAGE = 1 << 16
WILDCARDS = frozenset({"0.0.0.0", "::", ""})

# Windows takes these from its registry, where other programs break them, and a browser that is told not to guess
# runs no script that comes as text/plain.
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("text/css", ".css")
mimetypes.add_type("image/svg+xml", ".svg")


def create_app(
    recording: Recording,
    *,
    token: str | None = None,
    viewer_token: str | None = None,
    read_only: bool = False,
    hosts: Iterable[str] = (),
    any_address: bool = False,
    page: Path = PAGE,
    cache_folder: Path | None = None,
    author: str | None = None,
    poll_s: float = POLL_S,
    share: bool = False,
    hidden: Iterable[str] = (),
    max_rows: int | None = MAX_ROWS,
    layout: LayoutLike | None = None,
    session: Session | None = None,
) -> Starlette:
    """The workbench of one recording as an ASGI application.

    Parameters
    ----------
    recording : the one to serve; it may still be growing
    token, viewer_token, read_only, hosts, any_address : see `Access`; it is at `app.state.access` with its token
    page : folder of the built page
    cache_folder : where thumbnails are kept; the user's cache folder unless given
    author : under whose name decisions are logged; the user of this process unless given
    poll_s : seconds between two looks for new checkpoints and decisions
    share : whether pages tell what they show, because Python listens
    hidden, max_rows : see `Session`
    layout : pages and tiles: a `Layout`, its JSON or its file; the page chooses unless given
    session : of an application that is at work in the same loop; this one is then a second way to it, and the
        recording and all options but those of access are the session's
    """
    access = Access(
        token=token if token is not None else secrets.token_urlsafe(32),
        viewer_token=viewer_token,
        read_only=read_only,
        hosts=hosts_of(hosts),
        any_address=any_address,
    )
    own = session is None
    session = session or Session(
        recording,
        cache_folder=cache_folder,
        author=author,
        share=share,
        hidden=hidden,
        max_rows=max_rows,
        layout=layout_json(layout),
    )

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        if not own:
            yield
            return
        session.hub.attach()
        following = asyncio.ensure_future(_follow(session, poll_s))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            await run_in_threadpool(session.close)

    app = Starlette(
        routes=routes(session, page),
        middleware=[Middleware(Guard, access=access), Middleware(LastResort)],
        exception_handlers={BathyscopeError: _answer, HTTPException: _answer},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.access = access
    app.state.session = session
    return app


def serve(
    recording: Recording,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    token: str | None = None,
    read_only: bool = False,
    hosts: Iterable[str] = (),
    hidden: Iterable[str] = (),
    max_rows: int | None = MAX_ROWS,
    layout: LayoutLike | None = None,
    on_ready: Callable[[str], None] | None = None,
    open_browser: bool = False,
) -> None:
    """Serve the workbench until Ctrl-C.

    Parameters
    ----------
    recording : the one to serve
    host : address to bind. Any but a loopback one opens the workbench to other machines, unencrypted, and needs a
        `token`; `ssh -L 8400:localhost:8400` reaches a loopback one from afar without either.
    port : the one to take, 0 for any; the first free one from 8400 unless given
    token : at least 16 characters; 256 random bits unless given
    read_only : everybody looks and nobody changes anything
    hosts : further host names under which browsers may address the server, such as that of a proxy
    hidden : metadata columns that nobody sees, whoever asks
    max_rows : of a longer recording the page gets a seeded draw of so many samples, and says so; None: all
    layout : pages and tiles: a `Layout`, its JSON or its file; the page chooses unless given
    on_ready : called with the address, token included, once the server answers
    open_browser : show it

    Raises
    ------
    PortTakenError
        If the port cannot be bound.
    AccessError
        If a `host` other than loopback comes without a token.
    """
    options: dict[str, Any] = {"read_only": read_only, "hosts": hosts, "hidden": hidden, "max_rows": max_rows}
    options["layout"] = layout
    server = PageServer(recording, host, port, token=token, **options)
    server.on_ready = announcing(on_ready, open_browser)
    # uvicorn ends gracefully at the first Ctrl-C and then passes it on.
    with contextlib.suppress(KeyboardInterrupt):
        server.run_here()


class Running:
    """A workbench in a thread of this process; `close` it, or use it as a context manager."""

    def __init__(self, server: PageServer, thread: threading.Thread) -> None:
        self._server = server
        self._thread = thread
        self.url = server.url
        """Address with the token."""

    def __repr__(self) -> str:
        return f"<Bathyscope at {self.url}>"

    def close(self) -> None:
        """Stop the server; running analyses are cancelled."""
        self._server.uvicorn.should_exit = True
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def show(
    recording: Recording | str | Path,
    *,
    port: int | None = None,
    read_only: bool = False,
    hidden: Iterable[str] = (),
    max_rows: int | None = MAX_ROWS,
    layout: LayoutLike | None = None,
    open_browser: bool = True,
) -> Running:
    """Open the workbench from Python and go on; it ends with `close()` or with the process.

    Parameters
    ----------
    recording : a recording or the folder of one
    port : the one to take, 0 for any; the first free one from 8400 unless given
    read_only : nobody changes anything through the page
    hidden, max_rows, layout : as for `serve`
    open_browser : show it

    Raises
    ------
    PortTakenError
        If the port cannot be bound.
    """
    given = recording if isinstance(recording, Recording) else Recording(recording)
    server = PageServer(given, "127.0.0.1", port, read_only=read_only, hidden=hidden, max_rows=max_rows, layout=layout)
    ready = threading.Event()
    announce = announcing(None, open_browser)

    def on_ready(url: str) -> None:
        announce(url)
        ready.set()

    server.on_ready = on_ready
    thread = threading.Thread(target=server.run_here, name="bathyscope-server", daemon=True)
    thread.start()
    while thread.is_alive() and not ready.wait(0.1):
        pass
    return Running(server, thread)


class PageServer:
    """A bound port with the application behind it."""

    def __init__(
        self,
        recording: Recording,
        host: str,
        port: int | None,
        *,
        token: str | None = None,
        hosts: Iterable[str] = (),
        **options: Any,
    ) -> None:
        if not is_loopback(host) and token is None:
            raise AccessError(
                f"Host {host!r} can be reached from other machines, and no token was given. Choose one of at least 16 "
                "random characters and pass it on to those who may see the recording, or leave host as it is."
            )
        name = socket.gethostname() if host in WILDCARDS else host
        app = create_app(recording, token=token, hosts=[*hosts, name], any_address=host in WILDCARDS, **options)
        self.socket = bind(host, port)
        shown = f"[{name}]" if ":" in name else name
        self.url = f"http://{shown}:{self.socket.getsockname()[1]}/?token={app.state.access.token}"
        self.on_ready: Callable[[str], None] = announcing(None, False)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=MAX_MESSAGE,
            ws_ping_interval=20.0,
            ws_ping_timeout=20.0,
            ws_per_message_deflate=False,
            timeout_graceful_shutdown=2,
        )
        self.uvicorn = _Uvicorn(config, lambda: self.on_ready(self.url))

    def run_here(self) -> None:
        """Serve in this thread until it is told to stop."""
        with self.socket:
            asyncio.run(self.uvicorn.serve(sockets=[self.socket]))


class _Uvicorn(uvicorn.Server):
    """Tells when it answers."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            self._on_started()


def bind(host: str, port: int | None) -> socket.socket:
    """A listening socket: at `port`, or at the first free one from 8400 if that is None.

    Raises
    ------
    PortTakenError
        If it cannot be had.
    """
    # Where it is larger, getaddrinfo would quietly take it modulo 65,536.
    if port is not None and not (isinstance(port, int) and 0 <= port <= MAX_PORT):
        raise PortTakenError(f"{port!r} is no port; ports run from 0 to {MAX_PORT}. Choose another.")
    wanted = [port] if port is not None else list(range(FIRST_PORT, FIRST_PORT + PORTS_TRIED))
    for candidate in wanted:
        try:
            return _listen(host, candidate)
        except OSError as error:
            taken = error.errno in (errno.EADDRINUSE, errno.EACCES)
            if not taken or port is not None:
                raise PortTakenError(_why_not(host, candidate, error)) from error
    raise PortTakenError(
        f"The ports {wanted[0]} to {wanted[-1]} of {host} are all taken. Stop one of the servers there, or choose "
        "another port; 0 takes any that is free."
    )


def _listen(host: str, port: int) -> socket.socket:
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    family, kind, protocol, _, address = found
    # With its protocol named: asyncio sets TCP_NODELAY on no other connection, and small answers then wait 40 ms.
    listening = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # elsewhere this lets two servers share a port
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(128)
    except BaseException:
        listening.close()
        raise
    return listening


def _why_not(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {port} of {host} is taken by another program, perhaps an earlier workbench. Stop that one, choose "
            "another port, or give none to get the first free one."
        )
    return f"Port {port} of {host} cannot be opened: {error.strerror or error}. Choose another port or host."


def announcing(on_ready: Callable[[str], None] | None, open_browser: bool) -> Callable[[str], None]:
    """What to do once the address answers: tell it, and show it in a browser."""

    def announce(url: str) -> None:
        if on_ready is not None:
            on_ready(url)
        if open_browser:
            # Some systems start the browser in the foreground, which must not hold up the server.
            threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()

    return announce


async def _follow(session: Session, poll_s: float) -> None:
    with contextlib.suppress(BathyscopeError):  # whoever asks for the columns hears what is wrong with them
        # Finding the categories among a million texts takes most of a second; the browser needs that to start anyway.
        await run_in_threadpool(session.view.columns.describe)
    while True:
        await run_in_threadpool(session.follow)
        await asyncio.sleep(poll_s)


async def _answer(request: Request, error: Exception) -> Response:
    return failure(request, error)
