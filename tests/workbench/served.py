"""What the tests of the workbench share beside fixtures."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

TOKEN = "owner-token-of-the-tests"
VIEWER_TOKEN = "viewer-token-of-the-tests"
ORIGIN = "http://127.0.0.1:8400"
OWNER = {"authorization": f"token {TOKEN}"}
VIEWER = {"authorization": f"token {VIEWER_TOKEN}"}
SOCKET = "ws://127.0.0.1:8400/api/events"


def table_of(answer: Any) -> pa.Table:
    """The table in an answer that must be an Arrow stream."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/vnd.apache.arrow.stream"
    return pa.ipc.open_stream(answer.content).read_all()


def error_of(answer: Any) -> tuple[int, str, str]:
    """Status, type and message of an answer that must be an error of the API."""
    assert answer.headers["content-type"] == "application/json"
    error = answer.json()["error"]
    assert "Traceback" not in answer.text
    return answer.status_code, error["type"], error["message"]
