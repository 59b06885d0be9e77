"""Which views stand where on the page: built in Python or read from a file, one form for both.

Whether a component and its options exist only the page knows: it says so on the tile. Here the form is checked.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from bathyscope.errors import LayoutError
from bathyscope.workbench.layout_schema import COLUMNS, PAGE, SCHEMA, TILE, VERSION, check
from bathyscope.workbench.private import names_any, without_named

FILE_NAME = "bathyscope.layout.json"


@dataclass(frozen=True)
class Tile:
    """A view in its place on the grid; see `Page.tile`."""

    component: str
    x: int | None = None
    y: int | None = None
    w: int | None = None
    h: int | None = None
    title: str | None = None
    collapsed: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """As a layout file holds it."""
        said = {"id": self.id, "component": self.component, "x": self.x, "y": self.y, "w": self.w, "h": self.h}
        more = {"title": self.title, "collapsed": self.collapsed or None, "options": dict(self.options) or None}
        return {name: value for name, value in {**said, **more}.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gives."""
        return cls(**value)


@dataclass
class Page:
    """A page of a layout, filled tile by tile."""

    title: str
    id: str | None = None
    tiles: list[Tile] = field(default_factory=list)
    dock: Tile | None = None
    subpages: list[Page] = field(default_factory=list)

    def tile(
        self,
        component: str,
        *,
        x: int | None = None,
        y: int | None = None,
        w: int = COLUMNS,
        h: int = 1,
        title: str | None = None,
        id: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Self:
        """Put a view on the page; gives the page, so that calls can follow one another.

        Parameters
        ----------
        component : its type, such as "scatter"
        x, y : first column (0 … 11) and row; unless given, beside the last tile if it fits there, else below all
        w : columns of 12 that it takes
        h : rows of 28 pixels, 12 between two; 1 for as tall as what it shows
        title : its name in menus; the question it answers unless given
        id : its name in addresses; the component's, numbered, unless given
        options : of the component by name, such as {"x": "ink"}; its defaults unless given

        Raises
        ------
        LayoutError
            If the place is not on the grid, or an option is no plain data.
        """
        beside, below = self._free(w)
        column = x if x is not None else beside[0] if y is None else 0
        row = y if y is not None else beside[1] if x is None else below
        made = Tile(component, column, row, w, h, title=title, options=options or {}, id=id)
        check(made.to_json(), TILE, f"Tile {component!r}")
        if column + w > COLUMNS:
            raise LayoutError(
                f"Tile {component!r} begins at column {column} and is {w} wide; the grid has {COLUMNS} columns. "
                f"Give x + w of at most {COLUMNS}."
            )
        for other in self.tiles:
            if _overlap(made, other):
                raise LayoutError(
                    f"Tile {component!r} at x={column}, y={row} lies over tile {other.component!r}. Give it another "
                    "place, or neither x nor y to put it into the next free one."
                )
        self.tiles.append(made)
        return self

    def beside(self, component: str, *, options: Mapping[str, Any] | None = None) -> Self:
        """Let a view stand beside the tiles on every screen, such as "grid" for the samples behind a number."""
        made = Tile(component, options=options or {})
        check(made.to_json(), TILE, f"Tile {component!r}")
        self.dock = made
        return self

    def page(self, title: str, *, id: str | None = None) -> Page:
        """Add a part of this page, which has a tab in a second row."""
        part = Page(title, id)
        check(part.to_json(), PAGE, f"Page {title!r}")
        self.subpages.append(part)
        return part

    def to_json(self) -> dict[str, Any]:
        """As a layout file holds it."""
        return {
            **({} if self.id is None else {"id": self.id}),
            "title": self.title,
            "tiles": [tile.to_json() for tile in self.tiles],
            **({} if self.dock is None else {"dock": self.dock.to_json()}),
            **({"subpages": [part.to_json() for part in self.subpages]} if self.subpages else {}),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `to_json` gives."""
        return cls(
            value["title"],
            value.get("id"),
            [Tile.from_json(tile) for tile in value["tiles"]],
            Tile.from_json(value["dock"]) if "dock" in value else None,
            [Page.from_json(part) for part in value.get("subpages", ())],
        )

    def _free(self, w: int) -> tuple[tuple[int, int], int]:
        """The next place for a tile so wide, and the first row below all."""
        below = max(((tile.y or 0) + (tile.h or 1) for tile in self.tiles), default=0)
        if not self.tiles:
            return (0, 0), 0
        last = self.tiles[-1]
        right, row = (last.x or 0) + (last.w or COLUMNS), last.y or 0
        fits = right + w <= COLUMNS and not any(_overlap(Tile("", right, row, w, 1), other) for other in self.tiles)
        return ((right, row) if fits else (0, below)), below


class Layout:
    """Pages and the views on them.

        layout = bs.Layout()
        layout.page("Mistakes").tile("confusion", w=7).tile("scatter", w=5).beside("grid")
        layout.page("Data").tile("table")
        bs.show("runs/demo", layout=layout)

    Parameters
    ----------
    title : stands in the window's title before the recording's name
    """

    def __init__(self, title: str | None = None) -> None:
        self.title = title
        self.pages: list[Page] = []

    def __repr__(self) -> str:
        told = ", ".join(f"{page.title} ({len(page.tiles)})" for page in self.pages)
        return f"<Layout: {told or 'no page yet'}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Layout) and self._form() == other._form()

    __hash__ = None  # type: ignore[assignment]

    def page(self, title: str, *, id: str | None = None) -> Page:
        """Add a page; its address names `id`, which is made up unless given."""
        page = Page(title, id)
        check(page.to_json(), PAGE, f"Page {title!r}")
        self.pages.append(page)
        return page

    def to_json(self) -> dict[str, Any]:
        """As a layout file holds it.

        Raises
        ------
        LayoutError
            If it has no page, or is otherwise not as a layout must be.
        """
        form = self._form()
        check(form, SCHEMA, "The layout")
        return form

    @classmethod
    def from_json(cls, value: Any, *, name: str = "The layout") -> Self:
        """Read what `to_json` gives.

        Raises
        ------
        LayoutError
            If it has not that form; `name` is what the message calls it.
        """
        check(value, SCHEMA, name)
        layout = cls(value.get("title"))
        layout.pages = [Page.from_json(page) for page in value["pages"]]
        return layout

    def save(self, path: str | Path = FILE_NAME) -> Path:
        """Write it as a file; gives the path.

        Raises
        ------
        LayoutError
            If it cannot be written, or has no page.
        """
        path = Path(path)
        text = json.dumps(self.to_json(), ensure_ascii=False, indent=2) + "\n"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise LayoutError(f"{path} cannot be written ({error.strerror}). Give another place.") from error
        return path

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a file: of `save`, of the page's "Download as a file", or written by hand.

        Raises
        ------
        LayoutError
            If there is no such file, or it holds no layout.
        """
        path = Path(path)
        try:
            value = json.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise LayoutError(f"{path} cannot be read ({error.strerror}). Give the path of a {FILE_NAME}.") from error
        except ValueError as error:
            raise LayoutError(f"{path} is no JSON: {error}. Give the path of a {FILE_NAME}.") from error
        return cls.from_json(value, name=str(path))

    def _form(self) -> dict[str, Any]:
        title = {} if self.title is None else {"title": self.title}
        return {"version": VERSION, **title, "pages": [page.to_json() for page in self.pages]}


LayoutLike = Layout | Mapping[str, Any] | str | Path
"""A layout, its JSON, or the path of its file."""


def layout_json(given: LayoutLike | None) -> dict[str, Any] | None:
    """A layout in any form that the public doors take, as JSON; checked.

    Raises
    ------
    LayoutError
        If it is none.
    """
    if given is None:
        return None
    if isinstance(given, str | Path):
        return Layout.load(given).to_json()
    return (given if isinstance(given, Layout) else Layout.from_json(given)).to_json()


def without_columns(layout: Mapping[str, Any], hidden: Collection[str]) -> dict[str, Any]:
    """The layout without whatever names a hidden column: titles and options of tiles, titles of pages."""
    if not hidden:
        return dict(layout)

    def tile(one: Mapping[str, Any]) -> dict[str, Any]:
        kept = ("id", "component", "x", "y", "w", "h", "collapsed")
        told = without_named({name: value for name, value in one.items() if name not in kept}, hidden)
        return {**{name: one[name] for name in kept if name in one}, **told}

    def page(one: Mapping[str, Any]) -> dict[str, Any]:
        return {
            **one,
            "title": "Page" if names_any(one["title"], hidden) else one["title"],
            "tiles": [tile(each) for each in one["tiles"]],
            **({"dock": tile(one["dock"])} if "dock" in one else {}),
            **({"subpages": [page(part) for part in one["subpages"]]} if "subpages" in one else {}),
        }

    return {**layout, "pages": [page(one) for one in layout["pages"]]}


def _overlap(a: Tile, b: Tile) -> bool:
    ax, ay, aw, ah = a.x or 0, a.y or 0, a.w or COLUMNS, a.h or 1
    bx, by, bw, bh = b.x or 0, b.y or 0, b.w or COLUMNS, b.h or 1
    return ax < bx + bw and bx < ax + aw and ay < by + bh and by < ay + ah
