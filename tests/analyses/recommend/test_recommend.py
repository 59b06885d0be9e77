"""The recommender on the digits with planted wrong labels, its answers, and what it refuses."""

import time

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import nn

import bathyscope as bs
from bathyscope.analyses import Recommend
from bathyscope.analyses.recommend.newcomers import score_new
from bathyscope.errors import MissingInputError, ParameterError, ShapeError

EPOCHS, MEMORISED = 20, 120


def train(labels, *, epochs, inputs, every=1, size=128, seed=0):
    """Logits and embeddings (T, N, …) of a 64-128-64-10 network that is trained on these labels."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # so small a network trains no faster on more, and much slower beside other programs
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        embed = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
        head = nn.Linear(64, 10)
        optimizer = torch.optim.Adam([*embed.parameters(), *head.parameters()], 3e-3)
        x, y = torch.from_numpy(inputs), torch.from_numpy(labels)
        logits, vectors = [], []
        for epoch in range(1, epochs + 1):
            for batch in torch.split(torch.randperm(len(x)), size):
                optimizer.zero_grad()
                nn.functional.cross_entropy(head(embed(x[batch])), y[batch]).backward()
                optimizer.step()
            if epoch % every == 0 or epoch == 1:
                with torch.no_grad():
                    vectors.append(embed(x).numpy())
                    logits.append(head(torch.from_numpy(vectors[-1])).numpy())
    torch.set_num_threads(threads)
    return np.stack(logits), np.stack(vectors)


@pytest.fixture(scope="module")
def digits():
    """Inputs, true labels, and labels of which 10 % are wrong."""
    found = load_digits()
    inputs, truth = (found.data / 16).astype(np.float32), found.target.astype(np.int64)
    generator = np.random.default_rng(0)
    labels = truth.copy()
    hit = generator.permutation(len(truth))[: len(truth) // 10]
    labels[hit] = (truth[hit] + generator.integers(1, 10, len(hit))) % 10
    return inputs, truth, labels


def record(path, labels, logits, vectors, **options):
    return bs.from_arrays(
        path,
        labels=None if labels is None else labels.tolist(),
        logits=logits,
        activations={"embedding": vectors},
        classes=[str(number) for number in range(10)],
        **options,
    )


@pytest.fixture(scope="module")
def learned(digits, tmp_path_factory):
    inputs, truth, labels = digits
    arrays = train(labels, epochs=EPOCHS, inputs=inputs)
    return record(tmp_path_factory.mktemp("digits") / "run", labels, *arrays), labels != truth


@pytest.fixture(scope="module")
def memorised(digits, tmp_path_factory):
    inputs, truth, labels = digits
    logits, vectors = train(labels, epochs=MEMORISED, every=5, size=48, inputs=inputs)
    assert (logits[-1].argmax(axis=1) == labels).mean() >= 0.99
    return record(tmp_path_factory.mktemp("memorised") / "run", labels, logits, vectors), labels != truth


def scores_of(recording, **asked):
    return recording.run(Recommend(**asked)).scores["score"].to_numpy()


def precision(scores, sought, count=None):
    return sought[np.argsort(-scores, kind="stable")[: count or sought.sum()]].mean()


def answer(recording, sought, *, rounds, size, wrong=0.0, seed=0, **asked):
    """Precision of each round when somebody answers, at times wrongly."""
    ids = recording.sample_ids.to_pylist()
    generator = np.random.default_rng(seed)
    accepted, rejected, hits = [], [], []
    for _ in range(rounds):
        asks = Recommend(batch=size, accepted=tuple(accepted), rejected=tuple(rejected), **asked)
        batch = recording.run(asks).batch.to_pylist()
        fresh = [row["sample_index"] for row in batch if row["part"] != "again"]
        hits.append(sought[fresh].mean())
        for index in fresh:
            (accepted if sought[index] != (generator.random() < wrong) else rejected).append(ids[index])
    return hits


# The cold start


def test_wrong_labels_come_first(learned):
    recording, wrong = learned
    scores = scores_of(recording)
    assert precision(scores, wrong, 50) >= 0.85
    assert precision(scores, wrong) >= 0.75
    assert roc_auc_score(wrong, scores) >= 0.96
    assert precision(scores_of(recording, strategy="random"), wrong) == pytest.approx(0.1, abs=0.06)


def test_it_is_at_least_as_good_as_aum(learned, memorised):
    for recording, wrong in (learned, memorised):
        ours, rival = scores_of(recording), scores_of(recording, strategy="aum")
        assert precision(ours, wrong) >= precision(rival, wrong) - 0.01
        assert roc_auc_score(wrong, ours) >= roc_auc_score(wrong, rival) - 0.001


def test_wrong_labels_that_were_learned_by_heart_are_found_where_the_last_checkpoint_hides_them(memorised):
    recording, wrong = memorised
    scores = scores_of(recording)
    assert roc_auc_score(wrong, scores) >= 0.93
    for strategy in ("uncertainty", "last_loss"):
        assert precision(scores, wrong) >= precision(scores_of(recording, strategy=strategy), wrong) + 0.2


def test_movement_finds_more_than_the_published_recommender_and_uncertainty(learned):
    recording, wrong = learned
    areas = {
        strategy: roc_auc_score(wrong, scores_of(recording, strategy=strategy))
        for strategy in ("movement", "published", "uncertainty")
    }
    assert areas["movement"] >= 0.05 + max(areas["published"], areas["uncertainty"])


def test_a_backdoor_is_found_by_its_preset(digits, tmp_path):
    inputs, truth, _ = digits
    marked = np.random.default_rng(1).permutation(np.flatnonzero(truth != 3))[:54]
    pictures, labels = inputs.copy(), truth.copy()
    pictures.reshape(-1, 8, 8)[marked, :3, :3] = 1.0
    labels[marked] = 3
    recording = record(tmp_path / "run", labels, *train(labels, epochs=20, inputs=pictures))
    planted = np.isin(np.arange(len(truth)), marked)
    assert roc_auc_score(planted, scores_of(recording, target="backdoor")) >= 0.9


# Answers


def test_six_rounds_of_truthful_answers(learned):
    recording, wrong = learned
    hits = answer(recording, wrong, rounds=6, size=20)
    assert np.mean(hits) >= max(0.80, 5 * wrong.mean())
    assert np.mean(hits) >= precision(scores_of(recording), wrong, 120) - 0.03


@pytest.mark.parametrize(("wrong_answers", "loss"), [(0.03, 0.03), (0.05, 0.05), (0.10, 0.08), (0.15, 0.12)])
def test_wrong_answers_cost_little(learned, wrong_answers, loss):
    recording, wrong = learned
    truthful = np.mean(answer(recording, wrong, rounds=6, size=20))
    misled = [np.mean(answer(recording, wrong, rounds=6, size=20, wrong=wrong_answers, seed=seed)) for seed in range(3)]
    assert np.mean(misled) >= truthful - loss


def test_a_first_batch_of_no_is_not_the_end(learned):
    recording, wrong = learned
    ids = recording.sample_ids.to_pylist()
    first = recording.run(Recommend(batch=20)).batch["sample_index"].to_pylist()
    refused = tuple(ids[index] for index in first)
    second = recording.run(Recommend(batch=20, rejected=refused)).batch["sample_index"].to_pylist()
    assert not set(first) & set(second)
    assert second != sorted(second)
    accepted, rejected = [], list(refused)
    for _ in range(4):
        asks = Recommend(batch=20, accepted=tuple(accepted), rejected=tuple(rejected))
        fresh = [row["sample_index"] for row in recording.run(asks).batch.to_pylist() if row["part"] != "again"]
        hits = wrong[fresh].mean()
        for index in fresh:
            (accepted if wrong[index] else rejected).append(ids[index])
    assert hits >= 0.6


def test_a_first_batch_of_yes_changes_no_mind(learned):
    recording, wrong = learned
    ids = recording.sample_ids.to_pylist()
    first = recording.run(Recommend(batch=20)).batch["sample_index"].to_pylist()
    second = recording.run(Recommend(batch=20, accepted=tuple(ids[index] for index in first))).batch
    assert wrong[second["sample_index"].to_numpy()].mean() >= 0.8


def test_a_target_that_no_preset_knows_is_learned(learned, digits):
    recording, _ = learned
    truth = digits[1]
    once = np.any([recording.logits(one).argmax(axis=1) == 3 for one in recording.checkpoints], axis=0)
    sought = once & (truth == 8)
    ids, generator = recording.sample_ids.to_pylist(), np.random.default_rng(0)
    seen = generator.permutation(np.flatnonzero(sought))[:3]
    others = generator.permutation(np.flatnonzero(~sought))[:57]  # three rounds of 20 in all
    asks = Recommend(
        target="hard", accepted=tuple(ids[index] for index in seen), rejected=tuple(ids[index] for index in others)
    )
    batch = recording.run(asks).batch["sample_index"].to_numpy()
    assert sought.sum() > 5
    assert sought[batch].mean() >= 3 * (sought.sum() - 3) / (len(sought) - 60)


def test_samples_like_the_examples_come_first(learned, digits):
    recording, _ = learned
    truth, ids = digits[1], recording.sample_ids.to_pylist()
    examples = tuple(ids[index] for index in np.flatnonzero(truth == 6)[:3])
    batch = recording.run(Recommend(target="like_these", like=examples)).batch.to_pylist()
    top = [row["sample_index"] for row in batch if row["part"] == "top"]
    assert (truth[top] == 6).mean() >= 0.9


def test_doubtful_answers_are_listed_for_review(learned):
    recording, _ = learned
    ids, scores = recording.sample_ids.to_pylist(), scores_of(recording)
    order = np.argsort(-scores)
    surest, least = int(order[0]), [ids[index] for index in order[-200:]]
    accepted = tuple(ids[index] for index in order[1:100])
    result = recording.run(Recommend(accepted=accepted, rejected=(ids[surest], *least)))
    (row,) = [row for row in result.review.to_pylist() if row["sample_index"] == surest]
    assert (row["answered"], row["expected"]) == ("no", "yes")
    assert row["doubt"] > 0.95


def test_after_a_hundred_answers_some_are_asked_again(learned):
    recording, _ = learned
    ids, order = recording.sample_ids.to_pylist(), np.argsort(-scores_of(recording))
    result = recording.run(Recommend(batch=50, accepted=tuple(ids[index] for index in order[:100])))
    again = [row["sample_index"] for row in result.batch.to_pylist() if row["part"] == "again"]
    assert len(again) == 1
    assert again[0] in order[:100]


def test_answers_that_cannot_be_used_are_told(learned):
    recording, _ = learned
    ids = recording.sample_ids.to_pylist()
    result = recording.run(
        Recommend(accepted=(ids[0], ids[1], ids[1], "nobody"), rejected=(ids[0],), skipped=(ids[2],))
    )
    assert result.notes["text"].to_pylist() == [
        "1 answers are about samples that this recording does not have: left out.",
        "1 samples were answered with yes and with no: nothing is learned from them.",
    ]
    one = recording.run(Recommend(accepted=(ids[1],)))
    assert_allclose(result.scores["score"].to_numpy(), one.scores["score"].to_numpy())
    assert not {0, 1, 2} & set(result.batch["sample_index"].to_pylist())


def test_answers_about_other_splits_are_told(digits, tmp_path):
    inputs, _, labels = digits
    logits, vectors = train(labels, epochs=3, inputs=inputs)
    splits = ["train"] * 1000 + ["test"] * (len(labels) - 1000)
    recording = record(tmp_path / "run", labels, logits, vectors, split=splits)
    ids = recording.sample_ids.to_pylist()
    result = recording.run(Recommend(accepted=(ids[1500],)))
    told = "1 answers are about samples outside the split: nothing is learned from them."
    assert result.notes["text"].to_pylist() == [told]
    assert result.scores["score"].null_count == len(labels) - 1000
    assert max(result.batch["sample_index"].to_pylist()) < 1000
    on_test = recording.run(Recommend(split="test", batch=2000)).batch
    assert sorted(on_test["sample_index"].to_pylist()) == list(range(1000, len(labels)))
    with pytest.raises(ParameterError) as error:
        recording.run(Recommend(split="tset"))
    assert str(error.value) == (
        "There is no split 'tset' to recommend from. Splits: train, test. Give one of them, None or 'all'."
    )


# What a person reads


def test_each_recommendation_says_why_and_what_else_it_could_be(learned, digits):
    recording, _ = learned
    truth, labels = digits[1], digits[2]
    rows = recording.run(Recommend()).batch.to_pylist()
    assert [row["rank"] for row in rows] == list(range(1, 21))
    for row in rows:
        assert 1 <= len(row["why"]) <= 3
        assert all(text[0].isupper() and "_" not in text and "nan" not in text for text in row["why"])
        assert row["suggested"] != str(labels[row["sample_index"]])
    assert np.mean([row["suggested"] == str(truth[row["sample_index"]]) for row in rows]) >= 0.8


def test_weights_are_explained_and_move_with_the_answers(learned):
    recording, wrong = learned
    ids, order = recording.sample_ids.to_pylist(), np.argsort(-scores_of(recording))
    before = {row["feature"]: row for row in recording.run(Recommend()).weights.to_pylist()}
    assert all(row["weight"] == pytest.approx(row["prior"]) for row in before.values())
    assert before["aum"]["prior"] > 0
    assert all(row["label"] for row in before.values())
    asks = Recommend(
        accepted=tuple(ids[i] for i in order[:40] if wrong[i]), rejected=tuple(ids[i] for i in order[-40:])
    )
    after = {row["feature"]: row["weight"] for row in recording.run(asks).weights.to_pylist()}
    assert any(abs(after[name] - row["weight"]) > 0.01 for name, row in before.items())


def test_typical_samples_are_for_contrast(learned):
    recording, wrong = learned
    assert not wrong[recording.run(Recommend()).typical["sample_index"].to_numpy()].any()


# Laws


def test_order_of_samples_names_of_classes_and_scale_do_not_matter(digits, tmp_path):
    inputs, _, labels = digits
    logits, vectors = (part[:, :600] for part in train(labels, epochs=9, inputs=inputs))
    labels = labels[:600]
    order, names = np.random.default_rng(3).permutation(600), np.random.default_rng(4).permutation(10)
    plain = scores_of(record(tmp_path / "a", labels, logits, vectors, dtype="float32"))
    shuffled = record(tmp_path / "b", labels[order], logits[:, order], vectors[:, order] * 10, dtype="float32")
    assert_allclose(scores_of(shuffled), plain[order], atol=2e-3)
    renamed = np.empty_like(logits)
    renamed[:, :, names] = logits
    assert_allclose(
        scores_of(record(tmp_path / "c", names[labels], renamed, vectors, dtype="float32")), plain, atol=2e-3
    )


def test_the_same_seed_gives_the_same_batch(learned):
    recording, _ = learned
    again = bs.load(recording.path)
    for strategy in ("bathyscope", "published", "random"):
        first, second = (one.run(Recommend(strategy=strategy, seed=5)).batch for one in (recording, again))
        assert first.equals(second)


# Scoring what came later


def test_new_samples_are_scored_like_those_recorded(digits, tmp_path):
    inputs, truth, labels = digits
    logits, vectors = train(labels, epochs=12, inputs=inputs)
    known, later = slice(0, 1500), slice(1500, None)
    recording = record(tmp_path / "run", labels[known], logits[:, known], vectors[:, known])
    scores = score_new(
        recording, Recommend(), logits=logits[:, later], vectors=vectors[:, later], labels=labels[later].tolist()
    )
    wrong = (labels != truth)[later]
    assert roc_auc_score(wrong, scores) >= 0.95
    twins = score_new(recording, Recommend(), logits=logits[:, :200], vectors=vectors[:, :200], labels=labels[:200])
    recorded = recording.run(Recommend()).scores["score"].to_numpy()[:200]
    assert np.corrcoef(twins, recorded)[0, 1] >= 0.98
    with pytest.raises(ShapeError, match="with T = 12, one for each recorded checkpoint"):
        score_new(recording, Recommend(), logits=logits[:3, later], vectors=vectors[:3, later])


# Bad input


def test_without_labels_movement_ranks(digits, tmp_path):
    inputs, truth, labels = digits
    logits, vectors = train(labels, epochs=6, inputs=inputs)
    recording = record(tmp_path / "run", None, logits, vectors)
    result = recording.run(Recommend(target="mispredicted"))
    assert "The samples have no labels: what rests on labels is left out." in result.notes["text"].to_pylist()
    mistaken = logits[-1].argmax(axis=1) != truth
    assert roc_auc_score(mistaken, result.scores["score"].to_numpy()) >= 0.8
    with pytest.raises(MissingInputError, match="The strategy 'aum' stands on aum, which this recording does not tell"):
        recording.run(Recommend(strategy="aum"))


@pytest.mark.parametrize("count", [1, 2])
def test_few_checkpoints_still_recommend(learned, tmp_path, digits, count):
    source, wrong = learned
    logits = np.stack([source.logits(one) for one in source.checkpoints[-count:]])
    vectors = np.stack([source.activations("embedding", one) for one in source.checkpoints[-count:]])
    recording = record(tmp_path / "run", digits[2], logits, vectors)
    assert roc_auc_score(wrong, scores_of(recording)) >= 0.95
    assert len(recording.run(Recommend(strategy="published")).batch) == 20


def test_a_handful_of_samples(tmp_path):
    for count in (1, 2, 5):
        logits, vectors = np.zeros((2, count, 10)), np.zeros((2, count, 3))
        recording = record(tmp_path / str(count), np.zeros(count, int), logits, vectors)
        for strategy in ("bathyscope", "movement", "published"):
            assert len(recording.run(Recommend(strategy=strategy)).batch) == count
        everyone = tuple(recording.sample_ids.to_pylist())
        assert len(recording.run(Recommend(accepted=everyone)).batch) == 0


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"batch": 0}, "batch=0 makes no batch. Give a number from 1 to 10,000."),
        ({"target": "like_these"}, "The target 'like_these' needs examples. Give like=[sample_id, …]."),
    ],
)
def test_parameters_that_make_no_sense(asked, message):
    with pytest.raises(ParameterError) as error:
        Recommend(**asked)
    assert str(error.value) == message


# A thousand rounds


def test_rounds_are_quick_and_do_not_fill_the_disk(learned):
    recording, _ = learned
    ids = recording.sample_ids.to_pylist()
    recording.run(Recommend())
    started = time.process_time()
    for number in range(30):
        recording.run(Recommend(accepted=tuple(ids[: number + 1])))
    assert time.process_time() - started < 6
    kept = list((recording.path / "analyses" / "recommend").glob("[!.]*"))
    assert len(kept) == Recommend.kept
    last = Recommend(accepted=tuple(ids[:30]))
    assert recording.cached(last) is not None
    assert recording.cached(Recommend(accepted=tuple(ids[:1]))) is None


def test_where_nothing_moves_and_labels_are_several_it_says_that_nothing_ranks(tmp_path):
    generator = np.random.default_rng(0)
    still = generator.normal(size=(40, 3)).astype(np.float32)
    recording = bs.from_arrays(
        tmp_path / "run",
        logits=[generator.normal(size=(40, 2))] * 3,
        labels=[[0], [0, 1]] * 20,
        activations={"embedding": [still] * 3},
        task="multilabel",
    )
    told = recording.run(Recommend(batch=3))
    assert np.ptp(told.scores["score"].to_numpy()) == 0
    assert told.notes["text"].to_pylist() == [
        "Samples have several labels each: what rests on the one right answer is left out.",
        "Nothing that was recorded tells these samples apart: until there are answers they stand in recorded order.",
    ]
