"""What a picture is made for: a neuron, a class, and looking like an image of the class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812 -- torch's own habit

SHARPNESS = 0.05
"""Unit of the similarity q in the sign-safe objective."""


@dataclass(frozen=True)
class Weights:
    """How the parts of the objective go together.

    Attributes
    ----------
    neuron, gamma : (B,) weights of the activation and of the logit, one pair per picture
    tau : (B,) spread of their sum over real images
    epsilon : added to the similarity ("domain eps")
    paper : the published raw product, whose sign trap the sign-safe sum of logarithms avoids
    """

    neuron: torch.Tensor
    gamma: torch.Tensor
    tau: torch.Tensor
    epsilon: float = 0.05
    paper: bool = False


def log_softplus(x: torch.Tensor) -> torch.Tensor:
    """log(log(1 + eˣ)); of very negative x it is x itself, where the softplus would underflow."""
    low = x < -15
    return torch.where(low, x, torch.log(F.softplus(x.masked_fill(low, 0.0))))


def worth(
    activation: torch.Tensor, logit: torch.Tensor, similarity: torch.Tensor | None, weights: Weights
) -> torch.Tensor:
    """(B,) what is maximised.

    Parameters
    ----------
    activation, logit : (B,) a_n and s_c
    similarity : (B,) q, or None where nothing compares the picture with the class

    Notes
    -----
    Published: (q + ε)(a + γs), here for `weights.paper`. Both factors can be negative, at the start they often are, and
    then a growing product lowers q. The default, log softplus((q + ε)/0.05) + log softplus((a + γs)/τ), grows with q
    and with a whatever their signs.
    """
    wanted = weights.neuron * activation + weights.gamma * logit
    if weights.paper:
        return wanted if similarity is None else (similarity + weights.epsilon) * wanted
    total = log_softplus(wanted / weights.tau)
    return total if similarity is None else total + log_softplus((similarity + weights.epsilon) / SHARPNESS)
