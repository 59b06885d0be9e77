"""The server as a process sees it: real sockets on the loopback interface."""

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from bathyscope.errors import AccessError, PortTakenError
from bathyscope.workbench import serve, show
from bathyscope.workbench.server import FIRST_PORT, bind
from recordings import write_checkpoint
from workbench.served import TOKEN

PROGRAM = """
import sys
from bathyscope.recording import Recording
from bathyscope.workbench import serve
serve(Recording(sys.argv[1]), port=0, on_ready=lambda url: sys.stdout.write(url + "\\n") and sys.stdout.flush())
print("ended well")
"""


def fetch(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse()
    return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def test_from_the_printed_address_to_the_first_event(recording, make_recording):
    writer = make_recording("live")
    with show(writer.path, port=0, open_browser=False) as running:
        parts = urlsplit(running.url)
        root = f"http://{parts.netloc}"
        assert parts.hostname == "127.0.0.1"
        assert len(parts.query) == len("token=") + 43  # 256 bits
        assert fetch(f"{root}/api/recording")[0] == 401
        status, headers, _ = fetch(running.url)
        assert (status, headers["location"]) == (303, "/")
        assert "server" not in headers
        cookie = headers["set-cookie"].partition(";")[0]
        assert cookie.startswith(f"bathyscope-{parts.port}=")
        told = json.loads(fetch(f"{root}/api/recording", Cookie=cookie)[2])
        assert told["n_samples"] == 60

        address = f"ws://{parts.netloc}/api/events"
        for refused in ({}, {"Cookie": cookie, "Origin": "http://evil.example"}, {"Cookie": cookie}):
            with pytest.raises(InvalidStatus) as denial, connect(address, additional_headers=refused):
                pass
            assert denial.value.response.status_code in (401, 403)
            assert denial.value.response.headers["Referrer-Policy"] == "no-referrer"
        with connect(address, additional_headers={"Cookie": cookie, "Origin": root}) as events:
            assert json.loads(events.recv(timeout=10))["type"] == "hello"
            write_checkpoint(writer, 9)
            assert json.loads(events.recv(timeout=10)) == {"type": "recording"}
    writer.close()
    with pytest.raises(OSError):
        socket.create_connection((parts.hostname, parts.port), timeout=1)


def test_ctrl_c_ends_a_server_with_open_pages_well(recording_path):
    server = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(recording_path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    url = server.stdout.readline().strip()
    parts = urlsplit(url)
    with connect(f"ws://{parts.netloc}/api/events", additional_headers={"Authorization": f"token {parts.query[6:]}"}):
        started = time.monotonic()
        server.send_signal(signal.SIGINT)
        out, err = server.communicate(timeout=20)
    assert (out, err, server.returncode) == ("ended well\n", "", 0)
    assert time.monotonic() - started < 6


def test_the_address_is_announced_when_it_answers(recording):
    statuses = []
    stopping = threading.Event()

    def on_ready(url):
        # The loop announces and then serves: asking from another thread must work from this moment on.
        def ask():
            root = f"http://{urlsplit(url).netloc}"
            with urllib.request.urlopen(f"{root}/api/status", timeout=10) as answer:
                statuses.append(json.loads(answer.read()))
            stopping.set()
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=ask).start()

    serve(recording, port=0, on_ready=on_ready)
    assert statuses == [{"ok": True}]
    assert stopping.is_set()


def test_a_port_that_was_asked_for_and_is_taken_is_an_error(recording):
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError) as error:
            serve(recording, port=port)
    assert str(error.value) == (
        f"Port {port} of 127.0.0.1 is taken by another program, perhaps an earlier workbench. Stop that one, choose "
        "another port, or give none to get the first free one."
    )


def test_without_a_port_the_first_free_one_is_taken(recording):
    with show(recording, open_browser=False) as first, show(recording, open_browser=False) as second:
        ports = [urlsplit(running.url).port for running in (first, second)]
    assert FIRST_PORT <= ports[0] < ports[1]


def test_when_all_ports_are_taken_it_is_said(monkeypatch):
    def taken(*_):
        raise OSError(98, "Address already in use")

    monkeypatch.setattr("bathyscope.workbench.server._listen", taken)
    with pytest.raises(PortTakenError) as error:
        bind("127.0.0.1", None)
    assert str(error.value) == (
        "The ports 8400 to 8419 of 127.0.0.1 are all taken. Stop one of the servers there, or choose another port; 0 "
        "takes any that is free."
    )


@pytest.mark.parametrize("port", [-1, 70_000])
def test_a_port_that_is_none(port):
    with pytest.raises(PortTakenError) as error:
        bind("127.0.0.1", port)
    assert str(error.value) == f"{port} is no port; ports run from 0 to 65535. Choose another."


def test_an_address_that_is_not_this_machines():
    with pytest.raises(PortTakenError) as error:
        bind("192.0.2.1", 0)
    assert str(error.value) == (
        "Port 0 of 192.0.2.1 cannot be opened: Cannot assign requested address. Choose another port or host."
    )


def test_other_machines_need_a_token_chosen_on_purpose(recording):
    for host in ("0.0.0.0", "::", "192.168.1.7", "lab.example"):
        with pytest.raises(AccessError) as error:
            serve(recording, host=host, port=0)
        assert str(error.value) == (
            f"Host {host!r} can be reached from other machines, and no token was given. Choose one of at least 16 "
            "random characters and pass it on to those who may see the recording, or leave host as it is."
        )


def test_on_all_interfaces_numbers_are_answered_and_strange_names_are_not(recording):
    from bathyscope.workbench.server import PageServer

    server = PageServer(recording, "0.0.0.0", 0, token=TOKEN)
    port = server.socket.getsockname()[1]
    assert server.url == f"http://{socket.gethostname()}:{port}/?token={TOKEN}"
    ready = threading.Event()
    server.on_ready = lambda url: ready.set()
    thread = threading.Thread(target=server.run_here, daemon=True)
    thread.start()
    assert ready.wait(20)
    key = {"Authorization": f"token {TOKEN}"}
    root = f"http://127.0.0.1:{port}/api/recording"
    assert fetch(root, **key, Host=f"192.168.1.7:{port}")[0] == 200
    assert fetch(root, **key, Host=f"{socket.gethostname()}:{port}")[0] == 200
    assert fetch(root, **key, Host=f"evil.example:{port}")[0] == 403
    server.uvicorn.should_exit = True
    thread.join()


def test_small_answers_do_not_wait_for_an_acknowledgement():
    async def delays() -> int:
        accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

        async def welcome(_, writer):
            connection = writer.get_extra_info("socket")
            accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        with bind("127.0.0.1", 0) as listening:
            async with await asyncio.start_server(welcome, sock=listening):
                _, writer = await asyncio.open_connection(*listening.getsockname())
                writer.close()
                return await accepted

    assert asyncio.run(delays()) == 1, "Nagle's algorithm holds the second packet of an answer for 40 ms"


def test_ipv6_loopback(recording):
    try:
        bind("::1", 0).close()
    except PortTakenError:
        pytest.skip("this machine has no IPv6")
    from bathyscope.workbench.server import PageServer

    server = PageServer(recording, "::1", 0)
    assert server.url.startswith("http://[::1]:")
    server.socket.close()


def test_a_client_that_leaves_in_the_middle_of_a_table_harms_nobody(recording):
    with show(recording, port=0, open_browser=False) as running:
        parts = urlsplit(running.url)
        request = (
            f"GET /api/tables/samples?columns=sample_id HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Authorization: token {parts.query[6:]}\r\n\r\n"
        )
        for _ in range(5):
            with socket.create_connection((parts.hostname, parts.port)) as client:
                client.sendall(request.encode())
        assert fetch(f"http://{parts.netloc}/api/status")[0] == 200


def test_a_recording_given_as_a_folder_is_opened(recording_path):
    with show(recording_path, port=0, open_browser=False) as running:
        assert repr(running) == f"<Bathyscope at {running.url}>"
