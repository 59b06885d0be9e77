"""Counterfactuals of single samples: numbers worked by hand, agreement with a plain linear programme, laws."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import linprog

from analyses.mitigate.planted_patch import planted
from bathyscope.analyses.counterfactual import STATUSES, Reference, explain, families_of, rank_neurons, reference_of
from bathyscope.analyses.counterfactual.linear import knapsack
from bathyscope.errors import InputError

W = np.array([[1, 0.2, -0.5, 0], [0.4, 1.2, 0.3, -0.6], [-0.3, 0.1, 0.9, 0.5]])
B = np.array([0.1, 0, -0.1])
Z = np.array([[2, 0.1, 0.3, 0.8]])


def boxed(n_neurons, high=3.0, std=1.0):
    """Neurons of this deviation between 0 and `high`."""
    full = np.full(n_neurons, 1.0)
    return Reference(full, std * full, 0 * full, high * full, np.zeros(n_neurons, bool))


def status_of(explanation):
    return [STATUSES[place] for place in explanation.status]


@pytest.mark.parametrize(
    ("target", "steps", "shift"),
    [
        (1, 17, [-0.281755, 0.712985, 0.416558, -0.463583]),
        (2, 14, [-0.677816, -0.170329, 0.711651, 0.356402]),
    ],
)
def test_the_papers_descent_ends_where_it_was_worked_out_to_end(target, steps, shift):
    found = explain(Z, W, B, np.array([target]), reference=boxed(4), mode="paper")
    assert found.effort.tolist() == [steps]
    assert_allclose(found.shifts[0], shift, atol=1e-5)


@pytest.mark.parametrize(
    ("steps", "shift"),
    [
        (1, [-0.003671, 0.008375, 0.005227, -0.005463]),
        (2, [-0.010369, 0.023995, 0.014871, -0.015568]),
    ],
)
def test_the_first_steps_of_the_papers_descent(steps, shift):
    found = explain(Z, W, B, np.array([1]), reference=boxed(4), mode="paper", max_steps=steps)
    assert status_of(found) == ["not_converged"]
    assert_allclose(found.shifts[0], shift, atol=1e-5)
    assert found.margin_after[0] < 0


def test_exact_modes_move_as_little_as_their_measure_allows():
    shortest = explain(Z, W, B, np.array([1]), reference=boxed(4), mode="l2", margin=0)
    assert_allclose(shortest.shifts[0], [-0.366101, 0.610169, 0.488136, -0.366101], atol=1e-6)
    smallest = explain(Z, W, B, np.array([1]), reference=boxed(4), margin=0)
    assert_allclose(smallest.shifts[0], [0, 1.44, 0, 0], atol=1e-9)
    assert_allclose(smallest.effort, [1.44])
    assert smallest.sparse_entry(0) == [(1, pytest.approx(1.44))]
    assert smallest.binding == ((0,),)
    assert_allclose(smallest.margin_before, [-1.44])


def test_the_knapsack_fills_the_best_first_and_of_equals_the_first():
    steps = knapsack(np.array([1.0, -2, 2, 2]), 5, down=np.array([9, 1.0, 9, 9]), up=np.array([9, 9, 1, 9.0]))
    assert_allclose(steps, [0, -1, 1, 0.5])
    assert knapsack(np.array([1.0]), 5, down=np.array([9.0]), up=np.array([4.0])) is None


def test_feasible_shifts_are_those_of_the_whole_linear_programme():
    generator = np.random.default_rng(0)
    compared = 0
    for _ in range(50):
        weight, bias = generator.normal(size=(5, 12)), generator.normal(size=5)
        z, std = generator.uniform(0, 2, (1, 12)), generator.uniform(0.5, 2, 12)
        reference = Reference(z[0], std, np.zeros(12), np.full(12, 2.0), np.zeros(12, bool))
        target = int(np.argsort(weight @ z[0] + bias)[2])
        found = explain(z, weight, bias, np.array([target]), reference=reference)
        others = np.delete(np.arange(5), target)
        gains = (weight[target] - weight[others]) * std
        gaps = (weight[others] - weight[target]) @ z[0] + bias[others] - bias[target] + 1e-3
        bounds = [*zip(np.zeros(12), (2 - z[0]) / std, strict=True), *zip(np.zeros(12), z[0] / std, strict=True)]
        whole = linprog(np.ones(24), np.hstack([-gains, gains]), -gaps, bounds=bounds)
        assert (whole.status == 0) == (status_of(found) == ["flipped"])
        if whole.status == 0:
            compared += 1
            assert abs(whole.fun - found.effort[0]) < 1e-6
            assert found.margin_after[0] >= 1e-3 - 1e-6
            assert found.infeasible[0] == 0
    assert compared > 30


def test_several_rivals_bind_where_one_is_not_enough():
    weight, bias = np.array([[0, 0], [1.0, 0], [0, 1]]), np.array([0, 0.5, 0.5])
    found = explain(np.array([[1.0, 1.0]]), weight, bias, np.array([0]), reference=boxed(2), margin=0)
    assert status_of(found) == ["unreachable_in_range"]  # 0.5 stays even at 0
    assert_allclose(found.widening, [0.5], atol=1e-6)
    wider = Reference(np.ones(2), np.ones(2), np.full(2, -1.0), np.full(2, 3.0), np.zeros(2, bool))
    found = explain(np.array([[1.0, 1.0]]), weight, bias, np.array([0]), reference=wider, margin=0)
    assert_allclose(found.shifts[0], [-1.5, -1.5], atol=1e-6)
    assert sorted(found.binding[0]) == [1, 2]


@pytest.mark.parametrize("mode", ["feasible", "paper", "l2"])
def test_a_class_within_the_hull_of_the_others_is_told_at_once(mode):
    weight = np.array([[1.0, 0], [-1, 0], [0, 0], [0, 1], [0, -1]])
    bias = np.array([0, 0, -0.1, 0, 0])
    found = explain(np.ones((1, 2)), weight, bias, np.array([2]), reference=boxed(2), mode=mode)
    assert status_of(found) == ["unargmaxable"]
    assert not found.shifts.any()


def test_a_target_already_predicted_moves_nothing():
    found = explain(Z, W, B, np.array([0]), reference=boxed(4))
    assert status_of(found) == ["already_correct"]
    assert found.used.tolist() == []
    assert not found.shifts.any()


@pytest.mark.parametrize("mode", ["feasible", "paper", "l2"])
def test_laws_of_order_scale_and_batches(mode):
    generator = np.random.default_rng(1)
    z, weight, bias = generator.uniform(0, 2, (12, 9)), generator.normal(size=(4, 9)), generator.normal(size=4)
    targets = np.argsort(z @ weight.T + bias, axis=1)[:, -2]
    reference = reference_of(generator.uniform(0, 2, (200, 9)))
    whole = explain(z, weight, bias, targets, reference=reference, mode=mode)
    for row in range(len(z)):
        one = explain(z[[row]], weight, bias, targets[[row]], reference=reference, mode=mode)
        assert_allclose(one.shifts[0], whole.shifts[row], atol=1e-12)
        assert one.effort[0] == pytest.approx(whole.effort[row])
    order = generator.permutation(9)
    moved = Reference(*(getattr(reference, name)[order] for name in ("mean", "std", "low", "high", "dead")))
    shuffled = explain(z[:, order], weight[:, order], bias, targets, reference=moved, mode=mode)
    assert_allclose(shuffled.shifts, whole.shifts[:, order], atol=1e-9)
    scale = generator.uniform(0.2, 5, 9)
    stretched = Reference(
        *(getattr(reference, name) * scale for name in ("mean", "std", "low", "high")), reference.dead
    )
    scaled = explain(z * scale, weight / scale, bias, targets, reference=stretched, mode=mode)
    alike = np.allclose(scaled.shifts / scale, whole.shifts, atol=1e-5)
    assert alike == (mode == "feasible")  # the published way depends on the units of the neurons
    if mode == "feasible":
        assert_allclose(scaled.effort, whole.effort, atol=1e-5)
        rankings = [rank_neurons(one, of).order for one, of in ((scaled, stretched), (whole, reference))]
        assert_array_equal(*rankings)


def test_dead_neurons_never_move_and_ranges_hold_the_sample_itself():
    features = np.column_stack([np.full(50, 0.3), np.linspace(0, 1, 50), np.linspace(-1, 1, 50)])
    reference = reference_of(features)
    assert reference.dead.tolist() == [True, False, False]
    assert reference.low[1] == 0
    assert reference.low[2] == pytest.approx(-0.99)
    weight = np.array([[0.0, 0, 0], [9, 1, 0]])
    found = explain(np.array([[0.3, 5.0, 0]]), weight, np.array([0, -9.0]), np.array([1]), reference=reference)
    assert status_of(found) == ["unreachable_in_range"]  # only the dead one could; 5 is already beyond the range
    found = explain(np.array([[0.3, 5.0, 0]]), weight, np.array([0, -7.0]), np.array([0]), reference=reference)
    assert found.shifts[0].tolist()[0] == 0
    assert found.infeasible[0] == 0


def test_the_planted_patch_is_what_the_mistakes_name():
    data = planted(0)
    reference = reference_of(data.train.features)
    wrong = data.head(data.test.features).argmax(axis=1) != data.test.labels
    asked = data.test.features[wrong], data.head.weight, data.head.bias, data.test.labels[wrong]
    feasible = explain(*asked, reference=reference)
    sigmas = np.abs(feasible.shifts) / reference.std
    assert np.isin(sigmas.argmax(axis=1), [0, 1]).mean() >= 0.93  # measured .97 to .99 over three seeds
    assert not feasible.infeasible.any()
    assert not (np.argsort(-sigmas, axis=1)[:, :2] == 5).any()
    paper = explain(*asked, reference=reference, mode="paper")
    assert (paper.infeasible > 0).mean() >= 0.8  # measured 1.00
    families = families_of(data.train.features, data.head.weight, reference)
    assert families.family.tolist() == [0, 0, -1, -1, -1, -1]
    assert families.mirror.tolist() == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weight": W[:1], "bias": B[:1]}, "The decision layer has 1 output; a counterfactual needs ≥ 2 classes."),
        ({"targets": np.array([3])}, "A target is class 3; classes run over 0 … 2."),
        ({"targets": np.array([0.5])}, "Targets are class indices 0 … 2; float64 was given. Give whole numbers."),
        (
            {"targets": np.array([0, 1])},
            "Activations (1, 4), weight (3, 4), bias (3,) and targets (2,) do not fit together. Give (N, U), (C, U), "
            "(C,) and (N,).",
        ),
        (
            {"features": np.array([[1, np.nan, 0, 0]])},
            "1 samples have activations that are NaN or infinite: rows 0. Leave them out.",
        ),
        (
            {"bias": np.array([0, np.inf, 0])},
            "The bias of the decision layer holds NaN or infinities. Explain a checkpoint that is sound.",
        ),
        ({"reference": boxed(3)}, "The reference describes 3 neurons; the decision layer has 4."),
    ],
)
def test_bad_arrays_are_named(change, message):
    arrays = {"features": Z, "weight": W, "bias": B, "targets": np.array([1]), "reference": boxed(4)} | change
    with pytest.raises(InputError) as error:
        explain(**arrays)
    assert str(error.value) == message
