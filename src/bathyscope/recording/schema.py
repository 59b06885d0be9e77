"""What the JSON files of a recording hold, and the rule for reading older and newer ones.

The format is specified field by field in docs/reference/recording-format.md; change both together.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal, Self
from urllib.parse import quote

from bathyscope.errors import DamagedRecordingError, FormatVersionError, NotARecordingError

FORMAT = "bathyscope-recording"
FORMAT_VERSION = 1
"""Readers take their own version and all before it. A new field that old readers may ignore is not a new version."""

Task = Literal["multiclass", "multilabel"]
Kind = Literal["image", "text", "array"]
Role = Literal["embedding", "activation"]

COLUMN_ROLES = (
    "prediction",
    "confidence",
    "x",
    "y",
    "group",
    "image",
    "duplicate_cluster",
    "familiarity",
    "weight",
    "timestamp",
    "hidden",
)
"""What a metadata column can stand for. `hidden`: hosts show it to nobody."""

RESERVED_COLUMNS = ("sample_id", "split", "label", "image", "text", "array")


def names_of(columns: str | Iterable[str]) -> frozenset[str]:
    """Names of columns; a single one may be given as it is, and is not taken apart into its letters."""
    listed = columns if isinstance(columns, Iterable) and not isinstance(columns, str) else (columns,)
    return frozenset(map(str, listed))


@dataclass(frozen=True)
class LayerInfo:
    """A recorded layer: its name in the model, the shape of one activation and how maps were pooled."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float16"
    role: Role = "activation"
    pooling: str | None = None


@dataclass(frozen=True)
class Checkpoint:
    """One finished checkpoint, as its checkpoint.json tells it."""

    name: str
    step: int
    epoch: float | None
    wall_time: str
    duration_s: float | None
    n_samples: int
    fingerprint: str
    metrics: dict[str, float] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    has_head: bool = False
    non_finite: dict[str, int] = field(default_factory=dict)
    files: dict[str, int] = field(default_factory=dict)

    @property
    def has_outputs(self) -> bool:
        """Whether logits or scores were recorded."""
        return any(name.startswith("outputs/") for name in self.files)


@dataclass(frozen=True)
class RecordingInfo:
    """What recording.json tells about the whole recording."""

    task: Task
    kind: Kind | None
    n_samples: int
    splits: dict[str, int]
    n_missing_labels: int
    fingerprint: str
    classes: tuple[str, ...] | None = None
    layers: tuple[LayerInfo, ...] = ()
    provenance: dict[str, Any] = field(default_factory=dict)
    program: str | None = None
    roles: dict[str, str] = field(default_factory=dict)
    name: str | None = None

    def with_changes(self, **changes: Any) -> Self:
        """Copy with some fields replaced."""
        return replace(self, **changes)


def dump_json(fields: Mapping[str, Any]) -> bytes:
    """Readable UTF-8 JSON that is the same for the same content. Numbers that JSON lacks become null."""
    return (json.dumps(_without_nan(fields), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def dump_recording(info: RecordingInfo) -> bytes:
    """The bytes of recording.json."""
    return dump_json({"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(info)})


def dump_checkpoint(checkpoint: Checkpoint) -> bytes:
    """The bytes of checkpoint.json. The name is the folder's and is not repeated inside."""
    fields = asdict(checkpoint)
    del fields["name"]
    return dump_json(fields)


def parse_recording(content: bytes, where: str) -> RecordingInfo:
    """Read recording.json.

    Raises
    ------
    NotARecordingError
        If the file belongs to another format.
    FormatVersionError
        If a newer version wrote it.
    DamagedRecordingError
        If it is cut off or lacks a field.
    """
    fields = _parse(content, where)
    if fields.pop("format", None) != FORMAT:
        raise NotARecordingError(
            f"{where} is not a Bathyscope recording: its 'format' is not {FORMAT!r}. "
            "Give the folder that Recorder or record() wrote."
        )
    version = fields.pop("format_version", None)
    if not isinstance(version, int) or version > FORMAT_VERSION:
        raise FormatVersionError(
            f"{where} has format version {version}; this Bathyscope reads versions up to {FORMAT_VERSION}. "
            "Upgrade with: pip install --upgrade bathyscope"
        )
    try:
        layers = tuple(_layer(layer) for layer in fields.get("layers", ()))
        classes = fields.get("classes")
        return RecordingInfo(
            **{
                **_known(fields, RecordingInfo),
                "layers": layers,
                "classes": None if classes is None else tuple(str(name) for name in classes),
                "roles": {str(name): str(role) for name, role in fields.get("roles", {}).items()},
            }
        )
    except (TypeError, AttributeError) as error:
        raise _damaged(where, error) from error


def parse_checkpoint(content: bytes, name: str, where: str) -> Checkpoint:
    """Read checkpoint.json.

    Raises
    ------
    DamagedRecordingError
        If it is cut off or lacks a field.
    """
    fields = _parse(content, where)
    try:
        metrics = {key: float("nan") if value is None else float(value) for key, value in fields["metrics"].items()}
        layers = tuple(fields["layers"])
        return Checkpoint(**{**_known(fields, Checkpoint), "name": name, "metrics": metrics, "layers": layers})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise _damaged(where, error) from error


def checkpoint_name(step: int) -> str:
    """Folder name of the checkpoint at `step`; names sort like steps up to 999,999."""
    return f"{step:06d}"


def layer_folder(layer: str) -> str:
    """Folder of a layer inside its checkpoint; escaped, since some frameworks name layers with slashes."""
    return "layers/" + quote(layer, safe="")


def _layer(fields: Mapping[str, Any]) -> LayerInfo:
    known = _known(fields, LayerInfo)
    return LayerInfo(**{**known, "shape": tuple(known["shape"])})


def _known(fields: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Fields that this version knows; a later minor addition is ignored, as the format promises."""
    names = kind.__dataclass_fields__  # type: ignore[attr-defined]
    return {key: value for key, value in fields.items() if key in names}


def _parse(content: bytes, where: str) -> dict[str, Any]:
    try:
        fields = json.loads(content)
    except ValueError as error:
        raise _damaged(where, error) from error
    if not isinstance(fields, dict):
        raise _damaged(where, "it holds no JSON object")
    return fields


def _damaged(where: str, reason: object) -> DamagedRecordingError:
    return DamagedRecordingError(
        f"{where} is damaged ({reason}). Restore it from a copy, or move its folder away to open the rest."
    )


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value
