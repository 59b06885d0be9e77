import hashlib
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses import TimeTravel
from bathyscope.analyses.timetravel.live import margin_between
from bathyscope.recording import Recording
from bathyscope.recording.results import silent

without_results = shutil.ignore_patterns("analyses")

LIVE = TimeTravel(mode="live", landscape=16)


def hashes(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.usefixtures("cheap_fit")
def test_published_frames_never_change_and_going_on_gives_the_same_as_one_go(make_blobs, record, tmp_path):
    run = make_blobs(60, t=4)
    longer = record(run)
    followed = Recording(shutil.copytree(longer.path, tmp_path / "followed"))
    for later in longer.checkpoints[2:]:
        shutil.rmtree(followed.path / "checkpoints" / later.name)
    followed.refresh()
    before = followed.run(LIVE)
    kept = hashes(followed.path / "analyses")

    # The job goes on: two more checkpoints come in beside the results of the first two.
    shutil.copytree(followed.path / "analyses", longer.path / "analyses")
    fitted = []
    after = longer.run(LIVE, lambda done, message="": fitted.append(message))
    assert {message[:24] for message in fitted if message.startswith("fitting")} == {
        "fitting checkpoint 3 of ",
        "fitting checkpoint 4 of ",
    }
    for name in before.positions.column_names:
        assert after.positions[name].to_pylist() == before.positions[name].to_pylist()
    assert after.landscapes.slice(0, 2).equals(before.landscapes)
    assert after.canvas == before.canvas
    assert hashes(longer.path / "analyses").items() >= kept.items()

    at_once = LIVE.run(Recording(shutil.copytree(longer.path, tmp_path / "once", ignore=without_results)), silent)
    for name in after.positions.column_names:
        assert after.positions[name].to_pylist() == at_once.positions[name].to_pylist()
    assert after.quality.to_pylist() == at_once.quality.to_pylist()
    assert after.model["encoder"].to_pylist() == at_once.model["encoder"].to_pylist()


@pytest.mark.usefixtures("cheap_fit")
def test_another_run_is_not_continued(make_blobs, record, tmp_path):
    record(make_blobs(60, t=2), path=tmp_path / "a").run(LIVE)
    other = record(make_blobs(60, t=3, seed=1), path=tmp_path / "b")
    (tmp_path / "a" / "analyses").rename(tmp_path / "b" / "analyses")
    heard = []
    other.run(LIVE, lambda done, message="": heard.append(message))
    assert any(message.startswith("fitting checkpoint 1 of 3") for message in heard)


@pytest.mark.parametrize(("apart", "margin"), [(0.0, 0.1), (0.5, 0.5 / np.sqrt(2)), (9.0, 1.0)])
def test_memory_gives_way_where_checkpoints_differ(apart, margin):
    cloud = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    cloud = (cloud - cloud.mean(axis=0)) / cloud.std(axis=0)
    assert_allclose(margin_between(cloud + np.float32(apart), cloud), margin, rtol=1e-3)
    assert_array_equal(margin_between(cloud * 0, cloud * 0), np.float32(0.1))
