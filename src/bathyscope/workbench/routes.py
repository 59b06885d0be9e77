"""The addresses of the server: parse, call, serialise."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import unquote_plus

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocket

from bathyscope import analyses
from bathyscope.errors import AccessError, RequestError, UnknownSampleError, UnknownTableError
from bathyscope.recording import Analysis
from bathyscope.workbench.columns import ARROW_STREAM, check_sample, count_rows, result_table, stream
from bathyscope.workbench.course import course_table
from bathyscope.workbench.jobs import Job
from bathyscope.workbench.replies import describe, error_reply, json_reply, missing_page, page
from bathyscope.workbench.session import Session
from bathyscope.workbench.summary import logged, recording_summary
from bathyscope.workbench.thumbnails import SIZES

log = logging.getLogger(__name__)

Endpoint = Callable[[Session, Request], Awaitable[Response]]

MAX_BODY = 1 << 20
MAX_STATE = 8 << 20
"""A filter may name every chosen sample."""

QUICK_S = 0.1
"""A job that ends this soon is answered at once, which spares the page a round over the socket."""

HERE = Path(__file__).parent


def routes(session: Session, page_folder: Path) -> list[BaseRoute]:
    """Every address; `Guard` has let the request in before it comes here."""

    def api(path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        return Route(f"/api/{path}", partial(endpoint, session), methods=[method])

    async def events(socket: WebSocket) -> None:
        # What a person looks at is between them and their own script.
        deaf = frozenset() if socket.scope["role"] == "owner" else frozenset({"state"})
        await session.hub.serve(socket, session.recall, deaf=deaf)

    async def index(request: Request) -> Response:
        built = page_folder / "index.html"
        return FileResponse(built, headers={"Cache-Control": "no-cache"}) if built.is_file() else missing_page()

    async def plain_style(request: Request) -> Response:
        return FileResponse(HERE / "plain.css", headers={"Cache-Control": "no-cache"})

    async def icon(request: Request) -> Response:
        file = page_folder / request.url.path.removeprefix("/")
        return FileResponse(file) if file.is_file() else Response(status_code=204)

    return [
        api("status", status),
        api("recording", recording),
        api("tables/samples", samples),
        api("tables/course", course),
        api("tables/results/{analysis}/{key}/{table}", results),
        api("media/{sample_index}", media),
        api("modules/{file}", module),
        api("run/{analysis}", run, "POST"),
        api("jobs/{job}/cancel", cancel, "POST"),
        api("decisions", decisions),
        api("decide", decide, "POST"),
        api("state", state, "POST"),
        WebSocketRoute("/api/events", events),
        Route("/", index),
        Route("/plain.css", plain_style),
        Route("/favicon.svg", icon),
        Route("/favicon.ico", icon),
        Mount("/assets", Assets(directory=page_folder / "assets", check_dir=False)),
    ]


async def status(session: Session, request: Request) -> Response:
    """Whether the server is up."""
    return json_reply({"ok": True})


async def recording(session: Session, request: Request) -> Response:
    """Everything small about the recording."""
    return json_reply(await run_in_threadpool(recording_summary, session, request.scope["role"]))


async def samples(session: Session, request: Request) -> Response:
    """Columns of the samples."""
    columns = session.view.columns
    names = _names(request, columns.names)
    if not names:
        raise RequestError("No columns were asked for. Name them: ?columns=label,split")
    rows = request.query_params.get("rows")
    indices = None if rows is None else [_index(part) for part in rows.split(",") if part]
    return _arrow(await run_in_threadpool(columns.table, names, indices))


async def course(session: Session, request: Request) -> Response:
    """One sample over the checkpoints."""
    given = session.view.recording
    sample_index = _index(request.query_params.get("sample", ""))
    check_sample(sample_index, len(given))
    return _arrow(await run_in_threadpool(course_table, given, sample_index))


async def results(session: Session, request: Request) -> Response:
    """A table of a stored result."""
    name, key, table = (request.path_params[part] for part in ("analysis", "key", "table"))
    analyses.get(name)
    if not re.fullmatch(r"[0-9a-zA-Z]{1,64}", key):
        raise UnknownTableError(f"There is no result {key!r} of {name!r}. Run the analysis to get its key.")
    files = session.view.recording.result_tables(name, key)
    if table not in files:
        known = f"Its tables: {', '.join(files)}." if files else "Run the analysis to get it."
        raise UnknownTableError(f"There is no table {table!r} in the result {key!r} of {name!r}. {known}")
    names = _names(request, ()) if "columns" in request.query_params else None
    rows = request.query_params.get("rows")
    indices = None if rows is None else [_index(part) for part in rows.split(",") if part]
    return _arrow(await run_in_threadpool(result_table, files[table], names, indices))


async def media(session: Session, request: Request) -> Response:
    """The picture of a sample, or its text."""
    view = session.view
    sample_index = _index(request.path_params["sample_index"])
    check_sample(sample_index, len(view.recording))
    size = _size(request.query_params.get("size"))
    if view.recording.kind == "text":
        return Response(await run_in_threadpool(_text, session, sample_index), media_type="text/plain")
    tag = view.thumbnails.tag(sample_index, size)
    # The same address shows another recording when another one is served here, so a browser may keep a picture
    # without asking only if the address also tells whose it is.
    pinned = request.query_params.get("v") == view.identity
    headers = {"ETag": tag, "Cache-Control": "private, " + ("max-age=31536000, immutable" if pinned else "no-cache")}
    if tag in [part.strip() for part in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=304, headers=headers)
    if size is None:
        content, kind = await run_in_threadpool(view.thumbnails.original, sample_index)
    else:
        content, kind = await run_in_threadpool(view.thumbnails.thumbnail, sample_index, size), "image/webp"
    return Response(content, media_type=kind, headers=headers)


async def module(session: Session, request: Request) -> Response:
    """Code that was registered in Python, by its hash."""
    found = session.modules.file(request.path_params["file"])
    if found is None:
        raise HTTPException(404)
    content, kind = found
    return Response(content, media_type=kind, headers={"Cache-Control": "private, max-age=31536000, immutable"})


async def run(session: Session, request: Request) -> Response:
    """The result of an analysis if it is there, else a job that makes it; with ?stored, else word that it is not."""
    name, parameters = request.path_params["analysis"], await _body(request)
    analysis, key, tables = await run_in_threadpool(_look_up, session, name, parameters)
    if tables:
        return json_reply({"job": f"stored-{key}", "state": "done", "key": key, "tables": tables})
    if "stored" in request.query_params:
        return json_reply({"state": "absent", "key": key})
    _check_may_write(session, request, "It was not run before with these parameters")
    job = session.jobs.submit(analysis, key)
    await run_in_threadpool(job.over.wait, QUICK_S)
    return _job_reply(job)


async def cancel(session: Session, request: Request) -> Response:
    """Stop a job."""
    _check_may_write(session, request, "Jobs belong to its owner")
    job = session.jobs.cancel(request.path_params["job"])
    return json_reply({"job": job.id, "state": job.state})


async def decisions(session: Session, request: Request) -> Response:
    """Everything that was decided, oldest first; `?after=` leaves out what the page has already."""
    given = session.view.recording
    after = request.query_params.get("after", "0")
    if not re.fullmatch(r"[0-9]{1,15}", after, flags=re.ASCII):
        raise RequestError(f"{after[:40]!r} is no place in the log; the sequence of a decision is expected.")
    return json_reply({"decisions": await run_in_threadpool(logged, given.decisions, given.hidden, after=int(after))})


async def decide(session: Session, request: Request) -> Response:
    """Log a decision; the answer comes after it is on disk."""
    body = await _body(request)
    _check_may_write(session, request, "Nothing was saved")
    if unknown := body.keys() - {"id", "kind", "payload", "undoes"}:
        raise RequestError(f"A decision has no field {min(unknown)!r}; its fields are id, kind, payload and undoes.")
    if lacking := {"id", "kind", "payload"} - body.keys():
        raise RequestError(f"The decision lacks the field {min(lacking)!r}; it needs id, kind and payload.")
    if not isinstance(body["id"], str):
        raise RequestError(f"The decision's id is {body['id']!r}; a UUID is expected.")
    event = await run_in_threadpool(
        session.view.recording.decisions.append,
        body["kind"],
        body["payload"],
        author=session.author,
        event_id=body["id"],
        undoes=body.get("undoes"),
    )
    reply = json_reply({"sequence": event.sequence, "hash": event.hash, "time": event.time, "author": event.author})
    # Whoever decided waits for the disk only; the other pages hear of it after the answer.
    reply.background = BackgroundTask(session.follow_decisions)
    return reply


async def state(session: Session, request: Request) -> Response:
    """Take what a page changed of the state that it shares with Python."""
    if request.scope["role"] != "owner":
        raise AccessError("This workbench is read-only for you; what you look at is not shared.")
    if not session.shares:
        raise RequestError("No hub listens to this page, so nothing is shared.", status=409)
    body = await _body(request, MAX_STATE)
    return json_reply({"sequence": await run_in_threadpool(session.shared.post, body)})


class Assets(StaticFiles):
    """The built page's files, whose names change with their content."""

    async def check_config(self) -> None:
        """Nothing to check: where no page was built, every file is simply not there."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """One file, to be kept for good."""
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


class LastResort:
    """Middleware: an error that nobody expected becomes a readable answer, its traceback goes to the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except ClientDisconnect:
            log.debug("A client left before it had sent its whole request.")
        except Exception as error:
            log.exception("%s failed", scope.get("path", scope["type"]))
            if scope["type"] != "http" or started:
                raise
            await failure(Request(scope), error)(scope, receive, send)


def failure(request: Request, error: Exception) -> Response:
    """An error as JSON for the page, as a small page for a person."""
    status_code = 500
    if isinstance(error, HTTPException):
        status_code, detail = error.status_code, _http_error(request, error)
        answer = json_reply({"error": detail}, status=status_code)
        title, message = ("Nothing here" if status_code == 404 else "Not possible"), detail["message"]
    else:
        answer, title, message = error_reply(error), "Something went wrong", describe(error)["message"]
    if request.url.path.startswith("/api/"):
        return answer
    # Text, not HTML: the message may quote the address that was asked for.
    return page(title, message.replace("&", "&amp;").replace("<", "&lt;"), status=answer.status_code)


def _http_error(request: Request, error: HTTPException) -> dict[str, str]:
    path = request.url.path[:200]
    if error.status_code == 404:
        return {"type": "UnknownAddressError", "message": f"There is nothing at {path}."}
    if error.status_code == 405:
        return {"type": "MethodError", "message": f"{path} does not answer to {request.method}."}
    return {"type": "RequestError", "message": str(error.detail)}


def _arrow(table: Any) -> Response:
    return StreamingResponse(stream(table), media_type=ARROW_STREAM)


def _names(request: Request, known: Collection[str]) -> list[str]:
    """Column names. An escaped comma may stand in a name or between two, so the longest known name is taken."""
    names: list[str] = []
    for field in request.url.query.split("&"):
        key, _, value = field.partition("=")
        for part in value.split(",") if key == "columns" and value else ():
            names += _split_names(unquote_plus(part, errors="replace"), known)
    return names


def _split_names(text: str, known: Collection[str]) -> list[str]:
    pieces, names = text.split(","), []
    while pieces:
        ends = (end for end in range(len(pieces), 0, -1) if ",".join(pieces[:end]) in known)
        end = next(ends, 1)
        names.append(",".join(pieces[:end]))
        pieces = pieces[end:]
    return names


def _index(text: str) -> int:
    if not re.fullmatch(r"-?[0-9]+", text, flags=re.ASCII):
        raise RequestError(f"{text[:40]!r} is no sample index; a whole number is expected.")
    if len(text) > 18:
        raise UnknownSampleError(f"There is no sample {text[:18]}…; no recording is that long.")
    return int(text)


def _size(text: str | None) -> int | None:
    low, high = SIZES
    if text is None:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", text, flags=re.ASCII) or not low <= int(text) <= high:
        raise RequestError(f"{text[:40]!r} is no picture size; pixels from {low} to {high} are expected, or none.")
    return int(text)


def _text(session: Session, sample_index: int) -> str:
    with session.reading:
        return session.view.recording.text(sample_index) or ""


def _look_up(session: Session, name: str, parameters: dict[str, Any]) -> tuple[Analysis, str, dict[str, int]]:
    given = session.view.recording
    analysis = analyses.build(name, parameters)
    with session.reading:
        key = given.result_key(analysis)
        return analysis, key, {table: count_rows(path) for table, path in given.result_tables(name, key).items()}


def _job_reply(job: Job) -> Response:
    event = job.last_event or {}
    if job.error is not None:
        return json_reply({"error": event["error"], "job": job.id}, status=error_reply(job.error).status_code)
    if job.state == "done":
        return json_reply({"job": job.id, "state": "done", "key": event["key"], "tables": event["tables"]})
    return json_reply({"job": job.id, "state": "running"})


def _check_may_write(session: Session, request: Request, why: str) -> None:
    if request.scope["role"] != "owner":
        raise AccessError(f"This workbench is read-only for you. {why}; ask the person who started it.")
    if not session.writable:
        raise AccessError(f"The folder {session.path} cannot be written. {why}; copy the recording to one of yours.")


async def _body(request: Request, most: int = MAX_BODY) -> dict[str, Any]:
    """The request's JSON object."""
    content = b""
    async for piece in request.stream():
        content += piece
        if len(content) > most:
            raise RequestError(f"The request is longer than {most:,} bytes.", status=413)
    try:
        body = json.loads(content or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The request is no JSON: {error}.") from error
    if not isinstance(body, dict):
        raise RequestError(f"The request is a JSON {type(body).__name__}; an object is expected.")
    return body


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no JSON number")
