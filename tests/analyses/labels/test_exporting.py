"""Corrections out and in again, in each form."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bathyscope.analyses.labels.corrections import corrections
from bathyscope.analyses.labels.exporting import export_labels, import_labels
from bathyscope.errors import DecisionError, ParameterError, RecordingExistsError, SourceError
from bathyscope.recording import Recording


@pytest.fixture
def decided(recording):
    """Five decisions: a new label, an odd comma in a comment, an exclusion, a copy, two classes that fit."""
    names = recording.sample_ids.to_pylist()
    for samples, more in (
        (names[:2], {"action": "set", "label": recording.classes[2], "comment": 'sleeve, "short"'}),
        (names[2:3], {"action": "exclude"}),
        (names[3:4], {"action": "duplicate_of", "of": names[0]}),
        (names[4:5], {"action": "ambiguous", "labels": list(recording.classes[:2])}),
        (names[5:6], {"action": "none"}),
    ):
        recording.decisions.append("label", {"samples": samples, **more}, author="ana")
    return recording


@pytest.mark.parametrize("name", ["out.csv", "out.parquet"])
def test_corrections_go_out_and_come_in_again(decided, make_recording, tmp_path, name):
    written = export_labels(decided, tmp_path / name)
    assert (written.n_samples, written.unmatched) == (6, ())
    with make_recording("other") as writer:
        other = Recording(writer.path)
    assert import_labels(other, tmp_path / name, author="bo") == 6
    columns = ["sample_id", "label_new", "status", "label_set", "duplicate_of"]
    assert corrections(other).table.select(columns).equals(corrections(decided).table.select(columns))
    assert import_labels(other, tmp_path / name, author="bo") == 0
    assert len(other.decisions.events()) == 5  # those that say the same are one


def test_the_log_goes_out_whole(decided, tmp_path):
    decided.decisions.undo(2, author="bo")
    export_labels(decided, tmp_path / "log.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["hash"] for line in lines] == [event.hash for event in decided.decisions.events()]
    assert lines[-1]["undoes"] == 2


def test_a_hugging_face_data_set_has_the_corrected_labels(decided, tmp_path):
    datasets = pytest.importorskip("datasets")
    export_labels(decided, tmp_path / "data")
    made = datasets.load_from_disk(str(tmp_path / "data"))
    assert made.features["label"].names == list(decided.classes)
    assert len(made) == len(decided) - 3
    rows = {row["sample_id"]: row for row in made}
    names = decided.sample_ids.to_pylist()
    assert rows[names[0]]["label"] == 2
    assert rows[names[6]]["label"] == int(decided.labels[6])
    assert rows[names[0]]["given_label"] == decided.classes[int(decided.labels[0])]
    assert rows[names[0]]["image"].size == decided.image(0).size


def test_a_data_set_takes_no_folder_that_holds_something(decided, tmp_path):
    pytest.importorskip("datasets")
    place = tmp_path / "mine"
    place.mkdir()
    (place / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordingExistsError) as raised:
        export_labels(decided, place)
    assert str(raised.value) == f"{place} exists and was not touched. Give another folder, or remove it."
    assert [file.name for file in tmp_path.rglob("*") if file.name.startswith(".writing")] == []
    (place / "thesis.txt").unlink()
    assert export_labels(decided, place).path == place


def test_forms_of_other_programs(decided, tmp_path):
    export_labels(decided, tmp_path / "new" / "labels.json", format="fiftyone")
    told = json.loads((tmp_path / "new" / "labels.json").read_text())
    names = decided.sample_ids.to_pylist()
    assert told["classes"] == list(decided.classes)
    assert told["labels"][names[0]] == 2
    assert names[2] not in told["labels"]
    export_labels(decided, tmp_path / "cleanlab.csv", format="cleanlab")
    first = (tmp_path / "cleanlab.csv").read_text().splitlines()[1].split(",")
    assert first[1] == str(sorted(decided.classes).index(decided.classes[2]))


def test_a_file_with_strangers_changes_nothing_and_names_them(recording, tmp_path):
    good = recording.sample_ids[0].as_py()
    table = pa.table(
        {"sample_id": [good, "nobody", good], "label_new": [recording.classes[1], recording.classes[1], "?"]}
    )
    pq.write_table(table, tmp_path / "in.parquet")
    with pytest.raises(DecisionError) as error:
        import_labels(recording, tmp_path / "in.parquet", author="bo")
    assert str(error.value) == (
        f"Nothing was taken in from {tmp_path / 'in.parquet'}: There is no sample 'nobody'. {good}: there is no class "
        "'?'."
    )
    assert recording.decisions.events() == []
    with pytest.raises(SourceError, match="There is no file .*nothing.csv. Give a CSV or Parquet file"):
        import_labels(recording, tmp_path / "nothing.csv", author="bo")
    (tmp_path / "in.csv").write_text("id,label\n1,2\n")
    with pytest.raises(SourceError, match="has the columns id, label; label_new, sample_id is missing"):
        import_labels(recording, tmp_path / "in.csv", author="bo")


def test_an_unknown_form_is_refused(recording, tmp_path):
    with pytest.raises(ParameterError, match="'.xlsx' is no form of labels. Forms: csv, parquet"):
        export_labels(recording, tmp_path / "out.xlsx")
