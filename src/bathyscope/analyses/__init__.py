"""The analyses: each answers one question about a recording. Arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bathyscope.analyses.counterfactual import Counterfactual, CounterfactualResult
from bathyscope.analyses.duplicates import Duplicates, DuplicatesResult
from bathyscope.analyses.familiarity import Familiarity, FamiliarityResult
from bathyscope.analyses.health import Health, HealthResult
from bathyscope.analyses.illusion import Illusion, IllusionResult
from bathyscope.analyses.labels import Labels, LabelsResult
from bathyscope.analyses.mitigate import Mitigate, MitigateResult
from bathyscope.analyses.outsiders import load_outsiders
from bathyscope.analyses.parameters import build_analysis, did_you_mean, parameters_of_type
from bathyscope.analyses.performance import Performance, PerformanceResult
from bathyscope.analyses.recommend import Recommend, RecommendResult
from bathyscope.analyses.timetravel import TimeTravel, TimeTravelResult
from bathyscope.analyses.trajectories import Trajectories, TrajectoriesResult
from bathyscope.errors import UnknownAnalysisError
from bathyscope.recording.results import Analysis, Progress, Result

__all__ = [
    "ANALYSES",
    "Analysis",
    "Counterfactual",
    "CounterfactualResult",
    "Duplicates",
    "DuplicatesResult",
    "Familiarity",
    "FamiliarityResult",
    "Health",
    "HealthResult",
    "Illusion",
    "IllusionResult",
    "Labels",
    "LabelsResult",
    "Mitigate",
    "MitigateResult",
    "Performance",
    "PerformanceResult",
    "Progress",
    "Recommend",
    "RecommendResult",
    "Result",
    "TimeTravel",
    "TimeTravelResult",
    "Trajectories",
    "TrajectoriesResult",
    "build",
    "get",
    "names",
    "parameters_of_type",
]

ANALYSES: tuple[type[Analysis], ...] = (
    Performance,
    Familiarity,
    Duplicates,
    TimeTravel,
    Trajectories,
    Recommend,
    Health,
    Labels,
    Counterfactual,
    Illusion,
    Mitigate,
)
"""The one list of analyses. Command line, routes, the index of the documentation and the contract tests follow it."""


def names() -> tuple[str, ...]:
    """Names of all analyses: ours in the order of the list, then those of other packages."""
    ours = [analysis.name for analysis in ANALYSES]
    return (*ours, *load_outsiders(frozenset(ours)))


def get(name: str) -> type[Analysis]:
    """The analysis of a name.

    Raises
    ------
    UnknownAnalysisError
        If there is none.
    """
    for analysis in ANALYSES:
        if analysis.name == name:
            return analysis
    others = load_outsiders(frozenset(analysis.name for analysis in ANALYSES))
    if name in others:
        return others[name]
    raise UnknownAnalysisError(
        f"There is no analysis {name!r}. {did_you_mean(name, names())}Analyses: {', '.join(names())}."
    )


def build(name: str, params: Mapping[str, Any]) -> Analysis:
    """The analysis of a name with these parameters, as they come from JSON or a command line.

    Raises
    ------
    UnknownAnalysisError
        If there is no such analysis.
    ParameterError
        If it has no such parameter, or a value has the wrong type.
    """
    analysis: Analysis = build_analysis(get(name), params)
    return analysis
