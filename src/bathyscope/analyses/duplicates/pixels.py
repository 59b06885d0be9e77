"""Near-duplicate pictures: which pairs to look at, and how far apart the pictures of a pair are."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float32]
Tell = Callable[[float], None]

NEIGHBOURS = 20
"""So many nearest pictures are looked at where the pictures are small."""

LEAST_CORRELATION = 0.9
"""Pairs below this are not near-duplicates in any sense; leaving them out saves most of the time."""

COMPONENTS = 64
HASH_RADIUS = 4
_CHUNKS = ((0, 13), (13, 13), (26, 13), (39, 13), (52, 12))
_ONES = np.array([bin(value).count("1") for value in range(1 << 16)], np.uint8)
_BATCH = 2048
_ROWS = 256
_RIDGE = 1e-6
_MOST_EQUAL_HASHES = 20


class PixelDistance(NamedTuple):
    """(P,) each: what of a picture its partner does not explain, in grey levels, and as a share of its variance."""

    noise: FloatArray
    share: FloatArray


def pixel_distances(greys: Bytes, pairs: IntArray, tell: Tell | None = None) -> PixelDistance:
    """How far the pictures of each pair are apart, after the best 3 × 3 filter and brightness.

    One picture is explained by the other as y ≈ Σ k_ij · x shifted by (i, j) + b, with k and b by least squares. So a
    shift of up to a pixel, a little blur or sharpening, contrast and brightness cost nothing; what remains is noise
    or another picture. The border of one pixel is left out: a shift fills it with something else.

    Parameters
    ----------
    greys : (N, H, W) uint8
    pairs : (P, 2) sample indices

    Returns
    -------
    Root mean square of what remains, in grey levels 0 … 255, and its share of the variance, in [0, 1]; of the two
    directions the larger. Pictures under 4 pixels, or without any contrast, are infinitely far from all.
    """
    noise, share = np.full(len(pairs), np.inf, np.float32), np.full(len(pairs), np.inf, np.float32)
    if min(greys.shape[1:]) < 4 or not len(pairs):
        return PixelDistance(noise, share)
    used, which = np.unique(pairs, return_inverse=True)
    solvers = _solvers(greys[used])
    which = which.reshape(pairs.shape)
    for start in range(0, len(pairs), _BATCH):
        if tell is not None:
            tell(start / len(pairs))
        part = slice(start, start + _BATCH)
        first, second = (greys[pairs[part, side]].astype(np.float32) for side in (0, 1))
        one = _unexplained(first, second, solvers[which[part, 0]])
        other = _unexplained(second, first, solvers[which[part, 1]])
        noise[part] = np.maximum(one.noise, other.noise)
        share[part] = np.maximum(one.share, other.share)
    return PixelDistance(noise, share)


def _shifts(pictures: FloatArray) -> list[FloatArray]:
    """The inside of the pictures, moved to each of the nine places; views."""
    height, width = pictures.shape[1] - 2, pictures.shape[2] - 2
    return [pictures[:, i : i + height, j : j + width] for i in range(3) for j in range(3)]


def _solvers(greys: Bytes) -> npt.NDArray[np.float64]:
    """For each picture the inverse of its normal equations, (N, 9, 9): solved once, used for all its pairs."""
    out = np.empty((len(greys), 9, 9))
    for start in range(0, len(greys), _BATCH):
        shifted = np.stack(_shifts(greys[start : start + _BATCH].astype(np.float32)), axis=1)
        shifted = shifted.reshape(len(shifted), 9, -1)
        shifted -= shifted.mean(axis=2, keepdims=True)
        gram = (shifted @ shifted.transpose(0, 2, 1)).astype(np.float64)
        ridge = _RIDGE * np.trace(gram, axis1=1, axis2=2) + 1e-3  # neighbouring pixels may be equal everywhere
        gram[:, range(9), range(9)] += ridge[:, None]
        out[start : start + _BATCH] = np.linalg.inv(gram)
    return out


def _unexplained(x: FloatArray, y: FloatArray, solvers: npt.NDArray[np.float64]) -> PixelDistance:
    """What of y (B, H, W) remains beside the best filter of x: its squares less those that the filter explains."""
    target = y[:, 1:-1, 1:-1]
    target = target - target.mean(axis=(1, 2), keepdims=True)
    alike = np.stack([np.einsum("bhw,bhw->b", moved, target) for moved in _shifts(x)], axis=1).astype(np.float64)
    explained = np.einsum("bi,bij,bj->b", alike, solvers, alike, optimize=True)
    pixels = target[0].size
    total = np.einsum("bhw,bhw->b", target, target).astype(np.float64) / pixels
    squares = np.maximum(total - explained / pixels, 0)
    has_contrast = total > 1
    share = np.divide(squares, total, out=np.full(len(total), np.inf), where=has_contrast)
    noise = np.where(has_contrast, np.sqrt(squares), np.inf)
    return PixelDistance(noise.astype(np.float32), share.astype(np.float32))


def nearest_pictures(greys: Bytes, rows: IntArray) -> IntArray:
    """Pairs of pictures that are among each other's nearest, (P, 2) sample indices, a < b, sorted.

    Each picture is compared without its brightness and contrast, in the 64 directions in which the pictures differ
    most. Leaving out directions can only make two pictures look nearer, so it loses no pair for being far; that
    their number is limited to 20 for each picture can.
    """
    if len(rows) < 2:
        return np.empty((0, 2), np.int64)
    flat = greys[rows].reshape(len(rows), -1).astype(np.float32)
    flat -= flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    some_contrast = length[:, 0] > 0
    rows, flat = rows[some_contrast], flat[some_contrast] / length[some_contrast]
    if len(rows) < 2:
        return np.empty((0, 2), np.int64)
    flat -= flat.mean(axis=0)
    if flat.shape[1] > COMPONENTS:
        _, directions = np.linalg.eigh(flat.T @ flat)
        flat = flat @ directions[:, -COMPONENTS:]
    half = (flat**2).sum(axis=1, keepdims=True) / 2
    # |p − q|² ≤ 2 (1 − r)  is the same as  p·q − |q|²/2 ≥ |p|²/2 − (1 − r): one product and one comparison.
    left, right = np.hstack([flat, np.ones_like(half)]), np.ascontiguousarray(np.hstack([flat, -half]).T)
    nearness = np.empty((_ROWS, len(rows)), np.float32)
    found = []
    for start in range(0, len(rows), _ROWS):
        part = left[start : start + _ROWS]
        block = np.matmul(part, right, out=nearness[: len(part)])
        positions = _nearest(block, half[start : start + _ROWS] - (1 - LEAST_CORRELATION))
        found.append(positions + np.array([start, 0]))
    return unique_pairs(rows[np.concatenate(found)])


def _nearest(nearness: FloatArray, least: FloatArray) -> IntArray:
    """Positions (P, 2) of those near enough in each row, at most 20 and the row's own.

    Own code and not scikit-learn's, because nearly all pictures lie beyond the limit: one comparison drops them.
    """
    places = np.flatnonzero(nearness >= least)
    row, column = np.divmod(places, nearness.shape[1])
    order = np.lexsort((-nearness.ravel()[places], row))
    row, column = row[order], column[order]
    rank = np.arange(len(row)) - np.searchsorted(row, row)
    kept = rank <= NEIGHBOURS
    return np.stack([row[kept], column[kept]], axis=1)


def unique_pairs(pairs: IntArray) -> IntArray:
    """(P, 2) sorted pairs with a < b, each once."""
    pairs = np.sort(pairs[pairs[:, 0] != pairs[:, 1]], axis=1)
    return np.unique(pairs, axis=0) if len(pairs) else np.empty((0, 2), np.int64)


def perceptual_hashes(greys: Bytes) -> npt.NDArray[np.uint64]:
    """(N,) 64-bit hashes: signs of the 8 × 8 lowest cosine coefficients of the picture against their median."""
    from scipy import fft

    bits = np.empty((len(greys), 64), np.uint8)
    for start in range(0, len(greys), _BATCH):
        part = greys[start : start + _BATCH].astype(np.float32)
        low = fft.dctn(part, axes=(1, 2), norm="ortho")[:, :8, :8].reshape(len(part), 64)
        bits[start : start + _BATCH] = low > np.median(low, axis=1, keepdims=True)
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def hamming(first: npt.NDArray[np.uint64], second: npt.NDArray[np.uint64]) -> IntArray:
    """Number of bits in which the hashes (P,) differ."""
    differing = np.ascontiguousarray(first ^ second).view(np.uint16).reshape(-1, 4)
    ones: IntArray = _ONES[differing].sum(axis=1, dtype=np.int64)
    return ones


def hash_neighbours(hashes: npt.NDArray[np.uint64], rows: IntArray) -> IntArray:
    """Pairs of sample indices whose hashes differ in at most 4 bits, (P, 2), a < b, sorted.

    The hash is cut into five pieces; two hashes that differ in four bits or fewer agree in one piece (Norouzi, Punjani,
    Fleet 2012), so only samples that share a piece are compared. Where over 20 samples have the same hash, each is
    paired with the 20 after it only, so that pictures of nothing do not fill the memory.
    """
    values, which = np.unique(hashes[rows], return_inverse=True)
    order = np.argsort(which, kind="stable")
    members = np.split(rows[order], np.cumsum(np.bincount(which))[:-1])
    found = [_pairs_within(same) for same in members if len(same) > 1]
    for a, b in _near_values(values).tolist():
        first, second = members[a][:_MOST_EQUAL_HASHES], members[b][:_MOST_EQUAL_HASHES]
        found.append(np.stack([np.repeat(first, len(second)), np.tile(second, len(first))], axis=1))
    return unique_pairs(np.concatenate(found)) if found else np.empty((0, 2), np.int64)


def _pairs_within(same: IntArray) -> IntArray:
    steps = range(1, min(_MOST_EQUAL_HASHES, len(same) - 1) + 1)
    return np.concatenate([np.stack([same[:-step], same[step:]], axis=1) for step in steps])


def _near_values(values: npt.NDArray[np.uint64]) -> IntArray:
    """Pairs of positions in distinct `values` that differ in at most `HASH_RADIUS` bits."""
    found = [np.empty((0, 2), np.int64)]
    for start, width in _CHUNKS:
        piece = (values >> np.uint64(start)) & np.uint64((1 << width) - 1)
        order = np.argsort(piece, kind="stable")
        ends = np.searchsorted(piece[order], piece[order], side="right")
        # Compare each with the one `step` places later, as long as that shares the piece.
        step, alive = 1, np.arange(len(order))
        while len(alive := alive[alive + step < ends[alive]]):
            first, second = order[alive], order[alive + step]
            near = hamming(values[first], values[second]) <= HASH_RADIUS
            found.append(np.stack([first[near], second[near]], axis=1))
            step += 1
    return unique_pairs(np.concatenate(found))
