"""Arrays of other programs become a recording."""

import numpy as np
import pytest

import bathyscope as bs
from bathyscope.errors import BathyscopeWarning, HeadNotFoundError, ShapeError

T, N, C, D = 3, 20, 4, 5


@pytest.fixture
def arrays():
    generator = np.random.default_rng(0)
    embedding = generator.normal(size=(T, N, D)).astype(np.float32)
    heads = [
        (generator.normal(size=(C, D)).astype(np.float32), generator.normal(size=C).astype(np.float32))
        for _ in range(T)
    ]
    logits = np.stack([embedding[t] @ weight.T + bias for t, (weight, bias) in enumerate(heads)])
    return {"logits": logits, "activations": {"embedding": embedding}, "heads": heads}


def test_a_run_of_arrays(arrays, tmp_path):
    recording = bs.from_arrays(
        tmp_path / "run", **arrays, labels=np.arange(N) % C, classes=list("abcd"), epochs=[0, 5, 10],
        metrics=[{"loss": 3}, {"loss": 2}, {"loss": 1}], sample_ids=[f"id{index}" for index in range(N)],
        dtype="float32",
    )  # fmt: skip
    assert [checkpoint.step for checkpoint in recording.checkpoints] == [0, 5, 10]
    assert recording.checkpoints[1].metrics == {"loss": 2.0}
    assert recording.layers["embedding"].role == "embedding"
    assert recording.kind is None
    assert not recording.writing
    for number, step in enumerate((0, 5, 10)):
        np.testing.assert_array_equal(recording.logits(step), arrays["logits"][number])
        np.testing.assert_array_equal(
            recording.activations("embedding", step), arrays["activations"]["embedding"][number]
        )
        np.testing.assert_array_equal(recording.head(step).weight, arrays["heads"][number][0])


def test_one_checkpoint_needs_no_axis_for_it(arrays, tmp_path):
    recording = bs.from_arrays(
        tmp_path / "run", logits=arrays["logits"][0], activations={"embedding": arrays["activations"]["embedding"][0]}
    )
    assert len(recording.checkpoints) == 1
    assert recording.activations("embedding", "last").dtype == np.float16
    assert recording.classes == ("0", "1", "2", "3")


def test_multilabel_arrays(arrays, tmp_path):
    recording = bs.from_arrays(tmp_path / "run", logits=arrays["logits"], labels=[[0, 1]] * N)
    first = {pair["label"]: pair["score"] for pair in recording.scores("last").to_pylist()[0]}
    for label in range(C):
        assert first[label] == pytest.approx(1 / (1 + np.exp(-arrays["logits"][-1, 0, label])), abs=1e-6)


def test_arrays_that_do_not_belong_together(arrays, tmp_path):
    logits, heads = arrays["logits"], arrays["heads"]
    for options, message in (
        ({"logits": logits[0, 0]}, "Logits have the shape (4,); (T, N, C) or (N, C) is expected."),
        (
            {"logits": logits, "activations": {"embedding": np.zeros((T, N - 1, D))}},
            "'embedding' has 3 checkpoints of 19 samples, but the logits have 3 of 20. Give (T, N, …) for all, or (N, "
            "…) for one checkpoint.",
        ),
        ({"logits": logits, "heads": heads[:2]}, "2 heads came with 3 checkpoints. Give one (weight, bias) for each."),
        ({"logits": logits, "epochs": [1]}, "1 epochs came with 3 checkpoints. Give one for each."),
        (
            {"logits": logits, "steps": [1, 1, 2]},
            "Steps must be distinct, but [1, 1, 2] repeats some. Give each checkpoint its own step.",
        ),
        ({"logits": logits, "labels": [0]}, "20 samples came with 1 labels. Give exactly one per sample."),
        (
            {"logits": logits, "samples": np.zeros((3, 4, 4))},
            "3 samples came with logits for 20. Give one row per sample.",
        ),
    ):
        with pytest.raises(ShapeError) as caught:
            bs.from_arrays(tmp_path / "run", **options)
        assert str(caught.value) == message
    assert not (tmp_path / "run").exists()


def test_a_head_that_does_not_give_the_logits_is_refused(arrays, tmp_path):
    with pytest.raises(HeadNotFoundError, match="The head of checkpoint 0 does not give the logits"):
        bs.from_arrays(tmp_path / "run", **{**arrays, "heads": arrays["heads"][::-1]})


def test_non_finite_arrays_are_kept_and_named(arrays, tmp_path):
    arrays["logits"][1, 4, 0] = np.nan
    with pytest.warns(
        BathyscopeWarning,
        match=r"Checkpoint 000001: the model's output is NaN or infinite in these samples \(1\): '04'\.",
    ):
        recording = bs.from_arrays(tmp_path / "run", logits=arrays["logits"])
    assert np.isnan(recording.logits(1)[4, 0])
