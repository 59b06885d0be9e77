"""What /api/recording tells: everything small that a page wants to know before it asks for columns."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from bathyscope import analyses
from bathyscope.analyses.trajectories.beside import names_beside
from bathyscope.recording import Checkpoint, Recording
from bathyscope.recording.decisions import DecisionLog
from bathyscope.recording.results import missing
from bathyscope.recording.schema import FORMAT_VERSION
from bathyscope.workbench.auth import Role
from bathyscope.workbench.columns import Column
from bathyscope.workbench.layout import without_columns
from bathyscope.workbench.part import Part
from bathyscope.workbench.private import names_any, without_named
from bathyscope.workbench.session import Session


def recording_summary(session: Session, role: Role | None) -> dict[str, Any]:
    """The recording as JSON values; numbers that JSON lacks become null on the way out."""
    view = session.view
    columns = view.columns.describe()
    owner, decides = role == "owner", role == "owner" and session.writable
    with session.reading:
        return {
            **summarise(view.recording, columns),
            **_sampled_from(view.recording),
            **_layout(session.layout, view.recording.hidden),
            "media_version": view.identity,
            "modules": session.modules.summary(),
            # Only who may decide is told under which name, and what other recordings there are to compare with.
            **({"author": session.author, "beside": names_beside(view.recording)} if decides else {}),
            "capabilities": {
                "run": decides,
                "decide": decides,
                "media": view.recording.kind == "image",
                **({"share": True} if owner and session.shares else {}),
            },
        }


def _sampled_from(recording: Recording) -> dict[str, int]:
    """How many samples there are in truth, where a page gets only some."""
    return {"sampled_from": len(recording.whole)} if isinstance(recording, Part) else {}


def _layout(layout: Mapping[str, Any] | None, hidden: Collection[str]) -> dict[str, Any]:
    """The layout that its owner gave, which must not name what is hidden either."""
    return {} if layout is None else {"layout": without_columns(layout, hidden)}


def summarise(recording: Recording, columns: Sequence[Column]) -> dict[str, Any]:
    """What is the same whoever looks at the recording, and through which host."""
    return {
        "name": recording.name,
        "format_version": FORMAT_VERSION,
        "task": recording.task,
        "kind": recording.kind,
        "n_samples": len(recording),
        "n_missing_labels": recording.info.n_missing_labels,
        "fingerprint": recording.fingerprint,
        "classes": recording.classes,
        "splits": [{"name": name, "count": count} for name, count in recording.info.splits.items()],
        "columns": [column.to_json() for column in columns],
        "layers": [dataclasses.asdict(layer) for layer in recording.layers.values()],
        "checkpoints": [_checkpoint(checkpoint) for checkpoint in recording.checkpoints],
        "writing": recording.writing,
        "provenance": without_named(recording.info.provenance, recording.hidden),
        "analyses": _analyses(recording),
    }


def logged(decisions: DecisionLog, hidden: Collection[str] = (), *, after: int = 0) -> list[dict[str, Any]]:
    """The log after the event `after` as JSON values, undone decisions included; not what names a hidden column."""
    return [
        {
            "sequence": event.sequence,
            "time": event.time,
            "author": event.author,
            "kind": event.kind,
            "payload": event.payload,
            "undoes": event.undoes,
        }
        for event in decisions.events(after)
        if not names_any(event.payload, hidden)
    ]


def _checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    """`wall_time` in seconds since 1970; `non_finite` counts samples whose outputs are no numbers."""
    return {
        "name": checkpoint.name,
        "step": checkpoint.step,
        "epoch": checkpoint.epoch,
        "wall_time": _seconds(checkpoint.wall_time),
        "duration_s": checkpoint.duration_s,
        "metrics": checkpoint.metrics,
        "n_samples": checkpoint.n_samples,
        "non_finite": checkpoint.non_finite.get("outputs", 0),
        "non_finite_layers": {name: n for name, n in checkpoint.non_finite.items() if name != "outputs"},
    }


def _seconds(wall_time: str) -> float | None:
    try:
        return datetime.fromisoformat(wall_time).timestamp()
    except (TypeError, ValueError):  # another program wrote this recording: a lost clock is no reason to show nothing
        return None


def _analyses(recording: Recording) -> list[dict[str, Any]]:
    told = []
    for name in analyses.names():
        kind = analyses.get(name)
        told.append(
            {
                "name": name,
                "question": kind.question,
                "missing": missing(recording, kind.needs),
                "parameters": _parameters(kind),
            }
        )
    return told


def _parameters(kind: type[Any]) -> dict[str, Any]:
    """What each parameter takes, in words, and its default."""
    words = analyses.parameters_of_type(kind)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    return {
        name: {"type": text}
        | ({} if fields[name].default is dataclasses.MISSING else {"default": fields[name].default})
        for name, text in words.items()
    }
