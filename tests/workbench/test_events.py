import asyncio
import threading

import pytest

from bathyscope._version import __version__
from bathyscope.workbench.events import QUEUE_LENGTH, EventHub, Subscriber
from workbench.served import SOCKET


def drain(subscriber: Subscriber) -> list:
    async def all_of():
        return [await subscriber.get() for _ in range(len(subscriber))]

    return asyncio.run(all_of())


def test_a_page_is_greeted_with_the_version(owner):
    with owner.websocket_connect(SOCKET) as socket:
        assert socket.receive_json() == {"type": "hello", "version": __version__}


def test_stale_progress_gives_way_to_newer_but_no_outcome_is_lost():
    subscriber = Subscriber()
    for done in (0.1, 0.2):
        for job in ("a", "b"):
            subscriber.put({"type": "progress", "job": job, "done": done})
    subscriber.put({"type": "done", "job": "a"})
    subscriber.put({"type": "progress", "job": "b", "done": 0.3})
    assert drain(subscriber) == [
        {"type": "progress", "job": "a", "done": 0.2},
        {"type": "done", "job": "a"},
        {"type": "progress", "job": "b", "done": 0.3},
    ]


def test_of_what_there_is_so_far_only_the_newest_waits_and_progress_beside_it():
    subscriber = Subscriber()
    for step in (1, 2):
        subscriber.put({"type": "partial", "job": "a", "tables": {"step": step}})
        subscriber.put({"type": "progress", "job": "a", "done": step / 2})
    assert drain(subscriber) == [
        {"type": "partial", "job": "a", "tables": {"step": 2}},
        {"type": "progress", "job": "a", "done": 1.0},
    ]


def test_a_page_that_never_reads_costs_a_bounded_queue():
    subscriber = Subscriber()
    for number in range(10 * QUEUE_LENGTH):
        subscriber.put({"type": "decision", "sequence": number})
    assert len(subscriber) == QUEUE_LENGTH + 1
    assert asyncio.run(subscriber.get()) is None


class SlowSocket:
    """A browser tab that takes nothing until it is let go."""

    def __init__(self):
        self.reading = asyncio.Event()
        self.sent = []
        self.closed = None

    async def accept(self):
        pass

    async def send_text(self, text):
        await self.reading.wait()
        self.sent.append(text)

    async def receive(self):
        await asyncio.Event().wait()

    async def close(self, code, reason):
        self.closed = (code, reason)


def test_a_page_that_falls_too_far_behind_is_let_go():
    async def scene():
        hub, socket = EventHub(), SlowSocket()
        hub.attach()
        serving = asyncio.ensure_future(hub.serve(socket, list))
        await asyncio.sleep(0)
        for number in range(2 * QUEUE_LENGTH):
            hub.publish({"type": "decision", "sequence": number})
        await asyncio.sleep(0.01)
        socket.reading.set()
        await asyncio.wait_for(serving, 5)
        return socket, hub

    socket, hub = asyncio.run(scene())
    assert socket.closed == (1013, "too far behind")
    assert len(socket.sent) < QUEUE_LENGTH
    assert not hub._subscribers


def test_one_slow_page_does_not_hold_up_the_others():
    async def scene():
        hub, slow, quick = EventHub(), SlowSocket(), SlowSocket()
        quick.reading.set()
        hub.attach()
        serving = [asyncio.ensure_future(hub.serve(socket, list)) for socket in (slow, quick)]
        await asyncio.sleep(0.01)
        hub.publish({"type": "recording"})
        await asyncio.sleep(0.05)
        for task in serving:
            task.cancel()
        await asyncio.gather(*serving, return_exceptions=True)
        return slow.sent, quick.sent

    slow, quick = asyncio.run(scene())
    assert slow == []
    assert quick[1] == '{"type": "recording"}'


def test_events_may_come_from_any_thread_and_after_the_end():
    async def scene():
        hub, socket = EventHub(), SlowSocket()
        socket.reading.set()
        hub.attach()
        deliver, home = hub._deliver, threading.get_ident()

        def checked(event):
            assert threading.get_ident() == home, "queues are for the loop's own thread"
            deliver(event)

        hub._deliver = checked
        serving = asyncio.ensure_future(hub.serve(socket, list))
        await asyncio.sleep(0.01)
        events = [{"type": "decision", "sequence": number} for number in range(20)]
        threads = [threading.Thread(target=hub.publish, args=(event,)) for event in events]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        await asyncio.sleep(0.05)
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        return hub, socket.sent

    hub, sent = asyncio.run(scene())
    assert len(sent) == 21
    hub.publish({"type": "recording"})  # the loop is gone: nobody hears it, nothing breaks


def test_numbers_that_json_lacks_do_not_break_the_socket(owner):
    with owner.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        owner.app.state.session.hub.publish({"type": "progress", "job": "a", "done": float("nan"), "message": "\ud800"})
        assert socket.receive_json() == {"type": "progress", "job": "a", "done": None, "message": "\ud800"}


def test_what_a_page_says_is_ignored(owner):
    with owner.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        socket.send_text("x" * 10_000)
        socket.send_bytes(b"\0")
        owner.app.state.session.hub.publish({"type": "recording"})
        assert socket.receive_json() == {"type": "recording"}


@pytest.mark.parametrize("count", [1, 20])
def test_pages_that_leave_are_forgotten(owner, count):
    for _ in range(count):
        with owner.websocket_connect(SOCKET) as socket:
            socket.receive_json()
    assert not owner.app.state.session.hub._subscribers
