"""What every analysis must keep to. `check_analysis` does for one of another package what this module does for ours."""

import dataclasses
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar
from unittest import mock

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.analyses import ANALYSES, Illusion, Performance
from bathyscope.analyses.__main__ import index_page
from bathyscope.analyses.parameters import build_analysis
from bathyscope.errors import AnalysisCancelled, MissingInputError
from bathyscope.recording import Recording
from bathyscope.recording.results import NEEDS

PAGES = Path(__file__).parents[2] / "docs" / "explanation"
HEADINGS = [
    "Which question",
    "What must be recorded",
    "How to read the picture",
    "The definition",
    "When it misleads",
    "The source",
]


def check_analysis(analysis: Any, recording: Recording) -> None:
    """Everything below; `recording` must hold all that the analysis needs. Stored results in it are deleted."""
    for check in CHECKS:
        check(analysis, recording)


def forget(recording):
    shutil.rmtree(recording.path / "analyses", ignore_errors=True)


def run_afresh(analysis, recording):
    forget(recording)
    return recording.run(analysis)


def contents(tables):
    """Tables as text: equal if types and values are, where NaN equals NaN."""
    return {name: (str(table.schema), repr(table.to_pydict())) for name, table in tables.items()}


def hashes(recording):
    files = (path for path in recording.path.rglob("*") if path.is_file())
    kept = (path for path in files if path.relative_to(recording.path).parts[0] != "analyses")
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in kept}


def check_it_describes_itself(analysis, recording):
    assert re.fullmatch(r"[a-z][a-z0-9-]*", analysis.name)
    assert analysis.question.endswith("?")
    assert isinstance(analysis.version, int)
    assert analysis.needs <= NEEDS.keys()
    assert dataclasses.fields(analysis) is not None
    with pytest.raises(dataclasses.FrozenInstanceError):
        analysis.anything = 1


def check_a_run_and_what_comes_of_it(analysis, recording):
    """Two runs show it all: what is written, whether truth is read, the progress, the stored result, the same again."""
    told = []
    with truth_refused(recording):
        before = hashes(recording)
        forget(recording)
        result = recording.run(analysis, lambda done, message="": told.append(done))
        assert hashes(recording) == before
    check_progress_grows_to_one(told)
    check_the_result_survives_serialisation(analysis, recording, result)
    assert contents(run_afresh(analysis, Recording(recording.path)).to_tables()) == contents(result.to_tables())


@contextmanager
def truth_refused(recording):
    """Whoever reads the truth, through us or by itself, fails."""

    def refuse(self):
        raise AssertionError("the truth was read")

    path = recording.path / "truth.parquet"
    kept = path.read_bytes() if path.exists() else None
    path.write_bytes(b"no Parquet: whoever reads this fails")
    try:
        with mock.patch.object(Recording, "truth", property(refuse)):
            yield
    finally:
        path.unlink() if kept is None else path.write_bytes(kept)


def check_progress_grows_to_one(told):
    assert told == sorted(told)
    assert told[0] >= 0
    assert told[-1] == 1


def check_the_result_survives_serialisation(analysis, recording, result):
    assert type(result) is analysis.result
    assert result.to_tables()
    stored = {}
    for name, table in result.to_tables().items():
        sink = io.BytesIO()
        with pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        stored[name] = pa.ipc.open_file(sink.getvalue()).read_all()
    again = analysis.result.from_tables(stored)
    assert type(again) is analysis.result
    assert contents(again.to_tables()) == contents(result.to_tables())
    assert contents(recording.cached(analysis).to_tables()) == contents(result.to_tables())


def check_torch_is_not_imported(analysis, recording):
    assert torch_is_imported_by([analysis], recording) is None, "torch was imported"


def torch_is_imported_by(analyses, recording):
    """The first of these analyses that imports torch, run one after the other in a process of their own."""
    forget(recording)
    homes = [type(analysis) for analysis in analyses]
    runs = [
        (kind.__module__, kind.__qualname__, dataclasses.asdict(analysis))
        for kind, analysis in zip(homes, analyses, strict=True)
    ]
    code = f"""
import importlib, json, sys
from bathyscope.analyses.parameters import build_analysis
from bathyscope.recording import Recording
for module, name, parameters in json.loads({json.dumps(runs)!r}):
    analysis = build_analysis(getattr(importlib.import_module(module), name), parameters)
    Recording({str(recording.path)!r}).run(analysis)
    if "torch" in sys.modules:
        print(name)
        break
"""
    roots = {Path(sys.modules[kind.__module__].__file__ or "").parents[kind.__module__.count(".")] for kind in homes}
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([*sys.path, *map(str, roots)])
    }  # so that it finds a test's class
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip() or None


def check_a_cancelled_run_leaves_nothing(analysis, recording):
    forget(recording)
    calls = []
    analysis.run(recording, lambda done, message="": calls.append(done))
    assert calls, "it never tells its progress, so it cannot be cancelled"
    for stop_at in (0, len(calls) // 2):
        forget(recording)
        left = iter(range(stop_at))

        def stop(done, message="", left=left):
            if next(left, None) is None:
                raise AnalysisCancelled("stopped")

        with pytest.raises(AnalysisCancelled):
            recording.run(analysis, stop)
        assert recording.cached(analysis) is None
        key = recording.result_key(analysis)
        assert not [path for path in (recording.path / "analyses").rglob("*") if key in path.name]


def check_parameters_survive_json(analysis, recording):
    text = json.dumps(dataclasses.asdict(analysis))
    again = build_analysis(type(analysis), json.loads(text))
    assert again == analysis
    assert hash(again) == hash(analysis)
    assert recording.result_key(again) == recording.result_key(analysis)


CHECKS = (
    check_it_describes_itself,
    check_a_run_and_what_comes_of_it,
    check_torch_is_not_imported,
    check_a_cancelled_run_leaves_nothing,
    check_parameters_survive_json,
)

# A process for each would take a minute: ours share one.
EACH = [check for check in CHECKS if check is not check_torch_is_not_imported]

# Besides the default parameters, some that take other paths through an analysis.
# The feature pictures take a few steps, not the usual number.
EXAMPLES = [
    *(kind() for kind in ANALYSES if kind is not Illusion),
    Illusion(neurons=(1,), seeds=1, steps=2),
    Performance(checkpoint="000001", slices=("camera",), bins=4),
]


@pytest.mark.parametrize("analysis", EXAMPLES, ids=lambda analysis: analysis.name)
@pytest.mark.parametrize("check", EACH, ids=lambda check: check.__name__.removeprefix("check_"))
def test_every_analysis(check, analysis, recording, request):
    needs_a_model = "program" in analysis.needs
    check(analysis, request.getfixturevalue("recording_with_program") if needs_a_model else recording)


def test_none_imports_torch_but_those_that_run_the_model(recording):
    assert torch_is_imported_by([one for one in EXAMPLES if "program" not in one.needs], recording) is None


@pytest.mark.parametrize("kind", [kind for kind in ANALYSES if kind.needs], ids=lambda kind: kind.name)
def test_missing_input_is_explained(kind, record_arrays):
    barren = record_arrays({}, labels=[None] * 4)  # no labels, no checkpoint and what belongs to one, no images
    with pytest.raises(MissingInputError) as error:
        barren.run(kind())
    lacks = "; it has ".join(NEEDS[need] for need in sorted(kind.needs))
    assert str(error.value) == f"{kind.name} cannot run on {barren.path}: it has {lacks}."


@pytest.mark.parametrize("kind", ANALYSES, ids=lambda kind: kind.name)
def test_each_has_a_page_that_answers_six_questions(kind):
    text = (PAGES / f"{kind.name}.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == HEADINGS
    for part in re.split(r"^## .*$", text, flags=re.MULTILINE)[1:]:
        assert len(part.split()) >= 10, part


def test_the_index_of_the_pages_is_fresh():
    assert (PAGES / "index.md").read_text(encoding="utf-8") == index_page(), (
        "Run: python -m bathyscope.analyses > docs/explanation/index.md"
    )


# The checks themselves: each must fail on an analysis that breaks its rule.


@dataclass(frozen=True)
class Numbers:
    table: pa.Table

    def to_tables(self):
        return {"numbers": self.table}

    @classmethod
    def from_tables(cls, tables):
        return cls(tables["numbers"])


@dataclass(frozen=True)
class Good:
    """Keeps every rule; those below break one each."""

    name: ClassVar[str] = "good"
    question: ClassVar[str] = "Is it good?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"logits"})
    result: ClassVar[type] = Numbers

    count: int = 3

    def run(self, recording, progress):
        progress(0.0)
        progress(0.5)
        return self.result(pa.table({"numbers": np.append(np.arange(self.count), np.nan)}))


@dataclass(frozen=True)
class Nameless(Good):
    name: ClassVar[str] = "Not A Name"


@dataclass(frozen=True)
class Scribbling(Good):
    def run(self, recording, progress):
        with (recording.path / "checkpoints" / "notes.txt").open("a") as file:
            file.write("x")
        return super().run(recording, progress)


@dataclass(frozen=True)
class Random(Good):
    def run(self, recording, progress):
        progress(0.0)
        return Numbers(pa.table({"numbers": np.random.default_rng().random(3)}))


class Lossy(Numbers):
    @classmethod
    def from_tables(cls, tables):
        return cls(tables["numbers"].slice(1))


@dataclass(frozen=True)
class Forgetful(Good):
    result: ClassVar[type] = Lossy


@dataclass(frozen=True)
class Peeking(Good):
    def run(self, recording, progress):
        recording.truth  # noqa: B018
        return super().run(recording, progress)


@dataclass(frozen=True)
class Reaching(Good):
    def run(self, recording, progress):
        pa.parquet.read_table(recording.path / "truth.parquet")
        return super().run(recording, progress)


@dataclass(frozen=True)
class Heavy(Good):
    def run(self, recording, progress):
        sys.modules.setdefault("torch", sys)  # as an import would, in no time
        return super().run(recording, progress)


@dataclass(frozen=True)
class Backwards(Good):
    def run(self, recording, progress):
        progress(0.7)
        return super().run(recording, progress)


@dataclass(frozen=True)
class Silent(Good):
    def run(self, recording, progress):
        return Numbers(pa.table({"numbers": [1]}))


@dataclass(frozen=True)
class Stubborn(Good):
    def run(self, recording, progress):
        try:
            return super().run(recording, progress)
        except AnalysisCancelled:
            return Numbers(pa.table({"numbers": [1]}))


@dataclass(frozen=True)
class Mutable(Good):
    weights: list[float] = field(default_factory=list)


def test_a_good_analysis_of_another_package_passes(recording):
    (recording.path / "truth.parquet").write_bytes(b"")
    check_analysis(Good(), recording)


@pytest.mark.parametrize(
    ("kind", "check", "symptom"),
    [
        (Nameless, check_it_describes_itself, "Not A Name"),
        (Scribbling, check_a_run_and_what_comes_of_it, "notes.txt"),
        (Random, check_a_run_and_what_comes_of_it, "numbers"),
        (Forgetful, check_a_run_and_what_comes_of_it, "numbers"),
        (Peeking, check_a_run_and_what_comes_of_it, "the truth was read"),
        (Reaching, check_a_run_and_what_comes_of_it, "Parquet"),
        (Heavy, check_torch_is_not_imported, "torch was imported"),
        (Backwards, check_a_run_and_what_comes_of_it, "0.7"),
        (Silent, check_a_cancelled_run_leaves_nothing, "cannot be cancelled"),
        (Stubborn, check_a_cancelled_run_leaves_nothing, "Stubborn"),
        (Mutable, check_parameters_survive_json, "weights|unhashable|list"),
    ],
)
def test_a_check_fails_on_an_analysis_that_breaks_its_rule(kind, check, symptom, recording):
    (recording.path / "truth.parquet").write_bytes(b"")
    with pytest.raises((Exception, pytest.fail.Exception), match=symptom):
        check(kind(), recording)
