"""The features of a sample, in words, and how much each counts before anybody answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

Target = Literal["label_noise", "mispredicted", "hard", "forgotten", "backdoor", "out_of_distribution", "like_these"]


class Feature(NamedTuple):
    """A column of the features. `sign` +1: a high value is conspicuous, −1: a low one. `aware`: it needs labels."""

    label: str
    sign: int
    aware: bool


FEATURES: Mapping[str, Feature] = {
    "aum": Feature("the label trails another class", -1, True),
    "mean_label_probability": Feature("low probability of the label, on average", -1, True),
    "std_label_probability": Feature("unsteady probability of the label", 1, True),
    "early_label_probability": Feature("low probability of the label, early on", -1, True),
    "last_loss": Feature("high loss at the end", 1, True),
    "first_learned": Feature("learned late or never", 1, True),
    "forgotten": Feature("forgotten again", 1, True),
    "rival_share": Feature("another class predicted for long", 1, True),
    "neighbours_early": Feature("neighbours carry another label, early on", -1, True),
    "neighbours_middle": Feature("neighbours carry another label, halfway", -1, True),
    "neighbours_last": Feature("neighbours carry another label, at the end", -1, True),
    "neighbours_say": Feature("the model takes its neighbours for another class", -1, True),
    "neighbours_prefer": Feature("the model prefers another class for its neighbours, on average", -1, True),
    "one_way": Feature("many of its label look like one other class, few the other way round", 1, True),
    "flips": Feature("its prediction changed often", 1, False),
    "last_flip": Feature("its prediction changed late", 1, False),
    "prediction_entropy": Feature("predicted as many classes", 1, False),
    "uncertainty": Feature("uncertain at the end", 1, False),
    "neighbours_unlike": Feature("predicted unlike its neighbours before", 1, False),
    "path_length": Feature("moved far", 1, False),
    "crooked": Feature("moved to and fro", 1, False),
    "max_speed": Feature("moved fast once", 1, False),
    "max_speed_at": Feature("moved fastest late", 1, False),
    "late_speed": Feature("still moves at the end", 1, False),
    "distance_to_centroid": Feature("far from the middle of its class", 1, False),
    "astray": Feature("lay nearer to another class on its way", 1, False),
    "odd_course": Feature("moved unlike the others", 1, False),
    "loneliness": Feature("few samples around it", 1, False),
}

AWARE = tuple(name for name, feature in FEATURES.items() if feature.aware)

PRESETS: Mapping[str, Mapping[str, float]] = {
    "label_noise": {
        "aum": 1.0,
        "neighbours_prefer": 2.0,
        "neighbours_last": 0.5,
        "neighbours_say": 0.4,
        "astray": 1.5,
    },
    "mispredicted": {
        "last_loss": 2.0,
        "uncertainty": 1.0,
        "neighbours_say": 1.0,
        "flips": 0.5,
        "last_flip": 0.5,
        "neighbours_unlike": 0.5,
    },
    "hard": {
        "uncertainty": 1.5,
        "flips": 1.0,
        "prediction_entropy": 1.0,
        "std_label_probability": 0.5,
        "last_flip": 0.5,
        "neighbours_last": 0.5,
    },
    "forgotten": {"forgotten": 3.0, "flips": 0.7, "last_flip": 0.5, "std_label_probability": 0.3},
    # Learned at once and for sure, and yet far from the middle of its class: a mark decides, not what the rest share.
    "backdoor": {
        "distance_to_centroid": 1.0,
        "odd_course": 1.0,
        "max_speed": 1.0,
        "aum": -1.0,
        "early_label_probability": -0.7,
        "crooked": -0.7,
    },
    "out_of_distribution": {
        "loneliness": 2.0,
        "uncertainty": 1.0,
        "odd_course": 0.5,
        "prediction_entropy": 0.5,
        "neighbours_unlike": 0.5,
    },
    # What is sought is told by examples alone.
    "like_these": {},
}

MOVEMENT: Mapping[str, float] = {
    "astray": 3.0,
    "uncertainty": 0.7,
    "last_flip": 0.3,
    "neighbours_unlike": 0.3,
}
"""What counts in strategy "movement" where the label or the prediction is in doubt: where samples lay and went."""
