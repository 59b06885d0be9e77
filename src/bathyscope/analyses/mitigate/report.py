"""The whole way from a recording to an edit and the tables that tell of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from bathyscope.analyses.counterfactual.ranking import importance
from bathyscope.analyses.counterfactual.reference import Reference, families_note, families_of, reference_of
from bathyscope.analyses.counterfactual.sources import Decided, decided
from bathyscope.analyses.mitigate import tables
from bathyscope.analyses.mitigate.choosing import Judged, choose, judge
from bathyscope.analyses.mitigate.compensation import Compensation, compensations
from bathyscope.analyses.mitigate.editing import (
    Edit,
    Material,
    checked_neurons,
    edits_of,
)
from bathyscope.analyses.mitigate.instant import OF_THE_INPUT
from bathyscope.analyses.mitigate.material import Grouping, Parts, parts_of, proposed_neurons
from bathyscope.analyses.mitigate.measuring import Measure, Outcome, measures_of, retention_measures
from bathyscope.analyses.mitigate.patch import Patch
from bathyscope.analyses.mitigate.retention import retention_ratios, target_ratios
from bathyscope.analyses.mitigate.training import Head
from bathyscope.analyses.parameters import class_index
from bathyscope.recording import Progress, Recording

if TYPE_CHECKING:
    from bathyscope.analyses.mitigate import Mitigate

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MOST_CLASSES_LOOKED_AT = 20
"""For compensation and retention; of more classes the first neurons' strongest."""


TO_APPLY = (
    "The patch is the file patch.arrow of this result: 'bathyscope patch apply MODEL PATCH' writes patched weights "
    "beside the model, 'bathyscope patch revert MODEL PATCH' takes it back bit for bit; in Python save_patch(path) "
    "saves it alone."
)

MOST_NAMED = 20
"""Neurons of a family that a note tells one by one."""


@dataclass(frozen=True)
class Taken:
    """The edit that was taken, None if none helps, and how all were judged."""

    edit: Edit | None
    strengths: tuple[float | None, ...]
    unedited: Judged
    judged: tuple[Judged, ...]
    place: int | None


@dataclass(frozen=True)
class Plan:
    """What is edited and judged by what."""

    decision: Decided
    head: Head
    reference: Reference
    parts: Parts
    neurons: IntArray
    classes: IntArray
    targets: FloatArray
    grouping: Grouping
    notes: tuple[str, ...]


def mitigated(recording: Recording, asked: Mitigate, settings: str, progress: Progress) -> dict[str, pa.Table]:
    """All tables of the result."""
    progress(0.0, "reading the embedding")
    plan = _plan(recording, asked)
    progress(0.1, "editing")
    taken = _take(plan, asked, lambda done: progress(0.1 + 0.7 * done, "editing"))
    progress(0.8, "comparing before and after")
    head = plan.head if taken.edit is None else taken.edit.head
    grown = compensations(
        plan.head.weight, head.weight, plan.reference.std, plan.neurons, classes=plan.classes[:MOST_CLASSES_LOOKED_AT]
    )
    patch = _patch(plan, taken, asked, settings)
    notes = (*plan.decision.notes, *plan.parts.notes, *plan.notes, *_said(plan, taken, grown, patch, asked=asked))
    names = plan.decision.classes
    summary = {
        "status": "no_improvement" if taken.edit is None else "ok",
        "method": asked.method,
        "strength": None if taken.edit is None else taken.edit.strength,
        "neurons": plan.neurons.tolist(),
        "classes": [names[label] for label in plan.classes],
        "settings": settings,
    }
    return {
        **_effects(plan, taken),
        "curve": tables.curve_table(taken.strengths, taken.unedited, taken.judged, taken.place),
        "compensation": tables.compensation_table(grown, names),
        "patch": tables.patch_table(patch),
        "summary": pa.Table.from_pylist([summary], schema=tables.SUMMARY),
        "notes": tables.note_table(notes),
    }


def _plan(recording: Recording, asked: Mitigate) -> Plan:
    decision = decided(recording, asked.checkpoint)
    parts = parts_of(decision, asked.method, asked.seed)
    features = decision.features[parts.fit]
    reference = reference_of(features)
    classes = np.asarray([class_index(name, decision.classes) for name in asked.classes], np.int64)
    classes = np.unique(classes) if len(classes) else np.arange(len(decision.bias))
    notes = []
    if asked.neurons:
        neurons, note = checked_neurons(asked.neurons, decision.weight.shape[1])
        notes += [note] if note else []
    else:
        neurons, note = proposed_neurons(decision, reference, classes, parts.fit, seed=asked.seed)
        notes.append(note)
    if asked.families:
        neurons, more = _with_families(neurons, features, decision, reference)
        notes += [*more, *families_note(len(features))]
    if asked.o is not None:
        targets = np.full(len(classes), asked.o)
    elif asked.method == "retention_paper":
        targets = target_ratios(importance(reference.mean, decision.weight, decision.bias), neurons, classes)
    else:
        targets = np.ones(len(classes))
    grouping = Grouping(recording, decision, neurons, asked.groups)
    head = Head(decision.weight, decision.bias)
    return Plan(decision, head, reference, parts, np.sort(neurons), classes, targets, grouping, tuple(notes))


def _with_families(
    neurons: IntArray, features: npt.NDArray[np.floating], decision: Decided, reference: Reference
) -> tuple[IntArray, list[str]]:
    family = families_of(features, decision.weight, reference).family
    theirs = np.unique(family[neurons])
    whole = np.union1d(neurons, np.flatnonzero(np.isin(family, theirs[theirs >= 0])))
    added = np.setdiff1d(whole, neurons)
    if not len(added) or len(whole) == len(family):
        return neurons, []
    first = ", ".join(map(str, added[:MOST_NAMED].tolist()))
    said = first if len(added) <= MOST_NAMED else f"{first} and {len(added) - MOST_NAMED:,} more"
    return whole, [f"Neurons {said} go with those named and are edited too; families=false leaves them out."]


def _take(plan: Plan, asked: Mitigate, tell: Callable[[float], None]) -> Taken:
    """Make all edits and take the best; one that was asked for as it is, is taken as it is."""
    decision, parts = plan.decision, plan.parts
    material = Material(
        plan.head,
        decision.features[parts.fit],
        decision.labels[parts.fit],
        decision.features[parts.held_out],
        decision.labels[parts.held_out],
        plan.grouping(parts.fit),
        plan.grouping(parts.held_out),
        plan.grouping.known,
    )
    groups, labels = plan.grouping(parts.choose), decision.labels[parts.choose]
    features = decision.features[parts.choose].astype(np.float64)
    logits = plan.head(features)

    def better(head: Head) -> float:
        found = judge(head(features), labels, groups)
        return found.worst_group + 1e-6 * found.accuracy  # of equally bad ones the more accurate

    tried = None if asked.strength is None else (asked.strength,)
    edits, judged = [], []
    for edit in edits_of(
        asked.method,
        material,
        plan.neurons,
        plan.classes,
        strengths=tried,
        targets=plan.targets,
        # The paper keeps the best epoch; ours lets the rate fall to nothing, so that the edit is carried to its end.
        better=better if asked.method == "retention_paper" else None,
        seed=asked.seed,
        tell=tell,
    ):
        edits.append(_rounded(edit))
        judged.append(judge(edits[-1].logits(plan.head, features, logits), labels, groups))
    unedited = judge(logits, labels, groups)
    choice = 0 if len(edits) == 1 and edits[0].head.sound else choose(unedited, judged, asked.loss_cap)
    strengths = tuple(edit.strength for edit in edits)
    return Taken(None if choice is None else edits[choice], strengths, unedited, tuple(judged), choice)


def _rounded(edit: Edit) -> Edit:
    """The edit as the patch will hold it, in single precision."""
    head = Head(*(part.astype(np.float32).astype(np.float64) for part in (edit.head.weight, edit.head.bias)))
    return Edit(edit.method, edit.strength, head, edit.neurons, edit.bounds)


def _effects(plan: Plan, taken: Taken) -> dict[str, pa.Table]:
    """Measures and groups of the reported split and of the one chosen by, and all samples that changed."""
    decision, parts = plan.decision, plan.parts
    names = decision.classes
    measures, groups = [], []
    for name, rows in {"chosen by": parts.choose, parts.report_name: parts.report}.items():
        if name == "chosen by" and parts.report is parts.choose:
            continue
        outcome = _outcome(plan, taken, rows)
        found = [*measures_of(outcome, names, plan.classes), *_retention(plan, taken, rows)]
        measures.append(tables.measure_table(name, found))
        groups.append(tables.group_table(name, outcome.groups, *outcome.right, names=names))
    rows = np.flatnonzero(decision.present & (decision.labels >= 0))
    before, after = decision.predictions[rows], np.empty(len(rows), np.int64)
    for part in np.array_split(np.arange(len(rows)), max(1, len(rows) // 4096)):
        after[part] = _logits(plan, taken, rows[part])[1].argmax(axis=1)
    return {
        "measures": pa.concat_tables(measures),
        "groups": pa.concat_tables(groups),
        "changed": tables.changed_table(rows, before, after, decision.labels[rows], names=names),
    }


def _logits(plan: Plan, taken: Taken, rows: IntArray) -> tuple[FloatArray, FloatArray]:
    features = plan.decision.features[rows].astype(np.float64)
    before = plan.head(features)
    return before, before if taken.edit is None else taken.edit.logits(plan.head, features, before)


def _outcome(plan: Plan, taken: Taken, rows: IntArray) -> Outcome:
    groups = plan.grouping(rows)
    in_training = plan.grouping(plan.parts.fit)
    share = dict(zip(in_training.names, in_training.counts / in_training.counts.sum(), strict=True))
    weights = np.asarray([share.get(name, np.nan) for name in groups.names])
    return Outcome(*_logits(plan, taken, rows), plan.decision.labels[rows], groups, weights)


def _retention(plan: Plan, taken: Taken, rows: IntArray) -> Iterator[Measure]:
    decision, of = plan.decision, plan.classes[:MOST_CLASSES_LOOKED_AT]
    if taken.edit is None or taken.edit.bounds is not None:
        return iter(())
    features = decision.features[rows].astype(np.float64)
    before, after = (
        retention_ratios(head.weight, head.bias, features, plan.neurons, classes=of)
        for head in (plan.head, taken.edit.head)
    )
    names = [decision.classes[label] for label in of]
    return retention_measures(before, after, plan.targets[: len(of)], names, labels=decision.labels[rows], of=of)


def _patch(plan: Plan, taken: Taken, asked: Mitigate, settings: str) -> Patch | None:
    if taken.edit is None or asked.method in OF_THE_INPUT:
        return None
    weight, bias, weight_before, bias_before = (
        part.astype(np.float32)
        for part in (taken.edit.head.weight, taken.edit.head.bias, plan.head.weight, plan.head.bias)
    )
    names = tuple(plan.decision.classes[label] for label in plan.classes)
    about = json.loads(settings) | {"strength": taken.edit.strength}
    return Patch(
        weight,
        bias,
        weight_before,
        bias_before,
        neurons=tuple(plan.neurons.tolist()),
        classes=names,
        method=asked.method,
        settings=about,
    )


def _said(plan: Plan, taken: Taken, grown: list[Compensation], patch: Patch | None, *, asked: Mitigate) -> list[str]:
    notes = []
    if taken.edit is None and not any(head.accuracy == head.accuracy for head in taken.judged):
        notes.append("The training diverged at every strength; the head stays as it is.")
    elif taken.edit is None:
        notes.append(
            f"No strength raises the worst group above {taken.unedited.worst_group:.3f} at a cost of at most "
            f"{asked.loss_cap:g} accuracy; the head stays as it is."
        )
    elif taken.place is not None and taken.judged[taken.place].worst_group <= taken.unedited.worst_group:
        notes.append("The worst group of the samples to choose by does not get better by this edit.")
    if patch is not None:
        notes.append(TO_APPLY)
    elif taken.edit is not None:
        notes.append(f"{asked.method!r} changes what comes into the decision layer, so there is no patch of the layer.")
    warned = sorted({one.neuron for one in grown if one.warned})
    if warned:
        others = ", ".join(map(str, warned[:10]))
        notes.append(
            f"Compensation: the edited head leans by more than half harder on neurons {others}. Edit them as well, or "
            "the cue comes in through them."
        )
    groups = plan.grouping(plan.parts.choose)
    small = int(groups.ignored.sum())
    if small:
        have, are = ("1 group has", "is") if small == 1 else (f"{small} groups have", "are")
        notes.append(
            f"{have} fewer than 10 samples to choose by and {are} not judged alone; together they count as one group "
            "if they are 10 or more."
        )
    return notes
