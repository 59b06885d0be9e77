"""Every form of samples becomes the same thing."""

import io
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset

from bathyscope import ImageTransform
from bathyscope.capture.sources import as_source
from bathyscope.errors import LabelError, SampleIdError, ShapeError, SourceError


def described(source, size=4):
    """All that is recorded, as plain lists."""
    batches = list(source.described(size))
    assert [batch.start for batch in batches] == np.cumsum([0] + [len(batch) for batch in batches])[:-1].tolist()

    def joined(name):
        parts = [getattr(batch, name) for batch in batches]
        return None if parts[0] is None else [value for part in parts for value in part]

    return {name: joined(name) for name in ("ids", "labels", "splits", "media", "checksums")}


def inputs(source, size=4):
    """Sample indices and model inputs of a whole pass."""
    batches = list(source.inputs(size))
    indices = np.concatenate([batch.indices for batch in batches])
    values = [batch.values for batch in batches if batch.values is not None]
    return indices.tolist(), torch.cat(values) if isinstance(values[0], torch.Tensor) else values


def pixels(cell):
    return np.asarray(Image.open(io.BytesIO(cell["bytes"])))


def png(values):
    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def pictures():
    return np.random.default_rng(0).integers(0, 256, (9, 6, 7), dtype=np.uint8)


def test_an_array_gives_pictures_ids_and_batches(pictures):
    source = as_source(pictures, labels=list("abcabcabc"))
    told = described(source)
    assert source.kind == "image"
    assert source.classes == ("a", "b", "c")
    assert told["ids"] == [str(index) for index in range(9)]
    assert told["labels"] == list("abcabcabc")
    np.testing.assert_array_equal(pixels(told["media"][5]), pictures[5])
    indices, values = inputs(source)
    assert indices == list(range(9))
    torch.testing.assert_close(values, torch.from_numpy(pictures).float().unsqueeze(1) / 255)


def test_made_ids_sort_like_numbers():
    ids = described(as_source(np.zeros((11, 2))))["ids"]
    assert ids == sorted(ids)
    assert ids[3] == "03"


def test_vectors_are_arrays_and_token_ids_stay_whole():
    source = as_source(np.arange(8.0).reshape(4, 2))
    assert source.kind == "array"
    assert inputs(source)[1].dtype == torch.float32
    assert inputs(as_source(np.arange(8).reshape(4, 2)))[1].dtype == torch.int64


def test_the_same_pictures_in_every_form_are_the_same_inputs(pictures, tmp_path):
    class Items(Dataset):
        def __len__(self):
            return 9

        def __getitem__(self, index):
            return Image.fromarray(pictures[index])

    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{index}.png")
    expected = inputs(as_source(pictures))[1]
    for samples in (
        torch.from_numpy(pictures),
        list(pictures),
        [Image.fromarray(picture) for picture in pictures],
        pictures[:, None],
        pictures[..., None],
        Items(),
        TensorDataset(torch.from_numpy(pictures).unsqueeze(1).float() / 255),
        DataLoader(Items(), batch_size=2, shuffle=True),
        tmp_path,
        sorted(tmp_path.iterdir()),
    ):
        source = as_source(samples)
        torch.testing.assert_close(inputs(source)[1], expected)
        np.testing.assert_array_equal(pixels(described(source)["media"][7]), pictures[7])


def test_dataset_items_may_be_pairs_or_dicts(pictures):
    tensors = torch.from_numpy(pictures).unsqueeze(1)
    pairs = [(x, int(y)) for x, y in zip(tensors, np.arange(9) % 3, strict=True)]
    dicts = [{"image": x, "label": y} for x, y in pairs]

    class Items(Dataset):
        def __init__(self, items):
            self.items = items

        def __len__(self):
            return len(self.items)

        def __getitem__(self, index):
            return self.items[index]

    for items in (pairs, dicts):
        source = as_source(Items(items))
        assert described(source)["labels"] == [0, 1, 2] * 3
        assert source.classes is None
    with pytest.raises(SourceError, match="The dataset's items have 3 parts"):
        as_source(Items([(1, 2, 3)]))


def test_dataset_with_names_as_labels_tells_its_classes():
    class Items(Dataset):
        def __len__(self):
            return 3

        def __getitem__(self, index):
            return torch.zeros(1, 4, 4), ["owl", None, "cat"][index]

    assert as_source(Items()).classes == ("cat", "owl")


def test_float_images_are_stretched_for_the_eye_only():
    values = torch.linspace(-1, 1, 32).reshape(2, 1, 4, 4)
    source = as_source(TensorDataset(values))
    told = described(source)
    assert pixels(told["media"][0])[0, 0] == 0
    assert pixels(told["media"][1])[3, 3] == 255
    assert source.notes == {"images": "pictures show model inputs, stretched from [-1, 1] (range of the first batch)"}
    torch.testing.assert_close(inputs(source)[1], values)


def test_to_image_decides_what_people_see():
    source = as_source(torch.zeros(2, 1, 3, 3), to_image=lambda x: np.full((5, 5), 7, np.uint8))
    assert pixels(described(source)["media"][1]).tolist() == [[7] * 5] * 5


def test_texts_reach_the_model_as_they_are():
    source = as_source(["one", "two", "three"])
    assert source.kind == "text"
    assert described(source)["media"] == ["one", "two", "three"]
    assert inputs(source, 2)[1] == [["one", "two"], ["three"]]


def test_transform_gets_one_sample():
    lengths = as_source(["a", "abc"], transform=lambda text: torch.tensor([float(len(text))]))
    assert inputs(lengths)[1].tolist() == [[1.0], [3.0]]


def test_folder_of_classes_and_splits(tmp_path):
    for split, name, shade in (("train", "cat", 10), ("train", "dog", 20), ("validation", "cat", 30)):
        folder = tmp_path / split / name
        folder.mkdir(parents=True)
        Image.new("RGB", (8, 8), (shade, 0, 0)).save(folder / "1.png")
    (tmp_path / "train" / "cat" / ".hidden.png").write_bytes(b"")
    (tmp_path / "train" / "cat" / "notes.txt").write_text("no image")
    source = as_source(tmp_path)
    told = described(source)
    assert told["ids"] == ["train/cat/1.png", "train/dog/1.png", "validation/cat/1.png"]
    assert told["labels"] == ["cat", "dog", "cat"]
    assert told["splits"] == ["train", "train", "validation"]
    assert source.classes == ("cat", "dog")


def test_flat_folder_has_no_labels(tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "a.jpg")
    source = as_source(tmp_path)
    assert described(source)["labels"] is None
    assert described(source)["media"] == [{"bytes": (tmp_path / "a.jpg").read_bytes(), "path": "a.jpg"}]


def test_unreadable_images_are_recorded_but_not_fed(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"this is no picture")
    Image.new("RGB", (8, 8)).save(tmp_path / "c.png")
    (tmp_path / "c.png").write_bytes((tmp_path / "c.png").read_bytes()[:40])
    Image.new("RGB", (8, 8)).save(tmp_path / "d.png")
    source = as_source(tmp_path)
    assert [cell["bytes"][:4] for cell in described(source)["media"]] == [b"\x89PNG", b"this", b"\x89PNG", b"\x89PNG"]
    indices, values = inputs(source)
    assert indices == [0, 3]
    assert values.shape == (2, 3, 8, 8)


def test_empty_folder_and_missing_path_are_explained(tmp_path):
    with pytest.raises(SourceError) as caught:
        as_source(tmp_path)
    assert str(caught.value) == (
        f"The folder {tmp_path.name!r} holds no images. Give a folder of images, with a folder per class if they have "
        "labels, or a folder of Parquet files."
    )
    with pytest.raises(SourceError, match="There is no file or folder 'nowhere'"):
        as_source("nowhere")


def test_parquet_by_the_convention_of_datasets(tmp_path, pictures):
    cells = [{"bytes": png(picture), "path": f"/home/me/{index}.png"} for index, picture in enumerate(pictures)]
    table = pa.table({"image": cells, "label": [0, 1, None] * 3, "age": list(range(9))})
    features = {"info": {"features": {"label": {"names": ["cat", "dog"], "_type": "ClassLabel"}}}}
    table = table.replace_schema_metadata({"huggingface": json.dumps(features)})
    pq.write_table(table.slice(0, 5), tmp_path / "train-00000-of-00001.parquet")
    pq.write_table(table.slice(5), tmp_path / "test-00000-of-00001.parquet")
    source = as_source(tmp_path)
    told = described(source)
    assert source.classes == ("cat", "dog")
    assert told["splits"] == ["test"] * 4 + ["train"] * 5
    assert told["labels"] == [None, 0, 1, None, 0, 1, None, 0, 1]
    assert told["media"][0]["path"] == "5.png"
    assert source.metadata_schema.names == ["age"]
    assert inputs(source)[1].shape == (9, 1, 6, 7)


def test_hugging_face_dataset(pictures):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "image": datasets.Image(),
            "label": datasets.ClassLabel(names=["cat", "dog"]),
            "place": datasets.Value("string"),
        }
    )
    data = datasets.Dataset.from_dict(
        {
            "image": [{"bytes": png(p), "path": None} for p in pictures],
            "label": [0, 1, 1] * 3,
            "place": list("abcabcabc"),
        },
        features=features,
    )
    source = as_source(data)
    told = described(source)
    assert source.classes == ("cat", "dog")
    assert source.metadata_schema.names == ["place"]
    assert told["media"][2]["bytes"] == png(pictures[2])
    torch.testing.assert_close(inputs(source)[1], inputs(as_source(pictures))[1])

    def prepare(rows):
        return {"pixel_values": [torch.full((2,), float(y)) for y in rows["label"]]}

    shown = as_source(data.with_transform(prepare))
    values = torch.cat([batch.values["pixel_values"] for batch in shown.inputs(4)])
    assert values[:, 0].tolist() == [0, 1, 1] * 3
    assert described(shown)["labels"] == [0, 1, 1] * 3


def test_tokenised_hugging_face_dataset():
    datasets = pytest.importorskip("datasets")
    data = datasets.Dataset.from_dict(
        {"text": ["a", "b c"], "label": ["x", "y"], "input_ids": [[1, 0], [2, 3]], "attention_mask": [[1, 0], [1, 1]]}
    )
    source = as_source(data)
    (batch,) = source.inputs(4)
    assert source.kind == "text"
    assert source.classes == ("x", "y")
    assert {name: value.tolist() for name, value in batch.values.items()} == {
        "input_ids": [[1, 0], [2, 3]],
        "attention_mask": [[1, 0], [1, 1]],
    }


def test_splits_as_a_dict(pictures):
    source = as_source({"train": pictures[:5], "test": pictures[5:]}, labels={"train": [0] * 5, "test": [1] * 4})
    told = described(source)
    assert told["ids"][4:6] == ["train/4", "test/0"]
    assert told["splits"] == ["train"] * 5 + ["test"] * 4
    assert told["labels"] == [0] * 5 + [1] * 4
    assert inputs(source)[0] == list(range(9))
    with pytest.raises(LabelError, match="Labels were given for the splits train, samples for train, test"):
        as_source({"train": pictures[:5], "test": pictures[5:]}, labels={"train": [0] * 5})


def test_given_columns_win_over_the_sources_own(tmp_path):
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        Image.new("L", (4, 4)).save(tmp_path / name / "1.png")
    source = as_source(tmp_path, labels=["dog", "dog"], sample_ids=["x", "y"], split="test", metadata={"age": [1, 2]})
    told = described(source)
    assert (told["ids"], told["labels"], told["splits"]) == (["x", "y"], ["dog", "dog"], ["test", "test"])
    unlabelled = as_source(tmp_path, labels=False)
    assert described(unlabelled)["labels"] is None
    assert unlabelled.classes is None


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"labels": [0, 1]}, ShapeError, "9 samples came with 2 labels. Give exactly one per sample."),
        ({"split": ["a"]}, ShapeError, "9 samples came with 1 split names. Give exactly one per sample."),
        (
            {"metadata": {"age": [1]}},
            ShapeError,
            "9 samples came with 1 values for 'age'. Give exactly one per sample.",
        ),
        ({"sample_ids": ["a"] * 9}, SampleIdError, None),
    ],
)
def test_columns_that_do_not_fit(pictures, options, error, message):
    with pytest.raises(error) as caught:
        as_source(pictures, **options)
    assert message is None or str(caught.value) == message


def test_unreadable_forms_are_explained():
    class Stream(IterableDataset):
        def __iter__(self):
            return iter([1])

    with pytest.raises(SourceError) as caught:
        as_source(Stream())
    assert str(caught.value) == (
        "Stream has no length: an iterable dataset cannot give the same samples at every checkpoint. Give a map-style "
        "dataset (with __len__ and __getitem__), or arrays."
    )
    for samples, message in (
        (7, "Samples were given as int."),
        (np.zeros((2, 2, 2, 2, 2)), r"array of shape \(2, 2, 2, 2, 2\)"),
        (np.zeros((0, 4, 4)), "There are no samples"),
        (np.array([1 + 2j]), "an array of complex128"),
    ):
        with pytest.raises(SourceError, match=message):
            as_source(samples)


def test_images_of_different_sizes_need_a_transform(tmp_path):
    for name, size in (("a", 4), ("b", 5)):
        Image.new("RGB", (size, size)).save(tmp_path / f"{name}.png")
    with pytest.raises(SourceError, match="inputs of different shapes"):
        inputs(as_source(tmp_path))
    assert inputs(as_source(tmp_path, transform=ImageTransform(4)))[1].shape == (2, 3, 4, 4)
