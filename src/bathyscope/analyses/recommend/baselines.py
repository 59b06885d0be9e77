"""Rankings that need no answers, for comparison: each a few lines on what is recorded anyway."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.prepared import Prepared
from bathyscope.errors import MissingInputError

FloatArray = npt.NDArray[np.float64]

FROM = {
    "last_loss": "last_loss",
    "uncertainty": "uncertainty",
    "aum": "aum",
    "label_probability": "mean_label_probability",
    "forgetting": "forgotten",
}
"""The feature on which each stands."""


def baseline(prepared: Prepared, strategy: str, seed: int) -> FloatArray:
    """(P,) in [0, 1], 1 is the most conspicuous.

    Raises
    ------
    MissingInputError
        If the recording does not tell what the ranking stands on.
    """
    if strategy == "random":
        return np.random.default_rng(seed).permutation(len(prepared.pool)) / max(len(prepared.pool) - 1, 1)
    name = FROM[strategy]
    if not prepared.has(name):
        raise MissingInputError(
            f"The strategy {strategy!r} stands on {name.replace('_', ' ')}, which this recording does not tell or "
            "which is the same for all samples. Record outputs and labels, or take strategy='movement'."
        )
    if strategy != "forgetting":
        return prepared.rank_of(name)
    # Never learned counts as forgotten more often than any other: that is the definition.
    forgotten = prepared.rank_of(name)
    return np.where(prepared.never_learned, np.maximum(forgotten, 0.0) + 1.0, forgotten) / 2
