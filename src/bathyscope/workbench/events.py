"""Telling every open page what happened, without waiting for the slow ones.

Events are made in worker threads and on the loop; each page has its own short queue. A page that reads slowly loses
progress that newer progress replaces, never an outcome; one that does not read at all is let go and comes back with
a fresh start.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import anyio
from starlette.websockets import WebSocket, WebSocketDisconnect

from bathyscope._version import __version__
from bathyscope.workbench.replies import finite

Event = dict[str, Any]

QUEUE_LENGTH = 256
SEND_TIMEOUT_S = 30.0
TRY_AGAIN_LATER = 1013


class Subscriber:
    """The events that one page has not read yet."""

    def __init__(self, deaf: frozenset[str] = frozenset()) -> None:
        self._deaf = deaf
        self._waiting: deque[Event] = deque()
        self._filled = asyncio.Event()
        self.overrun = False

    def put(self, event: Event) -> None:
        """Queue an event; on the loop's thread only."""
        if self.overrun or event["type"] in self._deaf:
            return
        replaced = _replaces(event)
        if replaced is not None:
            # The newest stands where it came, so that a page never sees progress after the end of its job.
            for position, earlier in enumerate(self._waiting):
                if _replaces(earlier) == replaced:
                    del self._waiting[position]
                    break
        self._waiting.append(event)
        if len(self._waiting) > QUEUE_LENGTH:
            self.overrun = True
        self._filled.set()

    async def get(self) -> Event | None:
        """The next event; None once the page has fallen too far behind."""
        while not self._waiting:
            self._filled.clear()
            await self._filled.wait()
        return None if self.overrun else self._waiting.popleft()

    def __len__(self) -> int:
        return len(self._waiting)


class EventHub:
    """Hands events to all open pages; `publish` may be called from any thread."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def attach(self) -> None:
        """Note the running loop; events before that have nobody to hear them."""
        self._loop = asyncio.get_running_loop()

    def publish(self, event: Event) -> None:
        """Send an event to every page."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: the server has gone and nobody listens
                self._loop.call_soon_threadsafe(self._deliver, event)

    async def serve(
        self, socket: WebSocket, recall: Callable[[], Iterable[Event]], *, deaf: frozenset[str] = frozenset()
    ) -> None:
        """Run one page's socket until either side goes.

        Parameters
        ----------
        socket : of the page
        recall : tells what a newcomer should know
        deaf : types of events that this page may not hear
        """
        subscriber = Subscriber(deaf)
        subscriber.put({"type": "hello", "version": __version__})
        self._subscribers.add(subscriber)
        for event in recall():
            subscriber.put(event)
        await socket.accept()
        try:
            async with anyio.create_task_group() as both:
                both.start_soon(_send_all, socket, subscriber, both.cancel_scope)
                both.start_soon(_until_gone, socket, both.cancel_scope)
        finally:
            self._subscribers.discard(subscriber)

    def _deliver(self, event: Event) -> None:
        for subscriber in self._subscribers:
            subscriber.put(event)


def _replaces(event: Event) -> tuple[Any, ...] | None:
    """Events of the same key make earlier ones worthless."""
    if event["type"] in ("progress", "partial"):
        return (event["type"], event["job"])
    return ("recording",) if event["type"] == "recording" else None


async def _send_all(socket: WebSocket, subscriber: Subscriber, both: anyio.CancelScope) -> None:
    # Gone, or not reading for half a minute: either way there is nobody to tell.
    with contextlib.suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
        while (event := await subscriber.get()) is not None:
            text = json.dumps(finite(event), ensure_ascii=True, allow_nan=False)
            with anyio.fail_after(SEND_TIMEOUT_S):
                await socket.send_text(text)
        await socket.close(TRY_AGAIN_LATER, "too far behind")
    both.cancel()


async def _until_gone(socket: WebSocket, both: anyio.CancelScope) -> None:
    """Read and drop: pages have nothing to say here, but only a read notices that they left."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass
    both.cancel()
