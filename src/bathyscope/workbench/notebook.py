"""Views in a notebook: one widget without a view that carries the page's code, and a small one for each view.

What goes over the comm is what goes over HTTP elsewhere. The browser sends
`{"requests": [{"id", "method", "path", "body"}, …]}`, `{"cancel": [id, …]}` and once `{"hello": page}`; the kernel
sends `{"answers": [{"id", "status", "headers", "part", "parts"}, …]}` with one buffer for each answer, and
`{"events": [event, …]}`. Many go in one message, because Jupyter counts messages and drops them when there are many.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from bathyscope.errors import NotebookError
from bathyscope.workbench.background import Answer, BackgroundApp

log = logging.getLogger(__name__)

PAGE = Path(__file__).parent / "page"

OPEN = ("/api/", "/assets/")
"""What views may ask for: data, and code that only some of them need."""

MAX_BUFFER = 8_000_000
"""Hosts of notebooks refuse larger pieces."""

FLUSH_S = 0.004
"""Answers that are ready within this time share a message."""

HEIGHT = 480
STORED_FRAME = 140
"""Pixels that the page around a view takes."""

LEAST_HEIGHT, MOST_HEIGHT = 120, 4000
HEADERS_SENT = ("content-type", "etag")

RUN_AGAIN = (
    "This view of Bathyscope lives only as long as its notebook's kernel. "
    "Run the cell that makes the hub, then this one."
)


class HubWidget(anywidget.AnyWidget):
    """The code of the page, once, and the line to the application; it shows nothing itself.

    Parameters
    ----------
    app : answers what the views ask
    """

    _esm = t.Unicode().tag(sync=True)
    _view_name = t.Unicode(None, allow_none=True).tag(sync=True)  # type: ignore[assignment]
    key = t.Unicode().tag(sync=True)
    """Under which views find it where the host cannot name other widgets."""

    def __init__(self, app: BackgroundApp) -> None:
        self._app = app
        self._outbox = Outbox(self._post)
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._listening: asyncio.Task[None] | None = None
        super().__init__(_esm=code("notebook.js"), key=uuid.uuid4().hex)
        self.on_msg(self._hear)

    def close(self) -> None:
        """Take it off every page; the application goes on."""
        self.on_msg(self._hear, remove=True)
        self._app.call(self._forget)
        super().close()

    def _hear(self, _: object, content: object, buffers: Sequence[memoryview]) -> None:
        """A message from a browser; comes in the kernel's thread, or in that of a subshell."""
        if isinstance(content, Mapping):
            self._app.call(self._take, content)

    def _take(self, content: Mapping[str, Any]) -> None:
        for request in _list(content.get("requests")):
            if isinstance(request, Mapping) and isinstance(request.get("id"), str):
                self._asked[request["id"]] = self._app.start(self._answer(request))
        for asked in _list(content.get("cancel")):
            if isinstance(asked, str) and asked in self._asked:
                self._asked[asked].cancel()
        if "hello" in content:
            # Whoever comes new should hear what the others know; those hear it twice, which changes nothing.
            before, self._listening = self._listening, self._app.start(self._app.listen(self._outbox.event))
            if before is not None:
                before.cancel()

    async def _answer(self, request: Mapping[str, Any]) -> None:
        asked: str = request["id"]
        try:
            method, path, body = request.get("method", "GET"), request.get("path"), request.get("body")
            if method not in ("GET", "POST") or not isinstance(path, str) or not path.startswith(OPEN):
                answer = _refusal(f"A view may ask GET or POST below {' or '.join(OPEN)}, not {method} {path!r:.100}.")
            else:
                answer = await self._app.answer(method, path, None if body is None else json.dumps(body).encode())
            self._outbox.answer(asked, answer)
        except asyncio.CancelledError:
            raise
        except Exception:
            # The application answers its own errors; whatever gets past it must still not leave a view waiting.
            log.exception("A request of a view failed")
            self._outbox.answer(asked, _refusal("Something went wrong inside Bathyscope.", status=500))
        finally:
            self._asked.pop(asked, None)

    def _post(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if self.comm is not None:
            self.send(content, buffers)

    def _forget(self) -> None:
        for task in [*self._asked.values(), *([self._listening] if self._listening else [])]:
            task.cancel()


class Outbox:
    """Gathers what is ready to be sent into few messages; in the loop's thread only.

    Parameters
    ----------
    send : takes a message and its buffers
    """

    def __init__(self, send: Any) -> None:
        self._send = send
        self._answers: list[tuple[dict[str, Any], bytes]] = []
        self._events: list[Any] = []
        self._waiting = False

    def answer(self, asked: str, answer: Answer) -> None:
        """Send an answer, in pieces where it is long."""
        parts = max(1, -(-len(answer.body) // MAX_BUFFER))
        headers = {name: answer.headers[name] for name in HEADERS_SENT if name in answer.headers}
        for part in range(parts):
            piece = answer.body[part * MAX_BUFFER : (part + 1) * MAX_BUFFER]
            told = {"id": asked, "status": answer.status, "headers": headers, "part": part, "parts": parts}
            self._answers.append((told, piece))
        self._later()

    def event(self, text: str) -> None:
        """Send an event, given as JSON text."""
        self._events.append(json.loads(text))
        self._later()

    def _later(self) -> None:
        if not self._waiting:
            self._waiting = True
            asyncio.get_running_loop().call_later(FLUSH_S, self._flush)

    def _flush(self) -> None:
        self._waiting = False
        events, self._events = self._events, []
        answers, self._answers = self._answers, []
        if events:
            self._send({"events": events}, [])
        while answers:
            size, n = 0, 0
            while n < len(answers) and (n == 0 or size + len(answers[n][1]) <= MAX_BUFFER):
                size += len(answers[n][1])
                n += 1
            self._send({"answers": [told for told, _ in answers[:n]]}, [piece for _, piece in answers[:n]])
            del answers[:n]


class View(anywidget.AnyWidget):
    """A view, or a page of several, as the value of a cell.

    Parameters
    ----------
    hub : carries its code and its data
    type : of the component, or "page"
    options : of the component, plain data
    height : pixels, from 120 to 4,000; a person can drag it
    """

    _esm = t.Unicode().tag(sync=True)
    hub = anywidget.WidgetTrait().tag(sync=True)
    hub_key = t.Unicode().tag(sync=True)
    id = t.Unicode().tag(sync=True)
    """The source of its filters and picks."""
    type = t.Unicode().tag(sync=True)
    options = t.Dict().tag(sync=True)
    height = t.Int(HEIGHT).tag(sync=True)

    def __init__(self, hub: HubWidget, type: str, options: Mapping[str, Any], *, height: int = HEIGHT) -> None:
        self.stored: str | None = None
        """A report of the view, shown where there is no kernel."""
        super().__init__(
            _esm=code("stub.js"),
            hub=hub,
            hub_key=hub.key,
            id=f"{type}-{uuid.uuid4().hex[:8]}",
            type=type,
            options=plain(options),
            height=height,
        )

    @t.validate("height")
    def _check_height(self, proposal: Mapping[str, Any]) -> int:
        height: int = proposal["value"]
        if not LEAST_HEIGHT <= height <= MOST_HEIGHT:
            raise NotebookError(
                f"A view's height is {height}; pixels from {LEAST_HEIGHT} to {MOST_HEIGHT:,} are expected."
            )
        return height

    @t.validate("options")
    def _check_options(self, proposal: Mapping[str, Any]) -> dict[str, Any]:
        return plain(proposal["value"])

    def __repr__(self) -> str:
        return f"<Bathyscope view {self.type!r}>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is None:
            return None
        data, metadata = bundle
        # Shown by whatever cannot show the widget: a notebook without its kernel, exported as HTML, on a code host.
        return {**data, "text/html": f"<p>{escape(RUN_AGAIN)}</p>{self._frame()}"}, metadata

    def _frame(self) -> str:
        """The stored view, shut off from the document around it."""
        if self.stored is None:
            return ""
        document = self.stored.replace("&", "&amp;").replace('"', "&quot;")
        return (
            "<p>Until then, this is what it showed when the cell was run.</p>"
            f'<iframe title="Stored view" sandbox="allow-scripts allow-downloads" srcdoc="{document}" '
            f'style="width:100%;height:{self.height + STORED_FRAME}px;border:0"></iframe>'
        )


def plain(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON values.

    Raises
    ------
    NotebookError
        If a value is none.
    """
    for name, value in options.items():
        try:
            json.dumps(value, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise NotebookError(
                f"Option {name!r} of a view is {value!r:.100}; texts, numbers, true, false, None and lists or "
                "dictionaries of these are expected."
            ) from error
    copied: dict[str, Any] = json.loads(json.dumps(dict(options)))
    return copied


@cache
def code(name: str) -> str:
    """A module as it was built for notebooks.

    Raises
    ------
    NotebookError
        If it was never built.
    """
    try:
        return (PAGE / name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NotebookError(
            "The notebook's part of the workbench was never built into this installation. From a checkout, run: "
            "make page. Otherwise reinstall: pip install --force-reinstall 'bathyscope[notebook]'"
        ) from error


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _refusal(message: str, *, status: int = 400) -> Answer:
    error = {"error": {"type": "RequestError", "message": message}}
    return Answer(status, {"content-type": "application/json"}, json.dumps(error).encode())
