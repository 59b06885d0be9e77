"""What people decided about labels, replayed from the decision log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa

from bathyscope.errors import ParameterError
from bathyscope.recording import Recording
from bathyscope.recording.decisions import Event

Policy = Literal["last", "majority"]
ACTIONS = ("keep", "set", "merge", "split", "ambiguous", "none", "exclude", "include", "duplicate_of", "skip")
"""What a `label` event may do with its samples; "merge" sets all of a class to another one, "split" to a new one."""

RENAMING = ("set", "merge", "split")
"""Actions after which a sample has the label that the event names."""

DROPPED = ("exclude", "none", "duplicate_of")
"""Actions after which a sample is not trained on."""

CORRECTIONS = pa.schema(
    [
        pa.field("sample_id", pa.string()),
        pa.field("split", pa.string()),
        pa.field("label_old", pa.string()),
        pa.field("label_new", pa.string()),
        pa.field("status", pa.string()),
        pa.field("label_set", pa.list_(pa.string())),
        pa.field("duplicate_of", pa.string()),
        pa.field("n_votes", pa.int64()),
        pa.field("author", pa.string()),
        pa.field("time", pa.string()),
    ]
)


class Vote(NamedTuple):
    """One person's standing decision about one sample.

    Attributes
    ----------
    action : one of `ACTIONS`
    label : the class it was set to, or kept at
    labels : the classes that fit, if it is ambiguous
    duplicate_of : id of the sample that stays
    """

    action: str
    label: str | None
    labels: tuple[str, ...]
    duplicate_of: str | None
    author: str
    time: str
    sequence: int

    def verdict(self, given: str | None) -> tuple[Any, ...]:
        """What it comes to for a sample of that label; votes with equal verdicts agree.

        To keep a label and to set the same one is one verdict.
        """
        if self.action in ("keep", *RENAMING):
            return "label", _label_after(self, given)
        return self.action, tuple(sorted(self.labels)), self.duplicate_of


@dataclass(frozen=True)
class Corrections:
    """Labels as people left them.

    Attributes
    ----------
    table : one row per sample with a decision: sample_id, split, label_old, label_new (null where none of the classes
        fits), status (the action), label_set, duplicate_of, n_votes, author and time of the decision that counts
    labels : (N,) labels of all samples by name, decided or not; None for none
    kept : (N,) whether a sample is to be trained on
    classes : those of the recording, and after them the ones that people split off, by name
    conflicts : ids of the samples about which people disagree, by falling number of votes
    unmatched : decisions about samples or classes that this recording does not know, as sentences
    """

    table: pa.Table
    labels: tuple[str | None, ...]
    kept: np.ndarray[Any, np.dtype[np.bool_]]
    classes: tuple[str, ...]
    conflicts: tuple[str, ...]
    unmatched: tuple[str, ...]


def corrections(recording: Recording, *, policy: Policy = "last", least_votes: int = 1) -> Corrections:
    """Replay what was decided about labels.

    Parameters
    ----------
    policy : "last" takes the latest decision about a sample; "majority" the one that most people stand by, and leaves
        the label as it was where two are equal
    least_votes : people who must have decided; else the label stays as it was

    Raises
    ------
    ParameterError
        If there is no such policy.
    """
    if policy not in ("last", "majority") or least_votes < 1:
        raise ParameterError(
            f"policy={policy!r} with least_votes={least_votes} decides nothing. Policies: 'last', 'majority'; "
            "least_votes from 1."
        )
    ids = recording.sample_ids.to_pylist()
    known, names, unmatched = set(ids), set(recording.classes), []
    votes: dict[str, dict[str, Vote]] = {}
    for event in recording.decisions.active():
        if event.kind != "label":
            continue
        for sample_id, vote in votes_of(event):
            problem = _problem(sample_id, vote, known, names)
            if problem is not None:
                unmatched.append(f"Decision {event.sequence} of {event.author}: {problem}")
            elif vote.action != "skip":
                votes.setdefault(sample_id, {})[vote.author] = vote
    given = _names(recording)
    splits = dict(zip(ids, recording.column("split").to_pylist(), strict=True))
    place = {sample_id: at for at, sample_id in enumerate(ids)}
    labels, kept, rows = list(given), np.ones(len(ids), bool), []
    for sample_id in sorted(votes, key=place.__getitem__):
        at = place[sample_id]
        counted = _decided(list(votes[sample_id].values()), given[at], policy, least_votes)
        if counted is None:
            continue
        labels[at] = _label_after(counted, given[at])
        kept[at] = counted.action not in DROPPED
        where = {"split": splits[sample_id], "old": given[at], "new": labels[at]}
        rows.append(_row(sample_id, counted, **where, n_votes=len(votes[sample_id])))
    differing = {
        name: len(by)
        for name, by in votes.items()
        if len({vote.verdict(given[place[name]]) for vote in by.values()}) > 1
    }
    return Corrections(
        pa.Table.from_pylist(rows, schema=CORRECTIONS),
        tuple(labels),
        kept,
        (*recording.classes, *sorted({label for label in labels if label is not None} - names)),
        tuple(sorted(differing, key=lambda name: (-differing[name], place[name]))),
        tuple(unmatched),
    )


def votes_of(event: Event) -> Iterator[tuple[str, Vote]]:
    """The votes that one `label` event casts: one for each of its samples.

    Its payload is `{"samples": [id, …], "action": …, "label": name, "labels": [name, …], "of": id, …}`; further fields
    (comment, reason, what was on show) are kept and say nothing here.
    """
    payload = event.payload
    samples = payload.get("samples")
    vote = Vote(
        action=str(payload.get("action")),
        label=_text(payload.get("label")),
        labels=tuple(map(str, payload["labels"])) if isinstance(payload.get("labels"), list) else (),
        duplicate_of=_text(payload.get("of")),
        author=event.author,
        time=event.time,
        sequence=event.sequence,
    )
    for sample_id in samples if isinstance(samples, list) else ():
        yield str(sample_id), vote


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _problem(sample_id: str, vote: Vote, known: set[str], names: set[str]) -> str | None:
    """Why a vote cannot count here."""
    if sample_id not in known:
        return f"there is no sample {sample_id!r}."
    if vote.action not in ACTIONS:
        return f"{vote.action!r} is no action; {', '.join(ACTIONS)} are."
    if vote.action == "split":
        return None if vote.label else "it names no class."
    named = [vote.label] if vote.action in RENAMING else []
    strange = [name for name in (*named, *vote.labels) if name not in names]
    if strange:
        return f"there is no class {strange[0]!r}."
    if vote.action == "duplicate_of" and vote.duplicate_of not in known:
        return f"there is no sample {vote.duplicate_of!r} of which {sample_id!r} could be a copy."
    return None


def _names(recording: Recording) -> list[str | None]:
    given = recording.labels
    missing = np.ma.getmaskarray(given)
    return [None if none else recording.classes[int(label)] for label, none in zip(given.data, missing, strict=True)]


def _decided(votes: list[Vote], given: str | None, policy: Policy, least: int) -> Vote | None:
    if len(votes) < least:
        return None
    latest = max(votes, key=lambda vote: vote.sequence)
    if policy == "last":
        return latest
    counts = Counter(vote.verdict(given) for vote in votes).most_common(2)
    if len(counts) > 1 and counts[0][1] == counts[1][1]:
        return None
    return max((vote for vote in votes if vote.verdict(given) == counts[0][0]), key=lambda vote: vote.sequence)


def _label_after(vote: Vote, given: str | None) -> str | None:
    if vote.action in RENAMING:
        return vote.label
    return None if vote.action == "none" else given


def _row(
    sample_id: str, vote: Vote, *, split: str | None, old: str | None, new: str | None, n_votes: int
) -> Mapping[str, Any]:
    return {
        "sample_id": sample_id,
        "split": split,
        "label_old": old,
        "label_new": new,
        "status": vote.action,
        "label_set": list(vote.labels) or None,
        "duplicate_of": vote.duplicate_of,
        "n_votes": n_votes,
        "author": vote.author,
        "time": vote.time,
    }
