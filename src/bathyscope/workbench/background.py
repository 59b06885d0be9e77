"""The workbench's application at work in a thread of this process, asked without a port.

A notebook kernel answers its views with the very application that a server would run, so roles, hidden columns and
routes exist once. The requests go straight into it; only `serve` opens a port.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any, NamedTuple, Self
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.types import Message, Scope

from bathyscope.recording import Recording
from bathyscope.workbench.server import PageServer, announcing

HOST = "127.0.0.1"
EVENTS = "/api/events"


class Answer(NamedTuple):
    """What the application said to one request."""

    status: int
    headers: dict[str, str]
    body: bytes


class Served:
    """A page that is served by the loop of a `BackgroundApp`."""

    def __init__(self, server: PageServer, over: Future[None], thread: threading.Thread) -> None:
        self._server, self._over, self._thread = server, over, thread
        self.url = server.url
        """Address with the token."""

    def close(self) -> None:
        """Stop serving; the application goes on."""
        self._server.uvicorn.should_exit = True
        if self._thread is not threading.current_thread() and self._thread.is_alive():
            wait([self._over])


class BackgroundApp:
    """Runs an application's lifespan in a loop of its own until it is closed.

    Parameters
    ----------
    app : made by `create_app`; requests come with its owner's token
    """

    def __init__(self, app: Starlette) -> None:
        self.app = app
        self._ready: Future[asyncio.AbstractEventLoop] = Future()
        self._over = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        # A daemon: an interpreter that ends must not wait for a notebook that was never closed.
        self._thread = threading.Thread(target=self._run, name="bathyscope-notebook", daemon=True)
        self._thread.start()
        self._loop = self._ready.result()

    @property
    def running(self) -> bool:
        """Whether it still answers."""
        return self._thread.is_alive() and not self._over.is_set()

    def call(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call a function in the loop's thread, from any thread; nothing happens once it is closed."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin a task that ends at the latest with the application; in the loop's thread only."""
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def answer(self, method: str, path: str, body: bytes | None = None) -> Answer:
        """Ask the application, as its owner.

        Parameters
        ----------
        method : of HTTP
        path : with its query, as a browser would send it
        body : JSON
        """
        status, headers, pieces = 500, {}, []
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if asked:  # whoever asks again waits for the other side to leave, which cancels this
                await asyncio.Event().wait()
            asked = True
            return {"type": "http.request", "body": body or b"", "more_body": False}

        async def send(message: Message) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
            elif message["type"] == "http.response.body":
                pieces.append(message.get("body", b""))

        await self.app({**self._scope("http", path), "method": method, "http_version": "1.1"}, receive, send)
        return Answer(status, headers, b"".join(pieces))

    async def listen(self, hear: Callable[[str], None]) -> None:
        """Hand on every event as JSON text, until this is cancelled."""
        opening = True

        async def receive() -> Message:
            nonlocal opening
            if opening:
                opening = False
                return {"type": "websocket.connect"}
            await asyncio.Event().wait()
            return {"type": "websocket.disconnect", "code": 1001}

        async def send(message: Message) -> None:
            if message["type"] == "websocket.send":
                hear(message["text"])

        await self.app({**self._scope("websocket", EVENTS), "subprotocols": []}, receive, send)

    def serve(self, recording: Recording, port: int | None, *, read_only: bool, open_browser: bool) -> Served:
        """Serve the page to browsers of this machine, with the session of this application.

        Raises
        ------
        PortTakenError
            If the port cannot be bound.
        """
        server = PageServer(recording, "127.0.0.1", port, read_only=read_only, session=self.app.state.session)
        ready: Future[None] = Future()
        over: Future[None] = Future()
        announce = announcing(None, open_browser)

        def on_ready(url: str) -> None:
            announce(url)
            ready.set_result(None)

        async def run() -> None:
            try:
                with server.socket:
                    await server.uvicorn.serve(sockets=[server.socket])
            finally:
                over.set_result(None)

        server.on_ready = on_ready
        self.call(lambda: self.start(run()))
        wait([ready, over], return_when=FIRST_COMPLETED)
        return Served(server, over, self._thread)

    def close(self) -> None:
        """End the application; running analyses are cancelled."""
        self.call(self._over.set)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _scope(self, kind: str, path: str) -> Scope:
        plain, _, query = path.partition("?")
        token: str = self.app.state.access.token
        headers = {"host": HOST, "authorization": f"token {token}", "content-type": "application/json"}
        return {
            "type": kind,
            "asgi": {"version": "3.0", "spec_version": "2.4"},
            "scheme": "http" if kind == "http" else "ws",
            "path": unquote(plain),
            "raw_path": plain.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()],
            "client": None,
            "server": (HOST, None),
        }

    def _run(self) -> None:
        try:
            asyncio.run(self._live())
        except BaseException as error:
            if self._ready.done():
                raise
            self._ready.set_exception(error)

    async def _live(self) -> None:
        async with self.app.router.lifespan_context(self.app):
            self._ready.set_result(asyncio.get_running_loop())
            await self._over.wait()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
