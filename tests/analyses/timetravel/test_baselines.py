import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from bathyscope.analyses import TimeTravel
from bathyscope.analyses.timetravel.baselines import aligned, main_plane, procrustes
from bathyscope.errors import MissingInputError, MissingPackageError


def test_a_turned_picture_is_turned_back():
    fixed = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32)
    turn = np.array([[0.6, -0.8], [0.8, 0.6]], np.float32)
    moving = fixed @ turn + 5
    found, middle, onto = procrustes(moving, fixed)
    assert_allclose((moving - middle) @ found + onto, fixed, atol=1e-5)
    rows = np.arange(50)
    assert_allclose(aligned((rows, fixed), rows, moving), fixed, atol=1e-5)


def test_the_main_plane_goes_there_and_back():
    flat = np.random.default_rng(0).normal(size=(80, 2)) @ np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]) + 4
    plane = main_plane([flat.astype(np.float32)])
    assert_allclose(plane.invert(plane.project(flat, 0), 0), flat, atol=1e-4)


@pytest.mark.parametrize("mode", ["umap", "aligned_umap"])
def test_without_the_package_it_says_how_to_get_it(make_blobs, record, monkeypatch, mode):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(MissingPackageError) as error:
        record(make_blobs(t=2)).run(TimeTravel(mode=mode))
    assert str(error.value) == (
        f"The mode {mode!r} needs the package 'umap', which is not installed. "
        "Install it with: pip install 'bathyscope[umap]'"
    )


@pytest.mark.parametrize("mode", ["umap", "aligned_umap"])
def test_a_tool_that_places_samples_one_by_one_gives_no_way_back(make_blobs, record, monkeypatch, mode):
    class Tool:
        """Stands in for UMAP: the first two dimensions."""

        def __init__(self, **options):
            assert options["n_neighbors"] == 15

        def fit_transform(self, vectors):
            return vectors[:, :2]

        def fit(self, clouds, relations):
            assert relations == [{index: index for index in range(len(clouds[0]))}] * (len(clouds) - 1)
            self.embeddings_ = [vectors[:, :2] for vectors in clouds]
            return self

    stand_in = type(sys)("umap")
    stand_in.UMAP = stand_in.AlignedUMAP = Tool
    monkeypatch.setitem(sys.modules, "umap", stand_in)
    recording = record(make_blobs(t=2))
    result = recording.run(TimeTravel(mode=mode))
    assert len(result.landscapes) == 0
    assert result.misplaced.column(0).null_count == len(recording)
    assert result.notes["text"].to_pylist() == [
        f"The mode {mode!r} has no way back from the canvas, so there are no territories."
    ]
    with pytest.raises(MissingInputError, match="cannot place others"):
        result.project(np.zeros((1, 8)))
    with pytest.raises(MissingInputError, match="no way back"):
        result.invert(np.zeros((1, 2)))
