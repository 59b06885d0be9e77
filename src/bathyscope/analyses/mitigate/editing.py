"""One way to change the decision layer, at each of its strengths."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, cast, get_args

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.mitigate.groups import Groups, even
from bathyscope.analyses.mitigate.instant import (
    INSTANT,
    OF_THE_INPUT,
    Instant,
    changed_logits,
    edited_head,
    edited_logits,
)
from bathyscope.analyses.mitigate.retention import Form, Objective
from bathyscope.analyses.mitigate.retraining import afr, dfr, neurontune
from bathyscope.analyses.mitigate.training import Head, Schedule, train
from bathyscope.errors import InputError

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyFloats = npt.NDArray[np.floating]

Method = Literal[
    "zero",
    "mean",
    "class_zero",
    "scale",
    "clamp",
    "reactive",
    "retention",
    "retention_kl",
    "retention_paper",
    "dfr",
    "afr",
    "neurontune",
    "balanced",
]
METHODS: tuple[Method, ...] = get_args(Method)
TRAINED = tuple(method for method in METHODS if method not in INSTANT)
FORMS: dict[str, Form] = {"retention": "log", "retention_kl": "kl", "retention_paper": "paper"}

STRENGTHS: dict[str, tuple[float, ...]] = {
    "scale": (0.0, 0.25, 0.5, 0.75),
    "clamp": (0.5, 0.75, 0.9),
    "reactive": (0.75, 0.9, 0.95),
    "retention": (0.0, 1.0, 3.0, 10.0),
    "retention_kl": (0.0, 1.0, 3.0, 10.0),
    "retention_paper": (0.0, 0.01, 0.1, 1.0),
    "afr": (0.0, 1.0, 2.0, 4.0, 8.0),
    "dfr": (1.0, 0.7, 0.3, 0.1, 0.07, 0.03, 0.01),
}
"""What is tried where no strength is given: the factor; the quantile; λ₃; γ; the inverse penalty. Others have none."""

LEAST_STEPS = 1000
RELATIVE_RATE = 0.01
"""Of Adam, in units of the root mean square of the weights, which may be of any size; the paper's form takes .001."""


@dataclass(frozen=True)
class Edit:
    """A changed decision layer, or a changed input of it.

    Attributes
    ----------
    method, strength : how it was made; None for methods that have no strength
    head : the edited layer; the unedited one where the input is changed
    neurons : that are edited
    bounds : (K,) of the neurons' activations where the input is changed
    """

    method: Method
    strength: float | None
    head: Head
    neurons: IntArray
    bounds: FloatArray | None = None

    def logits(self, original: Head, features: AnyFloats, logits: FloatArray) -> FloatArray:
        """(N, C) from the unedited logits, of which only the changed part is computed anew."""
        if self.bounds is None:
            return changed_logits(original, self.head, features, logits)
        method = cast(Instant, self.method)
        return edited_logits(original, method, self.neurons, features, bounds=self.bounds, logits=logits)


@dataclass(frozen=True)
class Material:
    """What an edit is made from.

    Attributes
    ----------
    head : unedited
    features, labels : (N, U) and (N,) of the samples that are trained on
    held_out, held_out_labels : of those that are not; where there are none, the same
    groups, held_out_groups : known groups of either, or classes
    known : whether groups are more than classes
    """

    head: Head
    features: AnyFloats
    labels: IntArray
    held_out: AnyFloats
    held_out_labels: IntArray
    groups: Groups
    held_out_groups: Groups
    known: bool = False


def edits_of(
    method: Method,
    material: Material,
    neurons: IntArray,
    classes: IntArray,
    *,
    strengths: tuple[float, ...] | None = None,
    targets: FloatArray | None = None,
    schedule: Schedule | None = None,
    better: Callable[[Head], float] | None = None,
    seed: int = 0,
    tell: Callable[[float], None] = lambda done: None,
) -> Iterator[Edit]:
    """The edits that a method makes, one for each strength.

    Parameters
    ----------
    method : one of `METHODS`
    neurons, classes : checked, see `checked_neurons`
    strengths : None takes those of `STRENGTHS`
    targets : (K,) retention ratios of the classes; 1 unless given
    schedule : of the training
    better : judges heads after each epoch of training; see `train`

    Raises
    ------
    InputError
        If a strength is out of range.
    """
    tried: tuple[float | None, ...] = strengths or STRENGTHS.get(method) or (None,)
    for number, strength in enumerate(tried):
        check_strength(method, strength)

        def further(done: float, number: int = number) -> None:
            tell((number + done) / len(tried))

        if method in INSTANT:
            yield _instant(method, material, neurons, classes, strength=strength)
        elif method in FORMS:
            held = np.ones(len(classes)) if targets is None else targets
            objective = Objective(neurons, classes, held, strength or 0.0, FORMS[method])
            weights = even(material.groups.codes) if material.known else None
            head = train(
                material.head,
                material.features,
                material.labels,
                objective,
                schedule=schedule or schedule_of(material.head, method, len(material.labels)),
                weights=weights,
                seed=seed,
                better=better,
                tell=further,
            )
            yield Edit(method, strength, head, neurons)
        else:
            yield Edit(method, strength, _refitted(method, material, strength, classes, seed=seed), neurons)
        further(1.0)


def schedule_of(head: Head, method: Method, n_samples: int) -> Schedule:
    """How a method trains a head: the paper's form as the paper does, the others long enough for few samples too."""
    size = float(np.sqrt((head.weight**2).mean()))
    if method == "retention_paper" or size == 0:
        return Schedule()
    steps = max(1, -(-n_samples // Schedule.batch))
    return Schedule(rate=RELATIVE_RATE * size, epochs=max(Schedule.epochs, -(-LEAST_STEPS // steps)))


def checked_neurons(neurons: npt.ArrayLike, n_neurons: int) -> tuple[IntArray, str | None]:
    """The neurons, each once, and a note where some were named twice.

    Raises
    ------
    InputError
        If there are none, one is out of range, or all are named.
    """
    given = np.asarray(neurons)
    if given.size == 0:
        raise InputError("No neurons were given to edit. Name some, such as the first of the counterfactual's ranking.")
    if given.dtype.kind not in "iu":
        raise InputError(f"Neurons are whole numbers 0 … {n_neurons - 1}; {given.dtype} was given.")
    beyond = given[(given < 0) | (given >= n_neurons)]
    if len(beyond):
        raise InputError(f"There is no neuron {int(beyond[0])}; neurons run over 0 … {n_neurons - 1}.")
    each = np.unique(given).astype(np.int64)
    if len(each) == n_neurons:
        raise InputError(f"All {n_neurons} neurons were named; nothing would be left to decide by. Leave some out.")
    note = (
        None if len(each) == given.size else f"{given.size - len(each)} neurons were named more than once; once counts."
    )
    return each, note


def check_strength(method: Method, strength: float | None) -> None:
    """Raise InputError where a method cannot be that strong."""
    if strength is None:
        return
    legal = {
        "clamp": (0 <= strength <= 1, "a quantile from 0 to 1"),
        "reactive": (0 <= strength <= 1, "a quantile from 0 to 1"),
        "dfr": (0 < strength < np.inf, "an inverse penalty C > 0"),
    }.get(method, (0 <= strength < np.inf, "a number from 0"))
    if not legal[0]:
        raise InputError(f"The method {method!r} was given the strength {strength}; {legal[1]} is expected.")


def _instant(
    method: Method, material: Material, neurons: IntArray, classes: IntArray, *, strength: float | None
) -> Edit:
    instant = cast(Instant, method)
    if instant in OF_THE_INPUT:
        values = np.asarray(material.features[:, neurons], np.float64)
        bounds = np.quantile(values, 0.9 if strength is None else strength, axis=0)
        return Edit(method, strength, material.head, neurons, bounds)
    mean = np.zeros(material.features.shape[1])
    if method == "mean":
        mean[neurons] = material.features[:, neurons].mean(axis=0, dtype=np.float64)
    head = edited_head(material.head, instant, neurons, classes, mean=mean, strength=strength or 0.0)
    return Edit(method, strength, head, neurons)


def _refitted(method: Method, material: Material, strength: float | None, classes: IntArray, *, seed: int) -> Head:
    start = material.head
    held_out, labels = np.asarray(material.held_out, np.float64), material.held_out_labels
    if method == "afr":
        return afr(start, held_out, labels, gamma=0.0 if strength is None else strength)
    if method == "dfr":
        features = np.asarray(material.features, np.float64)
        codes = material.groups.codes
        return dfr(start, features, material.labels, codes, inverse=strength or 1.0, seed=seed)
    nothing = np.empty(0, np.int64)
    plain = Objective(nothing, nothing, np.empty(0), 0.0)
    weights, schedule = even(material.groups.codes), schedule_of(start, method, len(material.labels))
    if method == "neurontune":
        spurious = neurontune(held_out, labels, start(held_out).argmax(axis=1), classes)
        mean = np.zeros(held_out.shape[1])
        start = edited_head(start, "zero", spurious, nothing, mean=mean)
        features = np.array(material.features, np.float64)
        features[:, spurious] = 0  # so that the refit cannot take them up again
        return train(start, features, material.labels, plain, schedule=schedule, seed=seed)
    return train(start, material.features, material.labels, plain, schedule=schedule, weights=weights, seed=seed)
