"""The whole analysis on small recordings: against scikit-learn, by hand, and on what can go wrong."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import log_softmax, softmax
from sklearn import metrics as reference

from bathyscope.analyses.performance import Performance, PerformanceResult
from bathyscope.errors import AnalysisCancelled, LabelError, ParameterError, UnknownCheckpointError
from bathyscope.recording import Recording, RecordingWriter

MEASURES = ("accuracy", "precision", "recall", "f1", "log_loss", "ece")


def pick(table, **where):
    """The rows of a table with these values, as dicts."""
    for column, value in where.items():
        table = table.filter(pc.equal(table[column], value))
    return table.to_pylist()


def only(table, **where):
    rows = pick(table, **where)
    assert len(rows) == 1, rows
    return rows[0]


@pytest.fixture
def data():
    """Three steps of logits that get better, 240 samples, 5 classes; labels, splits."""
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, 240)
    noise = rng.normal(size=(3, 240, 5))
    noise[:, np.arange(240), labels] += np.array([[0.2], [1.0], [2.5]])
    splits = np.where(np.arange(240) < 180, "train", "val")
    return {step: noise[i].astype(np.float32) for i, step in enumerate((5, 10, 20))}, labels, splits


def test_every_measure_agrees_with_scikit_learn(record_arrays, data):
    logits, labels, splits = data
    result = record_arrays(logits, labels=labels, splits=splits).run(Performance())
    for step, values in logits.items():
        probabilities, predictions = softmax(values.astype(np.float64), axis=1), values.argmax(axis=1)
        for split, rows in {"all": splits != "", "train": splits == "train", "val": splits == "val"}.items():
            got = only(result.metrics, step=step, split=split, scope="overall")
            precision, recall, f1, _ = reference.precision_recall_fscore_support(
                labels[rows], predictions[rows], average="macro", zero_division=0
            )
            accuracy = reference.accuracy_score(labels[rows], predictions[rows])
            log_loss = reference.log_loss(labels[rows], probabilities[rows], labels=range(5))
            assert_allclose([got[m] for m in MEASURES[:5]], [accuracy, precision, recall, f1, log_loss], rtol=1e-10)
            assert got["support"] == rows.sum()
            cells = np.zeros((5, 5), int)
            for cell in pick(result.confusion, step=step, split=split):
                cells[cell["label"], cell["prediction"]] = cell["count"]
            assert_array_equal(cells, reference.confusion_matrix(labels[rows], predictions[rows]))


def test_classes_agree_with_scikit_learn(record_arrays, data):
    logits, labels, splits = data
    recording = record_arrays(logits, labels=labels, splits=splits, classes=list("abcde"))
    rows = pick(recording.run(Performance()).metrics, step=20, split="val", scope="class")
    val = splits == "val"
    expected = reference.precision_recall_fscore_support(labels[val], logits[20][val].argmax(axis=1), zero_division=0)
    got = [[row[m] for row in rows] for m in ("precision", "recall", "f1", "support")]
    assert_allclose(got, expected)
    assert [(row["name"], row["class_index"]) for row in rows] == list(zip("abcde", range(5), strict=True))
    losses = -log_softmax(logits[20].astype(np.float64), axis=1)[np.arange(240), labels]
    for row in rows:
        mine = val & (labels == row["class_index"])
        assert row["log_loss"] == pytest.approx(losses[mine].mean())
        assert row["accuracy"] == row["recall"]


def test_every_interval_holds_its_value(record_arrays, data):
    logits, labels, splits = data
    recording = record_arrays(logits, labels=labels, splits=splits, metadata={"odd": np.arange(240) % 2 == 1})
    table = recording.run(Performance(slices=("odd",))).metrics
    assert set(table["scope"].to_pylist()) == {"overall", "class", "slice"}
    for row in table.to_pylist():
        for measure in MEASURES:
            assert 0 <= row[f"{measure}_low"] <= row[measure] <= row[f"{measure}_high"]
            assert row[f"{measure}_low"] < row[f"{measure}_high"]


def test_tables_have_exactly_these_columns(record_arrays, data):
    result = record_arrays(data[0], labels=data[1]).run(Performance())
    ends = [f"{m}{end}" for m in MEASURES for end in ("", "_low", "_high")]
    when = [("checkpoint", pa.string()), ("step", pa.int64()), ("split", pa.string())]
    about = [("scope", pa.string()), ("name", pa.string()), ("class_index", pa.int32()), ("support", pa.int64())]
    assert result.metrics.schema == pa.schema([*when, *about, *((end, pa.float64()) for end in ends)])
    cells = [("label", pa.int32()), ("prediction", pa.int32()), ("count", pa.int64())]
    assert result.confusion.schema == pa.schema([*when, *cells])
    reals = [(name, pa.float32()) for name in ("confidence", "loss", "margin")]
    course = [("correct", pa.bool_()), ("first_learnt", pa.int64()), ("flips", pa.int32())]
    assert result.samples.schema == pa.schema([("prediction", pa.int32()), *reals, *course])
    assert result.samples.num_rows == 240


def test_sample_columns_by_hand(record_arrays):
    steps = {1: [[2, 1], [0, 3], [5, 0]], 2: [[0, 1], [0, 3], [0, 5]], 7: [[2, 1], [3, 0], [0, 5]]}
    recording = record_arrays({s: np.log(np.array(v) + 1.0) for s, v in steps.items()}, labels=[0, 0, 1])
    samples = recording.run(Performance()).samples.to_pydict()
    # At step 7 the odds are 3:2, 4:1 and 1:6.
    assert samples["prediction"] == [0, 0, 1]
    assert_allclose(samples["confidence"], [3 / 5, 4 / 5, 6 / 7], rtol=1e-6)
    assert_allclose(samples["loss"], -np.log([3 / 5, 4 / 5, 6 / 7]), rtol=1e-6)
    assert_allclose(samples["margin"], [1 / 5, 3 / 5, 5 / 7], rtol=1e-6)
    assert samples["correct"] == [True, True, True]
    assert samples["first_learnt"] == [1, 7, 2]
    assert samples["flips"] == [2, 1, 1]
    assert recording.run(Performance(checkpoint="000001")).samples.to_pydict()["flips"] == [0, 0, 0]


def test_reordering_samples_reorders_the_columns_and_leaves_the_measures(record_arrays, data):
    logits, labels, _ = data
    order = np.random.default_rng(1).permutation(240)
    one = record_arrays(logits, labels=labels).run(Performance())
    other = record_arrays({s: v[order] for s, v in logits.items()}, labels=labels[order]).run(Performance())
    assert other.samples.equals(one.samples.take(order).combine_chunks())
    assert other.confusion.equals(one.confusion)
    for name in one.metrics.schema.names[7:]:
        assert_allclose(other.metrics[name].to_numpy(), one.metrics[name].to_numpy(), atol=1e-12)


def test_missing_labels_are_left_out_and_counted(record_arrays, data):
    logits, labels, splits = data
    known = [None if i % 4 == 0 else int(label) for i, label in enumerate(labels)]
    with_gaps = record_arrays(logits, labels=known, splits=splits).run(Performance())
    kept = np.arange(240) % 4 != 0
    without = record_arrays({s: v[kept] for s, v in logits.items()}, labels=labels[kept], splits=splits[kept])
    assert with_gaps.metrics.equals(without.run(Performance()).metrics)
    assert only(with_gaps.coverage, step=20, split="val") == {
        "checkpoint": "000020",
        "step": 20,
        "split": "val",
        "samples": 60,
        "judged": 45,
        "missing_label": 15,
        "absent": 0,
        "non_finite": 0,
    }
    row = with_gaps.samples.slice(0, 1).to_pylist()[0]
    assert row["prediction"] == logits[20][0].argmax()
    assert row["confidence"] > 0
    assert [row[c] for c in ("loss", "margin", "correct", "first_learnt", "flips")] == [None] * 5


def test_without_labels_there_are_predictions_and_no_measures(record_arrays, data):
    result = record_arrays(data[0], labels=[None] * 240).run(Performance())
    assert result.metrics.num_rows == result.confusion.num_rows == 0
    assert result.samples["prediction"].to_pylist() == data[0][20].argmax(axis=1).tolist()
    assert result.samples["correct"].null_count == 240


def test_samples_that_a_checkpoint_lacks_are_left_out_of_it(record_arrays, data):
    logits, labels, splits = data
    half = np.arange(0, 240, 2)
    given = {5: logits[5], 10: logits[10][half], 20: logits[20]}
    recording = record_arrays(given, labels=labels, splits=splits, rows={10: half})
    result = recording.run(Performance())
    assert only(result.metrics, step=10, split="all", scope="overall")["accuracy"] == pytest.approx(
        (logits[10][half].argmax(axis=1) == labels[half]).mean()
    )
    assert only(result.coverage, step=10, split="all")["absent"] == 120
    correct = np.array([logits[s].argmax(axis=1) == labels for s in (5, 10, 20)])
    odd = np.arange(1, 240, 2)
    assert_array_equal(np.array(result.samples["flips"])[odd], (correct[0] != correct[2])[odd])
    absent = recording.run(Performance(checkpoint="000010")).samples.slice(1, 1).to_pylist()[0]
    assert list(absent.values()) == [None] * 7


def test_a_diverged_model_is_wrong_and_its_losses_are_no_numbers(record_arrays, data):
    logits, labels, splits = data
    broken = logits[20].copy()
    broken[:3, 1] = [np.nan, np.inf, np.nan]
    result = record_arrays({5: logits[5], 20: broken}, labels=labels, splits=splits).run(Performance())
    overall = only(result.metrics, step=20, split="all", scope="overall")
    right = (logits[20].argmax(axis=1) == labels)[3:].sum()
    assert overall["support"] == 240
    assert overall["accuracy"] == pytest.approx(right / 240)
    assert np.isnan([overall["log_loss"], overall["ece"]]).all()
    assert [overall[f"{m}_{end}"] for m in ("log_loss", "ece") for end in ("low", "high")] == [None] * 4
    assert not np.isnan(only(result.metrics, step=20, split="val", scope="overall")["log_loss"])
    assert only(result.coverage, step=20, split="all")["non_finite"] == 3
    assert sum(cell["count"] for cell in pick(result.confusion, step=20, split="all")) == 237
    samples = result.samples.slice(0, 3).to_pydict()
    assert samples["prediction"] == samples["confidence"] == samples["margin"] == [None] * 3
    assert np.isnan(samples["loss"]).all()
    assert samples["correct"] == [False] * 3


def test_a_model_that_gives_only_nan_gives_a_result(record_arrays):
    result = record_arrays({1: np.full((4, 3), np.nan)}, labels=[0, 1, 2, 0]).run(Performance())
    overall = only(result.metrics, split="all", scope="overall")
    assert overall["accuracy"] == overall["f1"] == 0
    assert result.confusion.num_rows == 0


def test_a_class_never_predicted_has_no_precision(record_arrays):
    logits = np.array([[9.0, 0, 0], [9, 0, 0], [0, 9, 0]])
    rows = pick(record_arrays({1: logits}, labels=[0, 2, 1]).run(Performance()).metrics, scope="class", split="all")
    assert [row["precision"] for row in rows] == [0.5, 1.0, None]
    assert [row["recall"] for row in rows] == [1.0, 1.0, 0.0]
    assert [row["f1"] for row in rows] == [pytest.approx(2 / 3), 1.0, 0.0]


def test_a_class_that_is_only_predicted_has_neither_recall_nor_loss(record_arrays):
    logits = np.array([[9.0, 0], [0, 9]])
    row = pick(record_arrays({1: logits}, labels=[0, 0]).run(Performance()).metrics, scope="class", split="all")[1]
    assert (row["support"], row["precision"], row["f1"]) == (0, 0.0, 0.0)
    assert [row[measure] for measure in ("accuracy", "recall", "log_loss", "ece")] == [None] * 4


def test_a_split_without_samples_that_count_has_no_measures(record_arrays):
    recording = record_arrays({1: np.eye(3)}, labels=[0, 1, None], splits=["a", "a", "b"])
    result = recording.run(Performance())
    assert set(result.metrics["split"].to_pylist()) == {"all", "a"}
    assert only(result.coverage, split="b")["missing_label"] == 1


def test_slices_are_measured_as_recordings_of_their_own(record_arrays, data):
    logits, labels, splits = data
    rng = np.random.default_rng(2)
    metadata = {
        "site": pa.array(rng.choice(["north", "south"], 240)).dictionary_encode(),
        "flash": rng.random(240) < 0.3,
        "rating": pa.array([None if i % 10 == 0 else i % 3 + 0.5 for i in range(240)], pa.float64()),
    }
    recording = record_arrays(logits, labels=labels, splits=splits, metadata=metadata)
    table = recording.run(Performance(slices=("site", "flash", "rating"))).metrics
    names = [row["name"] for row in pick(table, step=20, split="all", scope="slice")]
    sites, flashes = ["site = north", "site = south"], ["flash = false", "flash = true"]
    ratings = ["rating = 0.5", "rating = 1.5", "rating = 2.5", "rating is missing"]
    assert names == sites + flashes + ratings
    north = np.array(recording.column("site").cast(pa.string())) == "north"
    alone = record_arrays({s: v[north] for s, v in logits.items()}, labels=labels[north], splits=splits[north])
    for split in ("all", "val"):
        expected = only(alone.run(Performance()).metrics, step=20, split=split, scope="overall")
        got = only(table, step=20, split=split, name="site = north")
        for measure in MEASURES:
            assert got[measure] == pytest.approx(expected[measure])
        assert got["support"] == expected["support"]


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (
            "sitee",
            "There is no metadata column 'sitee'. Did you mean 'site'? Metadata columns: site, age, code, tags.",
        ),
        (
            "age",
            "Column 'age' is a continuous number (60 different values); slices need a column with at most 50. "
            "Record it in ranges as well, for instance metadata={'age_range': […]}, and slice by that.",
        ),
        (
            "code",
            "Column 'code' has 60 different values; slices need a column with at most 50. "
            "Group its values in a column of their own when recording, and slice by that.",
        ),
        (
            "tags",
            "Column 'tags' holds values of type list<element: string>, which make no slices. "
            "Give a column of strings, booleans or few different numbers.",
        ),
    ],
)
def test_columns_that_make_no_slices(record_arrays, column, message):
    metadata = {
        "site": ["a"] * 60,
        "age": np.linspace(1, 2, 60),
        "code": [f"c{i}" for i in range(60)],
        "tags": [["x"]] * 60,
    }
    recording = record_arrays({1: np.zeros((60, 2))}, labels=[0] * 60, metadata=metadata)
    with pytest.raises(ParameterError) as error:
        recording.run(Performance(slices=(column,)))
    assert str(error.value) == message


def test_slices_of_a_recording_without_metadata(record_arrays):
    recording = record_arrays({1: np.zeros((3, 2))}, labels=[0, 1, 0])
    with pytest.raises(ParameterError) as error:
        recording.run(Performance(slices=("site",)))
    assert str(error.value) == (
        "There is no metadata column 'site': the recording has none. Record some with metadata={…}."
    )


def test_no_bins_are_refused():
    with pytest.raises(ParameterError) as error:
        Performance(bins=0)
    assert str(error.value) == "bins=0 makes no calibration error. Give a number from 1 to 1000."


def test_an_unknown_checkpoint_is_named(record_arrays, data):
    with pytest.raises(UnknownCheckpointError, match="Recorded checkpoints: 000005, 000010, 000020"):
        record_arrays(data[0], labels=data[1]).run(Performance(checkpoint="7"))


def test_a_label_without_a_logit_is_refused(record_arrays):
    with pytest.raises(LabelError) as error:
        record_arrays({1: np.zeros((2, 3))}, labels=[0, 3]).run(Performance())
    assert str(error.value) == (
        "A sample is labelled 3, but checkpoint 000001 holds logits of 3 classes (0 … 2). "
        "Record labels as indices into the model's outputs."
    )


def test_a_run_that_goes_on_costs_only_the_new_checkpoint(record_arrays, write_arrays, data, monkeypatch):
    logits, labels, splits = data
    recording = record_arrays({5: logits[5], 10: logits[10]}, labels=labels, splits=splits)
    recording.run(Performance())
    read = []
    original = Recording.logit_batches
    monkeypatch.setattr(
        Recording, "logit_batches", lambda self, which: (read.append(which.name), original(self, which))[1]
    )
    with RecordingWriter.resume(recording.path) as writer:
        write_arrays(writer, 20, logits[20])
    assert recording.refresh()
    grown = recording.run(Performance())
    assert read == ["000020"]
    assert_same_result(grown, record_arrays(logits, labels=labels, splits=splits).run(Performance()))


def assert_same_result(one: PerformanceResult, other: PerformanceResult) -> None:
    for name, table in one.to_tables().items():
        assert table.equals(other.to_tables()[name]), name


def test_a_cancelled_run_keeps_the_checkpoints_that_were_done(record_arrays, data):
    recording = record_arrays(data[0], labels=data[1])

    def stop_in_the_second(done, message=""):
        if done > 1 / 3:
            raise AnalysisCancelled("stopped")

    with pytest.raises(AnalysisCancelled):
        recording.run(Performance(), stop_in_the_second)
    assert recording.cached(Performance()) is None
    assert recording.cached(Performance(checkpoint="000005")) is not None
    assert recording.cached(Performance(checkpoint="000010")) is None


def test_batches_of_any_size_give_the_same_result(record_arrays, data, monkeypatch):
    one = record_arrays(data[0], labels=data[1]).run(Performance())
    monkeypatch.setattr("bathyscope.analyses.performance.evaluation._LOGITS_AT_ONCE", 12)
    assert_same_result(one, record_arrays(data[0], labels=data[1]).run(Performance()))
