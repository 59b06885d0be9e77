"""Outputs of multi-label models kept sparse, so that 100,000 labels are no burden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import torch

from bathyscope.recording.writer import SCORE_TYPE


@dataclass(frozen=True)
class Sparsity:
    """Which of a sample's C scores are kept: the `top` largest of at least `least`, and always those of its own labels.

    With C up to `top` every score is kept, so small label spaces lose nothing. The largest score is always kept.
    """

    top: int = 50
    least: float = 0.01


def sparse_scores(logits: torch.Tensor, own: pa.ListArray | None, sparsity: Sparsity) -> pa.ListArray:
    """Scores of a batch as lists of {label, score}, largest first.

    Parameters
    ----------
    logits : (B, C)
    own : (B,) lists of the samples' own labels, or nulls; their scores are kept however small
    sparsity : what else is kept

    Returns
    -------
    (B,) lists; score = sigmoid(logit) in [0, 1]
    """
    count, n_classes = logits.shape
    probabilities = torch.sigmoid(logits.float())
    values, columns = probabilities.topk(min(sparsity.top, n_classes), dim=1)
    # `not <` keeps NaN: a diverged model must be seen as one.
    keep = ~(values < sparsity.least) if n_classes > sparsity.top else torch.ones_like(values, dtype=torch.bool)
    keep[:, 0] = True
    row_of = torch.arange(count, device=values.device).unsqueeze(1).expand_as(columns)
    rows, labels = row_of[keep].cpu().numpy(), columns[keep].cpu().numpy()
    if own is not None:
        own_rows, own_labels = _pairs(own)
        keys = np.unique(np.concatenate([rows * n_classes + labels, own_rows * n_classes + own_labels]))
        rows, labels = keys // n_classes, keys % n_classes
    scores = probabilities[torch.from_numpy(rows), torch.from_numpy(labels)].cpu().numpy()
    order = np.lexsort((labels, -scores, rows))
    offsets = np.concatenate([[0], np.cumsum(np.bincount(rows, minlength=count))])
    pairs = pa.StructArray.from_arrays(
        [pa.array(labels[order], pa.int32()), pa.array(scores[order], pa.float32())],
        fields=list(SCORE_TYPE.value_type),
    )
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pairs)


def _pairs(own: pa.ListArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    lengths = own.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    labels = own.drop_null().flatten().to_numpy(zero_copy_only=False)
    return np.repeat(np.arange(len(own)), lengths), labels.astype(np.int64)
