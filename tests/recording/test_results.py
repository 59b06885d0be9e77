from dataclasses import dataclass, replace
from typing import ClassVar

import pyarrow as pa
import pytest

from bathyscope.errors import MissingInputError
from bathyscope.recording import Recording
from recordings import write_checkpoint, write_recording


@dataclass(frozen=True)
class CountResult:
    """How many samples, and how often it was counted."""

    count: int

    def to_tables(self):
        return {"count": pa.table({"n": [self.count], "again": [self.count]})}

    @classmethod
    def from_tables(cls, tables):
        return cls(tables["count"]["n"][0].as_py())


@dataclass(frozen=True)
class Count:
    """An analysis that tells how often it ran."""

    name: ClassVar[str] = "count"
    question: ClassVar[str] = "How many?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"labels"})
    result: ClassVar[type] = CountResult
    runs: ClassVar[list[int]] = []
    factor: int = 1
    checkpoint: str | None = None

    def run(self, recording, progress):
        self.runs.append(1)
        return CountResult(len(recording) * self.factor)


@pytest.fixture
def runs():
    Count.runs.clear()
    return Count.runs


def test_a_result_is_computed_once_per_parameters(recording, runs):
    assert recording.cached(Count()) is None
    assert recording.run(Count()) == recording.run(Count()) == recording.cached(Count()) == CountResult(60)
    assert len(runs) == 1
    assert recording.run(Count(factor=2)) == CountResult(120)
    assert len(runs) == 2


def test_a_new_checkpoint_makes_a_new_result_except_for_one_that_reads_another(make_recording, runs):
    with make_recording(n_checkpoints=1) as writer:
        reader = Recording(writer.path)
        reader.run(Count())
        reader.run(Count(checkpoint="000000"))
        write_checkpoint(writer, 1)
        reader.refresh()
        assert reader.cached(Count()) is None
        assert reader.cached(Count(checkpoint="000000")) is not None


def test_a_checkpoint_that_was_written_again_makes_a_new_result(tmp_path, runs):
    write_recording(tmp_path / "run").close()
    first = Recording(tmp_path / "run").result_key(Count())
    (tmp_path / "run" / "recording.json").unlink()
    write_recording(tmp_path / "run").close()
    assert Recording(tmp_path / "run").result_key(Count()) != first


def test_another_version_of_the_analysis_makes_a_new_result(recording, monkeypatch):
    first = recording.result_key(Count())
    monkeypatch.setattr(Count, "version", 2)
    assert recording.result_key(Count()) != first


def test_what_is_missing_is_named_with_what_to_do(make_recording):
    with make_recording(labels=False) as writer, pytest.raises(MissingInputError) as raised:
        Recording(writer.path).run(Count())
    assert str(raised.value) == (
        f"count cannot run on {writer.path}: it has no labels. Record them with labels=[…]; in a table, name the "
        "column with label=…."
    )


def test_a_run_that_fails_leaves_nothing(recording):
    @dataclass(frozen=True)
    class Failing(Count):
        def run(self, recording, progress):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        recording.run(Failing())
    assert not list(recording.path.glob("analyses/count/*"))


def test_two_who_run_the_same_at_once_both_have_it(recording, monkeypatch):
    class Slow(Count):
        def run(self, recording, progress):
            if not self.runs:  # another process comes first
                self.runs.append(1)
                Recording(recording.path).run(Slow())
            return CountResult(len(recording))

    monkeypatch.setattr(Slow, "runs", [])
    assert recording.run(Slow()) == CountResult(60)
    assert recording.cached(Slow()) == CountResult(60)
    assert [path.name for path in (recording.path / "analyses" / "count").iterdir()] == [recording.result_key(Slow())]


def test_half_a_result_does_not_count(recording, runs):
    recording.run(Count())
    key = recording.result_key(Count())
    (recording.path / "analyses" / "count" / key / "result.json").unlink()
    assert recording.cached(Count()) is None
    assert replace(Count(), factor=1) == Count()


def test_progress_ends_at_one_also_from_disk(recording, runs):
    for _ in range(2):
        seen = []
        recording.run(Count(), lambda done, message="", seen=seen: seen.append(done))
        assert seen[-1] == 1.0
