"""What all requests to one server share: the recording, its lock, the jobs, the events."""

from __future__ import annotations

import getpass
import hashlib
import logging
import os
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bathyscope.errors import BathyscopeError, DamagedRecordingError
from bathyscope.recording import Recording
from bathyscope.recording.schema import names_of
from bathyscope.workbench.columns import SampleColumns
from bathyscope.workbench.events import Event, EventHub
from bathyscope.workbench.jobs import JobRunner
from bathyscope.workbench.modules import Modules
from bathyscope.workbench.shared import Shared
from bathyscope.workbench.shown import check_hidden, check_max_rows, shown_of
from bathyscope.workbench.thumbnails import Thumbnails

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class View:
    """A recording as of one writing of its samples: its reader and what was made from it."""

    recording: Recording
    identity: str
    columns: SampleColumns
    thumbnails: Thumbnails


class Session:
    """A recording that is served.

    Parameters
    ----------
    recording : the one to serve
    cache_folder : where thumbnails are kept; the user's cache folder unless given
    author : under whose name decisions are logged; the user of this process unless given
    share : whether pages tell what they show, because Python listens
    hidden : metadata columns that nobody sees; those that the recording itself calls hidden are hidden as well
    max_rows : of a longer recording the pages get a seeded draw of so many samples; None: all, however many
    layout : of the pages, checked; None lets the page choose

    Raises
    ------
    UnknownColumnError, ParameterError
        If a column to hide is not there, or is needed by every view.
    """

    def __init__(
        self,
        recording: Recording,
        *,
        cache_folder: Path | None = None,
        author: str | None = None,
        share: bool = False,
        hidden: Iterable[str] = (),
        max_rows: int | None = None,
        layout: Mapping[str, Any] | None = None,
    ) -> None:
        # A reader keeps open files and caches that are made for one thread. Requests take turns at it; decoding,
        # counting and sending happen outside the lock.
        self.reading = threading.RLock()
        self.path = recording.path
        self.author = author or _user()
        self.hub = EventHub()
        self.jobs = JobRunner(lambda: self._view.recording.reopened(), self.hub.publish)
        self.modules = Modules(lambda: self.hub.publish({"type": "recording"}))
        self.shares = share
        self.layout = layout
        self.shared = Shared(self.hub.publish, lambda: len(self._view.recording))
        self._cache_folder = cache_folder
        self._hidden = names_of(hidden)
        self._max_rows = max_rows
        check_max_rows(max_rows)
        check_hidden(recording, self._hidden)
        self._following = threading.Lock()
        self._view = self._see(shown_of(recording, self._hidden, max_rows))
        self._writing: bool | None = None
        self._last_decision: int | None = None
        self._decisions_seen: tuple[int, ...] = ()
        self._complaint = ""

    @property
    def view(self) -> View:
        """The recording as it is now; take it once per request."""
        return self._view

    @property
    def writable(self) -> bool:
        """Whether results and decisions can be kept beside the recording."""
        return os.access(self.path, os.W_OK)

    def follow(self) -> None:
        """Look for what has changed on disk and tell the pages; cheap enough to be called twice a second."""
        with self._following:
            try:
                changed = self._refresh()
                self._follow_decisions()
            except (BathyscopeError, OSError) as error:
                # A folder that is being replaced or repaired: what was read before stays on show.
                if str(error) != self._complaint:
                    self._complaint = str(error)
                    log.warning("The recording cannot be followed just now: %s", error)
                return
            changed, self._complaint = changed or bool(self._complaint), ""
        if changed:
            self.hub.publish({"type": "recording"})

    def turn_to(self, recording: Recording) -> None:
        """Show another recording from now on, and tell the pages."""
        check_hidden(recording, self._hidden)
        with self._following, self.reading:
            earlier, self.path = self._view, recording.path
            self._view = self._see(shown_of(recording, self._hidden, self._max_rows))
            earlier.thumbnails.close()
            self._last_decision, self._decisions_seen = None, ()
            self._follow_decisions()
        self.hub.publish({"type": "recording"})
        self.hub.publish({"type": "decision", "sequence": self._last_decision or 0})

    def recall(self) -> list[Event]:
        """What a page that comes (back) in the middle should hear."""
        return [*self.jobs.recall(), *self.shared.recall()]

    def follow_decisions(self) -> None:
        """Tell the pages about new decisions now, whoever took them."""
        with self._following:
            self._follow_decisions()

    def close(self) -> None:
        """Cancel jobs and let go of files."""
        self.shared.close()
        self.jobs.close()
        self._view.thumbnails.close()

    def _see(self, recording: Recording) -> View:
        identity = identity_of(recording)
        return View(
            recording,
            identity,
            SampleColumns(recording, self.reading),
            Thumbnails(recording, self.reading, identity, folder=self._cache_folder),
        )

    def _refresh(self) -> bool:
        with self.reading:
            earlier = self._view
            changed = earlier.recording.refresh()
            if identity_of(earlier.recording) != earlier.identity:  # recorded anew into the same folder
                anew = Recording(self.path, media_root=earlier.recording.media_root)
                self._view = self._see(shown_of(anew, self._hidden, self._max_rows))
                earlier.thumbnails.close()
                changed = True
        before, self._writing = self._writing, self._view.recording.writing
        return changed or (before is not None and before != self._writing)

    def _follow_decisions(self) -> None:
        decisions = self._view.recording.decisions
        seen = _stamps(decisions.path)
        if seen == self._decisions_seen and self._last_decision is not None:
            return
        events = decisions.events(after=self._last_decision or 0)
        if self._last_decision is not None:
            for event in events:
                self.hub.publish({"type": "decision", "sequence": event.sequence})
        self._last_decision = events[-1].sequence if events else self._last_decision or 0
        self._decisions_seen = seen


def identity_of(recording: Recording) -> str:
    """What pictures of the samples are kept under.

    The fingerprint alone would not do: whoever writes samples need not put a checksum of their pictures into it.
    """
    try:
        written = (recording.path / "samples").stat().st_mtime_ns
    except OSError as error:
        raise DamagedRecordingError(
            f"{recording.path / 'samples'} cannot be found ({error.strerror}). Restore it from a copy."
        ) from error
    identity = f"{recording.fingerprint}\n{recording.path.resolve()}\n{written}"
    return hashlib.sha256(identity.encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _stamps(path: Path) -> tuple[int, ...]:
    """When and how long the log and its write-ahead file were last written; 0 where there is none."""
    stamps = []
    for name in (path, path.with_name(path.name + "-wal")):
        try:
            status = name.stat()
        except OSError:
            stamps.append(0)
        else:
            stamps += [status.st_mtime_ns, status.st_size]
    return tuple(stamps)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without a user database
        return "unknown"
