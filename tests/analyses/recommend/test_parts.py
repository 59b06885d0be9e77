"""The parts of the recommender alone: hand-worked numbers, slow versions, planted cases."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize
from scipy.special import expit
from sklearn.cluster import Birch
from sklearn.linear_model import Ridge

import bathyscope as bs
from bathyscope.analyses import Recommend
from bathyscope.analyses.recommend import baselines, neighbours, published
from bathyscope.analyses.recommend.batch import best, choose, farthest
from bathyscope.analyses.recommend.catalogue import FEATURES, MOVEMENT, PRESETS
from bathyscope.analyses.recommend.centroids import centroid_lead
from bathyscope.analyses.recommend.features import rank
from bathyscope.analyses.recommend.learner import Prior, answer_probability, estimate_wrong, fit
from bathyscope.errors import MissingInputError


def problem(seed=0, n=80):
    generator = np.random.default_rng(seed)
    features = generator.normal(size=(n, 4))
    return features, generator.random(n) < expit(features @ [2, -1, 0, 0.5])


def test_the_fit_is_where_a_general_optimiser_ends():
    features, answers = problem()
    prior = Prior(np.array([1.0, 0, 0, 0]), np.array([0.5, 1, 1, 2]))

    def loss(weights):
        chance = answer_probability(features @ weights, 0.05)
        told = np.log(np.where(answers, chance, 1 - chance)).sum()
        return 0.5 * np.square((weights - prior.mean) / prior.deviation).sum() - told

    assert_allclose(fit(features, answers, prior, 0.05).mean, minimize(loss, prior.mean).x, atol=1e-3)


def test_without_answers_the_prior_stays():
    prior = Prior(np.array([1.0, -2.0]), np.array([0.5, 2.0]))
    found = fit(np.empty((0, 2)), np.empty(0, bool), prior)
    assert_allclose(found.mean, prior.mean)
    assert_allclose(found.covariance, np.diag([0.25, 4.0]))


@pytest.mark.parametrize("answer", [True, False])
def test_answers_of_one_kind_leave_finite_weights(answer):
    features, _ = problem()
    found = fit(features, np.full(80, answer), Prior(np.zeros(4), np.ones(4)))
    assert np.isfinite(found.mean).all()
    assert (np.linalg.eigvalsh(found.covariance) > 0).all()


def test_the_share_of_wrong_answers_is_estimated():
    sure = np.repeat([6.0, -6.0], 100)
    right = sure > 0
    wrong = right.copy()
    wrong[:20], wrong[100:120] = False, True
    assert estimate_wrong(sure, right) == 0.01
    assert estimate_wrong(sure, wrong) == pytest.approx((40 + 1) / 220)


def test_a_model_of_wrong_answers_sees_through_them():
    features, answers = problem(n=4000)
    answers ^= np.random.default_rng(1).random(4000) < 0.1
    prior, truth = Prior(np.zeros(4), np.full(4, 10.0)), np.array([2, -1, 0, 0.5])
    off = [np.linalg.norm(fit(features, answers, prior, wrong).mean - truth) for wrong in (0.1, 1e-6)]
    assert off[0] < 0.4 * off[1]


# Batches


def test_a_batch_of_sure_samples_is_all_top_and_an_unsure_one_explores():
    generator = np.random.default_rng(0)
    coordinates = generator.normal(size=(400, 3))
    sure, unsure = np.full(400, 0.99), np.full(400, 0.02)
    for scores, parts in ((sure, {"top"}), (unsure, {"top", "explore", "diverse"})):
        pick = choose(scores, generator.random(400), np.ones(400, bool), 20, coordinates=coordinates)
        assert set(pick.parts) == parts
        assert len(set(pick.places.tolist())) == len(pick.parts) == 20


def test_a_batch_is_never_larger_than_what_is_open():
    open_ = np.zeros(50, bool)
    open_[[3, 7, 9]] = True
    pick = choose(np.linspace(0, 1, 50), np.zeros(50), open_, 10)
    assert sorted(pick.places.tolist()) == [3, 7, 9]


def test_the_best_of_equals_is_the_first():
    scores = np.array([0.5, 0.9, 0.5, 0.9, 0.5])
    assert best(scores, np.ones(5, bool), 3).tolist() == [1, 3, 0]
    assert best(scores, np.zeros(5, bool), 3).tolist() == []


def test_farthest_first_goes_to_the_ends():
    line = np.arange(11.0)[:, None]
    assert farthest(line, np.arange(11), np.array([0]), 2).tolist() == [10, 5]


# Neighbours


def slow_lead(near_by, labels, own):
    k = near_by.which.shape[1]
    found = []
    for row, label in zip(near_by.which, own, strict=True):
        votes = {}
        for place, sample in enumerate(row):
            votes[labels[sample]] = votes.get(labels[sample], 0) + 1 / (1 + place / 4)
        others = [weight for which, weight in votes.items() if which != label]
        total = sum(1 / (1 + place / 4) for place in range(k))
        found.append((votes.get(label, 0) - max(others, default=0)) / total)
    return found


def test_the_lead_among_neighbours_agrees_with_a_slow_one():
    generator = np.random.default_rng(0)
    near_by = neighbours.Near(generator.integers(0, 60, (40, 7)), np.ones((40, 7)))
    labels, own = generator.integers(0, 4, 60), generator.integers(0, 4, 40)
    found = neighbours.label_lead(near_by, labels, np.ones(60, bool), own)
    assert_allclose(found, slow_lead(near_by, labels, own), atol=1e-12)
    one_hot = np.eye(4)[labels]
    assert_allclose(neighbours.average_lead(near_by, one_hot, np.arange(60), own), found, atol=1e-12)


def test_a_sample_is_not_its_own_neighbour():
    vectors = np.random.default_rng(0).normal(size=(30, 5)).astype(np.float32)
    near_by = neighbours.near(vectors, np.arange(30), np.arange(30), 4)
    assert not (near_by.which == np.arange(30)[:, None]).any()
    assert (np.diff(near_by.distances, axis=1) >= 0).all()


def test_labels_that_go_one_way_stand_out_and_mutual_ones_do_not():
    labels = np.array([0] * 40 + [1] * 40 + [2] * 40)
    others = np.array([1] * 20 + [-1] * 20 + [0] * 18 + [-1] * 22 + [0] * 20 + [-1] * 20)
    found = neighbours.one_way(labels, others)
    assert_allclose(found[100], 0)
    assert (found[:20] == 0).all()  # 20 there, 18 back
    assert_allclose(found[80:100], 20 / np.sqrt(21))
    assert (found[100:] == 0).all()


def test_the_lead_of_the_own_middle_by_hand():
    vectors = np.array([[0.0], [2.0], [10.0], [12.0], [11.0]], np.float32)
    own = np.array([0, 0, 1, 1, 0])
    found = centroid_lead(vectors, own, np.arange(4))
    assert_allclose(found, [(1 - 11), (1 - 9), (1 - 9), (1 - 11), (10 - 0)])


def test_ranks_are_the_same_for_any_scale_and_neutral_where_unknown():
    values = np.array([3.0, 1.0, np.nan, 1.0, 8.0])
    assert_allclose(rank(values), [0.625, 0.25, 0.5, 0.25, 0.875])
    assert_allclose(rank(10 * values - 7), rank(values))


def test_presets_speak_of_features_that_there_are():
    for weights in (*PRESETS.values(), MOVEMENT):
        assert weights.keys() <= FEATURES.keys()
    assert not any(FEATURES[name].aware for name in MOVEMENT)


# The published recommender


def test_the_encoding_takes_the_last_two_thirds():
    positions = np.arange(2 * 9 * 2).reshape(2, 9, 2) ** 2.0
    position, velocity, acceleration = published.encode(positions)
    assert_allclose(position[0], positions[0, 3:].ravel())
    assert_allclose(velocity[1], np.diff(positions[1, 3:], axis=0).ravel())
    assert_allclose(acceleration[1], np.diff(positions[1, 3:], n=2, axis=0).ravel())


def test_rarity_is_that_of_scikit_learn():
    vectors = np.random.default_rng(0).normal(size=(400, 4)) * 3
    labels = Birch(threshold=0.5, branching_factor=50, n_clusters=30).fit_predict(vectors)
    found, threshold = published.rarity(vectors)
    assert threshold == 0.5
    assert_allclose(found, 1 - np.bincount(labels)[labels] / 400)


def test_feedback_is_ridge_regression():
    generator = np.random.default_rng(0)
    features, answered, answers = generator.random((50, 4)), np.arange(10), generator.random(10) < 0.5
    predicted, coefficients = published.feedback(features, answered, answers)
    model = Ridge(alpha=1.0).fit(features[:10], answers.astype(float))
    assert_allclose(predicted, model.predict(features))
    assert_allclose(coefficients, model.coef_)


def test_the_first_batch_is_drawn_by_abnormality():
    scores = np.array([0.0, 1.0, 1.0, 0.0, 1.0])
    assert sorted(published.cold_start(scores, 5, np.random.default_rng(0)).tolist()) == [1, 2, 4]


@pytest.fixture(scope="module")
def three_samples(tmp_path_factory):
    """Six checkpoints; at the first two and the last each sample's probability of its label 0 is as given."""
    chances = np.full((6, 3), 0.9)
    chances[0], chances[1], chances[5] = [0.9, 0.5, 0.2], [0.7, 0.5, 0.2], [0.95, 0.6, 0.3]
    logits = np.log(np.stack([chances, 1 - chances], axis=2))
    path = tmp_path_factory.mktemp("three") / "run"
    return bs.from_arrays(path, logits=logits, labels=[0, 0, 0], classes=["a", "b"])


def test_el2n_is_the_distance_of_the_probabilities_from_the_label_early_on(three_samples):
    # Of six checkpoints two are early; with two classes the distance is √2 times what the label lacks of 1.
    lacks = np.array([(0.1 + 0.3) / 2, 0.5, 0.8])
    assert_allclose(baselines.el2n(three_samples, np.array([0, 1, 2])), np.sqrt(2) * lacks, rtol=1e-3)
    assert_allclose(baselines.el2n(three_samples, np.array([2])), np.sqrt(2) * lacks[2:], rtol=1e-3)


def test_the_margin_is_that_of_the_last_checkpoint(three_samples):
    assert_allclose(baselines.trailing(three_samples, np.array([0, 1, 2])), [-0.9, -0.2, 0.4], atol=1e-3)


def test_rankings_by_one_number_are_strategies(three_samples):
    for strategy in ("el2n", "margin"):
        found = Recommend(strategy=strategy, batch=3).run(three_samples, lambda done, text="": None)
        assert found.batch["sample_index"].to_pylist() == [2, 1, 0]
        assert found.batch["why"].to_pylist()[0] == [f"Ranked by {strategy}"]


def test_a_ranking_says_what_it_lacks(tmp_path):
    recording = bs.from_arrays(tmp_path / "run", logits=np.eye(3)[None].repeat(2, axis=0))
    with pytest.raises(MissingInputError) as told:
        Recommend(strategy="el2n").run(recording, lambda done, text="": None)
    assert str(told.value) == (
        "The strategy 'el2n' stands on the outputs and labels of the samples, which this recording does not tell or "
        "which is the same for all samples. Record outputs and labels, or take strategy='movement'."
    )
