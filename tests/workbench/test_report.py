"""A report holds what the page asks for, nothing else, and no more than it may."""

import base64
import functools
import http.server
import io
import json
import re
import shutil
import threading
import urllib.request
import zlib
from html.parser import HTMLParser

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from bathyscope import analyses
from bathyscope.analyses import Performance
from bathyscope.errors import ParameterError, RecordingExistsError, ReportError, UnknownColumnError
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.media import encode_png
from bathyscope.recording.writer import SCORE_TYPE
from bathyscope.workbench.course import course_table
from bathyscope.workbench.report import export
from recordings import PAGE_CODE as CODE
from recordings import write_checkpoint, write_recording
from workbench.toys import Quick

HOSTILE = "</script><img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def page(small_page):
    """Every report here is made of the small page."""
    return small_page


class Parsed(HTMLParser):
    """Elements of a document, as a browser's parser would find them."""

    def __init__(self, html):
        super().__init__()
        self.scripts, self.tags, self.styles, self.policy = [], [], [], ""
        self._text = None
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        attributes = dict(attributes)
        if tag in ("script", "style"):
            self._text = (self.scripts if tag == "script" else self.styles, attributes, [])
        if attributes.get("http-equiv") == "Content-Security-Policy":
            self.policy = attributes["content"]

    def handle_data(self, data):
        if self._text:
            self._text[2].append(data)

    def handle_endtag(self, tag):
        if tag in ("script", "style"):
            found, attributes, pieces = self._text
            found.append((attributes, "".join(pieces)))
            self._text = None


class Opened:
    """A report read as its page reads it."""

    def __init__(self, path):
        self.path = path
        self.single = path.suffix == ".html"
        html = (path if self.single else path / "index.html").read_text()
        self.document = Parsed(html)
        self.blocks = {a["data-block"]: text for a, text in self.document.scripts if "data-block" in a}
        self.manifest = json.loads(
            next(text for a, text in self.document.scripts if a.get("id") == "bathyscope-report")
        )
        self.notes = self.manifest["notes"]

    def table(self, name):
        number = self.manifest["tables"][name]
        if self.single:
            content = zlib.decompress(base64.b64decode(self.blocks[str(number)]))
        else:
            content = (self.path / "data" / f"{number}.arrow").read_bytes()
        return pa.ipc.open_stream(content).read_all()

    def result(self, name, **parameters):
        wanted = json.loads(json.dumps({"checkpoint": None, "slices": [], "bins": 15, **parameters}))
        run = next(r for r in self.manifest["runs"] if (r["analysis"], r["parameters"]) == ("performance", wanted))
        return self.table(f"results/performance/{run['key']}/{name}")

    def course(self, sample):
        place = self.table("course/samples")["sample"].to_pylist().index(sample)
        steps = len(self.table("course/checkpoints"))
        shard, row = divmod(place, self.manifest["course"]["per_shard"])
        return self.table(f"course/{shard}").slice(row * steps, steps)

    def pictures(self):
        index = self.table("pictures/index")
        found, start = {}, 0
        for sample, length in zip(index["sample"].to_pylist(), index["length"].to_pylist(), strict=True):
            if self.single:
                found[sample] = base64.b64decode(self.blocks["pictures"][start : start + length], validate=True)
            else:
                found[sample] = (self.path / "media" / str(sample // 1000) / f"{sample}.webp").read_bytes()
            start += length
        return found


def whole(path):
    """Every byte and every file name of a report, with data also as the page decodes them."""
    files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
    plain = b"\n".join(str(file.relative_to(path.parent)).encode() + b"\n" + file.read_bytes() for file in files)
    opened = Opened(path)
    return plain + b"".join(str(opened.table(name).to_pydict()).encode() for name in opened.manifest["tables"])


@pytest.fixture(params=["single", "folder"])
def place(request, tmp_path):
    """Where to write, in both forms."""
    return tmp_path / ("out.html" if request.param == "single" else "out")


def test_what_the_page_asks_for_comes_back_as_it_was_recorded(recording, place):
    exported = export(recording, place)
    opened = Opened(place)
    assert exported.notes == () == tuple(opened.notes)
    for name in ("sample_id", "split", "label", "brightness", "camera"):
        assert opened.table(f"samples/{name}")[name].to_pylist() == recording.column(name).to_pylist()
    for checkpoint in (None, *(checkpoint.name for checkpoint in recording.checkpoints)):
        stored = recording.run(Performance(checkpoint=checkpoint)).to_tables()
        for table in ("metrics", "confusion", "samples"):
            assert opened.result(table, checkpoint=checkpoint).to_pydict() == stored[table].to_pydict()
    told = opened.manifest["recording"]
    assert (told["n_samples"], told["classes"]) == (60, ["cat", "dog", "owl"])
    assert told["capabilities"] == {"run": False, "decide": False, "media": True}


def test_courses_agree_with_those_of_the_server_to_three_digits(recording, place):
    export(recording, place)
    for sample in (0, 7, 59):
        told, course = Opened(place).course(sample), course_table(recording, sample)
        for name in ("prediction", "confidence", "loss"):
            assert told[name].to_pylist() == course[name].to_pylist()
        assert np.allclose(told["probabilities"].to_pylist(), course["probabilities"].to_pylist(), atol=5e-4)


def test_a_breakdown_by_each_column_is_recorded_for_each_checkpoint(recording, place):
    export(recording, place)
    for checkpoint in recording.checkpoints:
        told = Opened(place).result("metrics", checkpoint=checkpoint.name, slices=["camera"]).to_pylist()
        mine = recording.run(Performance(checkpoint=checkpoint.name, slices=("camera",))).metrics.to_pylist()
        assert [row for row in told if row["scope"] == "slice"] == [row for row in mine if row["scope"] == "slice"]


def test_pictures_are_those_of_their_samples(recording, place):
    export(recording, place)
    pictures = Opened(place).pictures()
    assert len(pictures) == 60
    for sample in (0, 31, 59):
        shown = np.asarray(Image.open(io.BytesIO(pictures[sample])).convert("L"))
        assert np.array_equal(shown, np.asarray(recording.image(sample)))


def test_equal_input_gives_equal_bytes_also_from_another_place_and_at_another_time(recording, tmp_path, place):
    export(recording, place)  # measures; the second finds the results on disk
    copy = tmp_path / "elsewhere" / "run"
    shutil.copytree(recording.path, copy)
    shutil.rmtree(copy / "analyses")
    again = tmp_path / "again" / place.name
    again.parent.mkdir()
    export(copy, again)
    assert whole(again) == whole(place)
    export(recording, again)
    assert whole(again) == whole(place)


def private_recording(path):
    """A recording full of what must not be told."""
    provenance = {
        "source": "/home/byron/secret-project/pictures",
        "author": "byron.king",
        "learning_rate": 0.1,
        "nested": {"api_key": "key-4711", "columns": ["patient_name"], "fine": "kept-entry"},
        "remote": "https://byron:pass@example.org/data",
    }
    metadata = {
        "file": ["/home/byron/pictures/1.png", "/home/byron/pictures/2.png", None],
        "parts": [["C:\\Users\\byron\\x"], [], None],
        "patient_name": ["Grete Hermann", "Emmy Noether", "Emmy Noether"],
        "ward": ["east", "west", "west"],
    }
    schema = pa.schema([(name, pa.list_(pa.string()) if name == "parts" else pa.string()) for name in metadata])
    with RecordingWriter.create(path, kind="image", classes=["a", "b"], provenance=provenance) as writer:
        with writer.samples(metadata=schema) as samples:
            picture = {"bytes": encode_png(np.zeros((8, 8), np.uint8)), "path": "/home/byron/pictures/1.png"}
            samples.write(
                [f"/home/byron/pictures/{index}.png" for index in range(3)],
                labels=[0, 1, None],
                media=[picture, {"bytes": None, "path": "/home/byron/pictures/2.png"}, picture],
                metadata=metadata,
            )
        with writer.checkpoint(0) as checkpoint:
            checkpoint.write_outputs(np.arange(3), np.eye(3, 2, dtype=np.float32))
    recording = Recording(path)
    recording.run(Performance(slices=("patient_name",)))
    return recording


def test_nothing_hidden_or_private_is_anywhere_in_the_bytes(tmp_path, place):
    export(private_recording(tmp_path / "run"), place, hidden=["patient_name"])
    content = whole(place)
    for secret in ("byron", "home", "Users", "patient", "Noether", "Hermann", "key-4711", str(tmp_path), "secret"):
        assert secret.encode() not in content, secret
    opened = Opened(place)
    assert [column["name"] for column in opened.manifest["recording"]["columns"]] == [
        "sample_id",
        "split",
        "label",
        "ward",
    ]
    assert opened.table("samples/sample_id")["sample_id"].to_pylist() == ["0.png", "1.png", "2.png"]
    provenance = opened.manifest["recording"]["provenance"]
    assert (provenance["learning_rate"], provenance["nested"]["fine"]) == (0.1, "kept-entry")
    assert opened.notes == ["Left out because of file paths of the machine that recorded: 2 of 4 columns."]


def test_only_the_chosen_columns_go_and_ids_may_stay(recording, place):
    export(recording, place, columns=["brightness"], hidden=["sample_id"])
    content = whole(place)
    assert b"camera" not in content
    assert b"s/00" not in content
    assert b"brightness" in content


def test_results_of_other_analyses_go_along_unless_something_is_hidden(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(analyses, "ANALYSES", (*analyses.ANALYSES, Quick))
    recording.run(Quick())
    stale = recording.path / "analyses" / Quick.name / "0" / "result.json"
    stale.parent.mkdir()
    stale.write_text("{}")
    export(recording, tmp_path / "all.html")
    assert [
        run["parameters"] for run in Opened(tmp_path / "all.html").manifest["runs"] if run["analysis"] == Quick.name
    ]
    export(recording, tmp_path / "some.html", hidden=["camera"])
    some = Opened(tmp_path / "some.html")
    assert not [run for run in some.manifest["runs"] if run["analysis"] == Quick.name]
    assert some.notes == ["What other analyses found is left out: it may tell of what the report does not show."]


def held(path):
    return {run["analysis"] for run in Opened(path).manifest["runs"]}


def test_what_the_pages_show_and_nobody_ran_is_named_and_run_on_demand(recording, tmp_path):
    path = tmp_path / "report.html"
    exported = export(recording, path)
    assert (exported.not_run, exported.notes, held(path)) == (("duplicates", "familiarity"), (), {"performance"})
    recording.run(analyses.build("familiarity", {}))
    assert export(recording, path).not_run == ("duplicates",)
    assert export(recording, path, run=True).not_run == ()
    assert held(path) == {"performance", "duplicates", "familiarity"}
    assert export(recording, path).not_run == ()


def test_only_what_a_layout_shows_is_run_as_it_asks_for_it(recording, tmp_path):
    tiles = [{"component": "table"}, {"component": "familiarity", "options": {"layer": "features.norm"}}]
    layout = {"version": 1, "pages": [{"title": "One", "tiles": [], "subpages": [{"title": "Two", "tiles": tiles}]}]}
    assert export(recording, tmp_path / "report.html", layout=layout).not_run == ("familiarity",)
    export(recording, tmp_path / "report.html", layout=layout, run=True)
    assert held(tmp_path / "report.html") == {"performance", "familiarity"}
    runs = Opened(tmp_path / "report.html").manifest["runs"]
    assert [run["parameters"]["layer"] for run in runs if run["analysis"] == "familiarity"] == ["features.norm"]
    nothing = {"version": 1, "pages": [{"title": "One", "tiles": [{"component": "table"}]}]}
    assert export(recording, tmp_path / "report.html", layout=nothing).not_run == ()
    # What is hidden keeps other results out anyway: nothing is run for it, and nothing is promised.
    assert export(recording, tmp_path / "report.html", hidden=["camera"]).not_run == ()


def test_hostile_names_stay_text(tmp_path, place):
    path = tmp_path / "run"
    metadata = pa.schema([(HOSTILE, pa.string())])
    with RecordingWriter.create(path, classes=[HOSTILE, "<!--<script>"], provenance={HOSTILE: HOSTILE}) as writer:
        with writer.samples(metadata=metadata) as samples:
            samples.write([HOSTILE, "\u2028"], labels=[0, 1], metadata={HOSTILE: [HOSTILE, HOSTILE]})
        with writer.checkpoint(0) as checkpoint:
            checkpoint.write_outputs(np.arange(2), np.eye(2, dtype=np.float32))
    export(path, place)
    opened = Opened(place)
    assert "img" not in opened.document.tags
    assert opened.manifest["recording"]["classes"] == [HOSTILE, "<!--<script>"]
    assert opened.table(f"samples/{HOSTILE}")[HOSTILE].to_pylist() == [HOSTILE, HOSTILE]


def test_the_policy_lets_in_the_code_of_the_page_and_nothing_else(recording, tmp_path):
    import hashlib

    export(recording, tmp_path / "out.html")
    document = Opened(tmp_path / "out.html").document
    code = [text for attributes, text in document.scripts if attributes.get("type") in (None, "module")]
    assert code == ["1;\n2;", CODE.replace("<", "\\x3c")]

    def hashed(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    assert document.policy == (
        f"default-src 'none'; script-src {hashed(code[0])} {hashed(code[1])}; "
        f"style-src {hashed(document.styles[0][1])}; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )
    export(recording, tmp_path / "out")
    assert "unsafe" not in (tmp_path / "out" / "index.html").read_text()


def test_the_cap_is_kept_and_what_is_missing_is_said(tmp_path, place):
    write_recording(tmp_path / "run", n_samples=500).close()
    recording = Recording(tmp_path / "run")
    full = export(recording, place).n_bytes
    cap = full * 2 // 3
    exported = export(recording, place, max_bytes=cap)
    files = [place] if place.is_file() else [file for file in place.rglob("*") if file.is_file()]
    assert sum(file.stat().st_size for file in files) == exported.n_bytes <= cap
    opened = Opened(place)
    pictures = opened.pictures()
    assert 0 < len(pictures) < 500
    assert opened.notes[-1] == (
        f"To stay within its size the report holds the pictures of {len(pictures):,} of 500 samples: misclassified "
        "ones first, the others drawn at random. Every figure counts all samples."
    )
    correct = np.array(opened.result("samples", checkpoint="000002")["correct"].to_pylist(), object)
    wrong = set(np.flatnonzero(correct == False).tolist())  # noqa: E712 -- unlabelled are None
    assert wrong <= set(pictures) or set(pictures) <= wrong
    assert export(recording, place, max_bytes=cap) == exported
    for name in opened.manifest["tables"]:
        opened.table(name)


def test_what_cannot_fit_at_all_is_an_error_that_says_what_to_do(recording, tmp_path):
    with pytest.raises(ReportError) as error:
        export(recording, tmp_path / "out.html", max_bytes=26_000)
    assert str(error.value) == (
        "The report does not fit: with the measures of all checkpoints it is larger than is allowed. "
        "Allow more (max_bytes=…, or --max-mb), take fewer columns (columns=[…], or --column) or fewer samples "
        "(rows=[…]), or export to a folder."
    )
    assert not (tmp_path / "out.html").exists()


def test_of_some_samples_every_figure_counts_these_alone(recording, place):
    rows = [50, 3, 7, 21, 44]
    export(recording, place, rows=rows)
    opened = Opened(place)
    told = opened.manifest["recording"]
    assert (told["n_samples"], told["n_missing_labels"]) == (5, 1)
    assert told["splits"] == [{"name": "train", "count": 3}, {"name": "test", "count": 2}]
    assert told["checkpoints"][0]["n_samples"] == 5
    assert opened.table("samples/sample_id")["sample_id"].to_pylist() == [f"s/{row:04d}" for row in rows]
    stored = recording.run(Performance(checkpoint="000002")).samples.take(rows)
    assert opened.result("samples", checkpoint="000002").to_pydict() == stored.to_pydict()
    assert (
        sum(
            row["count"] for row in opened.result("confusion", checkpoint="000002").to_pylist() if row["split"] == "all"
        )
        == 4
    )
    assert opened.course(1)["loss"].to_pylist() == course_table(recording, 3)["loss"].to_pylist()
    picture = Image.open(io.BytesIO(opened.pictures()[0])).convert("L")
    assert np.array_equal(np.asarray(picture), np.asarray(recording.image(50)))
    assert opened.notes[0] == "This report is about 5 of 60 samples; every figure counts these alone."
    assert b"s/0004" not in whole(place)


def test_without_checkpoints_labels_or_pictures_there_is_still_a_report(tmp_path, place):
    write_recording(tmp_path / "no checkpoints", n_checkpoints=0).close()
    export(tmp_path / "no checkpoints", place)
    assert Opened(place).manifest["runs"] == []
    assert Opened(place).manifest["course"] is None
    write_recording(tmp_path / "no labels", labels=False).close()
    export(tmp_path / "no labels", place)
    assert set(Opened(place).result("samples")["correct"].to_pylist()) == {None}
    write_recording(tmp_path / "broken", n_samples=6, broken=(2,)).close()
    export(tmp_path / "broken", place)
    opened = Opened(place)
    assert sorted(opened.pictures()) == [0, 1, 3, 4, 5]
    assert opened.table("pictures/reasons").to_pylist() == [
        {"sample": 2, "reason": "The image of sample 2 is in no format that can be shown (10 bytes)."}
    ]
    export(tmp_path / "broken", place, media="none")
    assert "pictures/index" not in Opened(place).manifest["tables"]
    assert Opened(place).manifest["recording"]["capabilities"]["media"] is False


def test_texts_and_several_labels_go_along(tmp_path, place):
    first = [{"label": 0, "score": 0.75}, {"label": 1, "score": 0.25}]
    scores = pa.array([first, [{"label": 1, "score": 0.5}]], SCORE_TYPE)
    with RecordingWriter.create(tmp_path / "run", kind="text", task="multilabel", classes=["a", "b"]) as writer:
        with writer.samples() as samples:
            samples.write(["x", "y"], labels=[[0], None], media=["one text", "another"])
        for step in (0, 1):
            with writer.checkpoint(step) as checkpoint:
                checkpoint.write_scores(np.arange(2), scores)
    recording = Recording(tmp_path / "run")
    export(recording, place)
    opened = Opened(place)
    assert opened.table("texts").to_pydict() == {"sample": [0, 1], "text": ["one text", "another"]}
    for sample in (0, 1):
        assert (
            opened.course(sample).to_pydict()
            == course_table(recording, sample).select(opened.course(sample).column_names).to_pydict()
        )


def test_of_many_classes_courses_tell_the_likeliest(tmp_path, place):
    count = 60
    with RecordingWriter.create(tmp_path / "run", classes=[str(index) for index in range(count)]) as writer:
        with writer.samples() as samples:
            samples.write(["x", "y"], labels=[0, None])
        for step in (0, 1):
            with writer.checkpoint(step) as checkpoint:
                checkpoint.write_outputs(
                    np.arange(2 - step), np.random.default_rng(step).normal(size=(2 - step, count)).astype(np.float32)
                )
    recording = Recording(tmp_path / "run")
    export(recording, place)
    for sample in (0, 1):
        told, course = Opened(place).course(sample), course_table(recording, sample)
        assert told["class_indices"].to_pylist() == course["class_indices"].to_pylist()
        for mine, theirs in zip(told["probabilities"].to_pylist(), course["probabilities"].to_pylist(), strict=True):
            assert (mine is None and theirs is None) or np.allclose(mine, theirs, atol=5e-4)


def test_a_folder_works_under_any_address(recording, tmp_path):
    export(recording, tmp_path / "web" / "deep" / "report")
    text = (tmp_path / "web" / "deep" / "report" / "index.html").read_text()
    links = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert links
    assert not [link for link in links if link.startswith("/") or ":" in link]
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path / "web"))
    handler.log_message = lambda *_: None
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        base = f"http://127.0.0.1:{server.server_address[1]}/deep/report/"
        for link in links:
            assert urllib.request.urlopen(base + link, timeout=5).status == 200
        server.shutdown()


def test_an_earlier_report_is_replaced_and_nothing_else_is(recording, tmp_path):
    export(recording, tmp_path / "out")
    (tmp_path / "out" / "data" / "999.arrow").write_text("old")
    export(recording, tmp_path / "out")
    assert not (tmp_path / "out" / "data" / "999.arrow").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(RecordingExistsError, match="is not a report of Bathyscope, so it was not touched"):
        export(recording, tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").exists()
    export(recording, tmp_path / "out.html")
    export(recording, tmp_path / "out.html")
    (tmp_path / "mine.html").write_text("<p>years of work</p>")
    (tmp_path / "folder.html").mkdir()
    for place in ("mine.html", "folder.html"):
        with pytest.raises(RecordingExistsError, match="is not a report of Bathyscope, so it was not touched"):
            export(recording, tmp_path / place)
    assert (tmp_path / "mine.html").read_text() == "<p>years of work</p>"
    with pytest.raises(ReportError, match="lies inside the recording"):
        export(recording, recording.path / "samples" / "out.html")
    assert not list(tmp_path.glob("*.part"))


def test_wrong_wishes_are_told(recording, tmp_path, page):
    out = tmp_path / "out.html"
    with pytest.raises(UnknownColumnError, match="has no column 'camra'. Did you mean 'camera'"):
        export(recording, out, hidden=["camra"])
    with pytest.raises(UnknownColumnError, match="has no column 'colour'"):
        export(recording, out, columns=["colour"])
    with pytest.raises(ParameterError, match="'label' cannot be hidden: every figure of a report is about it."):
        export(recording, out, hidden=["label"])
    with pytest.raises(ParameterError, match="rows names sample 60; the recording has samples 0 … 59."):
        export(recording, out, rows=[60])
    with pytest.raises(ParameterError, match="rows names a sample twice"):
        export(recording, out, rows=[1, 1])
    with pytest.raises(ParameterError, match="mode='zip' and media='thumbs' were given"):
        export(recording, out, mode="zip")
    (page / "index.html").unlink()
    with pytest.raises(ReportError, match="never built into this installation"):
        export(recording, out)


def test_a_recording_that_is_still_written_gives_its_state_of_now(tmp_path):
    with write_recording(tmp_path / "run", n_checkpoints=1) as writer:
        export(tmp_path / "run", tmp_path / "out.html")
        write_checkpoint(writer, 1)
    told = Opened(tmp_path / "out.html").manifest["recording"]
    assert (told["writing"], len(told["checkpoints"])) == (False, 1)


def test_of_recommendations_only_the_last_is_in_a_report(recording, place):
    recording.run(analyses.Recommend(batch=3))
    for result in (recording.path / "analyses" / "recommend").glob("*/result.json"):
        result.write_text(
            re.sub(r'"created_at": "[^"]*"', '"created_at": "2020-01-01T00:00:00+00:00"', result.read_text())
        )
    recording.run(analyses.Recommend(batch=4))
    export(recording, place)
    runs = [run["parameters"] for run in Opened(place).manifest["runs"] if run["analysis"] == "recommend"]
    assert [params["batch"] for params in runs] == [4]
