"""Reading a plain table, whatever holds it, as Arrow columns that a page can show.

Nothing is dropped or bent in silence: every change of a name or a type is told in a sentence.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json
import pyarrow.parquet as pq

from bathyscope.errors import DamagedRecordingError, ShapeError, SourceError
from bathyscope.recording.arrays import to_arrow
from bathyscope.workbench.cells import array_of, plain_text, shown

SUFFIXES = (".parquet", ".pq", ".csv", ".tsv", ".jsonl", ".ndjson", ".json", ".arrow", ".feather", ".ipc")

FORMS = (
    "a recording, a pandas or polars data frame, an Arrow table, a dict of columns, a Hugging Face dataset, or the "
    f"path of a recording or of a file ({', '.join(SUFFIXES)})"
)


@dataclass
class Plain:
    """A table whose columns have distinct names and types that a page can show.

    Attributes
    ----------
    table : the columns; image cells, vectors and lists of texts or numbers stay what they are
    notes : what was changed on the way in, in sentences
    classes : names of the values by column, where the table itself tells them: pandas categories, class features
    """

    table: pa.Table
    notes: list[str] = field(default_factory=list)
    classes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_table(data: Any) -> Plain:
    """Take a table in any usual form; the caller's object is not changed.

    Raises
    ------
    SourceError
        If the form is none that is known.
    ShapeError
        If columns differ in length.
    DamagedRecordingError
        If a file cannot be read.
    """
    columns = _columns_of(data)
    notes: list[str] = []
    names = _distinct([column_name(name) for name, _ in columns], notes)
    lengths = {name: len(values) for name, (_, values) in zip(names, columns, strict=True)}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"{name!r} {length:,}" for name, length in list(lengths.items())[:5])
        raise ShapeError(f"The columns differ in length: {told}. Give one value per sample in each.")
    plain = Plain(pa.table({}), notes)
    arrays = {}
    for name, (_, values) in zip(names, columns, strict=True):
        column = array_of(name, values, notes)
        if (known := _category_names(values, column)) is not None:
            plain.classes[name] = known
        arrays[name] = shown(name, column, notes, media=True)
    plain.table = pa.table(arrays)
    features = _features(data)
    plain.classes |= {name: names for name, names in features.items() if name in arrays}
    return plain


Columns = list[tuple[Any, Any]]
"""Names as the source has them, with their values."""


def _columns_of(data: Any) -> Columns:
    module = type(data).__module__.partition(".")[0]
    if isinstance(data, str | Path):
        return _of_arrow(read_file(Path(data)))
    if isinstance(data, pa.Table | pa.RecordBatch):
        return _of_arrow(data)
    if type(data).__name__ == "Series" and hasattr(data, "to_frame"):
        raise SourceError(f"The data were given as {module}.Series, a single column. Give series.to_frame().")
    if module == "pandas" and hasattr(data, "iloc") and data.ndim == 2:
        return _of_pandas(data)
    if module == "datasets":
        return _of_datasets(data)
    if isinstance(data, Mapping):
        return [(name, _values(name, values)) for name, values in data.items()]
    if hasattr(data, "__arrow_c_stream__"):
        return _of_arrow(_of_stream(data))
    raise SourceError(f"The data were given as {type(data).__module__}.{type(data).__name__}. Give {FORMS}.")


def _of_arrow(table: pa.Table | pa.RecordBatch) -> Columns:
    return [(name, table.column(place)) for place, name in enumerate(table.schema.names)]


def _of_stream(data: Any) -> pa.Table:
    try:
        return pa.RecordBatchReader.from_stream(data).read_all()
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise SourceError(
            f"The {type(data).__name__} hands out a type that Arrow does not know here ({error}). Convert that column "
            "to a usual type, or leave it out."
        ) from error


def _of_pandas(frame: Any) -> Columns:
    index = frame.index
    # A plain 0 … N−1 says nothing; any other index is something that the user put there.
    plain = type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1 and index.name is None
    levels = [] if plain else range(index.nlevels)
    named: Columns = [
        (index.names[level] if index.names[level] is not None else "index", index.get_level_values(level).to_series())
        for level in levels
    ]
    return [*named, *((name, frame.iloc[:, place]) for place, name in enumerate(frame.columns))]


def _of_datasets(data: Any) -> Columns:
    kind = type(data).__name__
    if kind == "DatasetDict":
        parts = [(name, part.with_format("arrow")[:]) for name, part in data.items()]
        if any("split" in part.column_names for _, part in parts):
            return _of_arrow(pa.concat_tables([part for _, part in parts], promote_options="default"))
        named = [part.append_column("split", pa.array([name] * len(part), pa.string())) for name, part in parts]
        return _of_arrow(pa.concat_tables(named, promote_options="default"))
    if kind != "Dataset":
        raise SourceError(f"The data were given as datasets.{kind}, which has no length. Give a Dataset.")
    return _of_arrow(data.with_format("arrow")[:])


def _values(name: Any, values: Any) -> Any:
    """A column of a dict: arrays of two axes become vectors."""
    if isinstance(values, str | bytes | Mapping | Set) or not hasattr(values, "__len__"):
        raise SourceError(f"Column {name!r} was given as {type(values).__name__}. Give one value per sample.")
    if hasattr(values, "detach"):
        values = values.detach().cpu().numpy()
    if isinstance(values, np.ndarray) and values.ndim > 1:
        if values.ndim > 2:
            raise ShapeError(
                f"Column {name!r} has the shape {values.shape}. Give one value or one vector per sample, so (N,) or "
                "(N, D)."
            )
        return to_arrow(values)
    return values


# names


def column_name(name: Any) -> str:
    """A column's name as text: the levels of a MultiIndex are joined by an underscore, empty ones left out."""
    if isinstance(name, tuple):
        return "_".join(part for part in map(column_name, name) if part)
    return plain_text(name) if isinstance(name, str) else str(name)


def _distinct(names: list[str], notes: list[str]) -> list[str]:
    """Names of which none is empty or there twice; later ones give way."""
    taken: set[str] = set()
    every = set(names)
    result = []
    for place, name in enumerate(names):
        fresh = name or "unnamed"
        number = 2
        while fresh in taken or (fresh != name and fresh in every):
            fresh, number = f"{name or 'unnamed'} ({number})", number + 1
        if fresh != name:
            why = "has no name" if not name else f"has the name {name!r} of an earlier one"
            notes.append(f"Column {place + 1} {why}; it is called {fresh!r} here.")
        taken.add(fresh)
        result.append(fresh)
    return result


def _category_names(values: Any, column: pa.ChunkedArray) -> tuple[str, ...] | None:
    """The categories of a pandas column in their order, whether or not they occur."""
    categories = getattr(getattr(values, "dtype", None), "categories", None)
    if categories is None or not pa.types.is_dictionary(column.type):
        return None
    return tuple(str(name) for name in categories)


def _features(data: Any) -> dict[str, tuple[str, ...]]:
    """Class names that a Hugging Face dataset, or a file that `datasets` wrote, tells."""
    metadata: Mapping[bytes, bytes] = {}
    if isinstance(data, str | Path) and Path(data).suffix.lower() in (".parquet", ".pq"):
        metadata = pq.read_schema(data).metadata or {}
    elif isinstance(data, pa.Table):
        metadata = data.schema.metadata or {}
    elif type(data).__module__.startswith("datasets"):
        part = next(iter(data.values())) if isinstance(data, Mapping) else data
        metadata = part.features.arrow_schema.metadata or {}
    try:
        features = json.loads(metadata.get(b"huggingface", b"{}")).get("info", {}).get("features", {})
        return {name: tuple(map(str, one["names"])) for name, one in features.items() if one.get("names")}
    except (ValueError, AttributeError, TypeError, KeyError):  # somebody else's note under the same key
        return {}


# files


def check_file(path: Path) -> None:
    """Refuse what cannot be a table, before anything is read or kept of it.

    Raises
    ------
    SourceError
        If there is no such file, or its name ends in none of `SUFFIXES`.
    """
    if not path.exists():
        far = "Nothing is read over a network; download it first. " if re.match(r"\w{2,}:/", path.as_posix()) else ""
        raise SourceError(f"There is no file {str(path)!r}. {far}Give {FORMS}.")
    if path.is_dir():
        raise SourceError(
            f"The folder {str(path)!r} is no recording: it holds no recording.json. Give the folder that Recorder or "
            f"record() wrote, or the path of a table ({', '.join(SUFFIXES)})."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise SourceError(f"{path.name} is of no form that is read here. Give {FORMS}.")


def read_file(path: Path) -> pa.Table:
    """The table in a file, by the ending of its name.

    Raises
    ------
    SourceError
        As `check_file` does.
    DamagedRecordingError
        If its content is not what its name says.
    """
    check_file(path)
    try:
        return READERS[path.suffix.lower()](path)
    except (pa.ArrowInvalid, pa.ArrowKeyError, OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise DamagedRecordingError(
            f"{path.name} cannot be read as {path.suffix.lower()} ({reason}). Check the file, or read it yourself and "
            "give a data frame."
        ) from error


def _read_parquet(path: Path) -> pa.Table:
    # Not `read_table`, which would make a column of a folder's name with an equals sign.
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read()


def _read_csv(path: Path) -> pa.Table:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    table = _csv(path, delimiter)
    if table.num_columns == 1:  # perhaps it only separates its columns otherwise
        others = (other for other in (";", "\t", "|") if other in table.column_names[0])
        table = next((_csv(path, other) for other in others), table)
    return pa.table([_nothing_for_empty(column) for column in table.columns], names=table.column_names)


def _csv(path: Path, delimiter: str) -> pa.Table:
    if not path.stat().st_size:
        return pa.table({})
    parse = pa.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    convert = pa.csv.ConvertOptions(strings_can_be_null=False)
    try:
        return pa.csv.read_csv(path, parse_options=parse, convert_options=convert)
    except pa.ArrowInvalid:
        # Types are told by the first block; where a later one disagrees, all of the file is looked at.
        whole = pa.csv.ReadOptions(block_size=min(path.stat().st_size + 1, 2**31 - 1))
        return pa.csv.read_csv(path, read_options=whole, parse_options=parse, convert_options=convert)


def _nothing_for_empty(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A cell without text holds no value."""
    if not pa.types.is_string(column.type):
        return column
    return pc.if_else(pc.equal(column, ""), pa.scalar(None, pa.string()), column)


def _read_json(path: Path) -> pa.Table:
    with path.open("rb") as file:
        listed = file.read(64).lstrip().startswith(b"[")
    if not path.stat().st_size:
        return pa.table({})
    if not listed:
        try:
            return pa.json.read_json(path)
        except pa.ArrowInvalid:  # columns of mixed types, which our own reading takes as texts
            pass
    text = path.read_text(encoding="utf-8-sig")
    rows = json.loads(text) if listed else [json.loads(line) for line in text.split("\n") if line.strip()]
    if not all(isinstance(row, dict) for row in rows):
        raise pa.ArrowInvalid("a row is no object")
    names = dict.fromkeys(name for row in rows for name in row)
    notes: list[str] = []
    return pa.table({name: array_of(name, [row.get(name) for row in rows], notes) for name in names})


def _read_ipc(path: Path) -> pa.Table:
    with pa.memory_map(str(path)) as file:
        try:
            return pa.ipc.open_file(file).read_all()
        except pa.ArrowInvalid:
            file.seek(0)
            return pa.ipc.open_stream(file).read_all()


READERS: dict[str, Callable[[Path], pa.Table]] = {
    ".parquet": _read_parquet,
    ".pq": _read_parquet,
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
    ".arrow": _read_ipc,
    ".feather": _read_ipc,
    ".ipc": _read_ipc,
}
