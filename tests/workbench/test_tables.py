"""Plain tables of every kind and form, as they arrive at the page."""

import datetime
import decimal
import json
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.feather
import pyarrow.parquet as pq
import pytest

from bathyscope.errors import (
    DamagedRecordingError,
    LabelError,
    ParameterError,
    SampleIdError,
    ShapeError,
    SourceError,
    UnknownColumnError,
)
from bathyscope.workbench import Hub
from bathyscope.workbench.tables import read_table
from workbench.served import OWNER, table_of

PANDAS = {"id": ["a", "b", "c"], "species": ["cat", "dog", None], "age": [1.5, None, 3.0]}


@pytest.fixture(autouse=True)
def _own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BATHYSCOPE_DATA", str(tmp_path / "data"))


@pytest.fixture
def open_hub():
    """Open a table and close it again."""
    hubs = []

    def make(data, **options):
        hubs.append(Hub(data, **options))
        return hubs[-1]

    yield make
    for hub in hubs:
        hub.close()


@pytest.fixture
def arriving(open_hub, serve_path):
    """The table as a page gets it: every column of /api/recording, as Arrow."""

    def fetch(data, **options):
        hub = open_hub(data, **options)
        client = serve_path(hub.path, headers=OWNER, **hub.host_options())
        columns = client.get("/api/recording").json()["columns"]
        sent = {}
        for column in columns:
            answer = client.get("/api/tables/samples", params={"columns": column["name"]})
            sent[column["name"]] = table_of(answer).column(0)
        return {column["name"]: column for column in columns}, sent, hub

    return fetch


# forms


def written(path, frame):
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".csv":
        frame.to_csv(path, index=False)
    elif path.suffix == ".tsv":
        frame.to_csv(path, index=False, sep="\t")
    elif path.suffix == ".jsonl":
        frame.to_json(path, orient="records", lines=True)
    elif path.suffix == ".json":
        frame.to_json(path, orient="records")
    elif path.suffix == ".feather":
        pyarrow.feather.write_feather(table, path)
    else:
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, table.schema) as sink:
            sink.write_table(table)
    return path


class ArrowStream:
    """What polars, DuckDB and others hand out."""

    def __init__(self, table):
        self._table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self._table.__arrow_c_stream__(requested_schema)


FORMS = {
    "pandas": lambda frame, folder: frame,
    "arrow": lambda frame, folder: pa.Table.from_pandas(frame),
    "batch": lambda frame, folder: pa.RecordBatch.from_pandas(frame),
    "stream": lambda frame, folder: ArrowStream(pa.Table.from_pandas(frame)),
    "dict": lambda frame, folder: {name: list(frame[name]) for name in frame},
    **{
        suffix: lambda frame, folder, suffix=suffix: written(folder / f"animals{suffix}", frame)
        for suffix in (".parquet", ".csv", ".tsv", ".jsonl", ".json", ".feather", ".arrow")
    },
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_recording(open_hub, tmp_path, form):
    data = FORMS[form](pd.DataFrame(PANDAS), tmp_path)
    hub = open_hub(data, label="species")
    recording = hub.recording
    assert recording.sample_ids.to_pylist() == ["a", "b", "c"]
    assert recording.labels.tolist() == [0, 1, None]
    assert recording.classes == ("cat", "dog")
    assert recording.column("age").to_pylist() == [1.5, None, 3.0]
    assert hub.roles == {"id": "id", "species": "label"}
    assert recording.checkpoints == ()
    assert recording.name == ("animals" if form.startswith(".") else "table")


def test_a_hugging_face_dataset_brings_its_class_names_and_pictures(open_hub):
    datasets = pytest.importorskip("datasets")
    from PIL import Image

    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["rose", "daisy"]),
            "size": datasets.Value("int8"),
        }
    )
    pictures = [Image.new("L", (4, 4), shade) for shade in (0, 200)]
    data = datasets.Dataset.from_dict({"image": pictures, "label": [1, 0], "size": [3, 4]}, features=features)
    recording = open_hub(data).recording
    assert recording.classes == ("rose", "daisy")
    assert recording.labels.tolist() == [1, 0]
    assert recording.image(1).getpixel((0, 0)) == 200
    both = datasets.DatasetDict({"train": data, "test": data})
    assert open_hub(both).recording.info.splits == {"train": 2, "test": 2}


def test_the_callers_object_is_not_changed(open_hub):
    frame = pd.DataFrame({"label": ["a", "b"], "duplicates_conv": [-1, 3], "mixed": [1, "x"]}, index=["p", "q"])
    before = frame.copy(deep=True)
    recording = open_hub(frame).recording
    pd.testing.assert_frame_equal(frame, before)
    assert recording.column("duplicates_conv").to_pylist() == [None, 3]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (7, "The data were given as builtins.int. Give a recording, a pandas or polars data frame, an Arrow table, "),
        ({"a": 3}, "Column 'a' was given as int. Give one value per sample."),
        ({"a": np.zeros((2, 3, 4))}, "Column 'a' has the shape (2, 3, 4). Give one value or one vector per sample"),
        ({"a": [1], "b": [1, 2]}, "The columns differ in length: 'a' 1, 'b' 2. Give one value per sample in each."),
        ("nowhere.parquet", "There is no file 'nowhere.parquet'. Give a recording, "),
    ],
)
def test_what_is_no_table_is_told(data, message):
    with pytest.raises((SourceError, ShapeError)) as error:
        Hub(data)
    assert str(error.value).startswith(message)


def test_a_folder_that_is_neither_and_a_file_that_is_something_else_are_told(tmp_path):
    with pytest.raises(SourceError) as error:
        Hub(tmp_path)
    assert str(error.value) == (
        f"The folder {str(tmp_path)!r} is no recording: it holds no recording.json. Give the folder that Recorder or "
        "record() wrote, or the path of a table (.parquet, .pq, .csv, .tsv, .jsonl, .ndjson, .json, .arrow, .feather, "
        ".ipc)."
    )
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(SourceError, match=r"notes\.txt is of no form that is read here\. Give a recording"):
        Hub(tmp_path / "notes.txt")
    assert not (tmp_path / "data").exists()
    for suffix in (".parquet", ".arrow", ".json", ".jsonl"):
        broken = tmp_path / f"broken{suffix}"
        broken.write_bytes(b"\x00\x01 no table\n")
        with pytest.raises(DamagedRecordingError, match=rf"broken{suffix} cannot be read as {suffix} \("):
            read_table(broken)


def test_csv_by_other_separators_empty_cells_and_types_that_change_late(tmp_path):
    semicolons = tmp_path / "a.csv"
    semicolons.write_text("\ufeffname;n\nx;1\n;2\n", encoding="utf-8")
    plain = read_table(semicolons)
    assert plain.table.to_pydict() == {"name": ["x", None], "n": [1, 2]}
    late = tmp_path / "late.csv"
    late.write_text("n,word\n" + "1,a\n" * 400_000 + "x,NA\n")
    plain = read_table(late)
    assert plain.table.schema.types == [pa.string(), pa.string()]
    assert plain.table["word"][-1].as_py() == "NA"
    (tmp_path / "empty.csv").write_text("")
    assert read_table(tmp_path / "empty.csv").table.num_columns == 0


def test_json_lines_of_mixed_values_become_texts(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1, "b": {"x": 1}}\n\n{"a": "one", "c": [1, "z"]}\n')
    assert read_table(path).table.to_pydict() == {
        "a": ["1", "one"],
        "b": ['{"x": 1}', None],
        "c": [None, '[1, "z"]'],
    }


def test_a_folder_with_an_equals_sign_makes_no_column(tmp_path):
    (tmp_path / "day=3").mkdir()
    pq.write_table(pa.table({"a": [1]}), tmp_path / "day=3" / "t.parquet")
    assert read_table(tmp_path / "day=3" / "t.parquet").table.column_names == ["a"]


# kinds of values

UTC, DAY, MINUTE = datetime.UTC, datetime.date(1969, 7, 20), datetime.timedelta(minutes=1)
KINDS = {
    "big": (pa.array([2**53 + 1, -(2**63), None]), [2**53 + 1, -(2**63), None]),
    "unsigned": (pa.array([2**64 - 1, 0, None], pa.uint64()), [2**64 - 1, 0, None]),
    "floats": (pa.array([float("inf"), -0.0, None]), [float("inf"), -0.0, None]),
    "half": (pa.array([np.float16(0.5), None, np.float16(-2)], pa.float16()), [0.5, None, -2.0]),
    "bools": (pa.array([True, None, False]), [True, None, False]),
    "money": (pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-9.99")]), [1.1, None, -9.99]),
    "exact": (
        pa.array([decimal.Decimal("12345678901234567890.123"), None, decimal.Decimal(0)], pa.decimal128(30, 3)),
        ["12345678901234567890.123", None, "0.000"],
    ),
    "spans": (pa.array([MINUTE, None, -MINUTE / 60_000]), [60.0, None, -0.001]),
    "clock": (
        pa.array([datetime.time(23, 59), None, datetime.time(0, 0, 1, 250_000)]),
        ["23:59:00", None, "00:00:01.25"],
    ),
    "zoned": (
        pa.array([datetime.datetime(1960, 1, 1, tzinfo=UTC), None, None], pa.timestamp("us", tz="Asia/Tokyo")),
        [datetime.datetime(1960, 1, 1, 9, tzinfo=zoneinfo.ZoneInfo("Asia/Tokyo")), None, None],
    ),
    "days": (pa.array([DAY, None, datetime.date(1, 1, 1)]), [DAY, None, datetime.date(1, 1, 1)]),
    "nothing": (pa.nulls(3), [None, None, None]),
    "constant": (pa.array([7, 7, 7]), [7, 7, 7]),
    "words": (pa.array(["שלום 🙂 e\u0301\u200b", "", "a" * 1_000_000]), ["שלום 🙂 e\u0301\u200b", "", "a" * 1_000_000]),
    "viewed": (pa.array(["a", "b", None], pa.string_view()), ["a", "b", None]),
    "coded": (pa.array(["a", "b", None]).dictionary_encode(), ["a", "b", None]),
    "coded views": (
        pa.DictionaryArray.from_arrays(pa.array([1, None, 0]), pa.array(["a", "b"], pa.string_view())),
        ["b", None, "a"],
    ),
    "lists of views": (pa.array([["a"], [], None], pa.list_(pa.string_view())), [["a"], [], None]),
    "wide money": (pa.array([decimal.Decimal("1.10"), None, None], pa.decimal128(38, 2)), [1.1, None, None]),
    "struct": (
        pa.array([{"a": [1, None], "b": b"xyz"}, None, {"a": [], "b": None}]),
        ['{"a": [1, null], "b": "(3 bytes)"}', None, '{"a": [], "b": null}'],
    ),
    "nested": (pa.array([[[1], []], None, []]), ["[[1], []]", None, "[]"]),
    "lists": (pa.array([["a", None], [], None]), [["a", None], [], None]),
    "vectors": (pa.array([[1.5, 2.0], None, [3.0, 4.0]], pa.list_(pa.float32(), 2)), [[1.5, 2.0], None, [3.0, 4.0]]),
    "bytes": (pa.array([b"\x00\xff", None, b"a" * 33]), ["0x00ff", None, "0x" + "61" * 32 + "… (33 bytes)"]),
    "map": (pa.array([[("k", 1)], None, []], pa.map_(pa.string(), pa.int8())), ['[["k", 1]]', None, "[]"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def kinds():
    return pa.table({name: values for name, (values, _) in KINDS.items()})


def test_every_kind_of_value_arrives_and_survives_the_file(arriving, tmp_path, kinds):
    _, sent, _ = arriving(kinds)
    for name, (_, expected) in KINDS.items():
        assert repr(sent[name].to_pylist()) == repr(expected), name
    assert sent["zoned"].type == pa.timestamp("us", tz="Asia/Tokyo")


def test_every_conversion_that_could_be_missed_is_told(open_hub, kinds):
    notes = "\n".join(open_hub(kinds).notes)
    for told in (
        "Column 'money' holds decimal128(3, 2); it is a number of the same digits here.",
        "Column 'wide money' holds decimal128(38, 2); it is a number of the same digits here.",
        "Column 'exact' holds decimal128(30, 3); it is text here, with every digit.",
        "Column 'spans' holds duration[us]; it is a number of seconds here.",
        "Column 'bytes' holds binary; of each value the first 32 bytes are shown.",
        "Column 'nested' holds list<item: list<item: int64>>; it is JSON text here.",
    ):
        assert told in notes
    assert not any(f"'{name}'" in notes for name in ("big", "bools", "words", "days", "lists"))


def test_values_that_only_pandas_or_python_can_hold(arriving):
    frame = pd.DataFrame(
        {
            "mixed": [1, "one", None],
            "objects": [{"a": 1}, {"b": [2]}, None],
            "huge": [2**70, 1, 2],
            "broken": pd.Series(["a\ud800b", "\udfff", "fine"], dtype=object),
            "nullable": pd.array([1, None, 3], dtype="Int64"),
            "maybe": pd.array([True, None, False], dtype="boolean"),
            "period": pd.period_range("2026-01", periods=3, freq="M"),
            "sparse": pd.arrays.SparseArray([0, 0, 5]),
            "when": pd.to_datetime(["1969-12-31", None, "2026-01-01"], utc=True),
            "kind": pd.Categorical(["b", None, "b"], categories=["b", "a", "unused"]),
            "array": [np.array([1, 2]), np.array([3]), None],
        }
    )
    columns, sent, hub = arriving(frame)
    assert sent["mixed"].to_pylist() == ["1", "one", None]
    assert sent["objects"].to_pylist() == ['{"a": 1}', '{"b": [2]}', None]
    assert sent["huge"].to_pylist() == [str(2**70), "1", "2"]
    assert sent["broken"].to_pylist() == ["a\ufffdb", "\ufffd", "fine"]
    assert sent["nullable"].to_pylist() == [1, None, 3]
    assert sent["maybe"].to_pylist() == [True, None, False]
    assert sent["period"].to_pylist() == ["2026-01", "2026-02", "2026-03"]
    assert sent["sparse"].to_pylist() == [0, 0, 5]
    assert [value and value.year for value in sent["when"].to_pylist()] == [1969, None, 2026]
    assert sent["array_"].to_pylist() == [[1, 2], [3], None]
    assert columns["kind"]["values"] == ["b"]
    assert "Column 'mixed' holds values of several kinds (int, str); they are texts here." in hub.notes
    assert "Column 'broken' holds halves of characters; \ufffd stands in their place here." in hub.notes
    assert "Column 'array' is called 'array_' here: 'array' is a name of the recording format." in hub.notes


@pytest.mark.parametrize("count", [0, 1])
def test_a_table_of_no_or_one_row(arriving, count):
    frame = pd.DataFrame({"label": ["a"], "x": [1.0], "y": [2.0], "split": ["train"], "n": [1]}).iloc[:count]
    columns, sent, hub = arriving(frame, label="label", x="x", y="y", split="split")
    assert {len(column) for column in sent.values()} == {count}
    assert [columns[name]["role"] for name in ("label", "x", "y", "split")] == ["label", "x", "y", "split"]
    assert len(hub.recording) == count


def test_a_table_of_ids_alone(arriving):
    _, sent, _ = arriving({"id": ["u", "v"]})
    assert sent["sample_id"].to_pylist() == ["u", "v"]


# names


def test_names_of_every_kind_stay_what_they_are(arriving):
    names = ["two words", 'a"quote', "back`tick", "a.b", "a", "b[0]", "new\nline", "SELECT", "__proto__", "constructor",
             "Case", "case", "שם", "a,b", "<script>"]  # fmt: skip
    columns, sent, hub = arriving({name: [place, place + 1] for place, name in enumerate(names)})
    assert [name for name in columns if name in names] == names
    for place, name in enumerate(names):
        assert sent[name].to_pylist() == [place, place + 1]
    assert hub.notes == ()


def test_names_that_cannot_stay_are_changed_by_a_rule_and_told(open_hub):
    frame = pd.DataFrame([[1, 2, 3, 4, 5]], columns=["", 7, "7", "text_", "text"])
    hub = open_hub(frame, text=False)
    assert hub.recording.metadata_schema.names == ["unnamed", "7", "7 (2)", "text_", "text__"]
    assert hub.notes == (
        "Column 1 has no name; it is called 'unnamed' here.",
        "Column 3 has the name '7' of an earlier one; it is called '7 (2)' here.",
        "Column 'text' is called 'text__' here: 'text' is a name of the recording format.",
    )


def test_levels_of_names_are_joined_and_an_index_becomes_a_column(open_hub):
    columns = pd.MultiIndex.from_tuples([("size", "mean"), ("size", ""), (3, "x")])
    index = pd.MultiIndex.from_tuples([("u", 1), ("v", 2)], names=["site", None])
    recording = open_hub(pd.DataFrame([[1, 2, 3], [4, 5, 6]], columns=columns, index=index)).recording
    assert recording.metadata.to_pydict() == {
        "site": ["u", "v"],
        "index": [1, 2],
        "size_mean": [1, 4],
        "size": [2, 5],
        "3_x": [3, 6],
    }


def test_two_thousand_columns(open_hub, serve_path):
    hub = open_hub({f"c{number}": [number, None] for number in range(2000)})
    client = serve_path(hub.path, headers=OWNER)
    assert len(client.get("/api/recording").json()["columns"]) == 2003
    sent = table_of(client.get("/api/tables/samples?columns=c1999,c0"))
    assert sent.to_pydict() == {"c1999": [1999, None], "c0": [0, None]}


# ids


def test_ids_that_are_missing_or_repeated_are_named(open_hub):
    with pytest.raises(SampleIdError) as error:
        open_hub({"k": ["a", "b", "a", "b", "c", *"defgh", *"defgh"]}, id="k")
    assert str(error.value) == (
        "Sample ids must be unique; these occur more than once: 'a', 'b', 'd', 'e', 'f' and 2 more. Give each sample "
        "its own id. Or give on_duplicate_id='suffix' to number the copies."
    )
    with pytest.raises(SampleIdError) as error:
        open_hub({"k": ["a", None, "c", None]}, id="k")
    assert str(error.value) == (
        "Column 'k' gives no id in rows 1, 3. Give each sample its own id, or leave id out to number the rows."
    )
    with pytest.raises(SampleIdError, match="Column 'k' holds double, which makes no ids"):
        open_hub({"k": [0.5, 1.5]}, id="k")


def test_copies_of_an_id_are_numbered_and_never_take_anothers(open_hub):
    hub = open_hub({"k": ["a", "a", "a-2", "a", "b"]}, id="k", on_duplicate_id="suffix")
    assert hub.recording.sample_ids.to_pylist() == ["a", "a-3", "a-2", "a-4", "b"]


def test_whole_numbers_are_ids_and_hostile_ones_stay_texts(open_hub):
    assert open_hub({"id": [3, 1, 2]}).recording.sample_ids.to_pylist() == ["3", "1", "2"]
    hostile = ["../../etc", "a/b", "%2e", "a|b,c", "<b>", "x" * 10_000]
    recording = open_hub({"id": hostile}).recording
    assert recording.sample_ids.to_pylist() == hostile
    assert [recording.index_of(name) for name in hostile] == list(range(6))


def test_without_ids_rows_are_numbered_so_that_they_sort(open_hub):
    recording = open_hub({"id": ["a", "a"] + ["b"] * 9}).recording
    assert recording.sample_ids.to_pylist()[:3] == ["00", "01", "02"]
    assert recording.column("id").to_pylist()[0] == "a"


# roles


def test_roles_are_guessed_only_when_one_column_fits(open_hub):
    hub = open_hub({"label": ["a", "b"], "target": ["a", "a"], "y_pred": ["a", "b"], "confidence": [3.0, 4.0]})
    assert hub.roles == {"y_pred": "prediction"}
    assert hub.guessed == {"y_pred"}
    assert hub.notes[:2] == (
        "Several columns could be the label: 'label', 'target'. Say which, or all stay plain columns.",
        "Taken by their names: 'y_pred' is the prediction.",
    )


def test_false_keeps_a_guess_away(open_hub):
    hub = open_hub({"id": ["a", "b"], "label": ["a", "b"]}, id=False, label=False)
    assert hub.roles == {}
    assert hub.recording.metadata_schema.names == ["id", "label_"]
    assert hub.recording.classes == ()


def test_the_names_of_symphony_bring_their_roles(arriving):
    columns, sent, hub = arriving(
        {
            "projection_conv1_x": [0.0, 1.0],
            "projection_conv1_y": [0.0, 1.0],
            "projection_fc_y": [0.0, 1.0],
            "projection_fc_x": [0.0, 1.0],
            "projection_alone_x": [0.0, 1.0],
            "familiarity_fc": [0.1, 0.9],
            "duplicates_fc": [-1, 4],
            "splitFamiliarity_fc_byAttr_ward": [{"east": 0.1}, {"west": 2.0}],
        }
    )
    assert {name: role for name, role in hub.roles.items() if role in "xy"} == {
        "projection_conv1_x": "x",
        "projection_conv1_y": "y",
        "projection_fc_y": "y",
        "projection_fc_x": "x",
    }
    assert columns["familiarity_fc"]["role"] == "familiarity"
    assert columns["duplicates_fc"]["role"] == "duplicate_cluster"
    assert columns["projection_alone_x"]["role"] == "metadata"
    assert sent["duplicates_fc"].to_pylist() == [None, 4]
    assert json.loads(sent["splitFamiliarity_fc_byAttr_ward"][1].as_py()) == {"west": 2.0}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"label": "lable"},
            "The table 'data' has no column 'lable'. Did you mean 'label'? Columns: label, size, when.",
        ),
        ({"roles": {"size": "weigth"}}, "Column 'size' was given the role 'weigth'. Roles: id, label, split, "),
        ({"label": "label", "prediction": "label"}, "Column 'label' was given two roles, 'label' and 'prediction'. "),
        ({"hidden": ["label"], "label": "label"}, "Column 'label' was given two roles, 'label' and 'hidden'. "),
        ({"x": "size"}, "1 columns are x and 0 are y. Give them in pairs."),
        (
            {"x": "label", "y": "size"},
            "Column 'label' was given the role 'x' but holds string. Give a column of numbers.",
        ),
        ({"image": "label", "text": "when"}, "Both an image and a text were named; a sample is one. "),
        (
            {"roles": {"size": "split", "when": "split"}},
            "Several columns were given the role 'split': 'size', 'when'. ",
        ),
    ],
)
def test_wrong_roles_are_told(open_hub, options, message):
    data = {"label": ["a", "b"], "size": [1.0, 2.0], "when": ["u", "v"]}
    with pytest.raises((ParameterError, UnknownColumnError)) as error:
        open_hub(data, **options)
    assert str(error.value).startswith(message)


# classes


def test_labels_and_predictions_share_one_list_of_classes_in_natural_order(arriving):
    columns, sent, hub = arriving({"label": ["c10", "c2", None], "prediction": ["c2", "c9", "c2"]})
    assert hub.recording.classes == ("c2", "c9", "c10")
    assert sent["label"].to_pylist() == [2, 0, None]
    assert columns["prediction"]["values"] == ["c2", "c9", "c10"]
    assert sent["prediction"].chunk(0).indices.to_pylist() == [0, 1, 0]


def test_given_classes_keep_their_order_and_the_unused(arriving):
    columns, sent, hub = arriving({"label": [1, 0], "prediction": ["dog", "dog"]}, classes=["owl", "dog", "cat"])
    assert hub.recording.classes == ("owl", "dog", "cat")
    assert sent["label"].to_pylist() == [1, 0]
    assert columns["prediction"]["values"] == ["owl", "dog", "cat"]
    frame = pd.DataFrame({"label": pd.Categorical(["b"], categories=["z", "b", "a"]), "pred": ["q"]})
    assert arriving(frame)[2].recording.classes == ("z", "b", "a", "q")


def test_numbers_booleans_and_floats_with_gaps_are_labels(open_hub):
    recording = open_hub(pd.DataFrame({"label": [10.0, None, 2.0]})).recording
    assert (recording.classes, recording.labels.tolist()) == (("2", "10"), [1, None, 0])
    recording = open_hub({"label": [True, False, None]}).recording
    assert (recording.classes, recording.labels.tolist()) == (("false", "true"), [1, 0, None])


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (
            {"label": ["a", "b", "c"]},
            {"classes": ["a"]},
            "'b', 'c' are in the table but not among the 1 classes given ('a'). Give all class names with classes=[…].",
        ),
        (
            {"label": [0, 5, 1]},
            {"classes": ["a", "b"]},
            "The labels hold the number 5; with 2 classes ('a', 'b') the numbers run over 0 … 1. Give all class names "
            "with classes=[…], and None for a missing one.",
        ),
        (
            {"label": [0.5, 1.0, 2.0]},
            {"label": "label"},
            "The labels hold numbers with fractions (0.5 in row 0). A label is one of few classes; say which column it "
            "is with label=…, or label=False if there is none.",
        ),
        (
            {"label": [0, 1, 1], "prediction": ["cat", "dog", "dog"]},
            {},
            "The labels are '0', '1' and the predictions 'cat', 'dog': numbers and names of the same classes. Give "
            "classes=[…] in the order of the numbers.",
        ),
    ],
)
def test_labels_that_are_no_classes_are_told(open_hub, data, options, message):
    with pytest.raises(LabelError) as error:
        open_hub(data, **options)
    assert str(error.value) == message


def test_several_labels_a_sample(open_hub):
    hub = open_hub({"labels": [["sea", "sky"], [], None], "probabilities": [[0.9, 0.8], [0.1, 0.001], [0.5, 0.5]]},
                   probabilities="probabilities")  # fmt: skip
    recording = hub.recording
    assert recording.task == "multilabel"
    assert recording.classes == ("sea", "sky")
    assert recording.label_lists.to_pylist() == [[0, 1], [], None]
    assert [[entry["label"] for entry in row] for row in recording.scores("last").to_pylist()] == [[0, 1], [0], [0, 1]]


# one checkpoint


def test_probabilities_become_the_outputs_of_a_checkpoint(open_hub):
    hub = open_hub({"label": ["a", "b"], "p_a": [0.25, 0.0], "p_b": [0.75, 1.0]}, probabilities=["p_a", "p_b"])
    logits = hub.recording.logits("last")
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, [[0.25, 0.75], [0, 1]], atol=1e-6)
    assert np.isfinite(logits).all()
    assert hub.recording.metadata_schema.names == []
    result = hub.run("performance", checkpoint="000000")
    assert result.samples["prediction"].to_pylist() == [1, 1]
    assert result.samples["correct"].to_pylist() == [False, True]


def test_rows_without_probabilities_are_not_in_the_checkpoint(open_hub):
    hub = open_hub({"p": [[0.5, 0.5], None, [1.0, 0.0]], "label": [0, 1, 1]}, probabilities="p", classes=["a", "b"])
    assert hub.recording.checkpoints[0].n_samples == 2
    assert np.isnan(hub.recording.logits("last")).all(axis=1).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0.5, 0.5], [0.5, 0.4], [0.1, 0.1]], "Row 1 of 'p' sums to 0.9, not to 1; 1 more rows are like it. Give "),
        (
            [[0.5, 0.5], [1.5, -0.5]],
            "Row 1 of 'p' holds 1.5, which is no probability. Give probabilities after softmax",
        ),
        ([[0.5, 0.5], [1.0]], "Column 'p' holds 1 probabilities in row 1, but 2 in row 0. Give one for each class"),
        ([[0.5, 0.5], [0.5, None]], "Row 1 of 'p' holds nan, which is no probability. "),
    ],
)
def test_the_first_bad_row_of_probabilities_is_named(open_hub, rows, message):
    with pytest.raises(ShapeError) as error:
        open_hub({"p": rows}, probabilities="p")
    assert str(error.value).startswith(message)


def test_probabilities_whose_order_is_not_told_are_refused(open_hub):
    labels = [f"c{number}" for number in range(11)]
    data = {"label": labels, "p": np.eye(11)}
    with pytest.raises(LabelError) as error:
        open_hub(data, probabilities="p")
    assert str(error.value) == (
        "The order of the 11 probabilities is not told: the classes sort as 'c0' … 'c10' by number, and otherwise by "
        "letter. Give classes=[…] in their order."
    )
    recording = open_hub(data, probabilities="p", classes=labels).recording
    assert recording.logits("last").argmax(axis=1).tolist() == list(range(11))
    with pytest.raises(LabelError, match="There are 11 probabilities per sample but 2 classes"):
        open_hub({"label": ["a", "b"], "p": np.eye(11)[:2]}, probabilities="p")


def test_an_embedding_alone_is_a_checkpoint_without_outputs(open_hub):
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    hub = open_hub({"embedding": list(vectors), "label": ["a", "b"] * 30})
    recording = hub.recording
    assert recording.embedding_layer == "embedding"
    np.testing.assert_allclose(recording.activations("embedding", "last"), vectors.astype(np.float32))
    assert hub.run("familiarity").samples["familiarity"].null_count == 0
    assert hub.roles == {"embedding": "embedding", "label": "label"}


def test_a_vector_of_another_length_is_named(open_hub):
    with pytest.raises(ShapeError) as error:
        open_hub({"v": [None, [1.0, 2.0], [1.0, 2.0, 3.0]]}, embedding="v")
    assert str(error.value) == (
        "Column 'v' holds a vector of 3 numbers in row 2, but of 2 in row 1. Give vectors of one length, or null for "
        "none."
    )
