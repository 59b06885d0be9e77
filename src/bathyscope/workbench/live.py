"""A hub at work: one application behind its views in a notebook and its served page, and the state they share."""

from __future__ import annotations

import re
import tempfile
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bathyscope.errors import NotebookError, SelectionError, UnknownColumnError, require
from bathyscope.recording import Recording
from bathyscope.workbench.background import BackgroundApp, Served
from bathyscope.workbench.chosen import rows_in, with_rows
from bathyscope.workbench.columns import check_sample
from bathyscope.workbench.layout_schema import COLUMNS, VERSION
from bathyscope.workbench.modules import Modules
from bathyscope.workbench.part import Part
from bathyscope.workbench.picks import Selection, indices_of
from bathyscope.workbench.report import export
from bathyscope.workbench.server import create_app
from bathyscope.workbench.session import Session
from bathyscope.workbench.shared import Change, Clause, Picked, State

if TYPE_CHECKING:
    from bathyscope.workbench.notebook import HubWidget, View

STORED_BYTES = 4_500_000
"""As it stands in the notebook, with quotation marks escaped, under 5 MB."""

ROW = 40
"""Pixels from one row of a page's grid to the next."""

QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
"""A text within a filter: a value, not the name of a column."""


class LookedAt(NamedTuple):
    """What must be found again in other data: samples by id, for an index says nothing of them.

    Attributes
    ----------
    picked : those that are selected; None where nothing was picked
    focus : the one that is looked at
    chosen : those that the filter names by position, by the words that name them
    columns : names of the columns there were
    """

    picked: list[str] | None
    focus: str | None
    chosen: Mapping[str, list[str]]
    columns: frozenset[str]


class Live:
    """What a `Hub` does while it is looked at.

    Parameters
    ----------
    recording : with every column
    options : what every host of the hub must be told: `hidden`, `max_rows`
    """

    def __init__(self, recording: Recording, options: Mapping[str, Any]) -> None:
        self._recording = recording
        self._hidden: frozenset[str] = frozenset(options.get("hidden", ()))
        self._background = BackgroundApp(create_app(recording, share=True, **options))
        self._session: Session = self._background.app.state.session
        self._widget: HubWidget | None = None
        self._views: weakref.WeakSet[View] = weakref.WeakSet()
        self._served: list[Served] = []

    @property
    def modules(self) -> Modules:
        """Code of outsiders that pages may place."""
        return self._session.modules

    def view(self, type: str, options: Mapping[str, Any], height: int | None, *, stored: bool = False) -> View:
        """A view, or a page of several, for the output of a cell; with `stored`, also for when the kernel is gone.

        Raises
        ------
        MissingPackageError
            If the packages for notebooks are not installed.
        NotebookError
            If an option cannot be sent to a page.
        """
        require("anywidget", extra="notebook", purpose="A view in a notebook")
        from bathyscope.workbench.notebook import HEIGHT, HubWidget, View

        if not isinstance(type, str) or isinstance(height, bool) or not isinstance(height, int | None):
            raise NotebookError(
                f"A view was asked for of type {type!r:.100} and height {height!r:.100}; the type is a text such as "
                '"scatter", the height a whole number of pixels.'
            )
        self._check_columns(options)
        self._widget = self._widget or HubWidget(self._background)
        view = View(self._widget, type, options, height=HEIGHT if height is None else height)
        self._views.add(view)
        if stored:
            view.stored = self._report(type, options, rows=round(view.height / ROW))
        return view

    def serve(self, port: int | None, *, read_only: bool, open_browser: bool) -> Served:
        """Serve the page; it shows what the views of the notebook show."""
        served = self._background.serve(self._recording, port, read_only=read_only, open_browser=open_browser)
        self._served.append(served)
        return served

    def close(self) -> None:
        """End everything; views keep their last picture."""
        for served in self._served:
            served.close()
        for view in self._views:
            view.hub = None  # a page that is loaded again asks for the state of every widget
        if self._widget is not None:
            self._widget.close()
        self._background.close()

    def _report(self, type: str, options: Mapping[str, Any], *, rows: int) -> str:
        """The view with its data as one HTML file, small enough to be stored in a notebook."""
        listed = options["tiles"] if type == "page" else [{"type": type, "options": options}]
        width = COLUMNS // min(len(listed), 3)
        tiles = [
            {
                "component": one["type"],
                "options": one["options"],
                "x": place % 3 * width,
                "y": place // 3 * rows,
                "w": width,
                "h": rows,
            }
            for place, one in enumerate(listed)
        ]
        layout = {"version": VERSION, "pages": [{"title": "Stored view", "tiles": tiles}]}
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "stored.html"
            export(self._recording, path, hidden=self._hidden, max_bytes=STORED_BYTES, layout=layout)
            return path.read_text(encoding="utf-8")

    # What is shared

    @property
    def filter(self) -> str:
        """The enabled clauses as one text; empty where nothing is filtered."""
        return self._of_whole(self._session.shared.state).filter_text

    @filter.setter
    def filter(self, text: str | Iterable[str] | None) -> None:
        several = isinstance(text, Iterable) and not isinstance(text, str | Mapping)
        texts: list[Any] = [] if text is None else list(text) if several else [text]
        for one in texts:
            if not isinstance(one, str):
                raise SelectionError(f"A filter is {one!r}; a text such as \"label = 'Shirt'\" is expected, or None.")
            self._check_visible(QUOTED.sub('""', one))
        self._session.shared.set(
            filter=tuple(Clause(self._filter_of_shown(one.strip())) for one in texts if one.strip())
        )

    @property
    def filter_error(self) -> str | None:
        """Why the open pages cannot apply the filter; None if they can, or none is open."""
        return self._session.shared.state.filter_error

    @property
    def selection(self) -> Selection:
        """What a person, or `select`, picked last."""
        return Selection(self._recording, self._of_whole(self._session.shared.state).selection)

    def select(self, which: Any) -> None:
        """Pick samples on every page; None for what the pages open on."""
        if which is None:
            self._session.shared.set(selection=None)
            return
        shown = self._to_shown(indices_of(which, self._recording))
        words = f"{len(shown):,} {'sample' if len(shown) == 1 else 'samples'} selected in Python"
        self._session.shared.set(selection=Picked(shown, words))

    @property
    def focus(self) -> int | None:
        """Index of the sample that is looked at, or None."""
        return self._of_whole(self._session.shared.state).focus

    @focus.setter
    def focus(self, which: int | str | None) -> None:
        if which is None:
            self._session.shared.set(focus=None)
            return
        if isinstance(which, str):
            which = self._recording.index_of(which)
        if isinstance(which, bool | np.bool_) or not isinstance(which, int | np.integer):
            raise SelectionError(f"The focus is {which!r:.100}; a sample id, a sample index or None is expected.")
        index = int(which)
        check_sample(index, len(self._recording))
        shown = self._to_shown(np.array([index]))
        if not len(shown):
            raise SelectionError(f"Sample {index} is not among those that the pages were given; see max_rows.")
        self._session.shared.set(focus=int(shown[0]))

    def observe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call back, in a thread of its own, when a person changed something; gives a function that ends it."""
        return self._session.shared.observe(
            lambda change: callback(replace(change, state=self._of_whole(change.state)))
        )

    def looked_at(self) -> LookedAt:
        """What is selected and in focus, by id: indices say nothing of another table."""
        state, ids = self._session.shared.state, self._recording.sample_ids
        picked = None if state.selection is None else ids.take(self._to_whole(state.selection.indices)).to_pylist()
        focus = self.focus
        n = len(self._session.view.recording)
        named = {words: rows for clause in state.filter for words, rows in rows_in(clause.text, n).items()}
        chosen = {words: ids.take(self._to_whole(rows)).to_pylist() for words, rows in named.items()}
        columns = frozenset(self._recording.samples_schema.names)
        return LookedAt(picked, None if focus is None else ids[focus].as_py(), chosen, columns)

    def turn_to(self, recording: Recording, looked_at: LookedAt, hidden: frozenset[str]) -> None:
        """Show another state of the data; what is selected and in focus stays so, as far as it is still there."""
        self._recording, self._hidden = recording, hidden
        self._session.turn_to(recording)
        shared, place = self._session.shared, {name: i for i, name in enumerate(recording.sample_ids.to_pylist())}

        def found(ids: Sequence[str]) -> np.ndarray[Any, Any]:
            return self._to_shown(np.sort(np.array([place[name] for name in ids if name in place], np.int64)))

        picked = None if looked_at.picked is None else found(looked_at.picked)
        focus = found([] if looked_at.focus is None else [looked_at.focus])
        words = "" if picked is None else f"{len(picked):,} of the {len(looked_at.picked or ()):,} that were selected"
        chosen, n = {words: found(ids) for words, ids in looked_at.chosen.items()}, len(self._session.view.recording)
        gone = looked_at.columns.difference(recording.samples_schema.names)
        shared.set(
            selection=None if picked is None else Picked(picked, words),
            focus=int(focus[0]) if len(focus) else None,
            group_by=tuple(name for name in shared.state.group_by if name not in gone),
        )
        # What the pages say is wrong with a filter goes with it, so one that stays is not set anew.
        if chosen:
            shared.set(filter=tuple(replace(one, text=with_rows(one.text, chosen, n)) for one in shared.state.filter))

    def follow(self) -> None:
        """Look for what a running job has added, and tell the pages."""
        self._session.follow()

    # The samples of pages are those of the recording, or a draw of them

    def _of_whole(self, state: State) -> State:
        """The state in positions of the whole recording."""
        shown = self._session.view.recording
        if not isinstance(shown, Part):
            return state

        def text(one: str) -> str:
            rows = {words: self._to_whole(places) for words, places in rows_in(one, len(shown)).items()}
            return with_rows(one, rows, len(self._recording))

        picked, focus = state.selection, state.focus
        return replace(
            state,
            filter=tuple(replace(clause, text=text(clause.text)) for clause in state.filter),
            selection=None if picked is None else Picked(self._to_whole(picked.indices), picked.sentence),
            focus=None if focus is None else int(self._to_whole(np.array([focus]))[0]),
        )

    def _filter_of_shown(self, text: str) -> str:
        """The text of a filter in positions of what the pages hold."""
        shown = self._session.view.recording
        if not isinstance(shown, Part):
            return text
        rows = {words: self._to_shown(places) for words, places in rows_in(text, len(self._recording)).items()}
        return with_rows(text, rows, len(shown))

    def _to_whole(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        shown = self._session.view.recording
        return shown.rows[indices] if isinstance(shown, Part) else indices

    def _to_shown(self, indices: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        shown = self._session.view.recording
        if not isinstance(shown, Part):
            return indices
        places = np.searchsorted(shown.rows, indices)
        here = places < len(shown.rows)
        here[here] = shown.rows[places[here]] == indices[here]
        found: np.ndarray[Any, Any] = places[here]
        return found

    def _check_columns(self, options: Any) -> None:
        """A hidden column's name must not leave either."""
        if isinstance(options, str):
            self._check_visible(options if options in self._hidden else "")
        elif isinstance(options, Mapping):
            for value in options.values():
                self._check_columns(value)
        elif isinstance(options, Sequence):
            for value in options:
                self._check_columns(value)

    def _check_visible(self, text: str) -> None:
        for name in sorted(self._hidden):
            if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text):
                raise UnknownColumnError(
                    f"The column {name!r} is hidden, so no page can filter or show it. Use it in Python: "
                    "hub.select(mask) picks samples by anything you know of them."
                )
