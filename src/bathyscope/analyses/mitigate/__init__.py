"""Can the decision layer stop leaning on these neurons, and what would that break?"""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from bathyscope.analyses.mitigate.applying import apply, load_patch, revert
from bathyscope.analyses.mitigate.editing import METHODS, STRENGTHS, Edit, Material, Method, check_strength, edits_of
from bathyscope.analyses.mitigate.groups import Groups, known_groups, pseudo_groups
from bathyscope.analyses.mitigate.material import checked_groups
from bathyscope.analyses.mitigate.patch import Patch, fingerprint
from bathyscope.analyses.mitigate.report import mitigated
from bathyscope.analyses.mitigate.retention import Objective, retention_ratios
from bathyscope.analyses.mitigate.training import Head, Schedule, train
from bathyscope.errors import InputError, ParameterError, PatchError
from bathyscope.recording import Progress, Recording, Tables

__all__ = [
    "METHODS",
    "STRENGTHS",
    "Edit",
    "Groups",
    "Head",
    "Material",
    "Method",
    "Mitigate",
    "MitigateResult",
    "Objective",
    "Patch",
    "Schedule",
    "apply",
    "edits_of",
    "fingerprint",
    "known_groups",
    "load_patch",
    "pseudo_groups",
    "retention_ratios",
    "revert",
    "train",
]


@dataclass(frozen=True)
class MitigateResult(Tables):
    """An edit, what it fixes and breaks, and the patch that makes it.

    Attributes
    ----------
    measures : split, measure, group (null for all samples), before, after, delta, its 95 % interval low to high, count
    changed : sample_index, before, after (class names), verdict ("fixed", "broken", "other"); of all splits
    curve : strength (null is the unedited head), accuracy, worst_group, average_loss (on the samples that are chosen
        by), chosen
    compensation : neuron, label, growth, contribution_before, contribution_after (logits per deviation), warned
    groups : split, group, label, count, accuracy_before, accuracy_after, ignored (too small to choose by alone)
    patch : one row: file, fingerprint (of the head that it belongs to), fingerprint_after; none without an edit of the
        head
    summary : one row: status ("ok", "no_improvement"), method, strength, neurons, classes, settings (JSON)
    notes : sentences
    """

    measures: pa.Table
    changed: pa.Table
    curve: pa.Table
    compensation: pa.Table
    groups: pa.Table
    patch: pa.Table
    summary: pa.Table
    notes: pa.Table

    def save_patch(self, path: str | Path) -> Path:
        """Write the patch to a file.

        Raises
        ------
        PatchError
            If there is none.
        """
        if not len(self.patch):
            raise PatchError("There is no patch: no edit was taken, or it is none of the decision layer. See notes.")
        file = Path(path)
        file.write_bytes(self.patch["file"][0].as_py())
        return file


@dataclass(frozen=True)
class Mitigate:
    """Edit the decision layer so that it depends less on some neurons; the rest of the model stays as it is.

    Parameters
    ----------
    neurons : to edit; empty takes those that the mistakes of the training samples name first
    classes : whose decision is edited, and whose mistakes name the neurons; empty takes all
    method : zero, mean, class_zero, scale, clamp, reactive: without training; retention (log form), retention_kl,
        retention_paper: trained; dfr, afr, neurontune, balanced: the decision layer fitted anew
    strength : factor (scale), quantile (clamp, reactive), λ₃ (retention), γ (afr), C (dfr); None tries several and
        takes the one whose worst group is best
    o : retention ratio that is aimed at; None takes 1, and the paper's rule in the paper's form
    families : whether the neurons that go with the named ones are edited too
    groups : metadata column whose values, within each class, make groups; None takes groups that the neurons make
    loss_cap : accuracy that the choice of a strength may cost, in [0, 1]
    seed : of draws and of training
    checkpoint : None takes the last with an embedding and a decision layer

    Raises
    ------
    ParameterError
        If a number is out of range, or the method needs groups.
    """

    name: ClassVar[str] = "mitigate"
    question: ClassVar[str] = "Can the decision layer stop leaning on these neurons, and what would that break?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset({"embedding", "head", "labels"})
    result: ClassVar[type[MitigateResult]] = MitigateResult

    neurons: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()
    method: Method = "zero"
    strength: float | None = None
    o: float | None = None
    families: bool = True
    groups: str | None = None
    loss_cap: float = 0.1
    seed: int = 0
    checkpoint: str | None = None

    def __post_init__(self) -> None:
        if self.o is not None and not 0 < self.o < float("inf"):
            raise ParameterError(f"o={self.o} is no ratio. Give a number above 0, such as 1.")
        if not 0 <= self.loss_cap <= 1:
            raise ParameterError(f"loss_cap={self.loss_cap} is no share. Give a number from 0 to 1.")
        try:
            check_strength(self.method, self.strength)
        except InputError as error:
            raise ParameterError(str(error)) from error
        checked_groups(self)

    def run(self, recording: Recording, progress: Progress) -> MitigateResult:
        """Make the edit at each strength, choose one, and tell what it does to every sample.

        Raises
        ------
        ParameterError
            If there is no such class or column.
        InputError, HeadNotFoundError, MissingInputError
            If a neuron is out of range, or the recording does not hold what this needs.
        """
        settings = json.dumps(dataclasses.asdict(self), ensure_ascii=False, sort_keys=True)
        return MitigateResult(**mitigated(recording, self, settings, progress))
