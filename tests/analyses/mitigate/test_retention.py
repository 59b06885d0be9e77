"""The retention ratio and its loss: numbers worked by hand, gradients as autograd finds them."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch.nn import functional as F  # noqa: N812 -- torch's own habit

from bathyscope.analyses.mitigate import Head, Objective, Schedule, retention_ratios, train
from bathyscope.analyses.mitigate.retention import target_ratios

W = np.array([[1, 0.2, -0.5, 0], [0.4, 1.2, 0.3, -0.6], [-0.3, 0.1, 0.9, 0.5]])
B = np.array([0.1, 0, -0.1])
Z = np.array([[2, 0.1, 0.3, 0.8], [0.2, 1.5, 0.4, 0.1], [0.5, 0.5, 0.5, 0.5]])
LABELS = np.arange(3)
S, ONE = np.array([0, 3]), np.array([1])


def loss(strength, form, target=1.02, classes=ONE):
    return Objective(S, classes, np.full(len(classes), target), strength, form)


def test_the_ratio_and_its_losses_are_as_worked_by_hand():
    ratios = retention_ratios(W, B, Z, S, classes=ONE)[:, 0]
    assert_allclose(ratios, [0.475551, 0.979852, 0.803906], atol=1e-6)
    assert np.linalg.norm(ratios - 1.02) == pytest.approx(0.587140, abs=1e-6)
    plain = loss(0, "paper")(W, B, Z, LABELS)[0]
    assert plain == pytest.approx(0.603289, abs=1e-6)
    assert loss(0.01, "paper")(W, B, Z, LABELS)[0] == pytest.approx(0.609161, abs=1e-6)
    assert loss(1, "log")(W, B, Z, LABELS)[0] - plain == pytest.approx(0.213530, abs=1e-6)


@pytest.mark.parametrize("form", ["paper", "log", "kl"])
def test_gradients_are_those_of_autograd(form):
    classes = np.array([0, 2])
    _, by_weight, by_bias = loss(0.7, form, 1.1, classes)(W, B, Z, LABELS)
    weight, bias = (torch.tensor(part, requires_grad=True) for part in (W, B))
    kept = torch.ones(4, dtype=torch.float64)
    kept[S] = 0
    features = torch.tensor(Z)
    logits, without = features @ weight.T + bias, (features * kept) @ weight.T + bias
    log_p, log_q = logits.log_softmax(1), without.log_softmax(1)
    value = F.cross_entropy(logits, torch.tensor(LABELS))
    if form == "kl":
        value = value + 0.7 * (log_p.exp() * (log_p - log_q)).sum(1).mean()
    else:
        for label in classes:
            ratio = log_p[:, label].exp() / (log_q[:, label].exp() + 1e-9)
            off = log_p[:, label] - log_q[:, label] - np.log(1.1)
            value = value + 0.7 * (torch.linalg.norm(ratio - 1.1) if form == "paper" else (off**2).mean())
    value.backward()
    assert_allclose(by_weight, weight.grad.numpy(), atol=1e-9)
    assert_allclose(by_bias, bias.grad.numpy(), atol=1e-9)


@pytest.mark.parametrize("form", ["log", "kl"])
def test_enormous_logits_give_finite_numbers(form):
    weight = np.array([[1e4, 0, 0, 0], [-1e4, 0, 0, 0], [0, 0, 0, 0]])
    value, by_weight, by_bias = loss(1, form)(weight, B, Z, LABELS)
    assert np.isfinite(value)
    assert np.isfinite(by_weight).all()
    assert np.isfinite(by_bias).all()


def test_the_papers_target_rises_with_the_least_importance_and_is_never_below_one():
    importance = np.array([[1.3, 1.6, 9], [0.5, 2, 9]])
    assert_allclose(target_ratios(importance, np.array([0, 1]), np.array([0, 1])), [1.1, 1])


def test_adam_is_torchs():
    moved = train(Head(W, B), Z, LABELS, loss(0, "log"), schedule=Schedule(0.05, 4, 8, shaped=False))
    weight, bias = (torch.tensor(part, requires_grad=True) for part in (W, B))
    optimizer = torch.optim.Adam([weight, bias], lr=0.05)
    for _ in range(4):
        optimizer.zero_grad()
        F.cross_entropy(torch.tensor(Z) @ weight.T + bias, torch.tensor(LABELS)).backward()
        optimizer.step()
    assert_allclose(moved.weight, weight.detach().numpy(), atol=1e-9)
    assert_allclose(moved.bias, bias.detach().numpy(), atol=1e-9)


def test_the_schedule_rises_stays_and_falls_to_nothing():
    rates = [Schedule(1.0).at(step, 100) for step in range(100)]
    assert_allclose(rates[:6], [0.2, 0.4, 0.6, 0.8, 1, 1])
    assert_allclose(rates[75], 1)
    assert 0 < rates[99] < 0.01
    assert (np.diff(rates[75:]) < 0).all()


def test_training_that_diverges_leaves_the_last_sound_head():
    class Broken:
        def __call__(self, weight, bias, features, labels):
            return np.nan, np.full_like(weight, np.nan), np.zeros_like(bias)

    start = Head(W, B)
    assert train(start, Z, LABELS, Broken(), schedule=Schedule(epochs=3)) is start
