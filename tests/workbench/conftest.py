"""A served recording and its clients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bathyscope import analyses
from bathyscope.recording import Recording
from bathyscope.workbench import create_app, routes
from workbench.served import ORIGIN, OWNER, TOKEN, VIEWER_TOKEN
from workbench.toys import Broken, Held, Quick, Refusing, Sketching


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Held]]:
    """The toy analyses beside the real ones; gives the one that waits."""
    monkeypatch.setattr(analyses, "ANALYSES", (*analyses.ANALYSES, Quick, Held, Sketching, Broken, Refusing))
    Held.runs.clear()
    Held.started.clear()
    Held.release.clear()
    yield Held
    Held.release.set()


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is answered at once where the machine is quick is so on a busy one, too."""
    monkeypatch.setattr(routes, "QUICK_S", 60.0)


@pytest.fixture
def serve_path(tmp_path: Path) -> Iterator[Callable[..., TestClient]]:
    """Serve a recording to a client that sends nothing by itself."""
    clients = []

    def start(path: Path, *, headers: Mapping[str, str] | None = None, **options: Any) -> TestClient:
        keys = {"token": TOKEN, "viewer_token": VIEWER_TOKEN}
        places = {"page": tmp_path / "no page", "cache_folder": tmp_path / "cache"}
        app = create_app(Recording(path), **{**keys, **places, "author": "ada", "poll_s": 0.02, **options})
        client = TestClient(app, base_url=ORIGIN, headers=headers, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def stranger(serve_path: Callable[..., TestClient], recording_path: Path) -> TestClient:
    """A client without a token."""
    return serve_path(recording_path)


@pytest.fixture
def owner(serve_path: Callable[..., TestClient], recording_path: Path) -> TestClient:
    """A client with the owner's token."""
    return serve_path(recording_path, headers=OWNER)
