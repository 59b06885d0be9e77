"""What must not leave the machine with a report, although the recording holds it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

FILE_PATH = r"^(?:/[^/\s]+/|~[^/\s]*/|[A-Za-z]:[\\/]|\\\\[^\\\s]+\\|file:)"
"""How a text begins that is a path of this machine and not a word with a slash in it."""

PATH_INSIDE = re.compile(r"(?:^|[\s\"'=:,;(\[])(?:/[^/\s]+/|~[^/\s]*/|[A-Za-z]:[\\/]|\\\\[^\\\s]+\\|file:)")
SIGNED_ADDRESS = re.compile(r"//[^/\s]*@")
PERSONAL_KEY = re.compile(r"user|author|e-?mail|host|token|secret|passw|credential|api.?key", re.IGNORECASE)


def holds_paths(column: pa.ChunkedArray) -> bool:
    """Whether any text of the column, also inside lists and structs, is a file path."""
    return any(pc.any(pc.match_substring_regex(texts, FILE_PATH)).as_py() for texts in _texts(column))


def last_parts(ids: pa.Table) -> pa.Table:
    """The table of sample ids, with ids that are file paths shortened to the file's name."""
    column = ids["sample_id"].cast(pa.string())
    if not holds_paths(column):
        return ids
    shortened = pc.replace_substring_regex(column, r"^.*[\\/]([^\\/]+)$", r"\1")
    return pa.table({"sample_id": pc.if_else(pc.match_substring_regex(column, FILE_PATH), shortened, column)})


def without_private(value: Any, secret: Collection[str]) -> Any:
    """Provenance without paths, persons and secrets, and without whatever names one of the `secret` columns."""
    if isinstance(value, Mapping):
        return {
            key: without_private(inner, secret)
            for key, inner in value.items()
            if not PERSONAL_KEY.search(str(key))
            and not _is_private(str(key), secret)
            and not _is_private(inner, secret)
        }
    if isinstance(value, list | tuple):
        return [without_private(inner, secret) for inner in value if not _is_private(inner, secret)]
    return value


def without_named(value: Any, hidden: Collection[str]) -> Any:
    """Provenance without every entry that names a hidden column."""
    if isinstance(value, Mapping):
        return {
            key: without_named(inner, hidden)
            for key, inner in value.items()
            if not names_any(key, hidden) and not (isinstance(inner, str) and names_any(inner, hidden))
        }
    if isinstance(value, list | tuple):
        kept = [inner for inner in value if not (isinstance(inner, str) and names_any(inner, hidden))]
        return [without_named(inner, hidden) for inner in kept]
    return value


def names_any(value: Any, columns: Collection[str]) -> bool:
    """Whether a text in `value`, however deep, holds the name of one of these columns as a word."""
    if isinstance(value, str):
        return any(re.search(rf"(?<!\w){re.escape(name)}(?!\w)", value) for name in columns if name)
    if isinstance(value, Mapping):
        return any(names_any(part, columns) for entry in value.items() for part in entry)
    return isinstance(value, list | tuple) and any(names_any(inner, columns) for inner in value)


def _is_private(value: Any, secret: Collection[str]) -> bool:
    if not isinstance(value, str):
        return False
    return bool(PATH_INSIDE.search(value) or SIGNED_ADDRESS.search(value) or any(name in value for name in secret))


def _texts(column: pa.ChunkedArray) -> Iterator[pa.ChunkedArray]:
    kind = column.type
    if isinstance(kind, pa.BaseExtensionType):
        column = pa.chunked_array([chunk.storage for chunk in column.chunks], kind.storage_type)
        kind = column.type
    if pa.types.is_dictionary(kind):
        yield from _texts(column.cast(kind.value_type))
    elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield column
    elif pa.types.is_string_view(kind):
        yield column.cast(pa.string())
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _texts(part)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _texts(pc.list_flatten(column))
