"""One door for everything that can be looked at: a recording, or any plain table."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

from bathyscope.errors import ParameterError
from bathyscope.recording import Analysis, Progress, Recording
from bathyscope.recording.results import silent
from bathyscope.recording.schema import names_of
from bathyscope.workbench import kept
from bathyscope.workbench.columns import check_known
from bathyscope.workbench.given import Given, is_recording
from bathyscope.workbench.layout import LayoutLike, layout_json
from bathyscope.workbench.meanings import Asked, Said
from bathyscope.workbench.shown import MAX_ROWS, check_max_rows
from bathyscope.workbench.table_recording import OnDuplicate
from bathyscope.workbench.views import check_view

if TYPE_CHECKING:
    from bathyscope.workbench.background import Served
    from bathyscope.workbench.live import Live
    from bathyscope.workbench.modules import Module
    from bathyscope.workbench.notebook import View
    from bathyscope.workbench.picks import Selection
    from bathyscope.workbench.report import Exported
    from bathyscope.workbench.shared import Change


class Hub:
    """A recording or a plain table, ready to be looked at.

    Parameters
    ----------
    data : a recording or its folder; or a table: pandas or polars data frame, Arrow table, dict of columns, Hugging
        Face dataset, anything that hands out Arrow, or the path of a Parquet, CSV, JSON or Arrow file
    id, label, prediction, confidence, split, image, text, x, y, embedding : columns of the table with these roles.
        Unless given, a column of a usual name is taken if there is exactly one; False says that there is none
    probabilities : a column of lists, or one column per class, each row summing to 1
    media_root : folder of the pictures that `image` names; only files inside it are read. The folder of the file,
        where `data` is the path of one
    roles : further roles by column; see `bathyscope.recording.schema.COLUMN_ROLES`
    hidden : columns that leave Python in no way: not to a page, a report or the result of an analysis
    classes : names of the classes in their order; natural order of the labels and predictions unless given
    path : folder to keep the recording of a table in. Without it that of a file is kept in this user's data folder,
        by the file's content, and that of a table in memory goes when the hub is closed
    name : title of the page; the file's name, or "table"
    on_duplicate_id : "suffix" numbers the copies of an id that occurs twice, which is an error otherwise
    max_rows : of a longer table pages get a seeded draw of so many samples, and say so
    layout : pages and tiles of `show` and `export`: a `Layout`, its JSON or its file; the page chooses unless given

    Raises
    ------
    SourceError, UnknownColumnError, ParameterError, SampleIdError, LabelError, ShapeError
        If the table cannot be taken, with what was expected.
    LayoutError
        If `layout` is none.

    Notes
    -----
    The caller's object is never changed. What was guessed, renamed or converted stands in `notes`.
    """

    def __init__(
        self,
        data: Any,
        *,
        id: Said = None,
        label: Said = None,
        prediction: Said = None,
        confidence: Said = None,
        split: Said = None,
        image: Said = None,
        media_root: str | Path | None = None,
        text: Said = None,
        x: Said = None,
        y: Said = None,
        probabilities: str | Sequence[str] | None = None,
        embedding: Said = None,
        roles: Mapping[str, str] | None = None,
        hidden: Iterable[str] = (),
        classes: Sequence[str] | None = None,
        path: str | Path | None = None,
        name: str | None = None,
        on_duplicate_id: OnDuplicate = "error",
        max_rows: int | None = MAX_ROWS,
        layout: LayoutLike | None = None,
    ) -> None:
        named: dict[str, Said] = {
            "id": id, "label": label, "prediction": prediction, "confidence": confidence, "split": split,
            "image": image, "text": text, "x": x, "y": y, "embedding": embedding,
        }  # fmt: skip
        if isinstance(classes, str) or on_duplicate_id not in ("error", "suffix"):
            raise ParameterError(
                f"classes={classes!r:.100} and on_duplicate_id={on_duplicate_id!r:.100} were given; classes are a list "
                "of names, on_duplicate_id is 'error' or 'suffix'."
            )
        check_max_rows(max_rows)
        asked = Asked.of(named, probabilities, roles or {}, hidden)
        given = Given(
            data,
            asked,
            classes=None if classes is None else tuple(map(str, classes)),
            on_duplicate_id=on_duplicate_id,
            media_root=None if media_root is None else Path(media_root),
            path=None if path is None else Path(path),
            name=None if name is None else str(name),
        )
        self._layout = layout_json(layout)
        self._resources = ExitStack()
        # Ends what was begun also where nobody closes the hub: when it is forgotten, or the interpreter ends.
        self._end = weakref.finalize(self, self._resources.close)
        self._running: Served | None = None
        self._live: Live | None = None
        self.roles: dict[str, str] = {}
        """Roles by column, as the table names its columns."""
        self.guessed: frozenset[str] = frozenset()
        """Columns whose roles were taken from their names."""
        self.notes: tuple[str, ...] = ()
        """What was guessed, renamed and converted, in sentences."""
        self.max_rows = max_rows
        try:
            self._given = given
            self.recording = self._open(given)
            """The recording, with every column."""
            self.hidden = self._hidden_in(self.recording)
            """Columns of the recording that nobody is shown."""
            # Of what was read: an open page may see first that the folder holds another recording by now.
            self._fingerprint = self.recording.fingerprint
        except BaseException:
            self.close()
            raise

    def __repr__(self) -> str:
        where = f", open at {self.url}" if self.url else "" if self._end.alive else ", closed"
        return f"<Hub {self.recording.name!r}: {len(self.recording):,} samples{where}>"

    @property
    def path(self) -> Path:
        """Folder of the recording."""
        return self.recording.path

    @property
    def url(self) -> str | None:
        """Address of the page with its token, while it is served."""
        return None if self._running is None else self._running.url

    def show(self, *, port: int | None = None, read_only: bool = False, open_browser: bool = True) -> str:
        """Serve the page in the background; its address.

        Parameters
        ----------
        port : the one to take, 0 for any; the first free one from 8400 unless given
        read_only : nobody changes anything through the page
        open_browser : show it

        Raises
        ------
        PortTakenError
            If the port cannot be bound.
        """
        live, before = self._at_work(), self._running
        if before is not None and port in (None, urlsplit(before.url).port):
            before.close()  # its port is the one to take
            self._running = None
        # Another one may be taken: until that is known, the page that is open stays.
        self._running = live.serve(port, read_only=read_only, open_browser=open_browser)
        if before is not None:
            before.close()
        return self._running.url

    def view(self, type: str, *, height: int | None = None, stored: bool = False, **options: Any) -> View:
        """A view for the output of a notebook's cell, linked to all others of this hub.

        Parameters
        ----------
        type : of the component, such as "scatter", "confusion", "grid", "table" or "overview"
        height : in pixels; a person can drag it
        stored : store the view with its data in the notebook, at most 5 MB, for whoever opens it without a kernel
        options : of the component, as its page in the reference names them

        Raises
        ------
        MissingPackageError
            If the packages for notebooks are not installed.
        NotebookError
            If there is no such component or option, or its value cannot be sent to a page.

        Notes
        -----
        Needs the packages for notebooks: `pip install 'bathyscope[notebook]'`. A view lives as long as its hub: keep
        the hub in a variable.
        """
        if isinstance(type, str):
            check_view(type, options)
        return self._at_work().view(type, options, height, stored=stored)

    def page(
        self, views: Sequence[str | Mapping[str, Any]], *, height: int | None = None, stored: bool = False
    ) -> View:
        """Several views side by side in one output.

        Parameters
        ----------
        views : types of components, or for each a dictionary of `type` and its options
        height, stored : as for `view`
        """
        # A single view stands for a list of one; else its letters, or its keys, would be taken for views.
        given = [views] if isinstance(views, str | Mapping) else list(views) if isinstance(views, Iterable) else [views]
        listed = [dict(one) if isinstance(one, Mapping) else {"type": one} for one in given]
        tiles: list[dict[str, Any]] = [{"type": one.pop("type", None), "options": one} for one in listed]
        if not tiles or not all(isinstance(tile["type"], str) for tile in tiles):
            raise ParameterError(
                f"A page was asked for of {views!r:.200}; types of views are expected, such as "
                '["scatter", {"type": "table"}].'
            )
        for tile in tiles:
            check_view(tile["type"], tile["options"])
        return self._at_work().view("page", {"tiles": tiles}, height or 560, stored=stored)

    @property
    def filter(self) -> str:
        """What the open pages filter by, as text; set it to a text, several, or None for no filter.

        Notes
        -----
        The pages read the text, so setting one that they cannot read raises nothing here: `filter_error` then says
        what is wrong, and so do they.
        """
        return self._at_work().filter

    @filter.setter
    def filter(self, text: str | Iterable[str] | None) -> None:
        self._at_work().filter = text

    @property
    def filter_error(self) -> str | None:
        """Why the open pages cannot apply the filter; None if they can, or none is open."""
        return self._at_work().filter_error

    @property
    def selection(self) -> Selection:
        """The samples that were picked last, on a page or by `select`."""
        return self._at_work().selection

    def select(self, which: Any) -> None:
        """Pick samples on every open page.

        Parameters
        ----------
        which : sample ids, sample indices, a boolean for each sample, an earlier `selection`, or None for no pick

        Raises
        ------
        UnknownSampleError, SelectionError
            If it names no samples of this hub.
        """
        self._at_work().select(which)

    @property
    def focus(self) -> int | None:
        """Index of the sample that is looked at; set it to an index, an id or None."""
        return self._at_work().focus

    @focus.setter
    def focus(self, which: int | str | None) -> None:
        self._at_work().focus = which

    def observe(self, callback: Callable[[Change], object]) -> Callable[[], None]:
        """Call back when a person changed something on a page; gives a function that ends it.

        Parameters
        ----------
        callback : is given a `Change`: names of the changed fields, and the state. It runs in a thread of its own
            and hears nothing of what Python sets
        """
        if not callable(callback):
            raise ParameterError(f"{callback!r:.100} was given to be called back; a function of a Change is expected.")
        return self._at_work().observe(callback)

    def register_module(self, name: str, source: object, *, css: str | Path | None = None) -> Module:
        """Let pages place a widget of the anywidget standard; see `Modules.register_module`."""
        return self._at_work().modules.register_module(name, source, css=css)

    def register_component(self, source: str | Path, *, name: str | None = None) -> Module:
        """Let pages place a component of your own; see `Modules.register_component`."""
        return self._at_work().modules.register_component(source, name=name)

    def run(self, analysis: Analysis | str, progress: Progress = silent, **parameters: Any) -> Any:
        """The result of an analysis, given as such or by its name and parameters.

        Raises
        ------
        UnknownAnalysisError, ParameterError, MissingInputError
            If it cannot be run.
        """
        from bathyscope import analyses

        self._check_open()
        if not isinstance(analysis, str) and parameters:
            raise ParameterError(
                f"An analysis was given with its parameters already in it, and {', '.join(parameters)} beside it. Give "
                "its name with parameters, or an analysis alone."
            )
        built = analyses.build(analysis, parameters) if isinstance(analysis, str) else analysis
        return self.recording.run(built, progress)

    def refresh(self, data: Any = None) -> None:
        """Read the data again: what a running job has added, the new content of a file, a data frame that changed.

        Parameters
        ----------
        data : a table that takes the place of the one that was given; without it that one is read again

        Raises
        ------
        ParameterError
            If a recording or a stream is to be replaced by, or read as, what it is not.
        SourceError, UnknownColumnError, SampleIdError, LabelError, ShapeError
            If the table cannot be taken; what was read before stays on show.

        Notes
        -----
        Open pages follow. The filter stays; the selection, the focus and samples that the filter names by position stay
        the same samples, by id, as far as these are still there; so do tags, notes and labels. Results of analyses are
        about the former data and are run anew when they are asked for.
        """
        self._check_open()
        given = self._given.renewed(data)
        if is_recording(given.data) and Recording(self.path).fingerprint == self._fingerprint:
            if self._live is not None:
                self._live.follow()  # first: what was read once is no news any more
            self.recording.refresh()
            return
        looked_at = None if self._live is None else self._live.looked_at()
        before = self.path
        if is_recording(given.data):
            recording = Recording(before, media_root=self.recording.media_root)
        else:
            recording = self._open(given, before)
            kept.carry_decisions(before, recording.path)
        self._given, self.recording, self.hidden = given, recording, self._hidden_in(recording)
        self._fingerprint = recording.fingerprint
        if self._live is not None and looked_at is not None:
            self._live.turn_to(recording, looked_at, self.hidden)

    def export(self, path: str | Path, **options: Any) -> Exported:
        """Write a report without the hidden columns; options as for `bathyscope.export`."""
        from bathyscope.workbench.report import export

        self._check_open()
        options = {"layout": self._layout, **options}
        hidden = self.hidden | names_of(options.get("hidden", ()))
        return export(self.recording, path, **{**options, "hidden": hidden})

    def host_options(self) -> dict[str, Any]:
        """What every host of this hub must be told: nothing hidden may leave through any of them."""
        return {"hidden": self.hidden, "max_rows": self.max_rows}

    def close(self) -> None:
        """Stop serving; a recording that was not to be kept is removed, with what was decided about it."""
        self._running = None
        self._end()

    def __enter__(self) -> Self:
        self._check_open()
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _at_work(self) -> Live:
        self._check_open()
        if self._live is None:
            # Server and analyses are imported only here, so that the command line can read a table meanwhile.
            from bathyscope.workbench.live import Live

            self._live = Live(self.recording, {**self.host_options(), "layout": self._layout})
            self._resources.callback(self._live.close)
        return self._live

    def _check_open(self) -> None:
        if not self._end.alive:
            raise ParameterError("This hub is closed. Make a new one.")

    def _hidden_in(self, recording: Recording) -> frozenset[str]:
        unseen = {column for column, role in recording.roles.items() if role == "hidden"}
        asked = frozenset(self._given.asked.hidden) if is_recording(self._given.data) else frozenset()
        check_known(sorted(asked), recording.samples_schema.names, "samples")
        return asked | unseen

    def _open(self, given: Given, now: Path | None = None) -> Recording:
        if is_recording(given.data):
            return given.recording()
        taken = given.place(self._resources.callback, now)
        self.roles, self.guessed, self.notes = dict(taken.roles), frozenset(taken.guessed), taken.notes
        return Recording(taken.folder, media_root=given.root)
