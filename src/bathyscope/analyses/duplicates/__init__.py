"""Which samples are there twice, and in which splits?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.duplicates import tables, tiers
from bathyscope.analyses.duplicates.contents import Contents, read_contents
from bathyscope.analyses.duplicates.groups import clusters_of
from bathyscope.analyses.duplicates.pixels import pixel_distances
from bathyscope.analyses.duplicates.tiers import Tier, Vectors
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording, Tables

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class DuplicatesResult(Tables):
    """Pairs, the clusters they make, and what could be compared at all.

    Attributes
    ----------
    pairs : a, b (sample indices, a < b), tier ("exact", "perceptual", "embedding"), distance (0 for exact, grey levels
        0 … 255 for perceptual, cosine distance for embedding), in_cuts (the distance as a multiple of the largest that
        still counts), grouped (false: listed for people to look at only), spans_splits, label_conflict
    samples : (N,) rows, row i is sample_index i: cluster (null in none), tier (the strongest that ties it to it),
        readable (false where its picture or text could not be read; null where samples have neither)
    clusters : one row per cluster, worst first: cluster, size, tier (the weakest of its members), spans_splits, splits,
        label_conflict, nearest (distance of its nearest pair, as a share of the cut)
    coverage : per tier: ran, reason (why not), compared, skipped (samples), cut, pairs, grouped
    """

    pairs: pa.Table
    samples: pa.Table
    clusters: pa.Table
    coverage: pa.Table


@dataclass(frozen=True)
class Duplicates:
    """Which samples are the same, or nearly, and which of these lie in two splits or carry two labels?

    Parameters
    ----------
    checkpoint : name of the checkpoint whose embedding is compared; None takes the last that holds it
    layer : name of the recorded layer that stands for the embedding; None takes the one of role "embedding"
    noise : pictures are near-duplicates if at most so many grey levels (root mean square, 0 … 255) remain unexplained
    share : and at most this share of the variance, in (0, 1]
    times : embeddings are near if nearer than this multiple of the median distance to the nearest neighbour
    embedding_joins : whether pairs found in the embedding make clusters; None: only if the samples are no pictures

    Raises
    ------
    ParameterError
        If a threshold is outside its range.
    """

    name: ClassVar[str] = "duplicates"
    question: ClassVar[str] = "Which samples are there twice, and in which splits?"
    version: ClassVar[int] = 2
    # Pictures can be compared before anything was trained; a tier that cannot run says why.
    needs: ClassVar[frozenset[str]] = frozenset({"contents"})
    result: ClassVar[type[DuplicatesResult]] = DuplicatesResult

    checkpoint: str | None = None
    layer: str | None = None
    noise: float = 5.0
    share: float = 0.01
    times: float = 0.13
    embedding_joins: bool | None = None

    def __post_init__(self) -> None:
        for name, highest in (("noise", 255.0), ("share", 1.0), ("times", 1.0)):
            value = getattr(self, name)
            if not 0 < value <= highest:
                raise ParameterError(
                    f"{name}={value} is no threshold. Give a number above 0 and up to {highest:g}; "
                    "lower finds fewer duplicates."
                )

    def run(self, recording: Recording, progress: Progress) -> DuplicatesResult:
        """Compare by each tier that can run, and cluster.

        Raises
        ------
        UnknownCheckpointError, UnknownLayerError
            If there is no such checkpoint or layer.
        """
        progress(0.0, "reading the samples")
        vectors = tiers.read_vectors(recording, self.checkpoint, self.layer)
        contents = read_contents(recording, progress)
        first_copy = np.arange(len(recording)) if contents is None else contents.first_copies()
        progress(0.5, "comparing the pictures")
        found = [
            tiers.exact_tier(contents),
            tiers.perceptual_tier(
                contents,
                first_copy,
                noise=self.noise,
                share=self.share,
                tell=lambda done: progress(0.6 + 0.25 * done, "comparing the pictures"),
            ),
        ]
        progress(0.85, "comparing the embeddings")
        pictures = recording.kind == "image"
        joins = not pictures if self.embedding_joins is None else self.embedding_joins
        found.append(tiers.embedding_tier(vectors, first_copy, times=self.times, joins=joins))
        progress(0.95, "making clusters")
        clusters = self._clusters(found, contents, vectors, first_copy)
        codes = tables.Codes(recording)
        samples, groups = tables.cluster_tables(clusters, found, codes)
        readable = pa.nulls(len(recording), pa.bool_()) if contents is None else pa.array(contents.readable)
        samples = samples.append_column(tables.READABLE, readable)
        return DuplicatesResult(tables.pairs_table(found, codes), samples, groups, tables.coverage_table(found))

    def _clusters(
        self, found: Sequence[Tier], contents: Contents | None, vectors: Vectors | str, first_copy: IntArray
    ) -> IntArray:
        """Cluster the first of each set of exact copies, then add the copies to it."""
        total = len(first_copy)
        near = [tier for tier in found[1:] if tier.grouped.any()]

        def between(pairs: IntArray) -> npt.NDArray[np.float64]:
            """Distance in cuts by the tier that says nearest, of those that make clusters."""
            least = np.full(len(pairs), np.inf)
            for tier in near:
                if tier.name == tiers.PERCEPTUAL and contents is not None and contents.greys is not None:
                    apart = tiers.pixels_in_cuts(pixel_distances(contents.greys, pairs), self.noise, self.share)
                    least = np.minimum(least, apart)
                elif tier.name == tiers.EMBEDDING and isinstance(vectors, Vectors):
                    least = np.minimum(least, vectors.cosine_distances(pairs, total) / tier.cut)
            return least

        pairs = np.concatenate([tier.pairs[tier.grouped] for tier in found[1:]])
        in_cuts = np.concatenate([tier.in_cuts[tier.grouped] for tier in found[1:]])
        clusters = clusters_of(pairs, in_cuts, total, between)
        copied = np.unique(first_copy[first_copy != np.arange(total)])
        alone = copied[clusters[copied] < 0]
        clusters[alone] = clusters.max(initial=-1) + 1 + np.arange(len(alone))
        return clusters[first_copy]
