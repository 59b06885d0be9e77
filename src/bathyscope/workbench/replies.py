"""Answers in our two languages: JSON for the page, a few readable sentences of HTML for a person."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, Response

from bathyscope.errors import (
    AccessError,
    BathyscopeError,
    DecisionError,
    MediaError,
    MissingInputError,
    ParameterError,
    RecordingLockedError,
    RequestError,
    StorageError,
)

STATUS_OF: tuple[tuple[type[Exception], int], ...] = (
    (LookupError, 404),
    (MediaError, 422),
    (MissingInputError, 409),
    (RecordingLockedError, 409),
    (ParameterError, 400),
    (DecisionError, 400),
    (StorageError, 507),
)

RIGHT_ADDRESS = (
    "The terminal or notebook that started Bathyscope shows an address that ends in <code>?token=…</code>. "
    "Open that whole address once; this browser then keeps the key. If the server was restarted, its address is new."
)


def json_reply(content: Any, *, status: int = 200) -> Response:
    """JSON in ASCII, so that a lone surrogate in a name cannot break it; NaN and infinities become null."""
    body = json.dumps(finite(content), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return Response(body, status_code=status, media_type="application/json")


def finite(value: Any) -> Any:
    """Copy with every number that JSON lacks replaced by None."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [finite(inner) for inner in value]
    return value


def error_reply(error: Exception) -> Response:
    """{"error": {"type", "message"}} with the status that fits."""
    return json_reply({"error": describe(error)}, status=status_of(error))


def status_of(error: Exception) -> int:
    """HTTP status of one of our errors."""
    if isinstance(error, AccessError | RequestError):
        return error.status
    return next((status for kind, status in STATUS_OF if isinstance(error, kind)), 500)


def describe(error: Exception) -> dict[str, str]:
    """Type and whole message of one of our errors; of any other only its kind, for the rest is for the log."""
    if not isinstance(error, BathyscopeError):
        return {
            "type": "UnexpectedError",
            "message": f"Something went wrong inside Bathyscope ({type(error).__name__}). "
            "The terminal or notebook that runs the server shows the details.",
        }
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return {"type": type(error).__name__, "message": message}


def page(title: str, *paragraphs: str, status: int = 200) -> HTMLResponse:
    """A small page; the title is text, the paragraphs are HTML."""
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return HTMLResponse(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · Bathyscope</title><link rel="stylesheet" href="/plain.css"></head>'
        f"<body><main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status_code=status,
        headers={"Cache-Control": "no-store"},
    )


def refusal_page(status: int, reason: str | None = None) -> HTMLResponse:
    """Why the visitor is not let in, and how to get the right address."""
    if reason is not None:
        return page("Not allowed", escape(reason), status=status)
    return page("This address needs its token", RIGHT_ADDRESS, status=status)


def missing_page() -> HTMLResponse:
    """For a checkout or an installation without the built page."""
    return page(
        "The page is not built",
        "The server runs, but the workbench's page was never built into this installation.",
        "From a checkout, run <code>make page</code> and reload. "
        "Otherwise reinstall: <code>pip install --force-reinstall bathyscope</code>.",
        status=503,
    )
