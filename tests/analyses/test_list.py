"""The list of analyses, their parameters, and those of other packages."""

import sys
from dataclasses import dataclass
from importlib.metadata import EntryPoint
from typing import ClassVar, Literal

import pytest

from bathyscope import analyses
from bathyscope.analyses import ANALYSES, Analysis, Performance, build, get, names, outsiders
from bathyscope.analyses.parameters import build_analysis, parameters_of_type
from bathyscope.errors import BathyscopeWarning, ParameterError, UnknownAnalysisError


def test_names_are_unique_and_lead_back():
    assert names()[: len(ANALYSES)] == tuple(kind.name for kind in ANALYSES)
    assert len(set(names())) == len(names())
    assert [get(kind.name) for kind in ANALYSES] == list(ANALYSES)


def test_an_unknown_analysis_lists_the_known_ones():
    with pytest.raises(UnknownAnalysisError) as error:
        get("preformance")
    known = ", ".join(names())
    assert str(error.value) == f"There is no analysis 'preformance'. Did you mean 'performance'? Analyses: {known}."


def test_build_takes_json():
    built = build("performance", {"slices": ["camera"], "checkpoint": None, "bins": 5})
    assert built == Performance(slices=("camera",), bins=5)
    assert isinstance(built, Performance)
    assert isinstance(hash(built), int)


@dataclass(frozen=True)
class Example:
    """All kinds of parameters."""

    name: ClassVar[str] = "example"

    share: float
    mode: Literal["fast", "exact"] = "fast"
    corner: tuple[int, int] = (0, 0)
    seed: int | None = None
    verbose: bool = False


def test_numbers_and_lists_become_what_the_field_asks_for():
    built = build_analysis(Example, {"share": 1, "mode": "exact", "corner": [2, 3], "seed": 7})
    assert built == Example(1.0, "exact", (2, 3), 7)
    assert isinstance(built.share, float)


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "performance",
            {"bin": 5},
            "performance has no parameter 'bin'. Did you mean 'bins'? Its parameters: checkpoint, slices, bins.",
        ),
        (
            "performance",
            {"name": "x"},
            "performance has no parameter 'name'. Its parameters: checkpoint, slices, bins.",
        ),
        (
            "performance",
            {"bins": "15"},
            "performance takes a whole number as 'bins', but was given '15' (str). Give bins a value of that kind.",
        ),
        (
            "performance",
            {"bins": True},
            "performance takes a whole number as 'bins', but was given True (bool). Give bins a value of that kind.",
        ),
        (
            "performance",
            {"slices": "camera"},
            "performance takes a list, each item text as 'slices', but was given 'camera' (str). "
            "Give slices a value of that kind.",
        ),
        (
            "performance",
            {"slices": ["camera", 3]},
            "performance takes a list, each item text as 'slices', but was given ['camera', 3] (list). "
            "Give slices a value of that kind.",
        ),
        (
            "performance",
            {"checkpoint": 12},
            "performance takes text or nothing as 'checkpoint', but was given 12 (int). "
            "Give checkpoint a value of that kind.",
        ),
    ],
)
def test_parameters_that_do_not_fit(name, params, message):
    with pytest.raises(ParameterError) as error:
        build(name, params)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "example needs the parameter 'share' (a number), which has no default. Give share=…."),
        (
            {"share": 0.5, "mode": "slow"},
            "example takes one of 'fast', 'exact' as 'mode', but was given 'slow' (str). "
            "Give mode a value of that kind.",
        ),
        (
            {"share": 0.5, "corner": [1, 2, 3]},
            "example takes a list of 2: a whole number, a whole number as 'corner', but was given [1, 2, 3] (list). "
            "Give corner a value of that kind.",
        ),
        (
            {"share": 0.5, "verbose": 1},
            "example takes true or false as 'verbose', but was given 1 (int). Give verbose a value of that kind.",
        ),
    ],
)
def test_parameters_of_other_kinds_that_do_not_fit(params, message):
    with pytest.raises(ParameterError) as error:
        build_analysis(Example, params)
    assert str(error.value) == message


def test_parameters_in_words():
    assert parameters_of_type(Performance) == {
        "checkpoint": "text or nothing",
        "slices": "a list, each item text",
        "bins": "a whole number",
    }


# Analyses of other packages

STRANGER = """
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class Stranger:
    name: ClassVar[str] = "stranger"
    question: ClassVar[str] = "Who is it?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset()
    result: ClassVar[type] = dict
    depth: int = 2
    def run(self, recording, progress): ...

@dataclass(frozen=True)
class Double(Stranger):
    name: ClassVar[str] = "performance"

@dataclass
class Loose:
    depth: int = 2

@dataclass(frozen=True)
class Bare:
    name: ClassVar[str] = "bare"
"""


@pytest.fixture
def installed(monkeypatch, tmp_path):
    """Pretend that packages with these entry points are installed."""
    (tmp_path / "stranger_module.py").write_text(STRANGER)
    (tmp_path / "broken_module.py").write_text("raise RuntimeError('no luck today')")
    monkeypatch.syspath_prepend(tmp_path)

    def install(**values):
        entries = [EntryPoint(name, value, outsiders.GROUP) for name, value in values.items()]
        monkeypatch.setattr(outsiders, "entry_points", lambda group: entries if group == outsiders.GROUP else [])
        outsiders.load_outsiders.cache_clear()

    yield install
    outsiders.load_outsiders.cache_clear()
    for module in ("stranger_module", "broken_module"):
        sys.modules.pop(module, None)


def test_an_analysis_of_another_package_is_found(installed):
    installed(stranger="stranger_module:Stranger")
    assert names()[-1] == "stranger"
    assert build("stranger", {"depth": 4}).depth == 4


def test_other_packages_are_loaded_only_when_needed(installed):
    installed(stranger="stranger_module:Stranger")
    build("performance", {})
    assert "stranger_module" not in sys.modules


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("broken_module:Any", "it cannot be imported: RuntimeError: no luck today"),
        ("stranger_module:Absent", "it cannot be imported: AttributeError: module 'stranger_module' has no "),
        ("stranger_module:Loose", "it is not a frozen dataclass"),
        ("stranger_module:Bare", "it lacks question, version, needs, result, run"),
        ("stranger_module:Double", "the name 'performance' is taken already"),
    ],
)
def test_a_broken_analysis_of_another_package_is_warned_of_once_and_left_out(installed, value, why):
    installed(other=value, stranger="stranger_module:Stranger")
    with pytest.warns(BathyscopeWarning) as caught:
        assert names()[-1] == "stranger"
    assert len(caught) == 1
    message = str(caught[0].message)
    assert message.startswith(f"The analysis 'other' ({value}) of package 'unknown' is left out: {why}")
    assert message.endswith(". Update or uninstall that package.")
    assert names() == (*(kind.name for kind in ANALYSES), "stranger")  # warned of once: a second warning would fail
    assert get("performance") is Performance


def test_everything_public_is_there():
    assert all(hasattr(analyses, name) for name in analyses.__all__)
    assert Analysis is not None
