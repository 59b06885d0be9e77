"""Values of any kind as Arrow columns of the kinds that a page can show."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.recording.samples import are_rising

BYTES_SHOWN = 32
"""Of a value of bytes so many are written out."""

EXACT_DIGITS = 15
"""A float64 gives back every decimal number of up to so many digits."""

SURROGATE = re.compile(r"[\ud800-\udfff]")


def plain_text(text: str) -> str:
    """Text without halves of characters, which no file can hold; each becomes the replacement sign."""
    return SURROGATE.sub("\ufffd", text)


def array_of(name: str, values: Any, notes: list[str]) -> pa.ChunkedArray:
    """Values of one column as Arrow; mixed ones become text, which the notes tell."""
    if isinstance(values, pa.ChunkedArray):
        return values
    if isinstance(values, pa.Array):
        return pa.chunked_array([values])
    pandas = type(values).__module__.partition(".")[0] == "pandas"  # whose own way to Arrow fails on mixed values
    if not pandas and (hasattr(values, "__arrow_c_array__") or hasattr(values, "__arrow_c_stream__")):
        return pa.chunked_array(values)
    values = _without_pandas_kinds(values)
    if (written := _dicts_as_json(values)) is not None:
        notes.append(f"Column {name!r} holds objects; it is JSON text here.")
        return pa.chunked_array([written])
    try:
        found = pa.array(values, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, UnicodeError, ValueError):
        found = _as_texts(name, values, notes)
    return found if isinstance(found, pa.ChunkedArray) else pa.chunked_array([found])


def _without_pandas_kinds(values: Any) -> Any:
    """Kinds of columns that only pandas knows, as plain ones."""
    dtype = getattr(values, "dtype", None)
    kind = type(dtype).__name__
    if kind == "SparseDtype":
        return values.sparse.to_dense()
    if kind in ("PeriodDtype", "IntervalDtype"):
        return values.astype("string")
    objects = isinstance(dtype, np.dtype) and dtype.hasobject and hasattr(values, "to_numpy")
    return values.to_numpy() if objects else values


def _dicts_as_json(values: Any) -> pa.Array | None:
    """Dicts as JSON at once, for Arrow would give all of them the same keys; None if the values are none."""
    if not (isinstance(values, list | tuple) or (isinstance(values, np.ndarray) and values.dtype == object)):
        return None
    first = next((value for value in values if not _missing(value)), None)
    if not isinstance(first, dict) or set(first) == {"bytes", "path"}:
        return None
    return pa.array([None if _missing(value) else json_text(value) for value in values], pa.string())


def _as_texts(name: str, values: Iterable[Any], notes: list[str]) -> pa.Array:
    kinds: dict[str, None] = {}
    texts: list[str | None] = []
    broken = False
    for value in values:
        if _missing(value):
            texts.append(None)
            continue
        kinds[type(value).__name__] = None
        text = value if isinstance(value, str) else json_text(value)
        texts.append(plain_text(text))
        broken |= texts[-1] != text
    if len(kinds) > 1 or "str" not in kinds:
        notes.append(
            f"Column {name!r} holds values of several kinds ({', '.join(sorted(kinds))}); they are texts here."
        )
    if broken:
        notes.append(f"Column {name!r} holds halves of characters; \ufffd stands in their place here.")
    return pa.array(texts, pa.string())


def _missing(value: Any) -> bool:
    if value is None or type(value).__name__ in ("NAType", "NaTType") or value is np.ma.masked:
        return True
    return isinstance(value, float | np.floating) and bool(np.isnan(value))


def json_text(value: Any) -> str:
    """A nested value as JSON, a plain one as Python writes it."""
    if isinstance(value, dict | list | tuple | set | np.ndarray):
        return plain_text(json.dumps(_for_json(value), ensure_ascii=False))
    return plain_text(str(value))


def _for_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _for_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | np.ndarray):
        return [_for_json(inner) for inner in value]
    if isinstance(value, bytes):
        return f"({len(value):,} bytes)"
    if isinstance(value, np.generic):
        return _for_json(value.item())
    return value if isinstance(value, str | int | float | bool | type(None)) else str(value)


# types


def shown(name: str, column: pa.ChunkedArray, notes: list[str], *, media: bool = False) -> pa.ChunkedArray:
    """The column in a type that a page can show; a change that somebody could miss is told in the notes.

    `media` says that bytes and picture cells stay, because they may yet turn out to be the samples.
    """
    column = _unwrapped(column)
    kind = column.type
    if _is_kept(kind) or (media and (is_picture(kind) or is_bytes(kind))):
        return column
    for fits, convert, words in CONVERSIONS:
        if fits(column):
            converted: pa.ChunkedArray = convert(column)
            if words:
                notes.append(f"Column {name!r} holds {kind}; {words}.")
            return converted
    notes.append(f"Column {name!r} holds {kind}; it is text here.")
    return _texts(column)


def is_picture(kind: pa.DataType) -> bool:
    """Whether the cells are pictures by the convention of Hugging Face: {bytes, path}."""
    return pa.types.is_struct(kind) and {field.name for field in kind} == {"bytes", "path"}


def is_listlike(kind: pa.DataType) -> bool:
    """Whether a cell is a list, of whatever length."""
    return bool(pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind))


def is_text(kind: pa.DataType) -> bool:
    """Whether a cell is a text."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def is_bytes(kind: pa.DataType) -> bool:
    """Whether a cell is bytes."""
    tests = (pa.types.is_binary, pa.types.is_large_binary, pa.types.is_fixed_size_binary, pa.types.is_binary_view)
    return any(test(kind) for test in tests)


def all_differ(column: pa.ChunkedArray) -> bool:
    """Whether no value of a column without nulls is there twice."""
    whole = column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    return are_rising(whole) or bool(pc.count_distinct(whole).as_py() == len(whole))


def _unwrapped(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Without the wrappings of Arrow: extension types, dictionaries, run ends, and the long and viewed variants."""
    kind = column.type
    if isinstance(kind, pa.FixedShapeTensorType):
        flat = pa.list_(kind.value_type, int(np.prod(kind.shape)))
        return pa.chunked_array([chunk.storage.cast(flat) for chunk in column.chunks], flat)
    if isinstance(kind, pa.BaseExtensionType):
        return _unwrapped(pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type))
    if pa.types.is_dictionary(kind):
        # Not by a cast, which knows no dictionaries of the viewed variants.
        plain = [_unwrapped(pa.chunked_array([chunk.dictionary])).combine_chunks() for chunk in column.chunks]
        parts = [values.take(chunk.indices) for values, chunk in zip(plain, column.chunks, strict=True)]
        return pa.chunked_array(parts) if parts else _unwrapped(pa.chunked_array([], kind.value_type))
    if pa.types.is_run_end_encoded(kind):
        return _unwrapped(pa.chunked_array([pc.run_end_decode(chunk) for chunk in column.chunks], kind.value_type))
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind) or pa.types.is_null(kind):
        return column.cast(pa.string())
    if pa.types.is_large_list(kind):
        return _unwrapped(column.cast(pa.list_(kind.value_type)))
    if pa.types.is_float16(kind):
        return column.cast(pa.float32())
    if is_listlike(kind) and is_text(kind.value_type) and kind.value_type != pa.string():
        return column.cast(pa.list_(pa.string()))
    return column


def _is_kept(kind: pa.DataType) -> bool:
    tests = pa.types
    if is_listlike(kind):
        inner = kind.value_type
        return tests.is_integer(inner) or tests.is_floating(inner) or tests.is_boolean(inner) or is_text(inner)
    plain = (tests.is_boolean, tests.is_integer, tests.is_floating, tests.is_string, tests.is_timestamp, tests.is_date)
    return any(test(kind) for test in plain)


def _is_short_decimal(column: pa.ChunkedArray) -> bool:
    """Whether all digits that occur, before and after the point, fit a float64."""
    if not pa.types.is_decimal(column.type) or column.type.scale < 0:
        return False
    largest = pc.max(pc.abs(column)).as_py()
    return largest is None or len(largest.as_tuple().digits) <= EXACT_DIGITS


def _seconds(column: pa.ChunkedArray) -> pa.ChunkedArray:
    per_second = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[column.type.unit]
    return pc.divide(column.cast(pa.int64()).cast(pa.float64(), safe=False), per_second)


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray:
    try:
        return column.cast(pa.string())
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):
        return _each(column, json_text)


def _clock_times(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Times of the day such as 08:30:00, with parts of a second only where there are some."""
    return pc.replace_substring_regex(_texts(column), r"\.0+$|(\.\d*?[1-9])0+$", r"\1")


def _each(column: pa.ChunkedArray, told: Callable[[Any], str]) -> pa.ChunkedArray:
    texts = [None if cell is None else told(cell) for cell in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _hex(cell: bytes) -> str:
    rest = f"… ({len(cell):,} bytes)" if len(cell) > BYTES_SHOWN else ""
    return f"0x{cell[:BYTES_SHOWN].hex()}{rest}"


Conversion = tuple[Callable[[pa.ChunkedArray], bool], Callable[[pa.ChunkedArray], pa.ChunkedArray], str]


def _of_type(test: Callable[[pa.DataType], bool]) -> Callable[[pa.ChunkedArray], bool]:
    return lambda column: test(column.type)


CONVERSIONS: tuple[Conversion, ...] = (
    (_is_short_decimal, lambda column: column.cast(pa.float64()), "it is a number of the same digits here"),
    (_of_type(pa.types.is_decimal), lambda column: column.cast(pa.string()), "it is text here, with every digit"),
    (_of_type(pa.types.is_duration), _seconds, "it is a number of seconds here"),
    (_of_type(pa.types.is_time), _clock_times, ""),
    (_of_type(is_bytes), lambda column: _each(column, _hex), f"of each value the first {BYTES_SHOWN} bytes are shown"),
    (_of_type(pa.types.is_nested), lambda column: _each(column, json_text), "it is JSON text here"),
)
"""In this order: what a type is shown as, and how that is told."""
