"""What of the ten faults that frontend/src/components/weaknesses.test.ts lists is ours to get right in Python."""

import numpy as np
import pyarrow as pa
import pytest

import bathyscope as bs
from bathyscope.analyses.performance import metrics
from bathyscope.recording import Recording


@pytest.fixture(autouse=True)
def _own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BATHYSCOPE_DATA", str(tmp_path / "data"))


def test_weakness_3_what_a_notebook_keeps_of_a_view_does_not_grow_with_the_table():
    sizes = []
    for count in (10, 10_000):
        with bs.Hub({"id": [f"{row:05d}" for row in range(count)], "ink": list(np.arange(count) / count)}) as hub:
            view = hub.view("table")
            sizes.append(len(str({name: value for name, value in view.get_state().items() if name != "_esm"})))
    assert abs(sizes[1] - sizes[0]) < 64


def test_weakness_8_the_type_of_a_column_is_that_of_all_its_values():
    nothing_first = {
        "id": ["a", "b", "c"],
        "layer 1": [None, 1.5, 2.5],
        "layer 10": [None, "x", "y"],
        "layer": [None, None, 7],
        "empty": [None, None, None],
    }
    with bs.Hub(pa.table(nothing_first)) as hub:
        recording = Recording(hub.path)
        columns = {name: recording.column(name).to_pylist() for name in ("layer 1", "layer 10", "layer")}
        types = {name: recording.metadata_schema.field(name).type for name in ("layer 1", "layer 10", "layer")}
    assert columns == {name: nothing_first[name] for name in columns}
    assert [pa.types.is_floating(types["layer 1"]), types["layer"]] == [True, pa.int64()]
    assert types["layer 10"] in (pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()))


def test_weakness_9_no_row_is_a_hub_that_works_and_an_absent_class_divides_nothing_by_nothing():
    empty = pa.table({"id": pa.array([], pa.string()), "label": pa.array([], pa.string())})
    with bs.Hub(empty) as hub:
        assert len(Recording(hub.path).sample_ids) == 0
        assert len(hub.selection) == 0
    # The third class neither occurs nor is called.
    counts = metrics.class_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 3, np.ones(3, bool))
    seen = metrics.ClassCounts(*(part[counts.present] for part in counts))
    assert metrics.macro(metrics.recall(seen)).value == 0.75
