"""Edits of a network whose spurious neurons are known: one alone is useless, the family helps, the rule finds that."""

import numpy as np
import pytest

from analyses.mitigate.planted_patch import planted, worst_group
from bathyscope.analyses.counterfactual import families_of, reference_of
from bathyscope.analyses.mitigate import Head, Objective, Schedule, pseudo_groups, retention_ratios, train
from bathyscope.analyses.mitigate.choosing import choose, judge
from bathyscope.analyses.mitigate.compensation import compensations
from bathyscope.analyses.mitigate.instant import edited_head
from bathyscope.analyses.mitigate.retraining import afr, dfr, neurontune

LONG = Schedule(0.05, 30, 128, shaped=False)


def edited(neurons, classes, strength, form):
    data = planted(0)
    loss = Objective(np.array(neurons), np.array(classes), np.ones(len(classes)), strength, form)
    return train(data.head, data.train.features, data.train.labels, loss, schedule=LONG)


def warned_of(head, neurons):
    data = planted(0)
    std = reference_of(data.train.features).std
    found = compensations(data.head.weight, head.weight, std, np.array(neurons), classes=np.array([0, 1]))
    return {one.neuron: one.growth for one in found if one.warned}


def distance(head, neurons):
    """Mean |r − 1| of class 0 on its test images."""
    part = planted(0).test
    ratios = retention_ratios(
        head.weight, head.bias, part.features[part.labels == 0], np.array(neurons), classes=np.array([0])
    )
    return np.abs(ratios - 1).mean()


def test_the_fitted_head_and_plain_training_leave_the_conflicting_images_wrong():
    assert worst_group(planted(0).head, planted(0).test) <= 0.2  # measured 0 to .09
    assert worst_group(edited([0], [0], 0.0, "log"), planted(0).test) <= 0.2


@pytest.mark.parametrize(("classes", "strength", "form"), [([0], 0.1, "paper"), ([0, 1], 10.0, "log")])
def test_one_of_two_mirrored_neurons_alone_is_useless_and_the_other_is_warned_of(classes, strength, form):
    head = edited([0], classes, strength, form)
    assert worst_group(head, planted(0).test) <= 0.15  # measured 0 to .10
    assert warned_of(head, [0])[1] >= 1.5  # measured 1.8 to 3.1


@pytest.mark.parametrize(
    ("classes", "strength", "form", "left"), [([0], 0.1, "paper", 0.05), ([0, 1], 3.0, "log", 0.05)]
)
def test_the_whole_family_lifts_the_worst_group(classes, strength, form, left):
    data, neurons = planted(0), [0, 1]
    head = edited(neurons, classes, strength, form)
    # Measured .78 to .88 at 20 to 40 epochs and over five seeds: at a constant rate the last steps swing.
    assert worst_group(head, data.test) >= 0.75
    assert distance(data.head, neurons) >= 0.5  # measured .9 to 1.9 over three seeds
    assert distance(head, neurons) <= left
    right, was = (one(data.test.features).argmax(axis=1) == data.test.labels for one in (head, data.head))
    assert (right & ~was).sum() >= 5 * (was & ~right).sum()  # measured 289 : 43 and 292 : 34
    bare = [(one(data.bare.features).argmax(axis=1) == data.bare.labels).mean() for one in (head, data.head)]
    assert bare[0] >= bare[1] - 0.02


def test_zeroing_the_family_works_without_training():
    data = planted(0)
    head = edited_head(data.head, "zero", np.array([0, 1]), np.array([0, 1]), mean=np.zeros(6))
    assert worst_group(head, data.test) >= 0.8


def test_the_worst_pseudo_group_chooses_the_family_although_its_average_is_lowest():
    data = planted(0)
    loss = {neurons: Objective(np.array(neurons), np.arange(2), np.ones(2), 3.0, "log") for neurons in ((0,), (0, 1))}
    heads = [train(data.head, data.train.features, data.train.labels, one, schedule=LONG) for one in loss.values()]
    part = data.validation
    contribution = part.features[:, :2] @ data.head.weight[:, :2].T
    groups = pseudo_groups(data.head(part.features), contribution, part.labels, ("0", "1"))
    unedited, *judged = (judge(head(part.features), part.labels, groups) for head in (data.head, *heads))
    assert judged[1].accuracy < min(judged[0].accuracy, unedited.accuracy)
    assert choose(unedited, judged, 0.12) == 1
    assert choose(unedited, judged, 0.01) in (None, 0)
    assert groups.counts.sum() == 600


def test_the_pseudo_groups_are_the_patch_and_the_stripes_stay_apart():
    data = planted(0)
    part = data.validation
    contribution = part.features[:, :2] @ data.head.weight[:, :2].T
    groups = pseudo_groups(data.head(part.features), contribution, part.labels, ("0", "1"))
    much = np.asarray([name.endswith("much support") for name in groups.names])[groups.codes]
    assert (much == part.aligned).all()
    family = families_of(data.train.features, data.head.weight, reference_of(data.train.features)).family
    assert family[0] == family[1] == 0
    assert family[3] == family[4] == -1


def test_baselines_beside_the_edits():
    data = planted(0)
    held = data.validation.features, data.validation.labels
    worst = {gamma: worst_group(afr(data.head, *held, gamma=gamma), data.test) for gamma in (0.0, 4.0)}
    assert worst[4.0] > worst[0.0] + 0.1  # it depends on γ, which must be chosen
    groups = 2 * data.validation.labels + data.validation.aligned
    assert worst_group(dfr(data.head, *held, groups, inverse=1.0), data.test) >= 0.75
    spurious = neurontune(*held, data.head(held[0]).argmax(axis=1), np.arange(2))
    assert set(spurious.tolist()) & {0, 1}
    assert len(spurious) <= 3


def test_afr_does_not_move_where_nothing_is_wrong():
    head = Head(np.array([[50.0], [-50]]), np.zeros(2))
    features, labels = np.array([[1.0], [-1]]), np.array([0, 1])
    moved = afr(head, features, labels, gamma=4.0)
    np.testing.assert_allclose(moved.weight, head.weight)
