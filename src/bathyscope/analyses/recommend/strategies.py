"""From a strategy's name to a ranking of the pool."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from bathyscope.analyses.recommend import baselines, published
from bathyscope.analyses.recommend.answers import Answers
from bathyscope.analyses.recommend.asked import Asked
from bathyscope.analyses.recommend.batch import AGAIN_FROM, Pick, best, choose
from bathyscope.analyses.recommend.catalogue import FEATURES, MOVEMENT, PRESETS
from bathyscope.analyses.recommend.model import Model, cold_weights, drawn_weights, learn
from bathyscope.analyses.recommend.planes import PlaneScores
from bathyscope.analyses.recommend.prepared import Prepared
from bathyscope.analyses.recommend.reasons import class_name, reasons
from bathyscope.recording import Progress, Recording

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

ALIKE = "Nothing that was recorded tells these samples apart: until there are answers they stand in recorded order."


@dataclass(frozen=True)
class Ranking:
    """A ranking of the P samples of the pool.

    Parameters
    ----------
    scores : (P,) in [0, 1]
    pick : the batch
    why : sentences for each sample of the batch
    weights : rows of the table of weights
    doubt : (M,) in [0, 1], of each answer
    notes : sentences about what was left out
    """

    scores: FloatArray
    pick: Pick
    why: list[list[str]]
    weights: list[dict[str, Any]]
    doubt: FloatArray
    notes: list[str] = field(default_factory=list)


def rank_pool(recording: Recording, asked: Asked, prepared: Prepared, answers: Answers, progress: Progress) -> Ranking:
    """Rank the pool as the strategy does.

    Raises
    ------
    MissingInputError
        If the strategy stands on something that was not recorded.
    """
    if asked.strategy in ("bathyscope", "movement"):
        return learned(asked, prepared, answers, recording.classes)
    if asked.strategy == "published":
        plane: Any = recording.run(PlaneScores(asked.split), lambda done, text="": progress(0.9 + 0.1 * done, text))
        return as_published(asked, prepared, answers, plane.matrix())
    scores = baselines.baseline(recording, prepared, asked.strategy, asked.seed)
    places = best(scores, answers.open_, asked.batch)
    why = [[f"Ranked by {asked.strategy.replace('_', ' ')}"] for _ in places]
    return Ranking(scores, Pick(places, ["top"] * len(places)), why, [], np.zeros(len(answers.places)))


def model_of(asked: Asked, prepared: Prepared, answers: Answers) -> Model:
    """What is believed of the weights after the answers."""
    blind = asked.strategy == "movement" or not any(FEATURES[name].aware for name in prepared.names)
    preset = PRESETS[asked.target]
    if blind and preset:
        free = {name: weight for name, weight in preset.items() if not FEATURES[name].aware}
        preset = MOVEMENT if asked.target in ("label_noise", "mispredicted") or not free else free
    names = tuple(name for name in prepared.names if not (blind and FEATURES[name].aware))
    extra = _likeness(asked, prepared)
    weights = cold_weights(prepared, preset)
    loose = asked.target != "label_noise"
    return learn(prepared, weights, names, answered=answers.places, answers=answers.yes, extra=extra, loose=loose)


def learned(asked: Asked, prepared: Prepared, answers: Answers, classes: tuple[str, ...]) -> Ranking:
    """The cold start of the target, moved by the answers."""
    model = model_of(asked, prepared, answers)
    generator = np.random.default_rng([asked.seed, len(answers.places)])
    activity, drawn = model.activity(prepared, model.posterior.mean, drawn_weights(model.posterior, generator))
    scores = expit(activity)
    doubt = np.where(answers.yes, 1 - scores[answers.places], scores[answers.places])
    again = answers.places[np.argsort(-doubt, kind="stable")] if len(answers.places) >= AGAIN_FROM else None
    pick = choose(
        scores,
        drawn,
        answers.open_,
        asked.batch,
        coordinates=prepared.places,
        doubtful=again,
    )
    why = reasons(prepared, model, pick.places, classes)
    notes = [ALIKE] if len(scores) > 1 and np.ptp(scores) == 0 else []
    return Ranking(scores, pick, why, _weights(model, classes), doubt, notes)


def _likeness(asked: Asked, prepared: Prepared) -> FloatArray | None:
    """(P,) log odds by how near a sample lies to the examples; None if none were given or there is no embedding."""
    indices = [prepared.index_by_id[name] for name in asked.like if name in prepared.index_by_id]
    examples = [int(prepared.place_of[index]) for index in indices if prepared.place_of[index] >= 0]
    if asked.target != "like_these" or not examples or not prepared.places.shape[1]:
        return None
    nearest = np.full(len(prepared.pool), np.inf)
    for place in examples:
        nearest = np.minimum(nearest, np.square(prepared.places - prepared.places[place]).sum(axis=1))
    usual = float(np.median(nearest)) or 1.0
    return np.asarray(4.0 - 6.0 * np.sqrt(nearest / usual))


def _weights(model: Model, classes: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of the table of weights, the weightiest first."""
    rows = [
        {"feature": name, "label": FEATURES[name].label, "weight": weight, "prior": model.cold_weights.get(name, 0.0)}
        for name, weight in model.weights().items()
    ]
    words = {"label": "labelled", "prediction": "predicted", "rival": "once taken for"}
    gained = model.posterior.mean[2 + len(model.columns.ranks) + model.columns.n_places :]
    for (kind, number), weight in zip(model.columns.classes, gained, strict=True):
        name = class_name(number, classes)
        rows.append(
            {"feature": f"{kind}={name}", "label": f"{words[kind]} {name}", "weight": float(weight), "prior": 0.0}
        )
    return sorted(rows, key=lambda row: -abs(row["weight"]))


def as_published(asked: Asked, prepared: Prepared, answers: Answers, plane: FloatArray) -> Ranking:
    """Drawn by abnormality first, ranked by ridge regression once there are answers.

    Parameters
    ----------
    plane : (P, 3) abnormality by velocity, acceleration and position
    """
    uncertainty = np.zeros(len(prepared.pool))
    if prepared.has("uncertainty"):
        uncertainty = prepared.values["uncertainty"].fill_null(0.0).to_numpy()[prepared.pool].astype(np.float64)
    features = np.column_stack([uncertainty, plane])
    names = ("uncertainty", "velocity", "acceleration", "position")
    labels = ("uncertain at the end", *(f"rare {name}" for name in names[1:]))
    if not len(answers.places):
        scores = features.mean(axis=1)
        generator = np.random.default_rng(asked.seed)
        places = published.cold_start(np.where(answers.open_, scores, 0.0), asked.batch, generator)
        coefficients = np.full(4, 0.25)
    else:
        scores, coefficients = published.feedback(features, answers.places, answers.yes)
        places = best(scores, answers.open_, asked.batch)
    rows = [
        {"feature": name, "label": label, "weight": float(weight), "prior": 0.25}
        for name, label, weight in zip(names, labels, coefficients, strict=True)
    ]
    why = [[f"Ranked by uncertainty and rare {', '.join(names[1:])}"] for _ in places]
    pick = Pick(places, ["top"] * len(places))
    return Ranking(np.clip(scores, 0, 1), pick, why, rows, np.zeros(len(answers.places)))
