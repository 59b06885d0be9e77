"""Code of others on our pages: what the owner registered in Python, served from our own address by its content.

It runs with all rights of the page it stands on, as every script of a page does. So it comes from the owner's own
program and from nowhere else: no request, layout, address or upload can bring any in. Whoever may see the page gets it
with the page; a viewer's page can do what a viewer may, whatever code stands in it.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from bathyscope.errors import ParameterError

Kind = Literal["anywidget", "component"]

MAX_BYTES = 16_000_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
IMPORT = re.compile(r"""^[ \t]*(?:import|export)\b(?:[^;"'\n(]*?\bfrom)?[ \t]*["']([^"']+)["']""", re.MULTILINE)
"""A static import at the start of a line, as people and bundlers write them."""

NOT_STATE = frozenset({"layout", "tabbable", "tooltip", "comm", "keys", "log"})
"""Traits of every Jupyter widget that say nothing about this one."""

MEDIA_TYPES = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}


@dataclass(frozen=True)
class Module:
    """A module of somebody else.

    Parameters
    ----------
    name : how layouts and pages call it
    kind : "anywidget" for a module of that standard, "component" for a view written for this workbench
    code, style : the ES module and its style sheet
    traits : values that an anywidget's traits start with
    """

    name: str
    kind: Kind
    code: bytes
    style: bytes | None = None
    traits: dict[str, Any] = field(default_factory=dict)

    @property
    def code_hash(self) -> str:
        """SHA-256 of the code, in hex."""
        return hashlib.sha256(self.code).hexdigest()

    @property
    def style_hash(self) -> str | None:
        """SHA-256 of the style sheet, in hex."""
        return None if self.style is None else hashlib.sha256(self.style).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """What pages are told of it."""
        return {
            "name": self.name,
            "kind": self.kind,
            "code": self.code_hash,
            "style": self.style_hash,
            "traits": self.traits,
        }


class Modules:
    """Everything that was registered with one workbench; safe to call from any thread.

    Parameters
    ----------
    changed : called after something was registered, to tell the pages
    """

    def __init__(self, changed: Callable[[], None] = lambda: None) -> None:
        self._changed = changed
        self._lock = threading.Lock()
        self._modules: dict[tuple[Kind, str], Module] = {}
        self._files: dict[str, bytes] = {}

    def register_module(self, name: str, source: object, *, css: str | Path | None = None) -> Module:
        """Put a module of the anywidget standard at the disposal of layouts.

        Parameters
        ----------
        name : under which layouts ask for it: `{"component": "anywidget", "options": {"module": name}}`
        source : the path of an ES module, its text, or an anywidget class or instance, whose code, style and
            values of traits are taken
        css : path or text of its style sheet; the one of `source` unless given

        Raises
        ------
        ParameterError
            If the name cannot be used, or the source is no module that a page can run by itself.
        """
        style = css if css is not None else _declared(source, "_css")
        code = _declared(source, "_esm") or source
        return self._add(
            Module(name, "anywidget", _text(code, "js"), _text(style, "css") if style else None, _traits(source))
        )

    def register_component(self, source: str | Path, *, name: str | None = None) -> Module:
        """Put a component of your own into the list of views.

        Parameters
        ----------
        source : path or text of an ES module whose default export defines the component
        name : layouts ask for it as `outside:name`; the file's name unless given

        Raises
        ------
        ParameterError
            If there is no name, or the source is no module that a page can run by itself.
        """
        code = _text(source, "js")
        if name is None:
            if not _is_path(source):
                raise ParameterError("A component was given as text, which has no name. Give one: name='histogram'.")
            name = Path(source).stem
        return self._add(Module(name, "component", code))

    def summary(self) -> list[dict[str, Any]]:
        """What pages are told, in the order of registration."""
        with self._lock:
            return [module.to_json() for module in self._modules.values()]

    def file(self, name: str) -> tuple[bytes, str] | None:
        """Content and media type of `<hash>.js` or `<hash>.css`; None if nothing has that content."""
        with self._lock:
            content = self._files.get(name)
        return None if content is None else (content, MEDIA_TYPES[name.rpartition(".")[2]])

    def _add(self, module: Module) -> Module:
        if not NAME.fullmatch(module.name):
            raise ParameterError(
                f"A module was given the name {module.name!r}. Use up to 64 letters, digits, dots, dashes and "
                "underscores, beginning with a letter or digit."
            )
        with self._lock:
            self._modules[module.kind, module.name] = module
            # What was registered earlier under the name stays: a page that is open may still ask for it.
            self._files[f"{module.code_hash}.js"] = module.code
            if module.style is not None:
                self._files[f"{module.style_hash}.css"] = module.style
        self._changed()
        return module


def _declared(source: object, name: str) -> object:
    """What an anywidget class or instance says its code or style is."""
    return None if isinstance(source, str | Path) else getattr(source, name, None)


def _is_path(source: object) -> bool:
    return isinstance(source, Path) or (
        isinstance(source, str) and "\n" not in source and source.endswith((".js", ".mjs", ".css"))
    )


def _text(source: object, suffix: str) -> bytes:
    """The text of a module or style sheet, from wherever it stands."""
    if not isinstance(source, str | Path) and type(source).__name__ not in ("FileContents", "VirtualFileContents"):
        raise ParameterError(
            f"A module was given as {type(source).__name__}. Give the path of a .js file, its text, or an anywidget."
        )
    if re.match(r"https?://", str(source)):
        raise ParameterError(
            f"A module was given by its address, {str(source)[:80]!r}. Pages run no code from elsewhere: download the "
            "file, look at it, and give its path."
        )
    if _is_path(source):
        path = Path(str(source))
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise ParameterError(f"The module {path} cannot be read: {reason}. Give the path of a .js file.") from error
    else:
        text = str(source)
    content = text.encode("utf-8", "surrogatepass")
    if len(content) > MAX_BYTES:
        raise ParameterError(f"A module of {len(content):,} bytes was given; at most {MAX_BYTES:,} are served.")
    if suffix == "js":
        _check_stands_alone(text)
    return content


def _check_stands_alone(text: str) -> None:
    if not re.search(r"\bexport\b", text):
        raise ParameterError(
            "The module exports nothing. It should be an ES module with a default export; if a path was meant, it "
            "should end in .js."
        )
    found = IMPORT.search(text)
    if found:
        raise ParameterError(
            f"The module imports {found[1][:80]!r}, and a page loads nothing but the module itself. Bundle it into one "
            "file first, for instance with: npx esbuild widget.js --bundle --format=esm --outfile=bundled.js"
        )


def _traits(source: object) -> dict[str, Any]:
    """Values of the synchronised traits of an anywidget, as far as they are plain data."""
    if isinstance(source, type) and hasattr(source, "class_traits"):
        given = {name: trait.default() for name, trait in source.class_traits(sync=True).items()}
    elif hasattr(source, "traits") and hasattr(source, "class_traits"):
        given = {name: getattr(source, name) for name in source.traits(sync=True)}
    else:
        return {}
    return {
        name: value
        for name, value in given.items()
        if not name.startswith("_") and name not in NOT_STATE and _is_plain(value)
    }


def _is_plain(value: object) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return False
    return True
