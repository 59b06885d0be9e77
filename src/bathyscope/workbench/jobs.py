"""Running analyses away from the loop: one at a time, shared by all who ask the same, cancellable, never in silence."""

from __future__ import annotations

import base64
import logging
import queue
import threading
import time
import uuid
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import pyarrow as pa

from bathyscope.errors import AnalysisCancelled, BathyscopeError, UnknownTableError
from bathyscope.recording import Analysis, Recording
from bathyscope.workbench.columns import count_rows, stream
from bathyscope.workbench.events import Event
from bathyscope.workbench.replies import describe

log = logging.getLogger(__name__)

State = Literal["waiting", "running", "done", "failed", "cancelled"]

PROGRESS_INTERVAL_S = 0.1
LARGEST_PARTIAL = 8 << 20
"""Bytes of tables that are shown before the end; more would hold up what pages must not miss."""

REMEMBERED = 64
SHUTDOWN_PATIENCE_S = 3.0


@dataclass
class Job:
    """One run of an analysis."""

    analysis: Analysis
    key: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: State = "waiting"
    last_event: Event | None = None
    partial: Event | None = None
    """What there is so far; shown while the job runs and gone with its end, whatever end that is."""
    error: Exception | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)


class JobRunner:
    """A thread that runs one analysis after the other.

    Parameters
    ----------
    open_recording : gives a reader of its own to each job, so that jobs and requests share no files
    publish : takes events, from any thread
    clock : seconds that only grow
    """

    def __init__(
        self,
        open_recording: Callable[[], Recording],
        publish: Callable[[Event], None],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._open_recording = open_recording
        self._publish = publish
        self._clock = clock
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._waiting: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, analysis: Analysis, key: str) -> Job:
        """The job that runs this analysis under this key: one that is under way already, or a new one."""
        with self._lock:
            for job in self._jobs.values():
                ends = job.over.is_set() or job.cancel.is_set()
                if not ends and (job.analysis.name, job.key) == (analysis.name, key):
                    return job
            job = Job(analysis, key)
            self._remember(job)
            if self._thread is None:
                # A daemon: an analysis that never reports progress must not keep the process alive.
                self._thread = threading.Thread(target=self._work, name="bathyscope-jobs", daemon=True)
                self._thread.start()
        self._waiting.put(job)
        return job

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop: at once if it waits, at its next report of progress if it runs."""
        with self._lock:
            job = self._jobs.get(job_id)
        if job is None:
            raise UnknownTableError(f"There is no job {job_id!r}. It ended long ago, or the server was restarted.")
        job.cancel.set()
        with self._lock:
            waits = job.state == "waiting"
            job.state = "cancelled" if waits else job.state
        if waits:
            self._end(job, "cancelled", {"type": "cancelled"})
        return job

    def recall(self) -> list[Event]:
        """The last word about every remembered job, for a page that comes (back) in the middle."""
        with self._lock:
            told = [(job.last_event, job.partial) for job in self._jobs.values()]
        return [event for events in told for event in events if event is not None]

    def close(self) -> None:
        """Cancel everything and wait a little for the running job to notice."""
        with self._lock:
            self._closed = True
            for job in self._jobs.values():
                job.cancel.set()
            thread = self._thread
        self._waiting.put(None)
        if thread is not None:
            thread.join(SHUTDOWN_PATIENCE_S)

    def _remember(self, job: Job) -> None:
        self._jobs[job.id] = job
        over = [job_id for job_id, other in self._jobs.items() if other.over.is_set()]
        for job_id in over[: max(0, len(self._jobs) - REMEMBERED)]:
            del self._jobs[job_id]

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            with self._lock:
                if self._closed:
                    return
                starts = job.state == "waiting"
                job.state = "running" if starts else job.state
            if starts:
                self._run(job)

    def _run(self, job: Job) -> None:
        reporter = _Reporter(job, partial(self._tell, job), self._clock, partial(self._show, job))
        try:
            # In a run that is still recorded the key belongs to the checkpoints that this very reader sees.
            recording = self._open_recording()
            key = recording.result_key(job.analysis)
            recording.run(job.analysis, reporter)
            tables = {name: count_rows(path) for name, path in recording.result_tables(job.analysis.name, key).items()}
            self._end(job, "done", {"type": "done", "key": key, "tables": tables})
        except AnalysisCancelled:
            self._end(job, "cancelled", {"type": "cancelled"})
        except BathyscopeError as error:
            job.error = error
            self._end(job, "failed", {"type": "failed", "error": describe(error)})
        except Exception as error:
            log.exception("The analysis %s failed (job %s)", job.analysis.name, job.id)
            job.error = error
            self._end(job, "failed", {"type": "failed", "error": _unexpected(job, error)})

    def _end(self, job: Job, state: State, event: Event) -> None:
        with self._lock:
            job.state, job.partial = state, None
        self._tell(job, event)
        job.over.set()

    def _tell(self, job: Job, event: Event) -> None:
        event = {"type": event["type"], "job": job.id, **event}
        with self._lock:
            job.last_event = event
        self._publish(event)

    def _show(self, job: Job, event: Event) -> None:
        """Publish what there is so far; nothing of a job whose end was told, though a thread of it may still report."""
        event = {"type": "partial", "job": job.id, **event}
        with self._lock:
            if job.state != "running":
                return
            job.partial = event
        self._publish(event)


class _Reporter:
    """The progress callback of one job: stops it when asked, and tells and shows at most ten times a second.

    Parameters
    ----------
    job : the one that reports
    tell : takes progress
    clock : seconds that only grow
    show : takes what there is so far, each table as an Arrow stream in base64
    """

    def __init__(
        self, job: Job, tell: Callable[[Event], None], clock: Callable[[], float], show: Callable[[Event], None]
    ) -> None:
        self._job = job
        self._tell = tell
        self._clock = clock
        self._show = show
        self._told = float("-inf")
        self._shown = float("-inf")

    def __call__(self, done: float, message: str = "") -> None:
        self._stop_if_asked()
        now = self._clock()
        if now - self._told >= PROGRESS_INTERVAL_S:
            self._told = now
            self._tell({"type": "progress", "done": float(min(max(done, 0.0), 1.0)), "message": message})

    def partial(self, tables: Mapping[str, pa.Table]) -> None:
        """Show what there is so far of the result. It takes the place of what was shown before, and is never kept."""
        self._stop_if_asked()
        now = self._clock()
        if now - self._shown < PROGRESS_INTERVAL_S or sum(table.nbytes for table in tables.values()) > LARGEST_PARTIAL:
            return
        self._shown = now
        content = {name: b"".join(stream(table)) for name, table in tables.items()}
        self._show({"tables": {name: base64.b64encode(one).decode("ascii") for name, one in content.items()}})

    def _stop_if_asked(self) -> None:
        if self._job.cancel.is_set():
            raise AnalysisCancelled(f"The analysis {self._job.analysis.name!r} was cancelled; nothing of it was kept.")


def _unexpected(job: Job, error: Exception) -> dict[str, Any]:
    return {
        "type": "UnexpectedError",
        "message": f"The analysis {job.analysis.name!r} stopped at an unexpected {type(error).__name__}. Nothing of it "
        "was kept. The terminal or notebook that runs the server shows the details.",
    }
