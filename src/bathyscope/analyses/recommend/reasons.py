"""Why a sample is recommended, in plain words with its own numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from bathyscope.analyses.recommend.catalogue import FEATURES
from bathyscope.analyses.recommend.model import Model
from bathyscope.analyses.recommend.prepared import Prepared

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST = 3


class Context(NamedTuple):
    """What a sentence may speak of: class names of one sample, None where there is none, and its values."""

    label: str | None
    prediction: str | None
    rival: str | None
    values: Mapping[str, float]


def say(name: str, context: Context) -> str:
    """A feature of one sample as a sentence."""
    value = context.values.get(name, float("nan"))
    told = _SENTENCES.get(name)
    return FEATURES[name].label.capitalize() if told is None or not np.isfinite(value) else told(value, context)


def _percent(share: float) -> str:
    return f"{share:.0%}" if share >= 0.01 else "under 1%"


def _times(count: float) -> str:
    return {1: "once", 2: "twice"}.get(round(count), f"{count:.0f} times")


def _trails(value: float, context: Context) -> str:
    other = context.rival or "another class"
    if value < 0:
        return f"On average the model prefers {other} to {context.label}"
    return f"On average the model prefers {context.label} to {other} only slightly"


def _neighbours(when: str) -> Callable[[float, Context], str]:
    def told(value: float, context: Context) -> str:
        verb = "were" if when != "at the end" else "are"
        rest = f"not {context.label}" if value < 0 else f"{context.label} only in part"
        return f"Its neighbours {verb} labelled {rest} {when}"

    return told


_SENTENCES: Mapping[str, Callable[[float, Context], str]] = {
    "aum": _trails,
    "mean_label_probability": lambda v, c: f"On average {c.label} got a probability of {_percent(v)}",
    "early_label_probability": lambda v, c: f"Early on {c.label} got a probability of {_percent(v)}",
    "std_label_probability": lambda v, c: f"The probability of {c.label} went up and down",
    "last_loss": lambda v, c: f"At the end {c.label} got a probability of {_percent(float(np.exp(-v)))}",
    "first_learned": lambda v, c: f"Learned as {c.label} late or never",
    "forgotten": lambda v, c: f"Learned and forgotten again {_times(v)}" if v else "Never forgotten",
    "rival_share": lambda v, c: f"Taken for {c.rival or 'another class'} at {_percent(v)} of the checkpoints",
    "neighbours_early": _neighbours("early on"),
    "neighbours_middle": _neighbours("halfway"),
    "neighbours_last": _neighbours("at the end"),
    "neighbours_say": lambda v, c: (
        f"The model takes its neighbours for {'another class than' if v < 0 else 'more than'} {c.label}"
    ),
    "astray": lambda v, c: (
        f"On its way it lay {'nearer to another class than' if v > 0 else 'hardly nearer to its own class'}"
        f"{' its own' if v > 0 else ' than to another'}"
    ),
    "one_way": lambda v, c: (
        f"Many labelled {c.label} look like {c.rival or 'one other class'}, few the other way round"
    ),
    "odd_course": lambda v, c: "It moved unlike the other samples",
    "max_speed": lambda v, c: f"It moved as far as {v:.1f} times the usual distance from the middle at once",
    "late_speed": lambda v, c: "It still moves at the end",
    "last_flip": lambda v, c: "Its prediction changed late",
    "neighbours_prefer": lambda v, c: (
        f"Samples like it are taken for {c.rival or 'another class'}, on average"
        if v < 0
        else f"Samples like it are hardly taken for {c.label}, on average"
    ),
    "flips": lambda v, c: f"Its prediction changed {_times(v)}" if v else "Its prediction never changed",
    "uncertainty": lambda v, c: f"At the end the model is only {_percent(1 - v)} sure of {c.prediction}",
    "distance_to_centroid": lambda v, c: f"{v:.1f} times as far from the middle of its class as is usual",
    "loneliness": lambda v, c: "Few samples lie around it",
}


def reasons(prepared: Prepared, model: Model, places: IntArray, names: Sequence[str]) -> list[list[str]]:
    """For each place of the pool up to three sentences, the weightiest first.

    Parameters
    ----------
    names : class names
    """
    told = contributions(prepared, model, places)
    labels = list(told)
    matrix = np.stack([told[label] for label in labels], axis=1) if labels else np.zeros((len(places), 0))
    contexts = _contexts(prepared, places, names)
    found = []
    for row, context in enumerate(contexts):
        order = np.argsort(-matrix[row], kind="stable")[: 2 * MOST]
        sentences = [_sentence(labels[column], context) for column in order if matrix[row, column] > 0]
        found.append(list(dict.fromkeys(sentences))[:MOST])
    return found


def contributions(prepared: Prepared, model: Model, places: IntArray) -> dict[str, FloatArray]:
    """(M,) by how much each feature raises the log odds of these places, by feature; "place" and classes among them."""
    weights = model.weights()
    told = {name: w * prepared.ranks[places, prepared.names.index(name)] for name, w in weights.items()}
    n_ranks, n_places = len(model.columns.ranks), model.columns.n_places
    parts = np.split(model.posterior.mean[2:], [n_ranks, n_ranks + n_places])
    told["place"] = prepared.places[places] @ parts[1]
    for (kind, number), weight in zip(model.columns.classes, parts[2], strict=True):
        told[f"{kind}={number}"] = weight * (prepared.classes_of[kind][places] == number)
    if model.extra is not None:
        told["like"] = model.extra[places]
    return {name: np.asarray(value, np.float64) for name, value in told.items()}


def _contexts(prepared: Prepared, places: IntArray, names: Sequence[str]) -> list[Context]:
    values = _values(prepared, places)
    numbers = [prepared.classes_of[kind][places] for kind in ("label", "prediction", "rival")]
    found = []
    for row in range(len(places)):
        label, prediction, rival = (class_name(int(number[row]), names) for number in numbers)
        found.append(Context(label, prediction, rival, {name: float(column[row]) for name, column in values.items()}))
    return found


def _values(prepared: Prepared, places: IntArray) -> dict[str, FloatArray]:
    """(M,) of each feature in its own unit; NaN where unknown."""
    taken = prepared.values.take(prepared.pool[places])
    return {name: taken[name].to_numpy().astype(np.float64) for name in taken.column_names}


def class_name(number: int, names: Sequence[str]) -> str | None:
    """Name of a class; None for −1."""
    if number < 0:
        return None
    return names[number] if number < len(names) else str(number)


def _sentence(name: str, context: Context) -> str:
    if name == "like":
        return "Lies near the samples that you named"
    if name == "place":
        return "Lies where samples that you accepted lie"
    if "=" in name:
        kind = name.split("=")[0]
        word = {"label": "Labelled", "prediction": "Predicted", "rival": "Once taken for"}[kind]
        value = {"label": context.label, "prediction": context.prediction, "rival": context.rival}[kind]
        return f"{word} {value}, as are samples that you accepted"
    return say(name, context)
