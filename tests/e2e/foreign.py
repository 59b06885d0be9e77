"""A page of somebody else's that shows anywidget modules, and the Python end of its line."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
import threading
from pathlib import Path
from typing import Any

import uvicorn
from ipywidgets.widgets import widget as ipywidgets_widget
from starlette.applications import Starlette
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route, WebSocketRoute

PAGE = Path(__file__).with_name("foreign_host.html")


class Comm:
    """Stands where Jupyter's comm would; what a widget sends goes to every open page."""

    def __init__(self, host: ForeignHost, model: str) -> None:
        self.comm_id, self._host = model, host

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        if data["method"] == "custom":
            self._host.tell({"model": self.comm_id, "custom": data["content"]}, buffers or [])
        elif data["method"] in ("update", "echo_update"):
            self._host.tell({"model": self.comm_id, "update": data["state"]}, [])

    def close(self, *args: Any, **options: Any) -> None:
        self._host.tell({"model": self.comm_id, "close": True}, [])

    def on_msg(self, callback: Any) -> None:
        self.hear = callback

    def on_close(self, callback: Any) -> None:
        pass


class ForeignHost:
    """Serves the page, gives it the widgets' own state, and carries messages both ways."""

    def __init__(self) -> None:
        self.sent = 0
        """Bytes of messages that went to pages, without what they asked for."""
        self.asked: list[Any] = []
        """Messages that came from pages."""
        self._queues: set[asyncio.Queue[bytes]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        routes = [
            Route("/", lambda request: FileResponse(PAGE)),
            Route("/models/{model}", self._state),
            WebSocketRoute("/comm", self._serve),
        ]
        self._server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_config=None))
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/"
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._thread.start()

    def show(self, page: Any, widget: Any) -> str:
        """Show a widget on an open page; name of its output."""
        name: str = page.evaluate("(id) => show(id)", widget.model_id)
        return name

    def tell(self, message: dict[str, Any], buffers: list[Any]) -> None:
        """Send to all pages, from any thread."""
        pieces = [bytes(buffer) for buffer in buffers]
        text = json.dumps({**message, "sizes": [len(piece) for piece in pieces]}).encode()
        frame = b"".join([struct.pack("<I", len(text)), text, *pieces])
        self.sent += len(frame)
        with contextlib.suppress(RuntimeError):  # widgets are collected long after the page was closed
            if self._loop is not None:
                self._loop.call_soon_threadsafe(lambda: [queue.put_nowait(frame) for queue in self._queues])

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        await self._server.serve(sockets=[self._socket])

    async def _state(self, request: Any) -> Response:
        widget = ipywidgets_widget._instances.get(request.path_params["model"])
        return Response(status_code=404) if widget is None else JSONResponse(widget.get_state())

    async def _serve(self, page: Any) -> None:
        await page.accept()
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        self._queues.add(queue)

        async def send() -> None:
            while True:
                await page.send_bytes(await queue.get())

        sending = asyncio.ensure_future(send())
        try:
            while (message := await page.receive())["type"] == "websocket.receive":
                self._hear(json.loads(message["text"]))
        finally:
            sending.cancel()
            self._queues.discard(queue)

    def _hear(self, message: dict[str, Any]) -> None:
        self.asked.append(message)
        widget = ipywidgets_widget._instances.get(message["model"])
        if widget is None:
            return
        kind = {"method": "custom", "content": message.get("custom")}
        if "update" in message:
            kind = {"method": "update", "state": message["update"], "buffer_paths": []}
        widget._handle_msg({"content": {"data": kind}, "buffers": []})
