"""The other training of the same samples, told in the samples and checkpoints of this one."""

import functools
import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

import bathyscope as bs
from bathyscope.analyses import TimeTravel, Trajectories
from bathyscope.analyses.timetravel import travel
from bathyscope.analyses.timetravel.fit import Settings
from bathyscope.errors import BathyscopeError
from bathyscope.recording.results import silent

N, C, D = 24, 3, 6
IDS = [f"s{number:02}" for number in range(N)]


def write(path, order, epochs, *, seed, classes=("a", "b", "c")):
    """A training in which samples, in some order, are now called this and now that."""
    generator = np.random.default_rng(seed)
    said = np.stack([np.random.default_rng([7, seed, epoch]).integers(C, size=N) for epoch in epochs])[:, order]
    vectors = 3 * np.eye(C, D)[said] + 0.3 * generator.normal(size=(len(epochs), len(order), D))
    names = [IDS[place] for place in order]
    given = {"labels": np.arange(N)[order] % C, "classes": classes, "sample_ids": names, "epochs": epochs}
    head = (3 * np.eye(C, D, dtype=np.float32), np.zeros(C, np.float32))
    vectors = vectors.astype(np.float32)
    given |= {"activations": {"embedding": vectors}, "heads": [head] * len(epochs), "overwrite": True}
    return bs.from_arrays(path, logits=vectors @ head[0].T, **given)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """One training of 24 samples at epochs 2, 3, 4; another of 20 of them, in another order, at 1, 2, 3."""
    folder = tmp_path_factory.mktemp("runs")
    other = np.random.default_rng(0).permutation(N)[:20]
    return write(folder / "one", np.arange(N), [2, 3, 4], seed=1), write(folder / "other", other, [1, 2, 3], seed=2)


@pytest.fixture(scope="module")
def travelled(pair):
    """Both maps of the other training: told there, and here."""
    one, other = pair
    with pytest.MonkeyPatch.context() as cheaper:
        cheaper.setattr(travel, "Settings", functools.partial(Settings, steps=30, width=24))
        return other.run(TimeTravel(landscape=8)), one.run(TimeTravel(landscape=8, beside="other"))


def rows_of(one, other):
    place = {name: row for row, name in enumerate(other.sample_ids.to_pylist())}
    return [place.get(name) for name in one.sample_ids.to_pylist()]


def test_every_sample_and_checkpoint_tells_what_it_did_there(pair):
    one, other = pair
    there, here = other.run(Trajectories()), one.run(Trajectories(beside="other"))
    first, second, _ = (checkpoint.name for checkpoint in one.checkpoints)
    assert here.frames["checkpoint"].to_pylist() == [first, second]
    assert here.predictions.column_names == [first, second]
    for column, name in ((first, other.checkpoints[1].name), (second, other.checkpoints[2].name)):
        theirs = there.predictions[name].to_pylist()
        expected = [None if row is None else theirs[row] for row in rows_of(one, other)]
        assert here.predictions[column].to_pylist() == expected
        assert expected.count(None) == 4
    assert here.samples["flips"].null_count == 4
    names = {other.checkpoints[1].name: first, other.checkpoints[2].name: second}

    def happened(recording, events, named):
        rows = events.to_pylist()
        return {
            (recording.sample_ids[e["sample_index"]].as_py(), e["kind"], e["to"], named[e["checkpoint"]]) for e in rows
        }

    told = happened(one, here.events, {first: first, second: second})
    assert told
    assert told == happened(other, there.events, names)


def test_places_come_with_their_samples_and_the_map_still_places_new_ones(pair, travelled):
    one, other = pair
    there, here = travelled
    name, theirs = one.checkpoints[1].name, other.checkpoints[2].name
    rows = rows_of(one, other)
    known = np.array([row is not None for row in rows])
    found = here.positions_at(name)
    assert np.isnan(found[~known]).all()
    assert_array_equal(found[known], there.positions_at(theirs)[[row for row in rows if row is not None]])
    vectors = other.activations("embedding", other.checkpoints[2])
    assert_array_equal(here.project(vectors, name), there.project(vectors, theirs))
    # The decoder knows the checkpoint: it must be that of the other training.
    assert_array_equal(here.invert([[0.0, 0.0]], name), there.invert([[0.0, 0.0]], theirs))
    assert here.landscapes["checkpoint"].to_pylist() == [one.checkpoints[0].name, name]
    assert here.rating["checkpoint"].to_pylist() == [None, one.checkpoints[0].name, name]


def test_a_result_is_made_anew_when_the_other_training_goes_on(tmp_path):
    order = np.arange(N)
    mine = write(tmp_path / "mine", order, [1, 2], seed=3)
    write(tmp_path / "next", order, [1], seed=4)
    analysis = Trajectories(beside="next")
    keys = [mine.result_key(analysis)]
    assert len(mine.run(analysis).frames) == 1
    write(tmp_path / "next", order, [1, 2], seed=4)
    assert len(mine.run(analysis).frames) == 2
    keys.append(mine.result_key(analysis))
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("../runs", "beside='../runs' is no recording in the folder that {path} lies in. Give the name of a folder "
         "there that holds one."),
        ("strange", "{folder}/strange knows other classes than {path}, so their predictions cannot be compared. "
         "Record both with the same classes in the same order."),
        ("foreign", "{folder}/foreign and {path} have no epoch in common, so they cannot be compared. "
         "Record both trainings with the same sample ids, at the same epochs."),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_says_why(pair, name, message):
    one, _ = pair
    folder = one.path.parent
    write(folder / "strange", np.arange(N), [1], seed=5, classes=("a", "b", "d"))
    write(folder / "foreign", np.arange(N), [9], seed=5)
    with pytest.raises(BathyscopeError) as told:
        Trajectories(beside=name).run(one, silent)
    assert str(told.value) == message.format(path=one.path, folder=folder)


def test_settings_say_which_frames_of_the_map_are_told(travelled):
    settings = json.loads(travelled[1].model["settings"][0].as_py())
    assert settings["frames"] == [1, 2]
