"""Running an analysis on a recording once: what an analysis is, and where its results are kept.

The protocol stands here because the recording keeps the results; `bathyscope.analyses` holds the list of them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self

import pyarrow as pa

from bathyscope._version import __version__
from bathyscope.errors import MissingInputError, StorageError, UnknownAnalysisError
from bathyscope.recording.arrays import readable
from bathyscope.recording.files import UNFINISHED, discard, place, storage_errors
from bathyscope.recording.rounds import round_names
from bathyscope.recording.schema import dump_json

if TYPE_CHECKING:
    from bathyscope.recording.reader import Recording


class Progress(Protocol):
    """Told how far a run is; may raise AnalysisCancelled to stop it.

    It may have a method `partial(tables)`: an analysis that has something to show before it ends hands it Arrow tables
    by name, which are shown and not kept.
    """

    def __call__(self, done: float, message: str = "") -> None:
        """`done` grows from 0 to 1."""


class Result(Protocol):
    """A frozen dataclass of arrays that becomes Arrow tables and back, and never holds a model."""

    def to_tables(self) -> dict[str, pa.Table]:
        """Everything in the result."""
        ...

    @classmethod
    def from_tables(cls, tables: Mapping[str, pa.Table]) -> Self:
        """The same result again."""
        ...


class Tables:
    """For results that are tables and nothing else: each field of the dataclass is one, under its name."""

    def to_tables(self) -> dict[str, pa.Table]:
        """The fields by name."""
        return dict(vars(self))

    @classmethod
    def from_tables(cls, tables: Mapping[str, pa.Table]) -> Self:
        """The same result again."""
        return cls(**tables)


class Analysis(Protocol):
    """One question to a recording: a frozen dataclass whose fields are its parameters, each fit for JSON.

    The same parameters on the same recording give the same result. A field `checkpoint` that names one says that
    nothing is read from the others, so that the result stays valid while more are recorded. A class attribute `kept`
    says that only so many results are kept, the latest: for answers that are asked for once and made in milliseconds.
    `reads_rounds` says that it reads rounds of out-of-fold probabilities, so that a new one makes it run again, and a
    method `reads_also(recording)` tells as JSON what else it depends on, such as a recording beside this one.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    version: ClassVar[int]
    needs: ClassVar[frozenset[str]]
    result: ClassVar[type[Any]]

    def run(self, recording: Recording, progress: Progress) -> Any:
        """Fetch the inputs, call the mathematics, pack the result."""
        ...


def silent(done: float, message: str = "") -> None:
    """Progress that nobody watches."""


NEEDS = {
    "checkpoints": "no checkpoint yet. Record one with recorder.checkpoint(model)",
    "contents": "no pictures, texts, arrays or embedding to compare. Record one of them",
    "embedding": (
        "no layer of role 'embedding'. Record one with embedding='name of the layer'; in a table, name the column with "
        "embedding=…"
    ),
    "head": "no decision layer. Record it with head='name of the last linear layer'",
    "images": "no images. Record them by giving images as samples",
    "labels": "no labels. Record them with labels=[…]; in a table, name the column with label=…",
    "logits": (
        "no outputs yet. Record them with recorder.checkpoint(model) or from_arrays(logits=…); in a table, name the "
        "columns with probabilities=…"
    ),
    "program": "no exported model. Record it with export=True",
}
"""What an analysis may need, and what to do where a recording lacks it."""


def missing(recording: Recording, needs: frozenset[str]) -> list[str]:
    """Which of `needs` the recording lacks, each as the end of a sentence: "no labels. Record them with …"."""
    checkpoints = recording.checkpoints
    has_embedding = bool(checkpoints) and recording.embedding_layer is not None
    there = {
        "checkpoints": bool(checkpoints),
        "contents": recording.kind is not None or has_embedding,
        "embedding": has_embedding,
        "head": any(checkpoint.has_head for checkpoint in checkpoints),
        "images": recording.kind == "image",
        "labels": recording.info.n_missing_labels < len(recording),
        "logits": any(checkpoint.has_outputs for checkpoint in checkpoints),
        "program": recording.program_path is not None,
    }
    return [NEEDS[need] for need in sorted(needs) if not there[need]]


def parameters_of(analysis: Analysis) -> dict[str, Any]:
    """Parameters as JSON values."""
    fields: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(analysis)))  # type: ignore[call-overload]
    return fields


def key_of(recording: Recording, analysis: Analysis) -> str:
    """Hash of an analysis, its version and parameters, and everything of the recording that it may read."""
    only = getattr(analysis, "checkpoint", None)
    checkpoints = recording.checkpoints if only is None else (recording.checkpoint(only),)
    identity = [
        analysis.name,
        analysis.version,
        parameters_of(analysis),
        recording.fingerprint,
        list(recording.classes),
        [[checkpoint.name, checkpoint.fingerprint] for checkpoint in checkpoints],
    ]
    if getattr(analysis, "reads_rounds", False):
        identity += [["round", name] for name in round_names(recording.path)]
    reads_also = getattr(analysis, "reads_also", None)
    if reads_also is not None and (read := reads_also(recording)) is not None:
        identity.append(["also", read])
    if recording.hidden:  # a result made with a column in sight must not be found by those who may not see it
        identity.append(["hidden", sorted(recording.hidden)])
    return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:20]


def run(recording: Recording, analysis: Analysis, progress: Progress) -> Any:
    """Load the stored result, or run the analysis and store it.

    Raises
    ------
    MissingInputError
        If the recording lacks something that the analysis needs.
    """
    if not hasattr(analysis, "needs"):
        raise UnknownAnalysisError(
            f"{analysis!r:.100} is no analysis. Give one such as Performance(), from bathyscope.analyses; "
            "Hub.run(name, **parameters) takes names."
        )
    if lacks := missing(recording, analysis.needs):
        raise MissingInputError(f"{analysis.name} cannot run on {recording.path}: it has {'; it has '.join(lacks)}.")
    stored = load(recording, analysis)
    if stored is not None:
        progress(1.0, "from an earlier run")
        return stored
    key = key_of(recording, analysis)
    started = time.monotonic()
    result = analysis.run(recording, progress)
    _store(recording, analysis, key, result.to_tables(), time.monotonic() - started)
    progress(1.0)
    return result


def load(recording: Recording, analysis: Analysis) -> Any | None:
    """The stored result, or None."""
    files = table_files(recording.path, analysis.name, key_of(recording, analysis))
    if not files:
        return None
    return analysis.result.from_tables({name: read_table(path) for name, path in files.items()})


def read_table(path: Path, columns: list[str] | None = None) -> pa.Table:
    """A table of a stored result, or some of its columns."""
    with readable(str(path)), pa.OSFile(str(path)) as file:
        schema = pa.ipc.open_file(file).schema
        wanted = None if columns is None else [schema.names.index(name) for name in columns]
        table: pa.Table = pa.ipc.open_file(file, options=pa.ipc.IpcReadOptions(included_fields=wanted)).read_all()
        return table if columns is None else table.select(columns)


def table_files(path: Path, name: str, key: str) -> dict[str, Path]:
    """Files of a stored result by table name; empty if there is none."""
    folder = path / "analyses" / name / key
    if not (folder / "result.json").exists():
        return {}
    return {file.stem: file for file in sorted(folder.glob("*.arrow"))}


def hidden_from(path: Path, name: str, key: str) -> frozenset[str]:
    """Columns that a stored result was made without."""
    about = json.loads((path / "analyses" / name / key / "result.json").read_bytes())
    return frozenset(about.get("hidden", ()))


def _store(
    recording: Recording, analysis: Analysis, key: str, tables: Mapping[str, pa.Table], duration_s: float
) -> None:
    final = recording.path / "analyses" / analysis.name / key
    unfinished = final.with_name(f"{UNFINISHED}{key}-{uuid.uuid4().hex[:8]}")
    about = {
        "analysis": analysis.name,
        "version": analysis.version,
        "parameters": parameters_of(analysis),
        "bathyscope": __version__,
        "created_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "duration_s": round(duration_s, 3),
    }
    if recording.hidden:
        about["hidden"] = sorted(recording.hidden)
    try:
        with storage_errors(final):
            unfinished.mkdir(parents=True)
            for name, table in tables.items():
                options = pa.ipc.IpcWriteOptions(compression="lz4")
                with (
                    pa.OSFile(str(unfinished / f"{name}.arrow"), "wb") as file,
                    pa.ipc.new_file(file, table.schema, options=options) as sink,
                ):
                    sink.write_table(table)
            (unfinished / "result.json").write_bytes(dump_json(about))
        try:
            place(unfinished, final)
        except StorageError:
            if not final.exists():  # else somebody else has run the same meanwhile, with the same result
                raise
    finally:
        discard(unfinished)
    _forget_all_but(getattr(analysis, "kept", None), final.parent)


def _forget_all_but(kept: int | None, folder: Path) -> None:
    """Delete all but the latest results of an analysis."""
    if kept is None:
        return
    stored = sorted(folder.glob("[!.]*/result.json"), key=_written_at, reverse=True)
    for about in stored[kept:]:
        # Renamed first, so that nobody finds half of it; whoever reads one of its files goes on reading.
        leaving = folder / f"{UNFINISHED}{about.parent.name}-{uuid.uuid4().hex[:8]}"
        with suppress(OSError):  # somebody else removes it at the same time
            about.parent.rename(leaving)
        discard(leaving)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # just removed
        return 0
