import datetime
import decimal
import threading

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.recording import Recording, RecordingWriter
from bathyscope.workbench.columns import (
    ROWS_PER_BATCH,
    SampleColumns,
    category_values,
    column_type,
    natural_key,
    stream,
    transportable,
)
from workbench.served import OWNER, error_of, table_of

UTC = datetime.UTC
ZOO = {
    "big": pa.array([2**53 + 1, -(2**63), None, 2**63 - 1], pa.int64()),
    "unsigned": pa.array([2**64 - 1, 0, None, 2**53 + 1], pa.uint64()),
    "float": pa.array([float("nan"), float("inf"), None, -0.0], pa.float64()),
    "half": pa.array([np.float16(0.1), np.float16("nan"), None, np.float16(-65504)], pa.float16()),
    "bool": pa.array([True, None, False, True]),
    "day": pa.array([datetime.date(1969, 1, 1), None, datetime.date(2026, 2, 28), datetime.date(1, 1, 1)]),
    "time": pa.array([datetime.datetime(1960, 1, 1, tzinfo=UTC), None] * 2, pa.timestamp("us", tz="Asia/Tokyo")),
    "money": pa.array([decimal.Decimal("1.10"), None, decimal.Decimal("-9.99"), None], pa.decimal128(10, 2)),
    "words": pa.array(["", None, "שלום 🙂 e\u0301\u200b", "a" * 100_000]),
    "long text": pa.array(["x", "x", None, "y"], pa.large_string()),
    "codes": pa.array(["x", "x", None, "y"]).dictionary_encode(),
    "list": pa.array([["a", None], [], None, ["b"]], pa.list_(pa.string())),
    "vector": pa.array([[1.5, 2], None, [3, 4], [5, 6]], pa.list_(pa.float16(), 2)),
    "struct": pa.array([{"a": 1}, None, {"a": None}, {"a": 2}], pa.struct([("a", pa.int8())])),
    "nothing": pa.nulls(4, pa.string()),
}
TYPES = {
    "big": "integer", "unsigned": "integer", "float": "number", "half": "number", "bool": "bool", "day": "datetime",
    "time": "datetime", "money": "number", "words": "text", "long text": "category", "codes": "category",
    "list": "list", "vector": "list", "struct": "other", "nothing": "category",
}  # fmt: skip


@pytest.fixture
def zoo(tmp_path) -> Recording:
    """Four samples with a column of every kind."""
    with RecordingWriter.create(tmp_path / "zoo", classes=["a", "b"]) as writer:
        schema = pa.schema([(name, values.type) for name, values in ZOO.items()])
        with writer.samples(metadata=schema) as samples:
            samples.write(
                ["1", "2", "3", "4"], splits=["b", "a", None, "b"], labels=[1, None, 0, 1], metadata=pa.table(ZOO)
            )
    return Recording(tmp_path / "zoo")


@pytest.fixture
def zoo_client(serve_path, zoo):
    return serve_path(zoo.path, headers=OWNER)


def same(one, other):
    """Equal value by value, NaN and the sign of zero included."""
    return repr(one) == repr(other)


@pytest.mark.parametrize("name", ZOO)
def test_every_value_arrives_exactly(zoo_client, name):
    sent = table_of(zoo_client.get("/api/tables/samples", params={"columns": name}))[name]
    assert same(sent.to_pylist(), ZOO[name].to_pylist())


def test_whole_numbers_stay_whole_and_halves_become_floats(zoo_client):
    sent = table_of(zoo_client.get("/api/tables/samples?columns=big,unsigned,half,vector"))
    assert sent.schema.types == [pa.int64(), pa.uint64(), pa.float32(), pa.list_(pa.float32(), 2)]


@pytest.mark.parametrize(
    ("values", "sent"),
    [
        ([-128, 127], "int8"), ([0, 255], "uint8"), ([-1, 128], "int16"), ([None, 65535], "uint16"),
        ([-(2**31), 2**31 - 1], "int32"), ([0, 2**32 - 1], "uint32"), ([-1, 2**31], "int64"), ([2**32], "int64"),
        ([], "int8"), ([None], "int8"),
    ],
)  # fmt: skip
def test_whole_numbers_come_in_the_fewest_bytes_that_hold_them(values, sent):
    column = transportable(pa.chunked_array([pa.array(values, pa.int64())]), None)
    assert (str(column.type), column.to_pylist()) == (sent, values)


@pytest.mark.parametrize(("count", "sent"), [(255, "uint8"), (256, "uint16"), (70_000, "uint32")])
def test_codes_of_a_category_come_in_the_fewest_bytes_that_hold_them(count, sent):
    values = [str(number) for number in range(count)]
    column = transportable(pa.chunked_array([pa.array(values[::-1])]), values)
    assert str(column.type.index_type) == sent
    assert column.to_pylist() == values[::-1]


def test_rows_come_in_the_order_asked_for(zoo_client):
    sent = table_of(zoo_client.get("/api/tables/samples?columns=sample_id,big,split&rows=3,0,0"))
    assert sent.to_pydict() == {
        "sample_id": ["4", "1", "1"],
        "big": [2**63 - 1, 2**53 + 1, 2**53 + 1],
        "split": ["b", "b", "b"],
    }
    assert table_of(zoo_client.get("/api/tables/samples?columns=big&rows=")).to_pydict() == {"big": []}


def test_missing_labels_and_splits_are_null(zoo_client):
    sent = table_of(zoo_client.get("/api/tables/samples?columns=label,split"))
    assert sent.to_pydict() == {"label": [1, None, 0, 1], "split": ["b", "a", None, "b"]}


def test_types_and_roles_of_all_columns(zoo):
    told = {column.name: column for column in SampleColumns(zoo, threading.RLock()).describe()}
    assert {name: told[name].type for name in ZOO} == TYPES
    assert {name: told[name].role for name in ("sample_id", "split", "label", "big")} == {
        "sample_id": "id", "split": "split", "label": "label", "big": "metadata",
    }  # fmt: skip
    assert told["split"].to_json() == {"name": "split", "type": "category", "role": "split", "values": ["b", "a"]}
    assert told["codes"].values == ("x", "y")
    assert told["nothing"].values == ()


def test_the_codes_of_a_category_are_places_in_its_values_whichever_rows_are_sent(zoo_client):
    values = next(
        column["values"] for column in zoo_client.get("/api/recording").json()["columns"] if column["name"] == "codes"
    )
    for query, codes in (("", [0, 0, None, 1]), ("&rows=3", [1])):
        sent = table_of(zoo_client.get(f"/api/tables/samples?columns=codes{query}"))["codes"].combine_chunks()
        assert sent.dictionary.to_pylist() == values
        assert sent.indices.to_pylist() == codes


def test_an_unknown_column_names_the_nearest(zoo_client):
    assert error_of(zoo_client.get("/api/tables/samples?columns=label,mony")) == (
        404,
        "UnknownColumnError",
        "The table 'samples' has no column 'mony'. Did you mean 'money'? Columns: sample_id, split, label, big, "
        "unsigned, float, half, bool, day, time, money, words, long text, codes, list, vector, struct, nothing.",
    )
    assert error_of(zoo_client.get("/api/tables/samples")) == (
        400,
        "RequestError",
        "No columns were asked for. Name them: ?columns=label,split",
    )


def test_media_are_no_column(owner):
    assert error_of(owner.get("/api/tables/samples?columns=image"))[:2] == (404, "UnknownColumnError")


@pytest.mark.parametrize(
    ("distinct", "count", "is_category"),
    [(50, 51, True), (50, 50, False), (51, 100, False), (51, 511, True), (51, 510, False), (1000, 10_001, True),
     (1001, 30_000, False), (1, 1, False), (1, 2, True), (0, 0, True)],
)  # fmt: skip
def test_which_strings_are_a_category(distinct, count, is_category):
    values = [f"v{index % max(distinct, 1)}" for index in range(count)]
    found = category_values(pa.chunked_array([pa.array(values, pa.string())]))
    assert (found is not None) == is_category
    if is_category:
        assert found == tuple(f"v{index}" for index in range(distinct))


def test_categories_are_found_across_chunks():
    late = pa.chunked_array([["a"] * 20_000, [None, "b10", "b9"]])
    assert category_values(late) == ("a", "b9", "b10")


def test_natural_order():
    assert sorted(["b10", "b9", "10", "9", "a", "", "b"], key=natural_key) == ["", "9", "10", "a", "b", "b9", "b10"]


def test_texts_of_few_values_come_as_a_dictionary_and_others_plain():
    few = pa.chunked_array([[f"v{index % 1100}" for index in range(20_000)]])
    many = pa.chunked_array([[f"v{index}" for index in range(20_000)]])
    assert category_values(few) is None
    assert transportable(few, None).type == pa.dictionary(pa.int32(), pa.string())
    assert transportable(few, None).to_pylist() == few.to_pylist()
    assert transportable(many, None).type == pa.string()


def test_a_tensor_column_travels_as_its_numbers():
    tensors = pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(8, dtype=np.float32).reshape(2, 2, 2))
    sent = transportable(pa.chunked_array([tensors]), None)
    assert sent.to_pylist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_long_tables_stream_in_batches_with_one_dictionary():
    count = 2 * ROWS_PER_BATCH + 3
    column = pa.chunked_array([pa.array(["a", "b"] * (count // 2) + ["c"])])
    table = pa.table({"n": pa.array(np.arange(count)), "s": transportable(column, ("a", "b", "c"))})
    pieces = list(stream(table))
    batches = list(pa.ipc.open_stream(b"".join(pieces)))
    assert [len(batch) for batch in batches] == [ROWS_PER_BATCH, ROWS_PER_BATCH, 3]
    assert len(pieces) == 4
    assert pa.Table.from_batches(batches).equals(table)


def test_a_table_without_rows_keeps_its_types(serve_path, tmp_path):
    with RecordingWriter.create(tmp_path / "empty", classes=["a"]) as writer:
        with writer.samples(metadata=pa.schema([("tone", pa.string())])):
            pass
    client = serve_path(tmp_path / "empty", headers=OWNER)
    assert client.get("/api/recording").json()["n_samples"] == 0
    answer = client.get("/api/tables/samples?columns=label,tone,split")
    assert [len(batch) for batch in pa.ipc.open_stream(answer.content)] == [0]  # brings the dictionaries
    sent = table_of(answer)
    assert sent.schema.field("tone").type == pa.dictionary(pa.uint8(), pa.string())
    assert error_of(client.get("/api/media/0"))[0] == 404


def test_column_types_of_rarer_arrow_types():
    assert column_type(pa.list_(pa.int8(), 3)) == "list"
    assert column_type(pa.string_view()) == "text"
    assert column_type(pa.dictionary(pa.int8(), pa.int64())) == "integer"
    assert column_type(pa.duration("s")) == "other"
    assert column_type(pa.binary()) == "other"
