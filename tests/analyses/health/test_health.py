"""An alert where the training went wrong, then and not before; none where it went well."""

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits
from torch import nn

import bathyscope as bs
from bathyscope.analyses import Health
from bathyscope.analyses.health.alerts import Alert, turns_bad
from bathyscope.analyses.health.measures import answers, spread

EXPLODES_AT = 12


def test_spread_worked_by_hand():
    # Class 0 at (0, 0) and (2, 0), class 1 at (1, 3) and (1, 5): centroids (1, 0) and (1, 4), all 1 away from theirs.
    vectors = np.array([[0.0, 0], [2, 0], [1, 3], [1, 5], [9, 9], [np.nan, 0]])
    labels = np.array([0, 0, 1, 1, -1, 0])
    halves = [(np.arange(3), vectors[:3]), (np.arange(3, 6), vectors[3:])]
    assert spread(halves, labels, 3) == pytest.approx((4.0, 1.0, 5 / 6))
    assert np.isnan(spread([], labels, 3).centroid_distance)


def test_answers_worked_by_hand():
    logits = np.array([[3.0, 1], [0, 1], [2, 0], [np.inf, 0]])
    assert answers([(np.arange(4), logits)], np.array([0, 0, -1, 1])) == pytest.approx((1 / 3, 2 / 3, 3 / 4))


def test_a_fall_is_told_once_when_it_exceeds_the_wobble():
    wobble = [10.0, 10.1, 10.0, 10.1, 10.0, 10.1, 10.0]
    assert turns_bad(np.array(wobble), least=0.01) == []
    assert turns_bad(np.array([*wobble, 9.0, 8.0, 7.0]), least=0.5) == [Alert(7, 5, pytest.approx(-1.1))]
    slowly = np.array([*wobble, 9.8, 9.6, 9.4, 9.2])
    assert [alert.at for alert in turns_bad(slowly, least=0.5)] == [9]
    assert turns_bad(np.array([10.0, 5.0, 9.0, 9.5, 9.6]), least=0.5) == []  # burn-in
    gap = np.array([*wobble, np.nan, 5.0])
    assert [alert.at for alert in turns_bad(gap, least=0.5)] == [8]


def trained(path, *, seed, factor, epochs=20, noise=0.0):
    """Digits learnt by a small network; from epoch 12 on the learning rate is `factor` times as high."""
    images, labels = load_digits(return_X_y=True)
    images, labels = torch.tensor(images / 16, dtype=torch.float32), torch.tensor(labels)
    generator = np.random.default_rng(seed)
    given = labels.clone()
    wrong = generator.permutation(len(labels))[: int(noise * len(labels))]
    given[wrong] = torch.tensor(generator.integers(0, 10, len(wrong)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
        optimizer = torch.optim.Adam(model.parameters(), 2e-3)
        embeddings, logits = [], []
        for epoch in range(1, epochs + 1):
            if epoch == EXPLODES_AT:
                optimizer.param_groups[0]["lr"] *= factor
            for batch in torch.randperm(len(labels)).split(128):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(images[batch]), given[batch]).backward()
                optimizer.step()
            with torch.no_grad():
                embeddings.append(model[:4](images).numpy())
                logits.append(model(images).numpy())
    return bs.from_arrays(
        path,
        logits=logits,
        labels=given.numpy(),
        activations={"embedding": embeddings},
        epochs=list(range(1, epochs + 1)),
        dtype="float32",
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_learning_rate_that_explodes_is_told_then_and_not_before(tmp_path, seed):
    alerts = trained(tmp_path / "run", seed=seed, factor=200).run(Health()).alerts.to_pylist()
    assert {alert["checkpoint"] for alert in alerts} == {f"{EXPLODES_AT:06d}"}
    assert {alert["since"] for alert in alerts} == {f"{EXPLODES_AT - 1:06d}"}
    # The network is ruined: everything that is measured tells so, each by itself.
    assert [alert["measure"] for alert in alerts] == ["centroid_distance", "share_right", "commonest"]


@pytest.mark.parametrize(("seed", "noise"), [(0, 0.0), (1, 0.0), (2, 0.2)])
def test_a_healthy_training_raises_nothing(tmp_path, seed, noise):
    result = trained(tmp_path / "run", seed=seed, factor=1, noise=noise).run(Health())
    assert result.alerts.to_pylist() == []
    assert result.frames["share_right"].to_numpy()[-1] > 0.75


def test_numbers_that_are_none_are_told(tmp_path):
    logits = np.random.default_rng(0).normal(size=(3, 20, 4))
    logits[2, :5] = np.nan
    with pytest.warns(bs.BathyscopeWarning):
        recording = bs.from_arrays(tmp_path / "run", logits=logits, labels=np.arange(20) % 4)
    result = recording.run(Health())
    assert result.alerts.to_pylist() == [
        {
            "checkpoint": "000002",
            "since": "000001",
            "measure": "finite",
            "change": 0.25,
            "text": "Numbers of 25.0% of the samples are infinite or none.",
        }
    ]


def test_one_class_for_all_is_told_unless_nearly_all_are_of_it(tmp_path):
    logits = np.zeros((3, 20, 4))
    logits[0, np.arange(20), np.arange(20) % 4] = 1
    logits[1:, :, 2] = 1
    told = bs.from_arrays(tmp_path / "a", logits=logits, labels=np.arange(20) % 4).run(Health()).alerts
    assert [(row["checkpoint"], row["measure"]) for row in told.to_pylist()] == [("000001", "commonest")]
    labels = np.array([2] * 19 + [0])
    assert bs.from_arrays(tmp_path / "b", logits=logits, labels=labels).run(Health()).alerts.num_rows == 0


@pytest.mark.parametrize(("shrinks_to", "told"), [(0.95, []), (0.8, ["centroid_distance"])])
def test_classes_that_move_together_by_a_tenth_are_told_whatever_the_scale(tmp_path, shrinks_to, told):
    labels = np.arange(20) % 4
    centroids = np.eye(4)[labels] * 1000
    scales = [1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.5 * shrinks_to]
    recording = bs.from_arrays(
        tmp_path / "run",
        logits=np.stack([np.eye(4)[labels]] * len(scales)),
        labels=labels,
        activations={"embedding": np.stack([centroids * scale for scale in scales])},
    )
    assert [alert["measure"] for alert in recording.run(Health()).alerts.to_pylist()] == told
