"""A layout built in Python, its file and its JSON are one thing, and nothing hidden is named in it."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import bathyscope as bs
from bathyscope.errors import LayoutError
from bathyscope.workbench.layout import layout_json, without_columns
from bathyscope.workbench.layout_schema import SCHEMA
from workbench.served import OWNER

DOCS = Path(__file__).parents[2] / "docs" / "reference"


def example():
    layout = bs.Layout("My run")
    layout.page("Look", id="look").tile("confusion", w=7).tile("scatter", w=5, options={"x": "ink"}).beside("grid")
    data = layout.page("Data").tile("table", h=12, title="Every sample")
    data.page("More").tile("overview")
    return layout


def places(page):
    return [(tile.component, tile.x, tile.y) for tile in page.tiles]


def test_a_layout_comes_back_from_its_file_and_from_its_json(tmp_path):
    layout = example()
    path = layout.save(tmp_path / "bathyscope.layout.json")
    assert bs.Layout.load(path) == layout
    assert bs.Layout.from_json(layout.to_json()).to_json() == layout.to_json() == json.loads(path.read_text())
    assert layout_json(path) == layout_json(layout) == layout_json(layout.to_json())


def test_a_file_written_by_hand_stays_as_it_was():
    given = {
        "version": 1,
        "pages": [
            {
                "title": "A",
                "tiles": [{"component": "anything", "collapsed": True}, {"component": "b", "x": 11, "w": 9}],
                "dock": {"component": "grid", "options": {"deep": [{"a": None}]}},
            }
        ],
    }
    assert bs.Layout.from_json(given).to_json() == given
    assert given["pages"][0]["tiles"][0] == {"component": "anything", "collapsed": True}


def test_what_the_json_says_is_what_was_asked_for():
    assert example().to_json() == {
        "version": 1,
        "title": "My run",
        "pages": [
            {
                "id": "look",
                "title": "Look",
                "tiles": [
                    {"component": "confusion", "x": 0, "y": 0, "w": 7, "h": 1},
                    {"component": "scatter", "x": 7, "y": 0, "w": 5, "h": 1, "options": {"x": "ink"}},
                ],
                "dock": {"component": "grid"},
            },
            {
                "title": "Data",
                "tiles": [{"component": "table", "x": 0, "y": 0, "w": 12, "h": 12, "title": "Every sample"}],
                "subpages": [
                    {"title": "More", "tiles": [{"component": "overview", "x": 0, "y": 0, "w": 12, "h": 1}]},
                ],
            },
        ],
    }


def test_tiles_without_a_place_stand_beside_the_last_or_below_all():
    page = bs.Layout().page("P").tile("a", w=4, h=3).tile("b", w=4).tile("c", w=6).tile("d", w=6).tile("e", y=20, w=2)
    page.tile("f", x=5, w=2)
    assert places(page) == [("a", 0, 0), ("b", 4, 0), ("c", 0, 3), ("d", 6, 3), ("e", 0, 20), ("f", 5, 21)]
    random = np.random.default_rng(0)
    for _ in range(50):
        full = bs.Layout().page("P")
        for name in "abcdefgh":
            full.tile(name, w=int(random.integers(1, 13)), h=int(random.integers(1, 6)))
        cells = [
            (column, row)
            for tile in full.tiles
            for column in range(tile.x, tile.x + tile.w)
            for row in range(tile.y, tile.y + tile.h)
        ]
        assert len(cells) == len(set(cells))
        assert all(column < 12 for column, _ in cells)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda page: page.tile("scatter", x=9, w=6),
            "Tile 'scatter' begins at column 9 and is 6 wide; the grid has 12 columns. Give x + w of at most 12.",
        ),
        (
            lambda page: page.tile("a").tile("b", x=3, y=0, w=2),
            "Tile 'b' at x=3, y=0 lies over tile 'a'. Give it another place, or neither x nor y to put it into the "
            "next free one.",
        ),
        (
            lambda page: page.tile("scatter", w=0),
            "Tile 'scatter' cannot be used: w is 0; a whole number from 1 to 12 is expected.",
        ),
        (
            lambda page: page.tile(""),
            "Tile '' cannot be used: component is ''; a text of 1 to 120 characters is expected.",
        ),
        (
            lambda page: page.tile("scatter", options={"size": float("nan")}),
            "Tile 'scatter' cannot be used: options holds what JSON cannot: a number that is not finite, or a list "
            "within itself. Give texts, finite numbers, booleans, lists, objects.",
        ),
    ],
)
def test_a_tile_that_cannot_be_is_refused_and_not_kept(make, message):
    page = bs.Layout().page("P")
    with pytest.raises(LayoutError) as caught:
        make(page)
    assert str(caught.value) == message
    assert [tile.component for tile in page.tiles] in ([], ["a"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1). Give the path"),
        ("[]", "cannot be used: it is []; an object is expected."),
        ('{"version": 2, "pages": []}', "cannot be used: version is 2; 1 is expected. pages is []; a list of 1 to 60"),
        ('{"pages": [{}]}', "it has no 'version'. pages[0] has no 'title'. pages[0] has no 'tiles'."),
        (
            '{"version": 1, "pages": [{"title": "A", "tiles": [{"component": "a", "w": "wide"}, {"x": 1}, 3, 4, 5]}]}',
            "pages[0].tiles[0].w is 'wide'; a whole number from 1 to 12 is expected. pages[0].tiles[1] has no "
            "'component'. pages[0].tiles[2] is 3; an object is expected. And 2 more.",
        ),
        (
            '{"version": 1, "pages": [{"title": "A", "tiles": [], "subpages": [{"title": "B", "tiles": [], '
            '"subpages": []}]}]}',
            "pages[0].subpages[0] has a field 'subpages'; its fields are id, title, tiles, dock.",
        ),
    ],
)
def test_a_file_that_is_no_layout_says_where_and_what_was_expected(tmp_path, text, message):
    path = tmp_path / "mine.json"
    path.write_text(text)
    with pytest.raises(LayoutError) as caught:
        bs.Layout.load(path)
    assert str(caught.value).startswith(str(path))
    assert message in str(caught.value)


def test_a_file_that_is_not_there_and_a_layout_without_pages(tmp_path):
    with pytest.raises(LayoutError, match=re.escape("cannot be read (No such file or directory). Give the path of a")):
        bs.Layout.load(tmp_path / "none.json")
    with pytest.raises(LayoutError, match=re.escape("pages is []; a list of 1 to 60 is expected.")):
        bs.Layout().to_json()


def test_the_published_schema_is_that_of_the_check():
    fresh = json.dumps(SCHEMA, indent=2) + "\n"
    assert (DOCS / "layout.schema.json").read_text() == fresh, (
        "Write docs/reference/layout.schema.json again, as json.dumps(SCHEMA, indent=2) gives it"
    )


def test_the_example_of_the_page_in_the_docs_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    exec(re.search(r"```python\n(.*?)```", (DOCS / "layout.md").read_text(), re.DOTALL)[1], {})
    assert (tmp_path / "bathyscope.layout.json").exists()


def test_the_page_hears_of_the_layout(serve_path, recording_path):
    layout = example()
    client = serve_path(recording_path, headers=OWNER, layout=layout)
    assert client.get("/api/recording").json()["layout"] == layout.to_json()
    assert "layout" not in serve_path(recording_path, headers=OWNER).get("/api/recording").json()


def test_a_hidden_column_is_named_in_no_layout(make_recording, serve_path):
    layout = bs.Layout()
    page = layout.page("By secret").tile("scatter", title="secret against ink", options={"x": "secret", "y": "ink"})
    page.tile("chart", options={"spec": {"encoding": {"x": {"field": "secret"}, "y": {"field": "ink"}}}})
    told = without_columns(layout.to_json(), {"secret"})
    assert "secret" not in json.dumps(told)
    assert told["pages"][0]["title"] == "Page"
    first, second = told["pages"][0]["tiles"]
    assert first["options"] == {"y": "ink"}
    assert second["options"]["spec"]["encoding"]["y"] == {"field": "ink"}
    assert without_columns(layout.to_json(), ()) == layout.to_json()


def test_a_served_layout_names_no_column_that_is_hidden(serve_path, recording_path):
    recording = bs.load(recording_path)
    name = recording.metadata.column_names[0]
    layout = bs.Layout()
    layout.page("P").tile("scatter", options={"x": name})
    told = serve_path(recording_path, headers=OWNER, layout=layout, hidden=[name]).get("/api/recording").json()
    assert told["layout"]["pages"][0]["tiles"][0] == {
        "component": "scatter",
        "x": 0,
        "y": 0,
        "w": 12,
        "h": 1,
        "options": {},
    }


def test_a_report_opens_with_its_layout_less_what_is_left_out(tmp_path, small_page, recording_path):
    name = bs.load(recording_path).metadata.column_names[0]
    layout = bs.Layout()
    layout.page("P").tile("scatter", options={"x": name, "y": "label"})
    for hidden, options in (((), {"x": name, "y": "label"}), ((name,), {"y": "label"})):
        out = tmp_path / f"report-{len(hidden)}"
        bs.export(recording_path, out, mode="folder", layout=layout, hidden=hidden)
        html = (out / "index.html").read_text()
        manifest = re.search(r'<script[^>]*id="bathyscope-report"[^>]*>(.*?)</script>', html, re.DOTALL)[1]
        told = json.loads(manifest)["recording"]["layout"]
        assert told["pages"][0]["tiles"][0]["options"] == options


def test_the_command_line_refuses_a_bad_layout_before_it_serves(tmp_path, recording_path, capsys):
    from typer.testing import CliRunner

    from bathyscope.cli import app

    bad = tmp_path / "bad.json"
    bad.write_text('{"version": 1, "pages": 3}')
    result = CliRunner().invoke(app, ["open", str(recording_path), "--layout", str(bad), "--no-browser"])
    assert isinstance(result.exception, LayoutError)
    assert str(result.exception) == f"{bad} cannot be used: pages is 3; a list of 1 to 60 is expected."
