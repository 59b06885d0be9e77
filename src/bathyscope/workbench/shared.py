"""What the open pages show, as Python sees it, and the other way round.

A page posts what a person changed; Python sets what a script wants; whoever did not say it hears of it. Fields are
told one by one, the last writer of a field wins, and nobody is told what it said itself.
"""

from __future__ import annotations

import base64
import binascii
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bathyscope.errors import RequestError
from bathyscope.recording.arrays import IntArray
from bathyscope.workbench.events import Event

log = logging.getLogger(__name__)

PYTHON = "python"
"""Who set a state, and the source of a filter clause, when it was no page."""

LISTED = 1000
"""Up to so many picked samples are sent one by one, more as one bit for each sample."""


@dataclass(frozen=True)
class Clause:
    """One part of the filter.

    Attributes
    ----------
    text : as the filter row reads it, such as `label = "Shirt" and ink >= 0.5`
    label : words of the view that made it, if it has its own
    source : the view it was made in, which it does not filter
    enabled : whether it filters
    """

    text: str
    label: str | None = None
    source: str = PYTHON
    enabled: bool = True

    def to_json(self) -> dict[str, Any]:
        """As the pages exchange it."""
        return {"text": self.text, "label": self.label, "source": self.source, "enabled": self.enabled}


@dataclass(frozen=True)
class Picked:
    """Some samples, and what they are in words."""

    indices: IntArray
    sentence: str

    def to_json(self, n_samples: int) -> dict[str, Any]:
        """As the pages exchange it."""
        if len(self.indices) <= LISTED:
            return {"sentence": self.sentence, "indices": self.indices.tolist()}
        mask = np.zeros(n_samples, bool)
        mask[self.indices] = True
        bits = base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()
        return {"sentence": self.sentence, "bits": bits}


@dataclass(frozen=True)
class State:
    """Everything that pages and Python share; a field nobody has set is empty."""

    filter: tuple[Clause, ...] = ()
    selection: Picked | None = None
    focus: int | None = None
    group_by: tuple[str, ...] = ()
    color_by: str | None = None
    page: str | None = None
    filter_error: str | None = None
    """Why the pages cannot apply the filter, in a sentence."""

    @property
    def filter_text(self) -> str:
        """The enabled clauses as one text."""
        texts = [clause.text for clause in self.filter if clause.enabled]
        return texts[0] if len(texts) == 1 else " and ".join(f"({text})" for text in texts)


FIELDS = frozenset(State.__dataclass_fields__)


@dataclass(frozen=True)
class Change:
    """What an observer is told.

    Attributes
    ----------
    fields : names of what changed: "filter", "selection", "focus", "group_by", "color_by", "page", "filter_error"
    state : everything as it is now
    """

    fields: frozenset[str]
    state: State


class Shared:
    """The state of one recording's pages; every method may be called from any thread.

    Parameters
    ----------
    publish : tells the pages
    count : gives the number of samples now
    """

    def __init__(self, publish: Callable[[Event], None], count: Callable[[], int]) -> None:
        self._publish = publish
        self._count = count
        self._lock = threading.Lock()
        self._state = State()
        self._sequence = 0
        self._observers: list[Callable[[Change], object]] = []
        self._telling: ThreadPoolExecutor | None = None

    @property
    def state(self) -> State:
        """Everything as it is now."""
        return self._state

    def set(self, **fields: Any) -> None:
        """Change fields from Python: pages hear of it, observers do not."""
        self._put(fields, PYTHON)

    def post(self, body: Mapping[str, Any]) -> int:
        """Take what a page changed and give it its place in the order of changes.

        Parameters
        ----------
        body : `by`, the page's name for itself, and any of the fields of `State`

        Raises
        ------
        RequestError
            If a field is unknown or not of its form; nothing is taken then.
        """
        by = body.get("by")
        if not isinstance(by, str) or not by or by == PYTHON:
            raise RequestError(f"The state comes from {by!r}; the page's own name, a text, is expected.")
        if unknown := body.keys() - FIELDS - {"by"}:
            raise RequestError(f"A state has no field {min(unknown)!r}; its fields are {', '.join(sorted(FIELDS))}.")
        fields = {name: _READERS[name](body[name], self._count()) for name in FIELDS & body.keys()}
        return self._put(fields, by)

    def recall(self) -> list[Event]:
        """What a page that comes late should hear: nothing, or the whole state."""
        with self._lock:
            return [self._event(FIELDS, PYTHON)] if self._sequence else []

    def observe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call back, in a thread of its own, whenever a page changed something; gives a function that ends it."""
        with self._lock:
            self._observers.append(callback)

        def stop() -> None:
            with self._lock:
                if callback in self._observers:
                    self._observers.remove(callback)

        return stop

    def close(self) -> None:
        """Tell nobody anything any more."""
        with self._lock:
            self._observers.clear()
            telling, self._telling = self._telling, None
        if telling is not None:
            telling.shutdown(wait=False, cancel_futures=True)

    def _put(self, fields: dict[str, Any], by: str) -> int:
        with self._lock:
            before = self._state
            if "filter" in fields and "filter_error" not in fields:  # what was wrong with another filter says nothing
                fields = {**fields, "filter_error": None}
            self._state = replace(before, **fields)
            changed = frozenset(name for name in fields if not _same(getattr(before, name), fields[name]))
            if not changed:
                return self._sequence
            self._sequence += 1
            # Published under the lock, so that pages hear changes in the order in which they were made.
            self._publish(self._event(changed, by))
            if by != PYTHON:
                self._tell(Change(changed, self._state))
            return self._sequence

    def _event(self, fields: frozenset[str], by: str) -> Event:
        state, n = self._state, self._count()
        values: dict[str, Any] = {
            "filter": [clause.to_json() for clause in state.filter],
            "selection": None if state.selection is None else state.selection.to_json(n),
            "focus": state.focus,
            "group_by": list(state.group_by),
            "color_by": state.color_by,
            "page": state.page,
        }
        told = {name: value for name, value in values.items() if name in fields}
        return {"type": "state", "sequence": self._sequence, "by": by, "state": told}

    def _tell(self, change: Change) -> None:
        if not self._observers:
            return
        # Not in the caller's thread: a slow callback must hold up neither the page nor the next change.
        self._telling = self._telling or ThreadPoolExecutor(1, thread_name_prefix="bathyscope-observers")
        for callback in self._observers:
            self._telling.submit(_guarded, callback, change)


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, Picked) and isinstance(other, Picked):
        return np.array_equal(one.indices, other.indices)
    return bool(one == other)


def _guarded(callback: Callable[[Change], object], change: Change) -> None:
    try:
        callback(change)
    except Exception:
        log.exception("An observer failed; it is called again at the next change")


# What pages may post, field by field.


def _filter(value: Any, _: int) -> tuple[Clause, ...]:
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise RequestError("The state's filter is no list of clauses.")
    clauses = []
    for item in value:
        text, label, source = item.get("text"), item.get("label"), item.get("source")
        enabled = item.get("enabled", True)
        if not isinstance(text, str) or not isinstance(source, str) or not isinstance(enabled, bool):
            raise RequestError(f"A clause needs a text, a source and enabled as true or false; it is {item!r:.200}.")
        clauses.append(Clause(text, _text("label")(label, 0), source, enabled))
    return tuple(clauses)


def _selection(value: Any, n: int) -> Picked | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not isinstance(value.get("sentence"), str):
        raise RequestError("The state's selection needs a sentence and indices or bits.")
    indices = _from_bits(value["bits"], n) if "bits" in value else _from_list(value.get("indices"), n)
    return Picked(indices, value["sentence"])


def _from_list(value: Any, n: int) -> IntArray:
    whole = isinstance(value, list) and all(type(item) is int and 0 <= item < n for item in value)
    if not whole:
        raise RequestError(f"The selection's indices are no list of whole numbers from 0 to {n - 1}.")
    return np.array(value, np.int64)


def _from_bits(value: Any, n: int) -> IntArray:
    try:
        packed = np.frombuffer(base64.b64decode(value, validate=True), np.uint8)
    except (TypeError, ValueError, binascii.Error) as error:
        raise RequestError(f"The selection's bits are no base64: {error}.") from error
    if len(packed) != -(-n // 8):
        raise RequestError(f"The selection has {8 * len(packed):,} bits for {n:,} samples; send one for each sample.")
    return np.flatnonzero(np.unpackbits(packed, count=n, bitorder="little"))


def _focus(value: Any, n: int) -> int | None:
    if value is None or (type(value) is int and 0 <= value < n):
        return value
    raise RequestError(f"The state's focus is {value!r}; null or a whole number from 0 to {n - 1} is expected.")


def _names(value: Any, _: int) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise RequestError("The state's group_by is no list of column names.")
    return tuple(value)


def _text(field: str) -> Callable[[Any, int], str | None]:
    def read(value: Any, _: int) -> str | None:
        if value is None or isinstance(value, str):
            return value
        raise RequestError(f"The state's {field} is {value!r:.100}; null or a text is expected.")

    return read


_READERS: dict[str, Callable[[Any, int], Any]] = {
    "filter": _filter,
    "selection": _selection,
    "focus": _focus,
    "group_by": _names,
    "color_by": _text("color_by"),
    "page": _text("page"),
    "filter_error": _text("filter_error"),
}
