"""From loose JSON parameters to an analysis, or to an error that says which are legal."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from bathyscope.errors import ParameterError


def build_analysis(analysis: type, params: Mapping[str, Any]) -> Any:
    """An analysis with these parameters; lists become tuples and whole numbers floats where the field asks for them.

    Raises
    ------
    ParameterError
        If there is no such parameter, one is missing, or a value has the wrong type.
    """
    hints = typing.get_type_hints(analysis)
    fields = {field.name: field for field in dataclasses.fields(analysis) if field.init}
    for name in params:
        if name not in fields:
            raise ParameterError(_unknown(_name_of(analysis), str(name), fields))
    for name, field in fields.items():
        required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        if required and name not in params:
            raise ParameterError(
                f"{_name_of(analysis)} needs the parameter {name!r} ({describe(hints[name])}), which has no default. "
                f"Give {name}=…."
            )
    values = {name: _checked(_name_of(analysis), name, value, hints[name]) for name, value in params.items()}
    return analysis(**values)


def parameters_of_type(analysis: type) -> dict[str, str]:
    """The parameters of an analysis and what each takes, in words."""
    hints = typing.get_type_hints(analysis)
    return {field.name: describe(hints[field.name]) for field in dataclasses.fields(analysis) if field.init}


def describe(hint: Any) -> str:
    """A type in words: "a whole number or nothing"."""
    words = {str: "text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "nothing"}
    if hint in words:
        return words[hint]
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(map(repr, args))
    if origin in (typing.Union, types.UnionType):
        return " or ".join(map(describe, args))
    if origin is tuple and len(args) == 2 and args[1] is Ellipsis:
        return f"a list, each item {describe(args[0])}"
    if origin is tuple:
        return f"a list of {len(args)}: {', '.join(map(describe, args))}"
    return str(hint)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question like "Did you mean 'bins'?" with a space after it; empty if nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f"Did you mean {near[0]!r}? " if near else ""


def class_index(name: str, classes: Sequence[str]) -> int:
    """Index of a class name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name in classes:
        return list(classes).index(name)
    raise ParameterError(f"There is no class {name!r}. {did_you_mean(name, classes)}Classes: {listed(classes)}.")


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names with commas, the first of many."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _name_of(analysis: type) -> str:
    return str(getattr(analysis, "name", analysis.__name__))


def _unknown(analysis: str, name: str, known: Iterable[str]) -> str:
    names = list(known)
    legal = f"Its parameters: {', '.join(names)}." if names else "It has no parameters."
    return f"{analysis} has no parameter {name!r}. {did_you_mean(name, names)}{legal}"


def _checked(analysis: str, name: str, value: Any, hint: Any) -> Any:
    try:
        return _fit(value, hint)
    except TypeError as error:
        raise ParameterError(
            f"{analysis} takes {describe(hint)} as {name!r}, but was given {value!r} ({type(value).__name__}). "
            f"Give {name} a value of that kind."
        ) from error


def _fit(value: Any, hint: Any) -> Any:
    """The value as the type asks for it; TypeError if it does not fit."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (typing.Union, types.UnionType):
        return _fit_first(value, args)
    if origin is Literal:
        # 1 == True in Python, but they are different parameters in JSON.
        if any(value == choice and type(value) is type(choice) for choice in args):
            return value
        raise TypeError
    if origin is tuple and isinstance(value, list | tuple):
        kinds = args[:1] * len(value) if args[1:] == (Ellipsis,) else args
        if len(kinds) != len(value):
            raise TypeError
        return tuple(_fit(item, kind) for item, kind in zip(value, kinds, strict=True))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint in (str, int, float, bool, types.NoneType) and type(value) is hint:
        return value
    raise TypeError


def _fit_first(value: Any, kinds: tuple[Any, ...]) -> Any:
    for kind in kinds:
        try:
            return _fit(value, kind)
        except TypeError:
            continue
    raise TypeError
