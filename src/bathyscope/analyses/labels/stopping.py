"""How many wrong labels are left? Only labels that were drawn at random can tell."""

from __future__ import annotations

from typing import NamedTuple

from bathyscope.errors import ParameterError

CONFIDENCE = 0.95


class Remaining(NamedTuple):
    """One-sided 95 % bounds after a control sample.

    Attributes
    ----------
    rate : at most this share of the unseen labels is wrong
    errors : at most so many are left among them
    recall : at least this share of all wrong labels was found
    """

    rate: float
    errors: float
    recall: float


def remaining(drawn: int, wrong: int, *, unseen: int, found: int) -> Remaining:
    """Bound what is left by a control sample of unseen items that was reviewed blind.

    Parameters
    ----------
    drawn : items of the control sample, drawn uniformly from those nobody has seen
    wrong : of them, how many had a wrong label
    unseen : items that nobody has seen yet, without the sample
    found : wrong labels found so far, those of the sample included

    Raises
    ------
    ParameterError
        If the numbers contradict each other.

    References
    ----------
    Clopper, Pearson (1934), Biometrika 26.
    """
    from scipy.stats import beta

    if not 0 <= wrong <= drawn or drawn < 1 or unseen < 0 or found < wrong:
        raise ParameterError(
            f"drawn={drawn}, wrong={wrong}, unseen={unseen}, found={found} contradict each other: 0 ≤ wrong ≤ drawn, "
            "1 ≤ drawn, wrong ≤ found are expected."
        )
    rate = 1.0 if wrong == drawn else float(beta.ppf(CONFIDENCE, wrong + 1, drawn - wrong))
    left = rate * unseen
    return Remaining(rate, left, found / (found + left) if found + left else 1.0)
