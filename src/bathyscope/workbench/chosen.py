"""Samples that the text of a filter names by their positions: `rows(3, 17)`, or `rows("…")` with one bit for each."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping

import numpy as np

from bathyscope.recording.arrays import IntArray

LISTED = 1000
"""Up to so many are named one by one, as pages do."""

ROWS = re.compile(
    r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|`(?:[^`\\]|\\.)*`'
    r'|\brows\s*\((?:\s*"(?P<bits>[A-Za-z0-9+/=]*)"\s*|(?P<listed>[\d\s,]*))\)',
    re.IGNORECASE,
)
"""Values and names in quotes are matched as well, so that nothing inside them is taken for rows."""


def rows_in(text: str, n: int) -> dict[str, IntArray]:
    """Ascending positions below `n` by the words that name them."""
    found: dict[str, IntArray] = {}
    for match in ROWS.finditer(text):
        if match["listed"] is not None:
            places = {int(word) for word in re.findall(r"\d+", match["listed"])}
            found[match[0]] = np.array(sorted(place for place in places if place < n), np.int64)
        elif match["bits"] is not None:
            try:
                packed = np.frombuffer(base64.b64decode(match["bits"]), np.uint8)
            except binascii.Error:  # the pages say what is wrong with it
                continue
            found[match[0]] = np.flatnonzero(np.unpackbits(packed, bitorder="little")[:n])
    return found


def with_rows(text: str, rows: Mapping[str, IntArray], n: int) -> str:
    """The text with other positions, of `n`, in place of those words."""
    return ROWS.sub(lambda match: _words(rows[match[0]], n) if match[0] in rows else match[0], text)


def _words(rows: IntArray, n: int) -> str:
    if len(rows) <= LISTED:
        return f"rows({', '.join(map(str, rows.tolist()))})"
    mask = np.zeros(-(-n // 32) * 32, bool)  # pages keep 32 to a word
    mask[rows] = True
    return f'rows("{base64.b64encode(np.packbits(mask, bitorder="little").tobytes()).decode()}")'
