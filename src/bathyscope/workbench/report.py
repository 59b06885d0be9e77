"""A recording as a page to hand on: what its views ask for, collected once, within a number of bytes.

What stands in a report is decided here and nowhere else, so that what was hidden cannot slip in by another way: columns
come from `_Contents.columns`, results are made from them anew, and nothing is copied from the recording's folder.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope import analyses
from bathyscope.analyses.performance.slices import slices_of
from bathyscope.errors import BathyscopeError, MediaError, ParameterError, ReportError
from bathyscope.recording import Analysis, Progress, Recording
from bathyscope.recording.media import decode, thumbnail
from bathyscope.recording.results import missing, parameters_of, silent
from bathyscope.recording.schema import names_of
from bathyscope.workbench.columns import Column, SampleColumns, check_known, transportable
from bathyscope.workbench.course import checkpoint_columns, compact, courses
from bathyscope.workbench.layout import LayoutLike, layout_json, without_columns
from bathyscope.workbench.never_run import never_run
from bathyscope.workbench.part import Part
from bathyscope.workbench.private import holds_paths, last_parts, without_private
from bathyscope.workbench.report_files import (
    CAPS,
    INDEX_LINE,
    Blocks,
    Mode,
    Pages,
    check_free,
    manifest_json,
    picture_index,
    write_folder,
    write_single,
)
from bathyscope.workbench.summary import logged, summarise

Medium = Literal["thumbs", "none"]

PAGE = Path(__file__).parent / "page"
THUMBNAIL = 96
"""Side of a picture in pixels: what the grid of samples shows."""

CHECKPOINTS_SHARE, COURSE_SHARE = 0.4, 0.3
"""Of what is left after the necessary: older checkpoints sample by sample, then courses; pictures get the rest."""

SHARD_BYTES = 2_000_000
"""Courses are read in pieces of about this size: the first click on a sample must not wait for all of them."""

REASONS = pa.schema([("sample", pa.int32()), ("reason", pa.string())])
TEXTS = pa.schema([("sample", pa.int32()), ("text", pa.string())])

MARGIN = 16_000
"""Bytes kept for the sentences and the frame of the document."""


@dataclass(frozen=True)
class Exported:
    """A report that was written: where, how large, and what it had to leave out, in sentences."""

    path: Path
    n_bytes: int
    notes: tuple[str, ...]
    not_run: tuple[str, ...] = ()
    """Analyses that the pages show and nobody ran, so that their views are empty; `run=True` runs them."""


def export(
    recording: Recording | str | Path,
    path: str | Path,
    *,
    mode: Mode | None = None,
    media: Medium = "thumbs",
    rows: Sequence[int] | None = None,
    columns: Sequence[str] | None = None,
    hidden: Iterable[str] = (),
    max_bytes: int | None = None,
    layout: LayoutLike | None = None,
    run: bool = False,
    progress: Progress = silent,
) -> Exported:
    """Write a report of a recording: the workbench's page with its data, to be opened without Bathyscope.

    Parameters
    ----------
    recording : a recording or its folder
    path : file or folder to write; an earlier report there is replaced
    mode : "single" for one HTML file that opens from disk, "folder" for a static server. Unless given, a path that
        ends in .html makes a single file
    media : "thumbs" for small pictures (texts, where samples are texts), "none" to leave them out
    rows : sample indices that the report is about, (R,); every figure then counts these alone. All unless given
    columns : metadata columns to include; all unless given
    hidden : metadata columns, or "sample_id", to leave out; those that the recording itself calls hidden are too
    layout : pages and tiles: a `Layout`, its JSON or its file; the page chooses unless given
    run : run the analyses that the pages show and that were never run. Without it they are named in `not_run`
    max_bytes : largest size. 25 MB for a single file, 150 MB for a folder unless given

    Raises
    ------
    ReportError
        If what is necessary does not fit, or the place is unsuitable.
    RecordingExistsError
        If something else than an earlier report stands there; it is not touched.
    UnknownColumnError, ParameterError
        If columns, hidden, rows, mode or media name what is not there.

    Notes
    -----
    The same recording and parameters give the same bytes. What must give way to the size goes in this order: pictures,
    courses of samples over checkpoints, older checkpoints sample by sample; misclassified samples are kept first.
    Absolute paths, columns that hold them, and entries of provenance about users or secrets are always left out.
    """
    whole = recording if isinstance(recording, Recording) else Recording(recording)
    path = Path(path)
    mode = mode or ("single" if path.suffix.lower() in (".html", ".htm") else "folder")
    if mode not in CAPS or media not in ("thumbs", "none"):
        raise ParameterError(
            f"mode={mode!r} and media={media!r} were given; mode is 'single' or 'folder', media 'thumbs' or 'none'."
        )
    if path.resolve().is_relative_to(whole.path.resolve()):
        raise ReportError(f"{path} lies inside the recording. Give a place outside {whole.path}.")
    check_free(path, folder=mode == "folder")
    pages = Pages.read(PAGE)
    subject = whole if rows is None else Part(whole, rows)
    limit = CAPS[mode] if max_bytes is None else max_bytes
    blocks = Blocks(mode, limit - pages.n_bytes(mode) - MARGIN)
    unseen = names_of(hidden) | {name for name, role in whole.roles.items() if role == "hidden"}
    contents = _Contents(subject, blocks, columns=columns, hidden=unseen, progress=progress)
    contents.layout = layout_json(layout)
    contents.run = run
    if rows is not None:
        contents.notes.append(
            f"This report is about {len(subject):,} of {len(whole):,} samples; every figure counts these alone."
        )
    manifest = contents.collect(media)
    write = write_single if mode == "single" else write_folder
    n_bytes = write(path, pages, manifest, blocks)
    progress(1.0)
    return Exported(path, n_bytes, tuple(contents.notes), contents.not_run)


class _Contents:
    """What goes into one report, in order of need."""

    def __init__(
        self,
        recording: Recording,
        blocks: Blocks,
        *,
        columns: Sequence[str] | None,
        hidden: frozenset[str],
        progress: Progress,
    ) -> None:
        self.recording = recording
        self.blocks = blocks
        self.progress = progress
        self.layout: dict[str, Any] | None = None
        self.run = False
        self.not_run: tuple[str, ...] = ()
        self.notes: list[str] = []
        self.runs: list[dict[str, Any]] = []
        self.samples = SampleColumns(recording, threading.RLock())
        self.columns = self._allowed(columns, hidden)
        self.restricted = isinstance(recording, Part) or len(self.columns) < len(self.samples.names)

    def collect(self, media: Medium) -> dict[str, Any]:
        """Fill the blocks; the manifest of what is in them."""
        recording = self.recording
        summary = self._summary(media)
        self._necessary(len(manifest_json(summary)) <= self.blocks.left, "what describes the recording")
        self.blocks.left -= len(manifest_json(summary))
        for column in self.columns:
            fits = self.blocks.add({f"samples/{column.name}": self._column(column)})
            self._necessary(fits, f"column {column.name!r}")
        correct = self._performance()
        wrong = np.zeros(len(recording), bool) if correct is None else ~correct
        shuffled = np.random.default_rng(0).permutation(len(recording))
        order = np.concatenate([shuffled[wrong[shuffled]], shuffled[~wrong[shuffled]]])
        course = self._courses(order)
        if media == "thumbs" and recording.kind == "image":
            self._pictures(order)
        elif media == "thumbs" and recording.kind == "text":
            self._texts(order)
        return {
            "report": 1,
            "form": self.blocks.mode,
            "recording": summary,
            "tables": self.blocks.tables,
            "runs": self.runs,
            "course": course,
            "media": media,
            "notes": self.notes,
            "decisions": self._decisions(),
        }

    def _decisions(self) -> list[dict[str, Any]]:
        """What was decided, without who did; nothing in a report of a part, whose samples have other places."""
        if self.restricted:
            return []
        return [{**event, "author": ""} for event in logged(self.recording.decisions, self.recording.hidden)]

    def _allowed(self, chosen: Sequence[str] | None, hidden: frozenset[str]) -> tuple[Column, ...]:
        metadata = tuple(self.recording.metadata_schema.names)
        check_known(sorted(hidden), (*metadata, "sample_id", "label", "split"), "samples")
        if needed := hidden & {"label", "split"}:
            raise ParameterError(f"{min(needed)!r} cannot be hidden: every figure of a report is about it.")
        if chosen is not None:
            check_known(chosen, metadata, "samples")
            hidden |= set(metadata) - set(chosen)
        # Columns are looked at only if they may be shown: to describe one is to read it.
        described = {column.name: column for column in self.samples.describe()}
        pathy = {name for name in metadata if name not in hidden and holds_paths(self.recording.column(name))}
        if pathy:
            self.notes.append(
                f"Left out because of file paths of the machine that recorded: {len(pathy)} of {len(metadata)} columns."
            )
        return tuple(column for name, column in described.items() if name not in hidden | pathy)

    def _summary(self, media: Medium) -> dict[str, Any]:
        secret = set(self.samples.names) - {column.name for column in self.columns}
        told = summarise(self.recording, self.columns)
        return {
            **told,
            "writing": False,
            **({} if self.layout is None else {"layout": without_columns(self.layout, secret)}),
            "provenance": without_private(told["provenance"], secret),
            "capabilities": {"run": False, "decide": False, "media": media != "none"},
        }

    def _column(self, column: Column) -> pa.Table:
        table = self.samples.table([column.name])
        return last_parts(table) if column.role == "id" else table

    def _necessary(self, fits: bool, what: str) -> None:
        if not fits:
            raise ReportError(
                f"The report does not fit: with {what} it is larger than is allowed. Allow more "
                "(max_bytes=…, or --max-mb), take fewer columns (columns=[…], or --column) or fewer samples "
                "(rows=[…]), or export to a folder."
            )

    # results

    def _performance(self) -> npt.NDArray[np.bool_] | None:
        """Add the measures of all checkpoints; which samples are right at the last one, or None if nothing says so."""
        recording, build = self.recording, partial(analyses.build, "performance")
        checkpoints = [checkpoint.name for checkpoint in recording.checkpoints if checkpoint.n_samples]
        if missing(recording, analyses.Performance.needs) or not checkpoints:
            self._others()
            return None
        every = build({})
        self._necessary(self._add_run(every, self._run(every, 0.3)), "the measures of all checkpoints")
        last = build({"checkpoint": checkpoints[-1]})
        result = self._run(last, 0.4)
        self._necessary(self._add_run(last, result), "what the last checkpoint says of each sample")
        self._breakdowns(checkpoints[-1], self.blocks.left)
        self._others()
        floor = self.blocks.left - int(self.blocks.left * CHECKPOINTS_SHARE)
        for number, name in enumerate(reversed(checkpoints[:-1])):
            one = build({"checkpoint": name})
            if not self._add_run(one, self._run(one, 0.5), self.blocks.left - floor):
                self.notes.append(
                    f"Sample by sample the report holds the last {number + 1:,} of {len(checkpoints):,} checkpoints; "
                    "its curves and matrices hold all."
                )
                break
            self._breakdowns(name, self.blocks.left - floor)
        correct = result.to_tables()["samples"]["correct"]
        return np.asarray(correct.fill_null(True).to_numpy(), bool)

    def _breakdowns(self, checkpoint: str, limit: int) -> None:
        """Measures by every column that makes slices: one result that answers for each column."""
        names = [column.name for column in self.columns if column.role == "metadata" and self._makes_slices(column)]
        if not names:
            return
        analysis = analyses.build("performance", {"checkpoint": checkpoint, "slices": names})
        asked = [{**parameters_of(analysis), "slices": [name]} for name in names]
        self._add_run(analysis, self._run(analysis, 0.5), limit, only="metrics", also=asked)

    def _makes_slices(self, column: Column) -> bool:
        if column.type not in ("category", "bool", "integer"):
            return False
        try:
            slices_of(self.recording, column.name)
        except ParameterError:  # too many values: the page says so when it is asked for
            return False
        return True

    def _others(self) -> None:
        """Results of other analyses that the recording already holds."""
        if not self.restricted:
            self._lacking()
        found = list(_recorded(self.recording)) if not isinstance(self.recording, Part) else []
        others = [analysis for analysis in found if analysis.name != analyses.Performance.name]
        if others and self.restricted:
            self.notes.append("What other analyses found is left out: it may tell of what the report does not show.")
            return
        for analysis in others:
            if not self._add_run(analysis, self.recording.cached(analysis), self.blocks.left // 4):
                self.notes.append(f"A result of {analysis.name!r} is left out, to stay within the size.")

    def _lacking(self) -> None:
        """Run, or name, what the pages show and nobody ran."""
        lacking = never_run(self.layout, self.recording)
        if not self.run:
            self.not_run = tuple(dict.fromkeys(analysis.name for analysis in lacking))
            return
        for analysis in lacking:
            self.progress(0.5, f"running {analysis.name}")
            self.recording.run(analysis)

    def _run(self, analysis: Analysis, done: float) -> Any:
        self.progress(done, f"measuring {getattr(analysis, 'checkpoint', None) or 'every checkpoint'}")
        return self.recording.run(analysis)

    def _add_run(
        self,
        analysis: Analysis,
        result: Any,
        limit: int | None = None,
        *,
        only: str | None = None,
        also: Sequence[dict[str, Any]] = (),
    ) -> bool:
        """Add a result, whole or not at all; `also` lists other parameters that it answers."""
        key = self.recording.result_key(analysis)
        tables = {name: table for name, table in result.to_tables().items() if only in (None, name)}
        rows = {name: len(table) for name, table in tables.items()}
        entries = [
            {"analysis": analysis.name, "parameters": parameters, "key": key, "tables": rows}
            for parameters in (parameters_of(analysis), *also)
        ]
        named = {
            f"results/{analysis.name}/{key}/{name}": pa.table(
                {column: transportable(table[column], None) for column in table.column_names}
            )
            for name, table in tables.items()
        }
        if not self.blocks.add(named, limit=limit, also=len(manifest_json(entries))):
            return False
        self.runs += entries
        return True

    # samples one by one

    def _courses(self, order: npt.NDArray[np.int64]) -> dict[str, Any] | None:
        """What each checkpoint says of a sample, for as many samples as their share holds."""
        recording = self.recording
        if missing(recording, frozenset({"checkpoints", "logits"})) or not recording.classes or not len(order):
            return None
        look = compact(courses(recording, order[:64].tolist()))
        factor = 1.4 if self.blocks.mode == "single" else 1.0
        each = max(1, int(look.nbytes * factor / min(64, len(order)))) + 16
        kept = np.sort(order[: int(self.blocks.left * COURSE_SHARE) // each])
        if len(kept) < len(order):
            self.notes.append(
                f"How a sample went through the checkpoints is kept for {len(kept):,} of {len(order):,} samples, "
                "misclassified ones first."
            )
        per_shard = max(1, SHARD_BYTES // each)
        shards = [kept[start : start + per_shard] for start in range(0, len(kept), per_shard)]
        tables = {
            "course/checkpoints": pa.table(checkpoint_columns(recording)),
            "course/samples": pa.table({"sample": pa.array(kept, pa.int32())}),
        }
        for number, shard in enumerate(shards):
            self.progress(0.6 + 0.1 * number / len(shards), "following samples")
            tables[f"course/{number}"] = compact(courses(recording, shard.tolist()))
        self._necessary(self.blocks.add(tables), "the courses of samples")
        return {"samples": len(kept), "per_shard": per_shard}

    def _pictures(self, order: npt.NDArray[np.int64]) -> None:
        reasons: dict[int, str] = {}
        aside = self.blocks.left // 50 + 2000  # for the index, and for the reasons why there is none
        self.blocks.left -= aside
        for done, index in enumerate(order.tolist()):
            if done % 256 == 0:
                self.progress(0.7 + 0.29 * done / len(order), "making pictures")
            try:
                media = self.recording.media(index)
                picture = decode(media.content, f"sample {index}", media.reason)
            except MediaError as error:
                reasons[index] = str(error)
                continue
            if not self.blocks.add_picture(index, thumbnail(picture, THUMBNAIL)):
                break
        self.blocks.left += aside + INDEX_LINE * len(self.blocks.pictures)
        self._tell_kept("the pictures", len(self.blocks.pictures), len(order) - len(reasons))
        self._necessary(self.blocks.add({"pictures/index": picture_index(self.blocks)}), "the index of pictures")
        if reasons:
            told = {"sample": sorted(reasons), "reason": [reasons[index] for index in sorted(reasons)]}
            self.blocks.add({"pictures/reasons": pa.table(told, schema=REASONS)})

    def _texts(self, order: npt.NDArray[np.int64]) -> None:
        texts: dict[int, str] = {}
        room = int(self.blocks.left * (0.7 if self.blocks.mode == "single" else 0.95))
        for index in order.tolist():
            text = self.recording.text(index) or ""
            room -= len(text.encode("utf-8", "replace")) + 8
            if room < 0:
                break
            texts[index] = text
        self._tell_kept("the texts", len(texts), len(order))
        table = {"sample": sorted(texts), "text": [texts[index] for index in sorted(texts)]}
        self._necessary(self.blocks.add({"texts": pa.table(table, schema=TEXTS)}), "the texts")

    def _tell_kept(self, what: str, kept: int, total: int) -> None:
        if kept < total:
            self.notes.append(
                f"To stay within its size the report holds {what} of {kept:,} of {total:,} samples: "
                "misclassified ones first, the others drawn at random. Every figure counts all samples."
            )


def _recorded(recording: Recording) -> Iterable[Analysis]:
    """Analyses whose stored results still fit the recording, in an order that does not depend on the disk."""
    for name in analyses.names():
        found: list[tuple[str, Analysis]] = []
        for file in sorted((recording.path / "analyses" / name).glob("*/result.json")):
            try:
                about = json.loads(file.read_text(encoding="utf-8"))
                analysis = analyses.build(name, about["parameters"])
                fits = recording.result_key(analysis) == file.parent.name
            except (BathyscopeError, ValueError, KeyError, TypeError):  # of another version: it answers no question now
                continue
            if fits:
                found.append((str(about.get("created_at")), analysis))
        # Of answers of the moment only the last is still a question that the page asks.
        last = max((made for made, _ in found), default="") if hasattr(analyses.get(name), "kept") else None
        yield from (analysis for made, analysis in found if last in (None, made))
