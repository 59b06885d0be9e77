"""Corrected labels as files that other programs read, and back."""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from bathyscope.analyses.labels.corrections import ACTIONS, RENAMING, Corrections, Policy, corrections
from bathyscope.errors import DecisionError, ParameterError, RecordingExistsError, SourceError, require
from bathyscope.recording import Recording
from bathyscope.recording.files import UNFINISHED, place, storage_errors, write_atomic

FORMATS = ("csv", "parquet", "log", "huggingface", "cleanlab", "fiftyone")
BY_SUFFIX = {".csv": "csv", ".parquet": "parquet", ".jsonl": "log"}


class Written(NamedTuple):
    """What an export wrote: where, how many samples it names, how many labels differ, and what it could not apply."""

    path: Path
    n_samples: int
    n_changed: int
    unmatched: tuple[str, ...]


def export_labels(
    recording: Recording,
    path: str | Path,
    *,
    format: str | None = None,
    policy: Policy = "last",
    least_votes: int = 1,
) -> Written:
    """Write the labels as people left them. The recording is not changed.

    Parameters
    ----------
    path : of a file, or of a folder for "huggingface"
    format : None goes by the ending: .csv, .parquet, .jsonl, and a folder for Hugging Face
        "csv" or "parquet", one row for each decided sample; "log", every decision as a line of JSON; "huggingface", a
        data set of the samples that are kept, with `label` as a ClassLabel; "cleanlab", a CSV of all samples with the
        label as an index among the sorted names; "fiftyone", the labels.json of an image classification data set
    policy, least_votes : as for `corrections`

    Raises
    ------
    ParameterError
        If there is no such format, or the ending tells none.
    RecordingExistsError
        If a folder is to be written where something stands.
    MissingPackageError
        If Hugging Face's `datasets` is needed and not there.
    """
    final = Path(path)
    chosen = format or BY_SUFFIX.get(final.suffix, "" if final.suffix else "huggingface")
    if chosen not in FORMATS:
        raise ParameterError(
            f"{format or final.suffix!r} is no form of labels. Forms: {', '.join(FORMATS)}. The endings .csv, .parquet "
            "and .jsonl choose one, and a name without an ending a Hugging Face data set."
        )
    if chosen == "huggingface" and final.exists() and not (final.is_dir() and not any(final.iterdir())):
        raise RecordingExistsError(f"{final} exists and was not touched. Give another folder, or remove it.")
    found = corrections(recording, policy=policy, least_votes=least_votes)
    with storage_errors(final):
        final.parent.mkdir(parents=True, exist_ok=True)
    if chosen == "huggingface":
        _write_data_set(recording, found, final)
    else:
        write_atomic(final, _WRITERS[chosen](recording, found))
    rows = found.table.to_pylist()
    return Written(final, len(rows), sum(row["label_new"] != row["label_old"] for row in rows), found.unmatched)


def import_labels(recording: Recording, path: str | Path, *, author: str) -> int:
    """Take in corrections that were made elsewhere, each as a decision.

    Parameters
    ----------
    path : a CSV or Parquet file with the columns sample_id and label_new, and optionally status, label_set and
        duplicate_of as `export_labels` writes them

    Returns
    -------
    The number of samples that were decided about. What the log says already is not decided again.

    Raises
    ------
    SourceError
        If the file lacks a column or cannot be read.
    DecisionError
        If it names samples, classes or actions that the recording does not know; nothing is then taken in.
    """
    rows = _rows_of(Path(path))
    ids, classes = set(recording.sample_ids.to_pylist()), set(recording.classes)
    problems = [problem for row in rows if (problem := _problem(row, ids, classes)) is not None]
    if problems:
        more = f" and {len(problems) - 5:,} more" if len(problems) > 5 else ""
        raise DecisionError(f"Nothing was taken in from {path}: {' '.join(problems[:5])}{more}")
    stands = {row["sample_id"]: _meaning(row) for row in corrections(recording).table.to_pylist()}
    fresh = {row["sample_id"]: row for row in rows if stands.get(row["sample_id"]) != _meaning(row)}
    alike: dict[tuple[Any, ...], list[str]] = {}
    for sample_id, row in fresh.items():
        alike.setdefault(_meaning(row), []).append(sample_id)
    for (action, label, labels, of), samples in alike.items():
        payload = {"samples": samples, "action": action, "imported_from": Path(path).name}
        payload |= {"label": label} if action in RENAMING else {}
        payload |= {"labels": list(labels)} if labels else {}
        payload |= {"of": of} if of else {}
        recording.decisions.append("label", payload, author=author)
    return len(fresh)


def _meaning(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return row["status"], row["label_new"], tuple(row["label_set"] or ()), row["duplicate_of"]


def _rows_of(path: Path) -> list[dict[str, Any]]:
    if not path.is_file():
        raise SourceError(
            f"There is no file {path}. Give a CSV or Parquet file with the columns sample_id and label_new."
        )
    try:
        text = pa_csv.ConvertOptions(strings_can_be_null=True, column_types={"sample_id": pa.string()})
        table = pq.read_table(path) if path.suffix == ".parquet" else pa_csv.read_csv(path, convert_options=text)
    except (pa.ArrowInvalid, OSError) as error:
        raise SourceError(f"{path} cannot be read as corrections: {error}") from error
    lacking = {"sample_id", "label_new"} - set(table.column_names)
    if lacking:
        raise SourceError(
            f"{path} has the columns {', '.join(table.column_names)}; {', '.join(sorted(lacking))} is missing. Give "
            "sample_id and label_new."
        )
    return [_row(row) for row in table.to_pylist()]


def _row(given: Mapping[str, Any]) -> dict[str, Any]:
    label = given["label_new"]
    labels = given.get("label_set")
    return {
        "sample_id": str(given["sample_id"]),
        "label_new": None if label is None else str(label),
        "status": given.get("status") or ("none" if label is None else "set"),
        "label_set": labels.split("|") if isinstance(labels, str) else labels,
        "duplicate_of": given.get("duplicate_of"),
    }


def _problem(row: Mapping[str, Any], ids: set[str], classes: set[str]) -> str | None:
    named = [*([row["label_new"]] if row["status"] in ("set", "merge") else []), *(row["label_set"] or [])]
    strange = [str(name) for name in named if name not in classes]
    if row["sample_id"] not in ids:
        return f"There is no sample {row['sample_id']!r}."
    if row["status"] not in ACTIONS:
        return f"{row['sample_id']}: {row['status']!r} is no action."
    return f"{row['sample_id']}: there is no class {strange[0]!r}." if strange else None


def _as_csv(recording: Recording, found: Corrections) -> bytes:
    rows = found.table.to_pylist()
    return _csv(found.table.column_names, [{**row, "label_set": "|".join(row["label_set"] or ())} for row in rows])


def _as_parquet(recording: Recording, found: Corrections) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(found.table, sink)
    return bytes(sink.getvalue())


def _as_log(recording: Recording, found: Corrections) -> bytes:
    lines = [json.dumps(asdict(event), ensure_ascii=False, sort_keys=True) for event in recording.decisions.events()]
    return "".join(f"{line}\n" for line in lines).encode()


def _as_cleanlab(recording: Recording, found: Corrections) -> bytes:
    """All samples by index of the class; Datalab sorts classes by name, so the index is that of the sorted names."""
    place_of = {name: at for at, name in enumerate(sorted(found.classes))}
    rows = [
        {"sample_id": sample_id, "given_label": "" if label is None else place_of[label], "label_name": label or ""}
        for sample_id, label, kept in zip(recording.sample_ids.to_pylist(), found.labels, found.kept, strict=True)
        if kept
    ]
    return _csv(["sample_id", "given_label", "label_name"], rows)


def _as_fiftyone(recording: Recording, found: Corrections) -> bytes:
    index = {name: at for at, name in enumerate(found.classes)}
    labels = {
        sample_id: index[label]
        for sample_id, label, kept in zip(recording.sample_ids.to_pylist(), found.labels, found.kept, strict=True)
        if kept and label is not None
    }
    return json.dumps({"classes": list(found.classes), "labels": labels}, ensure_ascii=False).encode()


_WRITERS: Mapping[str, Callable[[Recording, Corrections], bytes]] = {
    "csv": _as_csv,
    "parquet": _as_parquet,
    "log": _as_log,
    "cleanlab": _as_cleanlab,
    "fiftyone": _as_fiftyone,
}


def _csv(names: list[str], rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write_data_set(recording: Recording, found: Corrections, final: Path) -> None:
    datasets = require("datasets", extra="huggingface", purpose="A Hugging Face data set")
    columns = {name: recording.column(name) for name in recording.samples_schema.names if name != "label"}
    table = pa.table(columns).append_column("given_label", pa.array(_given(recording), pa.string()))
    index = {name: at for at, name in enumerate(found.classes)}
    corrected = [-1 if label is None else index[label] for label in found.labels]
    table = table.append_column("label", pa.array(corrected, pa.int64())).filter(pa.array(found.kept))
    made = datasets.Dataset(table).cast_column("label", datasets.ClassLabel(names=list(found.classes)))
    if recording.kind == "image":
        made = made.cast_column("image", datasets.Image())
    unfinished = final.with_name(f"{UNFINISHED}{final.name}-{uuid.uuid4().hex[:8]}")
    made.save_to_disk(str(unfinished))
    place(unfinished, final)


def _given(recording: Recording) -> list[str | None]:
    labels = recording.labels
    return [None if label is None else recording.classes[label] for label in labels.tolist()]
