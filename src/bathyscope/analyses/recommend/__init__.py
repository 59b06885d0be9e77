"""Which samples should I look at, given what I answered so far?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import pyarrow as pa

from bathyscope.analyses.recommend.answers import answers_of
from bathyscope.analyses.recommend.catalogue import Target
from bathyscope.analyses.recommend.prepared import prepare
from bathyscope.analyses.recommend.strategies import rank_pool
from bathyscope.analyses.recommend.tables import pack
from bathyscope.errors import ParameterError
from bathyscope.recording import Progress, Recording, Tables

Strategy = Literal[
    "bathyscope",
    "movement",
    "published",
    "random",
    "last_loss",
    "uncertainty",
    "aum",
    "label_probability",
    "forgetting",
    "el2n",
    "margin",
    "variability",
    "flips",
]


@dataclass(frozen=True)
class RecommendResult(Tables):
    """The next samples to look at, and why.

    Attributes
    ----------
    batch : rank, sample_index, score (in [0, 1], 1 is most probably what is sought), suggested (class name or null),
        why (up to three sentences), part ("top", "explore", "diverse", "again")
    scores : (N,) rows: score; null for samples outside the pool
    weights : feature, label (in words), weight, prior (the weight before any answer)
    typical : sample_index of samples that are least of all what is sought, for contrast
    review : sample_index, answered ("yes" or "no"), expected, doubt (in [0, 1]): answers that do not fit the others
    notes : sentences about what was left out
    """

    batch: pa.Table
    scores: pa.Table
    weights: pa.Table
    typical: pa.Table
    review: pa.Table
    notes: pa.Table


@dataclass(frozen=True)
class Recommend:
    """Rank the samples of a split by what is sought and what was answered.

    Parameters
    ----------
    target : what is sought
    strategy : how; "bathyscope" and "movement" (the same without labels) and "published" learn from the answers, the
        others rank once and for all
    batch : number of samples to recommend
    accepted, rejected : sample ids of one person's answers yes and no
    skipped : sample ids that are not to be shown again
    like : sample ids of examples; those of target "like_these"
    split : None takes "train" if there is one; "all" takes all samples
    seed : of what is drawn

    Raises
    ------
    ParameterError
        If the batch is out of range, or there is no example of what is sought.
    """

    name: ClassVar[str] = "recommend"
    question: ClassVar[str] = "Which samples should I look at, given what I answered so far?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"checkpoints"})
    result: ClassVar[type[RecommendResult]] = RecommendResult
    kept: ClassVar[int] = 16

    target: Target = "label_noise"
    strategy: Strategy = "bathyscope"
    batch: int = 20
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    like: tuple[str, ...] = ()
    split: str | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.batch <= 10_000:
            raise ParameterError(f"batch={self.batch} makes no batch. Give a number from 1 to 10,000.")
        if self.target == "like_these" and not self.like:
            raise ParameterError("The target 'like_these' needs examples. Give like=[sample_id, …].")

    def run(self, recording: Recording, progress: Progress) -> RecommendResult:
        """Rank, choose and explain; the features come from memory or from an earlier run if they can.

        Raises
        ------
        ParameterError
            If there is no such split.
        MissingInputError
            If the strategy stands on something that was not recorded.
        """
        progress(0.0, "reading the features")
        prepared = prepare(recording, self.split, lambda done, text="": progress(0.9 * done, text))
        progress(0.9, "ranking")
        answers = answers_of(prepared, self.accepted, self.rejected, self.skipped)
        ranking = rank_pool(recording, self, prepared, answers, progress)
        return RecommendResult(**pack(self, prepared, answers, ranking, recording.classes))
