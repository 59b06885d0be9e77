"""Other tools read our files without us."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.dataset as pads
import pyarrow.parquet as pq
import pytest


def test_pyarrow_and_pandas_read_samples(recording, recording_path):
    table = pq.read_table(recording_path / "samples")
    assert table.num_rows == 60
    assert table["sample_id"][3].as_py() == "s/0003"
    frame = pd.read_parquet(recording_path / "samples", columns=["split", "label", "brightness"])
    assert frame.split.value_counts().to_dict() == {"train": 40, "test": 20}
    assert frame.label.isna().sum() == 3


def test_pyarrow_and_pandas_read_outputs_and_activations(recording, recording_path):
    folder = recording_path / "checkpoints" / "000002"
    frame = pd.read_feather(folder / "outputs" / "part-00000.arrow")
    np.testing.assert_array_equal(np.stack(frame.logits), recording.logits(2)[frame.sample_index])
    table = pads.dataset(folder / "layers" / "features.norm", format="arrow").to_table()
    values = np.array(table["activation"].to_pylist(), np.float16)
    np.testing.assert_array_equal(values, recording.activations("features.norm", 2)[table["sample_index"].to_numpy()])


def test_pyarrow_reads_a_stored_result(recording):
    from bathyscope.analyses.performance import Performance

    recording.run(Performance())
    files = recording.result_tables("performance", recording.result_key(Performance()))
    with pa.OSFile(str(files["confusion"])) as file:
        assert {"label", "prediction", "count"} <= set(pa.ipc.open_file(file).read_all().column_names)


@pytest.mark.peers
def test_hugging_face_datasets_shows_pictures_and_class_names(recording, recording_path, tmp_path):
    datasets = pytest.importorskip("datasets")
    files = str(recording_path / "samples" / "*.parquet")
    loaded = datasets.load_dataset("parquet", data_files=files, cache_dir=str(tmp_path / "cache"))["train"]
    assert loaded.features["label"].names == ["cat", "dog", "owl"]
    np.testing.assert_array_equal(np.asarray(loaded[5]["image"]), np.asarray(recording.image(5)))
