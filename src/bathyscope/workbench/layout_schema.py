"""The form of a layout: published for editors, and checked here against the same words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from bathyscope.errors import LayoutError

VERSION = 1
COLUMNS = 12

_TITLE = {"type": "string", "minLength": 1, "maxLength": 120}
_ID = {**_TITLE, "description": "Unique in the layout; addresses name it. Made up unless given."}

TILE: Mapping[str, Any] = {
    "type": "object",
    "description": "A view in its place.",
    "required": ["component"],
    "additionalProperties": False,
    "properties": {
        "id": _ID,
        "component": {**_TITLE, "description": "Type of the view, such as scatter."},
        "x": {"type": "integer", "minimum": 0, "maximum": COLUMNS - 1, "description": "First column; 0 unless given."},
        "y": {
            "type": "integer",
            "minimum": 0,
            "maximum": 2000,
            "description": "First row; the next free unless given.",
        },
        "w": {
            "type": "integer",
            "minimum": 1,
            "maximum": COLUMNS,
            "description": "Columns it takes; all unless given.",
        },
        "h": {
            "type": "integer",
            "minimum": 1,
            "maximum": 2000,
            "description": "Rows of 28 pixels, 12 between two. 1, as unless given: as tall as what it shows.",
        },
        "title": {**_TITLE, "description": "Its name in menus; the question it answers unless given."},
        "collapsed": {"type": "boolean", "description": "Whether only its title is shown."},
        "options": {"type": "object", "description": "Of the component, by name; its defaults unless given."},
    },
}
PAGE: Mapping[str, Any] = {
    "type": "object",
    "description": "A tab of the page, or a part of one.",
    "required": ["title", "tiles"],
    "additionalProperties": False,
    "properties": {
        "id": _ID,
        "title": _TITLE,
        "tiles": {"type": "array", "maxItems": 100, "items": {"$ref": "#/$defs/tile"}},
        "dock": {"$ref": "#/$defs/tile", "description": "What stands beside the tiles on every screen."},
    },
}
SCHEMA: Mapping[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Layout of a Bathyscope page",
    "type": "object",
    "required": ["version", "pages"],
    "additionalProperties": False,
    "properties": {
        "$schema": {"type": "string"},
        "version": {"const": VERSION},
        "title": {**_TITLE, "description": "In the window's title, before the recording's name."},
        "pages": {"type": "array", "minItems": 1, "maxItems": 60, "items": {"$ref": "#/$defs/page"}},
    },
    "$defs": {
        "tile": TILE,
        "subpage": PAGE,
        "page": {
            **PAGE,
            "properties": {
                **PAGE["properties"],
                "subpages": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/subpage"},
                    "description": "Its parts, as a second row of tabs; they have no parts themselves.",
                },
            },
        },
    },
}
"""The form of a layout file, as JSON Schema; `docs/reference/layout.schema.json` is a copy of it."""

SHOWN_PROBLEMS = 3


def check(value: Any, schema: Mapping[str, Any], name: str) -> None:
    """Refuse what has not the form.

    Raises
    ------
    LayoutError
        That names the first faults; `name` is what it calls the value.
    """
    problems = list(_problems(value, schema, ""))
    if problems:
        rest = len(problems) - SHOWN_PROBLEMS
        told = " ".join(problems[:SHOWN_PROBLEMS]) + (f" And {rest} more." if rest > 0 else "")
        raise LayoutError(f"{name} cannot be used: {told}")


def _problems(value: Any, schema: Mapping[str, Any], at: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]]
    if not _fits(value, schema):
        yield f"{at.lstrip('.') or 'it'} is {value!r:.80}; {_expected(schema)} is expected."
        return
    if isinstance(value, Mapping) and "properties" in schema:
        fields = schema["properties"]
        for name in schema["required"]:
            if name not in value:
                yield f"{at.lstrip('.') or 'it'} has no {name!r}."
        for name, inner in value.items():
            if name in fields:
                yield from _problems(inner, fields[name], f"{at}.{name}")
            else:
                known = ", ".join(name for name in fields if name != "$schema")
                yield f"{at.lstrip('.') or 'it'} has a field {name!r}; its fields are {known}."
    elif isinstance(value, Mapping):
        yield from _not_plain(value, at)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _problems(inner, schema["items"], f"{at}[{place}]")


def _fits(value: Any, schema: Mapping[str, Any]) -> bool:
    match schema.get("type"):
        case "object":
            return isinstance(value, Mapping)
        case "array":
            return isinstance(value, list) and schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", 10**6)
        case "string":
            least, most = schema.get("minLength", 0), schema.get("maxLength", 10**6)
            return isinstance(value, str) and least <= len(value) <= most
        case "integer":
            return type(value) is int and schema["minimum"] <= value <= schema["maximum"]
        case "boolean":
            return isinstance(value, bool)
    return type(value) is type(schema["const"]) and bool(value == schema["const"])


def _expected(schema: Mapping[str, Any]) -> str:
    match schema.get("type"):
        case "object":
            return "an object"
        case "array":
            least, most = schema.get("minItems", 0), schema.get("maxItems")
            return "a list" if most is None else f"a list of {least} to {most}"
        case "string":
            return f"a text of {schema.get('minLength', 0)} to {schema.get('maxLength', 'any number of')} characters"
        case "integer":
            return f"a whole number from {schema['minimum']} to {schema['maximum']}"
        case "boolean":
            return "true or false"
    return f"{schema['const']!r}"


def _not_plain(value: Any, at: str) -> Iterator[str]:
    try:
        json.dumps(value, allow_nan=False)
    except TypeError as error:
        why = str(error)
    except ValueError:
        why = "a number that is not finite, or a list within itself"
    else:
        return
    yield f"{at.lstrip('.')} holds what JSON cannot: {why}. Give texts, finite numbers, booleans, lists, objects."
