"""The three ways in which a sample can be there twice: each gives pairs, or says why it could not run."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.duplicates import neighbours, pixels
from bathyscope.analyses.duplicates.contents import Contents
from bathyscope.analyses.embedding import holding, layer_of, unit_vectors
from bathyscope.recording import Recording

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

EXACT, PERCEPTUAL, EMBEDDING = "exact", "perceptual", "embedding"
HASHED_FROM = 48
"""Pictures of this side or more are looked up by hash; in smaller ones too many hashes agree by chance."""

LISTED = 2.0
"""Pictures up to so many cuts apart are listed, for people to look at; only those within the cut make clusters."""


def _no_pairs() -> IntArray:
    return np.empty((0, 2), np.int64)


def _no_distances() -> FloatArray:
    return np.empty(0, np.float64)


@dataclass(frozen=True)
class Tier:
    """What one tier found.

    Attributes
    ----------
    reason : why it did not run; None if it did
    n_samples : how many samples it compared
    n_skipped : how many it could not read
    pairs : (P, 2) sample indices, a < b
    distances : (P,) grey levels, or cosine distance; 0 for exact copies
    in_cuts : (P,) the same as a multiple of the largest distance that still counts
    cut : that distance; NaN if there is none
    joins : whether its pairs make clusters
    """

    name: str
    reason: str | None = None
    n_samples: int = 0
    n_skipped: int = 0
    pairs: IntArray = field(default_factory=_no_pairs)
    distances: FloatArray = field(default_factory=_no_distances)
    in_cuts: FloatArray = field(default_factory=_no_distances)
    cut: float = float("nan")
    joins: bool = True

    @property
    def grouped(self) -> npt.NDArray[np.bool_]:
        """(P,) whether the pair may make a cluster."""
        return (self.in_cuts <= 1) & self.joins


def exact_tier(contents: Contents | None) -> Tier:
    """Each copy with the first sample of the same content."""
    if contents is None:
        return Tier(EXACT, "the recording holds no pictures, texts or arrays to compare")
    first = contents.first_copies()
    copies = np.flatnonzero(first != np.arange(len(first)))
    zeros = np.zeros(len(copies))
    readable = int(contents.readable.sum())
    return Tier(
        EXACT,
        n_samples=readable,
        n_skipped=len(first) - readable,
        pairs=np.stack([first[copies], copies], axis=1),
        distances=zeros,
        in_cuts=zeros,
        cut=0.0,
    )


def pixels_in_cuts(distance: pixels.PixelDistance, noise: float, share: float) -> FloatArray:
    """(P,) distance of pictures as a multiple of the cut, by whichever of the two measures says further."""
    return np.asarray(np.maximum(distance.noise / noise, np.sqrt(distance.share / share)), np.float64)


def perceptual_tier(
    contents: Contents | None, first_copy: IntArray, *, noise: float, share: float, tell: pixels.Tell
) -> Tier:
    """Pictures that are nearly the same; of exact copies only the first is compared."""
    if contents is None or contents.greys is None:
        return Tier(PERCEPTUAL, "the samples are no pictures")
    rows = np.flatnonzero(contents.readable & (first_copy == np.arange(len(first_copy))))
    if contents.smallest_side >= HASHED_FROM:
        pairs = pixels.hash_neighbours(pixels.perceptual_hashes(contents.greys), rows)
    else:
        pairs = pixels.nearest_pictures(contents.greys, rows)
    distance = pixels.pixel_distances(contents.greys, pairs, tell)
    in_cuts = pixels_in_cuts(distance, noise, share)
    listed = in_cuts <= LISTED
    return Tier(
        PERCEPTUAL,
        n_samples=len(rows),
        n_skipped=int((~contents.readable).sum()),
        pairs=pairs[listed],
        distances=distance.noise[listed].astype(np.float64),
        in_cuts=in_cuts[listed],
        cut=noise,
    )


@dataclass(frozen=True)
class Vectors:
    """The embedding of the M samples that have a direction: (M, D) of length 1, and whose they are, (M,)."""

    units: npt.NDArray[np.float32]
    rows: IntArray

    def cosine_distances(self, pairs: IntArray, n_samples: int) -> FloatArray:
        """(P,) cosine distance of each pair of sample indices; infinite where one has no embedding."""
        place = np.full(n_samples, -1, np.int64)
        place[self.rows] = np.arange(len(self.rows))
        left, right = place[pairs[:, 0]], place[pairs[:, 1]]
        both = (left >= 0) & (right >= 0)
        out = np.full(len(pairs), np.inf)
        out[both] = 1 - np.einsum("pd,pd->p", self.units[left[both]], self.units[right[both]])
        return np.asarray(np.maximum(out, 0), np.float64)


def read_vectors(recording: Recording, checkpoint: str | None, layer: str | None = None) -> Vectors | str:
    """The embedding at a checkpoint, or why there is none; None reads the last one that holds it.

    Raises
    ------
    UnknownLayerError
        If a layer is named that was not recorded.
    """
    layer = layer_of(recording, layer)
    if layer is None:
        return "no layer of role 'embedding' was recorded"
    which = holding(recording, layer)
    if checkpoint is not None:
        which = [one for one in which if one.name == recording.checkpoint(checkpoint).name]
    if not which:
        return "no checkpoint holds the embedding" if checkpoint is None else "this checkpoint holds no embedding"
    return Vectors(*unit_vectors(recording.activations(layer, which[-1])))


def embedding_tier(vectors: Vectors | str, first_copy: IntArray, *, times: float, joins: bool) -> Tier:
    """Samples whose embeddings are much nearer than neighbours usually are."""
    if isinstance(vectors, str):
        return Tier(EMBEDDING, vectors)
    found = neighbours.near_in_embedding(vectors.units, vectors.rows, times, first_copy)
    # Without a usual distance only equal vectors count; rounding must not push them over a cut of nothing.
    cut = max(times * found.median, neighbours.SAME) if np.isfinite(found.median) else neighbours.SAME
    distances = found.distances.astype(np.float64)
    return Tier(
        EMBEDDING,
        n_samples=len(vectors.rows),
        n_skipped=len(first_copy) - len(vectors.rows),
        pairs=found.pairs,
        distances=distances,
        in_cuts=distances / cut,
        cut=cut,
        joins=joins,
    )
