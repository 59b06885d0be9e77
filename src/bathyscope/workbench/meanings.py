"""What the columns of a plain table stand for: as the caller said, or as their names tell beyond doubt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self

import pyarrow as pa
import pyarrow.compute as pc

from bathyscope.errors import ParameterError
from bathyscope.recording.schema import COLUMN_ROLES, names_of
from bathyscope.workbench.cells import all_differ, is_bytes, is_listlike, is_picture, is_text
from bathyscope.workbench.columns import check_known
from bathyscope.workbench.tables import Plain, column_name

Said = str | Literal[False] | None
"""A column's name; False for "there is none, do not guess"; None to guess."""

TAKEN_ROLES = ("id", "label", "split", "image", "text", "embedding", "probabilities")
"""Roles whose columns become something other than a column of metadata."""

ROLES = (*TAKEN_ROLES, *(role for role in COLUMN_ROLES if role not in TAKEN_ROLES))

USUAL_NAMES = {
    "id": ("sample_id", "id", "uid", "uuid"),
    "label": ("label", "labels", "target", "class", "ground_truth", "true_label", "y_true"),
    "prediction": ("prediction", "predicted", "pred", "predicted_label", "pred_label", "y_pred"),
    "confidence": ("confidence",),
    "split": ("split", "subset", "partition"),
    "image": ("image", "img", "image_path", "img_path"),
    "text": ("text",),
    "embedding": ("embedding", "embeddings"),
    "weight": ("weight", "sample_weight"),
    "timestamp": ("timestamp",),
}
"""In lower case. A role is guessed only if a single column of these names has values that fit it."""

PLACES = (("x", "y"), ("projection_x", "projection_y"), ("umap_x", "umap_y"), ("tsne_x", "tsne_y"), ("pca_x", "pca_y"))

IMAGE_NAME = r"(?i)\.(?:png|jpe?g|gif|webp|bmp|tiff?)$"

MOST_SPLITS = 20
MOST_CLASSES, LOOK_FOR_CLASSES = 1000, 100_000
"""A column that takes more values than this in its beginning is not guessed to hold classes."""

LOOK = 1000
"""Values that are looked at to see whether texts name pictures."""


@dataclass(frozen=True)
class Asked:
    """What the caller said of a table."""

    named: Mapping[str, Said] = field(default_factory=dict)
    probabilities: str | Sequence[str] | Literal[False] | None = None
    roles: Mapping[str, str] = field(default_factory=dict)
    hidden: tuple[str, ...] = ()

    @classmethod
    def of(cls, named: Mapping[str, Any], probabilities: Any, roles: Mapping[Any, str], hidden: Any) -> Self:
        """As the caller gave it; columns of a data frame may be called by what is no text, such as 3."""
        several = isinstance(probabilities, Iterable) and not isinstance(probabilities, str)
        return cls(
            {role: said if said is False else column_name(said) for role, said in named.items() if said is not None},
            [column_name(one) for one in probabilities] if several else probabilities and column_name(probabilities),
            {column_name(name): role for name, role in dict(roles).items()},
            tuple(names_of(hidden)),
        )


@dataclass(frozen=True)
class Meaning:
    """Roles by column, in the order of the table within each role, and which of them were guessed.

    A column that is both id and image stands under "id" here, and `column` finds it for both.
    """

    roles: Mapping[str, str]
    guessed: frozenset[str]
    also: Mapping[str, str] = field(default_factory=dict)

    def columns(self, role: str) -> list[str]:
        """The columns of a role."""
        return [name for name, own in self.roles.items() if own == role] + [
            name for name, own in self.also.items() if own == role
        ]

    def column(self, role: str) -> str | None:
        """The only column of a role, or the first; None without any."""
        return next(iter(self.columns(role)), None)


def meaning_of(plain: Plain, asked: Asked, *, pictures_by_name: bool = False) -> Meaning:
    """Give the columns their roles; guesses are told in the table's notes.

    Parameters
    ----------
    plain : the table
    asked : what the caller said; it is checked
    pictures_by_name : whether texts may be names of picture files, because it is known where these lie

    Raises
    ------
    UnknownColumnError
        If a column is not there.
    ParameterError
        If a role is unknown, a column has two, or its values do not fit.
    """
    told, also = _told(plain.table, asked)
    for name, role in [*told.items(), *also.items()]:
        _check_fits(plain.table[name], name, role)
    settled = set(told.values()) | set(also.values()) | {role for role, name in asked.named.items() if name is False}
    free = [name for name in plain.table.column_names if name not in told]
    guessed: dict[str, str] = {}
    for role, names in USUAL_NAMES.items():
        if role in settled or (role == "text" and "image" in {*settled, *guessed.values()}):
            continue
        usual = [name for name in free if name.lower() in names]
        fitting = [name for name in usual if fits_guess(plain.table[name], role, pictures_by_name)]
        if len(fitting) == 1:
            guessed[fitting[0]] = role
        elif fitting:
            several = ", ".join(map(repr, fitting))
            plain.notes.append(f"Several columns could be the {role}: {several}. Say which, or all stay plain columns.")
    if not {"x", "y"} & settled:
        guessed |= dict(_places(plain.table, free))
    guessed |= dict(_by_prefix(plain.table, [name for name in free if name not in guessed]))
    every = {**told, **guessed}
    ordered = {name: every[name] for name in plain.table.column_names if name in every}
    if guessed:
        words = ", ".join(f"{name!r} is the {role}" for name, role in ordered.items() if name in guessed)
        plain.notes.append(f"Taken by their names: {words}.")
    return Meaning(ordered, frozenset(guessed), also)


def _told(table: pa.Table, asked: Asked) -> tuple[dict[str, str], dict[str, str]]:
    """Roles by column as the caller said them, and the picture's where the ids are its file names."""
    pairs = [(name, role) for role, name in asked.named.items() if isinstance(name, str)]
    probabilities = asked.probabilities or ()
    listed = [probabilities] if isinstance(probabilities, str) else list(probabilities)
    pairs += [(name, "probabilities") for name in listed]
    pairs += [(name, role) for name, role in asked.roles.items()]
    pairs += [(name, "hidden") for name in asked.hidden]
    check_known([name for name, _ in pairs], table.column_names, "data")
    told: dict[str, str] = {}
    also: dict[str, str] = {}
    for name, role in pairs:
        if role not in ROLES:
            raise ParameterError(f"Column {name!r} was given the role {role!r}. Roles: {', '.join(ROLES)}.")
        if told.get(name, role) == role:
            told[name] = role
        elif {told[name], role} == {"id", "image"}:  # the usual form of a list of pictures
            told[name], also[name] = "id", "image"
        else:
            raise ParameterError(
                f"Column {name!r} was given two roles, {told[name]!r} and {role!r}. Give it one; copy the column if it "
                "is needed twice."
            )
    _check_single([*told.values(), *also.values()], told)
    return told, also


def _check_single(given: Sequence[str], told: Mapping[str, str]) -> None:
    for role in ("id", "label", "split", "image", "text", "embedding", "prediction", "confidence"):
        if given.count(role) > 1:
            names = ", ".join(repr(name) for name, own in told.items() if own == role)
            raise ParameterError(f"Several columns were given the role {role!r}: {names}. Give it to one.")
    if "image" in given and "text" in given:
        raise ParameterError("Both an image and a text were named; a sample is one. The other may stay a plain column.")
    if given.count("x") != given.count("y"):
        raise ParameterError(f"{given.count('x')} columns are x and {given.count('y')} are y. Give them in pairs.")


# what fits


def _numbers(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _vectors(kind: pa.DataType) -> bool:
    return is_listlike(kind) and _numbers(kind.value_type)


def _pictures(kind: pa.DataType) -> bool:
    return is_picture(kind) or is_bytes(kind) or is_text(kind)


WANTED: dict[str, tuple[Callable[[pa.DataType], bool], str]] = {
    "text": (is_text, "texts"),
    "image": (_pictures, "file names, encoded pictures, or {bytes, path}"),
    "embedding": (_vectors, "a list of numbers per sample"),
    "duplicate_cluster": (pa.types.is_integer, "whole numbers"),
    "timestamp": (lambda kind: bool(pa.types.is_timestamp(kind) or pa.types.is_date(kind)), "points in time"),
    **dict.fromkeys(("confidence", "x", "y", "familiarity", "weight"), (_numbers, "numbers")),
    "probabilities": (lambda kind: _numbers(kind) or _vectors(kind), "numbers, or a list of them per sample"),
}


def _check_fits(column: pa.ChunkedArray, name: str, role: str) -> None:
    fits, words = WANTED.get(role, (None, ""))
    empty = column.null_count == len(column)
    if fits is not None and not fits(column.type) and not empty:
        raise ParameterError(
            f"Column {name!r} was given the role {role!r} but holds {column.type}. Give a column of {words}."
        )
    if role == "confidence" and not empty:
        low, high = pc.min_max(column).as_py().values()
        if low < 0 or high > 1:
            raise ParameterError(
                f"Column {name!r} was given the role 'confidence' but goes from {low:g} to {high:g}. Give numbers in "
                "[0, 1]; percentages become them divided by 100."
            )


def fits_guess(column: pa.ChunkedArray, role: str, pictures_by_name: bool) -> bool:
    """Whether a column of a usual name also has values of its role."""
    kind = column.type
    if column.null_count == len(column):
        return False
    if role == "id":
        plain = is_text(kind) or pa.types.is_integer(kind)
        return bool(plain and not column.null_count and all_differ(column))
    if role in ("label", "prediction"):
        listed = is_listlike(kind) and role == "label"
        inner = kind.value_type if listed else kind
        named = is_text(inner) or pa.types.is_integer(inner) or pa.types.is_boolean(inner) or _are_whole(column)
        return bool(named) and (listed or len(pc.unique(column.slice(0, LOOK_FOR_CLASSES))) <= MOST_CLASSES)
    if role == "split":
        return is_text(kind) and pc.count_distinct(column).as_py() <= MOST_SPLITS
    if role == "confidence":
        low, high = pc.min_max(column).as_py().values() if _numbers(kind) else (-1, -1)
        return bool(low >= 0 and high <= 1)
    if role == "image" and is_text(kind):
        look = column.drop_null().slice(0, LOOK)
        return pictures_by_name and bool(pc.all(pc.match_substring_regex(look, IMAGE_NAME)).as_py())
    return WANTED[role][0](kind)


def _are_whole(column: pa.ChunkedArray) -> bool:
    """Whether floats are whole numbers that only became floats because some are missing."""
    if not pa.types.is_floating(column.type):
        return False
    finite = pc.if_else(pc.is_finite(column), column, pa.scalar(None, column.type))
    return bool(pc.all(pc.equal(pc.floor(finite), finite)).as_py())


def _places(table: pa.Table, free: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The one pair of coordinates that has a usual name."""
    by_name = {name.lower(): name for name in free if _numbers(table.schema.field(name).type)}
    pairs = [(by_name[x], by_name[y]) for x, y in PLACES if x in by_name and y in by_name]
    if len(pairs) == 1:
        yield from zip(pairs[0], ("x", "y"), strict=True)


def _by_prefix(table: pa.Table, free: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The prefixes that Symphony's tables use: projection_<layer>_x and _y, familiarity_<layer>, duplicates_<layer>."""
    kinds: dict[str, Any] = {name: table.schema.field(name).type for name in free}
    for name, kind in kinds.items():
        projection = re.fullmatch(r"projection_(.+)_([xy])", name)
        if projection and _numbers(kind):
            other = f"projection_{projection[1]}_{'y' if projection[2] == 'x' else 'x'}"
            if other in kinds and _numbers(kinds[other]):
                yield name, projection[2]
        elif re.fullmatch(r"familiarity_.+", name) and _numbers(kind):
            yield name, "familiarity"
        elif re.fullmatch(r"duplicates_.+", name) and pa.types.is_integer(kind):
            yield name, "duplicate_cluster"
