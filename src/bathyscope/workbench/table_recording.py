"""Writing a plain table as a recording: from then on nothing knows that it was a table."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope._version import __version__
from bathyscope.errors import SampleIdError, ShapeError, SourceError
from bathyscope.recording import CheckpointWriter, LayerInfo, RecordingWriter
from bathyscope.recording.samples import GROUP_ROWS, IMAGE_TYPE, repeated_ids_message
from bathyscope.recording.schema import RESERVED_COLUMNS, Kind
from bathyscope.workbench.cells import all_differ, is_bytes, is_listlike, is_text, shown
from bathyscope.workbench.class_names import Classed, classed
from bathyscope.workbench.meanings import Meaning
from bathyscope.workbench.probabilities import Probabilities, probabilities_of
from bathyscope.workbench.tables import Plain

OnDuplicate = Literal["error", "suffix"]

FloatArray = npt.NDArray[np.floating[Any]]

SLICE_BYTES = 32 << 20
EMBEDDING = "embedding"
ABSOLUTE = r"^(?:[/\\]|[A-Za-z]:)"


@dataclass(frozen=True)
class Ready:
    """A table taken apart into what a recording holds."""

    ids: pa.ChunkedArray
    splits: pa.ChunkedArray | None
    classes: Classed
    kind: Kind | None
    media: pa.ChunkedArray | None
    metadata: pa.Table
    roles: Mapping[str, str]
    probabilities: Probabilities | None
    embedding: FloatArray | None
    held: npt.NDArray[np.bool_] | None


def take_apart(
    plain: Plain,
    meaning: Meaning,
    *,
    classes: Sequence[str] | None = None,
    media_root: Path | None = None,
    on_duplicate_id: OnDuplicate = "error",
) -> Ready:
    """Check everything that a table must fulfil to be recorded, before anything is written.

    Raises
    ------
    SampleIdError, LabelError, ShapeError, SourceError, ParameterError
        Naming what is wrong, by row.
    """
    table = plain.table

    def column(role: str) -> pa.ChunkedArray | None:
        name = meaning.column(role)
        return None if name is None else table[name]

    label, prediction = meaning.column("label"), meaning.column("prediction")
    told = plain.classes.get(label or "") or plain.classes.get(prediction or "")
    several = label is not None and is_listlike(table[label].type)
    likely = probabilities_of(table, meaning.columns("probabilities"), classes or told, several=several)
    order = told if likely is None or likely.classes is None else likely.classes
    names = classed(column("label"), column("prediction"), given=classes, told=order)
    if likely is not None:
        names = names._replace(names=likely.settled(names.names, order is not None or classes is not None))
    embedding, held = vectors_of(column("embedding"), meaning.column("embedding"))
    kind: Kind | None = "image" if meaning.column("image") else "text" if meaning.column("text") else None
    media = _pictures(column("image"), media_root, plain.notes) if kind == "image" else column("text")
    metadata, roles = _metadata(plain, meaning, names)
    return Ready(
        ids=ids_of(column("id"), meaning.column("id"), len(table), on_duplicate_id),
        splits=None if (split := column("split")) is None else split.cast(pa.string()),
        classes=names,
        kind=kind,
        media=media,
        metadata=metadata,
        roles=roles,
        probabilities=likely,
        embedding=embedding,
        held=held,
    )


def write_recording(
    path: Path, ready: Ready, *, name: str, provenance: Mapping[str, Any], overwrite: bool = False
) -> None:
    """Write the recording; nothing is left of it if that fails."""
    several = ready.classes.labels is not None and is_listlike(ready.classes.labels.type)
    writer = RecordingWriter.create(
        path,
        task="multilabel" if several else "multiclass",
        kind=ready.kind,
        classes=ready.classes.names,
        provenance={"bathyscope": __version__, **provenance},
        roles=ready.roles,
        name=name,
        overwrite=overwrite,
    )
    with writer:
        _write_samples(writer, ready)
        if ready.embedding is not None:
            shape = ready.embedding.shape[1:]
            writer.set_layers([LayerInfo(EMBEDDING, shape, str(ready.embedding.dtype), "embedding")])
        if ready.probabilities is not None or ready.embedding is not None:
            with writer.checkpoint(0) as checkpoint:
                _write_checkpoint(checkpoint, ready, several)


def _write_samples(writer: RecordingWriter, ready: Ready) -> None:
    count = len(ready.ids)
    parts = {"ids": ready.ids, "splits": ready.splits, "labels": ready.classes.labels, "media": ready.media}
    whole = {name: None if column is None else _one(column) for name, column in parts.items()}
    metadata = ready.metadata.combine_chunks()
    with writer.samples(metadata=ready.metadata.schema) as samples:
        for start, stop in _slices(count, metadata, whole["media"]):
            size = stop - start
            part = {name: None if column is None else column.slice(start, size) for name, column in whole.items()}
            samples.write(
                part["ids"],
                splits=part["splits"],
                labels=part["labels"],
                media=part["media"],
                metadata=metadata.slice(start, size),
            )


def _slices(count: int, metadata: pa.Table, media: pa.Array | None) -> Iterator[tuple[int, int]]:
    """Spans of rows that are as much as is written at once."""
    size = (metadata.nbytes + (0 if media is None else media.nbytes)) / max(count, 1)
    rows = max(1, min(GROUP_ROWS, int(SLICE_BYTES / max(size, 1))))
    for start in range(0, count, rows):
        yield start, min(start + rows, count)


def _one(column: pa.ChunkedArray) -> pa.Array:
    whole = column.combine_chunks()
    return whole if isinstance(whole, pa.Array) else pa.concat_arrays(whole.chunks)


def _write_checkpoint(checkpoint: CheckpointWriter, ready: Ready, several: bool) -> None:
    """One checkpoint of the samples that both arrays hold."""
    held = np.ones(len(ready.ids), bool)
    for known in (ready.held, None if ready.probabilities is None else ready.probabilities.held):
        held &= True if known is None else known
    rows = np.flatnonzero(held)
    for start in range(0, len(rows), GROUP_ROWS):
        part = rows[start : start + GROUP_ROWS]
        if ready.probabilities is None:
            checkpoint.hold(part)
        elif several:
            checkpoint.write_scores(part, ready.probabilities.scores(part))
        else:
            checkpoint.write_outputs(part, ready.probabilities.logits(part))
        if ready.embedding is not None:
            checkpoint.write_activations(EMBEDDING, part, ready.embedding[part])


# columns


def ids_of(column: pa.ChunkedArray | None, name: str | None, count: int, on_duplicate: OnDuplicate) -> pa.ChunkedArray:
    """Distinct texts: the ids given, or positions that sort like numbers.

    Raises
    ------
    SampleIdError
        Naming the first five that are missing or repeated.
    """
    if column is None:
        width = len(str(max(count - 1, 0)))
        return pa.chunked_array([pc.utf8_lpad(pa.array(np.arange(count)).cast(pa.string()), width, "0")])
    texts = _id_texts(column, name)
    if column.null_count:
        rows = np.flatnonzero(np.asarray(texts.is_null()))
        shown = ", ".join(f"{row:,}" for row in rows[:5]) + (f" and {len(rows) - 5:,} more" if len(rows) > 5 else "")
        raise SampleIdError(
            f"Column {name!r} gives no id in row{'s' if len(rows) > 1 else ''} {shown}. Give each sample its own id, "
            "or leave id out to number the rows."
        )
    if all_differ(texts):
        return texts
    if on_duplicate == "suffix":
        return pa.chunked_array([pa.array(_suffixed(texts.to_pylist()), pa.string())])
    counts = pc.value_counts(_one(texts))
    repeated = counts.field("values").filter(pc.greater(counts.field("counts"), 1)).to_pylist()
    raise SampleIdError(f"{repeated_ids_message(repeated)} Or give on_duplicate_id='suffix' to number the copies.")


def _id_texts(column: pa.ChunkedArray, name: str | None) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_floating(kind) or not (pa.types.is_primitive(kind) or is_text(kind)):
        raise SampleIdError(
            f"Column {name!r} holds {kind}, which makes no ids. Give a column of texts or whole numbers."
        )
    return column.cast(pa.string())


def _suffixed(ids: list[str]) -> list[str]:
    """a, a, b → a, a-2, b; never a name that another sample has."""
    taken = set(ids)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    result = []
    for name in ids:
        fresh = name
        while fresh in seen or (fresh != name and fresh in taken):
            numbers[name] = numbers.get(name, 1) + 1
            fresh = f"{name}-{numbers[name]}"
        seen.add(fresh)
        result.append(fresh)
    return result


def vectors_of(
    column: pa.ChunkedArray | None, name: str | None
) -> tuple[FloatArray | None, npt.NDArray[np.bool_] | None]:
    """(N, D) float32 and which of them are there, (N,).

    Raises
    ------
    ShapeError
        Naming the first row whose vector has another length, or a number missing.
    """
    if column is None or not len(column) or column.null_count == len(column):
        return None, None
    held = np.asarray(column.is_valid())
    lengths = np.asarray(pc.fill_null(pc.list_value_length(column), -1))
    size = int(lengths[held][0])
    if len(wrong := np.flatnonzero(held & (lengths != size))):
        raise ShapeError(
            f"Column {name!r} holds a vector of {lengths[wrong[0]]:,} numbers in row {wrong[0]:,}, but of {size:,} in "
            f"row {np.flatnonzero(held)[0]:,}. Give vectors of one length, or null for none."
        )
    flat = pc.list_flatten(column)
    if flat.null_count:
        row = np.flatnonzero(held)[int(np.flatnonzero(np.asarray(flat.is_null()))[0]) // size]
        raise ShapeError(f"Column {name!r} lacks a number in the vector of row {row:,}. Give all, or null for none.")
    vectors = np.full((len(column), size), np.nan, np.float32)
    vectors[held] = np.asarray(flat).reshape(-1, size)
    return vectors, held


def _pictures(column: pa.ChunkedArray | None, root: Path | None, notes: list[str]) -> pa.ChunkedArray:
    """Cells {bytes, path}; paths are relative to the media root where they lie inside it."""
    assert column is not None
    kind = column.type
    content, paths = pa.nulls(len(column), pa.binary()), pa.nulls(len(column), pa.string())
    if is_bytes(kind):
        content = _one(column.cast(pa.binary()))
    elif is_text(kind):
        paths = _one(column)
    else:
        whole = _one(column)
        content, paths = whole.field("bytes").cast(pa.binary()), whole.field("path").cast(pa.string())
        content = pc.if_else(whole.is_valid(), content, pa.scalar(None, pa.binary()))
        paths = pc.if_else(whole.is_valid(), paths, pa.scalar(None, pa.string()))
    only_named = pc.and_(content.is_null(), paths.is_valid())
    if root is None and pc.any(only_named).as_py():
        raise SourceError(
            "The pictures are names of files, and nobody said in which folder they lie. Give it with media_root=…, or "
            "image=False to do without pictures."
        )
    paths = _inside(paths, only_named, root, notes)
    return pa.chunked_array([pa.StructArray.from_arrays([content, paths], fields=list(IMAGE_TYPE))])


def _inside(paths: pa.Array, named: pa.Array, root: Path | None, notes: list[str]) -> pa.Array:
    """Absolute paths without the media root. Of embedded pictures only the file's name stays."""
    absolute = pc.fill_null(pc.match_substring_regex(paths, ABSOLUTE), False)
    if not pc.any(absolute).as_py():
        return paths
    roots = [] if root is None else [PurePath(os.path.abspath(root)), root.resolve()]  # noqa: PTH100 -- links stay

    def below(path: str, only_named: bool) -> str:
        if not only_named:
            return re.split(r"[/\\]", path)[-1]
        plain = PurePath(path)
        inside = next((plain.relative_to(one) for one in roots if plain.is_relative_to(one)), None)
        return path if inside is None else inside.as_posix()

    cells = zip(paths.to_pylist(), named.to_pylist(), absolute.to_pylist(), strict=True)
    made = [below(path, name) if far else path for path, name, far in cells]
    outside = sum(1 for path, name in zip(made, named.to_pylist(), strict=True) if name and re.match(ABSOLUTE, path))
    if outside:
        words = (
            "picture lies outside the media root; it is"
            if outside == 1
            else "pictures lie outside the media root; they are"
        )
        notes.append(f"{outside:,} {words} not shown.")
    return pa.array(made, pa.string())


def _metadata(plain: Plain, meaning: Meaning, names: Classed) -> tuple[pa.Table, dict[str, str]]:
    """Columns that stay columns, under names that a recording may use, and what they stand for."""
    stays = ("id", "label", "split", "image", "text", "embedding", "probabilities")
    kept = [name for name in plain.table.column_names if meaning.roles.get(name) not in stays]
    taken = {*kept, *RESERVED_COLUMNS}
    columns: dict[str, pa.ChunkedArray] = {}
    roles: dict[str, str] = {}
    for name in kept:
        role, column = meaning.roles.get(name), plain.table[name]
        fresh = name
        while fresh in RESERVED_COLUMNS or (fresh != name and fresh in taken):
            fresh += "_"
        if fresh != name:
            taken.add(fresh)
            plain.notes.append(f"Column {name!r} is called {fresh!r} here: {name!r} is a name of the recording format.")
        if role == "prediction" and names.predictions is not None:
            column = names.predictions
        if role == "duplicate_cluster":
            column = pc.if_else(pc.less(column, 0), pa.scalar(None, column.type), column)
        columns[fresh] = shown(fresh, column, plain.notes)
        if role is not None and not (role == "prediction" and is_listlike(column.type)):
            roles[fresh] = role
    table = pa.table(columns) if columns else pa.table({})
    return table, roles
