import json
from urllib.parse import quote

import numpy as np
import pyarrow as pa
import pytest

from bathyscope import analyses
from bathyscope.analyses import Performance
from bathyscope.recording import Recording, RecordingWriter
from bathyscope.recording.results import read_table
from workbench.served import OWNER, error_of, table_of

HOSTILE = [
    "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "' OR 1=1 --", "__proto__",
    "constructor", "a,b", "a%2Cb", "a b", "a+b", "a&b=c", "a=b", "a#b", "a?b", "a/b", "../../etc/passwd", "a\\b",
    "`a`", '"a"', "'a'", "a.b", "a[0]", "{a}", "${a}", "%s%n", "\x1b[31mred", "line\nbreak", "tab\there", "nul\x00byte",
    "\u2028", "\u2029", "\ufeff", "\u202eright to left", "\u200bzero width", "e\u0301", "é", "🙂", "𝔘𝔫𝔦", "עברית",
    "ZZ" * 500, "SELECT", "null", "NaN", "undefined", "true", "0", "-1", "1e999", "]]>", "<!--", "&lt;", "&#x3c;",
    *[f"{pair[0]}{index}{pair[1]}" for index, pair in enumerate(["()", "[]", "{}", "<>", "«»", "''", '""', "``"] * 6)],
]  # fmt: skip


@pytest.fixture
def hostile(tmp_path, serve_path):
    """A recording whose columns, classes, values, ids and split have names that break careless code."""
    count = len(HOSTILE)
    assert len(set(HOSTILE)) == count
    assert count >= 100
    with RecordingWriter.create(tmp_path / "hostile", classes=HOSTILE) as writer:
        with writer.samples(metadata=pa.schema([(name, pa.string()) for name in [*HOSTILE, "values"]])) as samples:
            columns = {name: [f"in {name}"] * count for name in HOSTILE}
            samples.write(HOSTILE, splits=HOSTILE, labels=range(count), metadata={**columns, "values": HOSTILE})
    return serve_path(tmp_path / "hostile", headers=OWNER)


def test_hostile_names_survive_json_unchanged(hostile):
    answer = hostile.get("/api/recording")
    assert answer.content.isascii()
    told = answer.json()
    assert told["classes"] == HOSTILE
    assert [split["name"] for split in told["splits"]] == HOSTILE
    assert [column["name"] for column in told["columns"]] == ["sample_id", "split", "label", *HOSTILE, "values"]
    assert {column["name"]: column.get("values") for column in told["columns"]}["a,b"] == ["in a,b"]


def test_hostile_columns_can_be_asked_for(hostile):
    for name in HOSTILE:
        sent = table_of(hostile.get("/api/tables/samples", params={"columns": name, "rows": "0"}))
        assert sent.to_pydict() == {name: [f"in {name}"]}
        sent = table_of(hostile.get(f"/api/tables/samples?columns=label,{quote(name, safe='')}&rows=0"))
        assert sent.to_pydict() == {"label": [0], name: [f"in {name}"]}


def test_a_name_with_a_comma_can_stand_among_others(hostile):
    sent = table_of(hostile.get("/api/tables/samples?columns=label,a%2Cb,a%252Cb&rows=1"))
    assert sent.to_pydict() == {"label": [1], "a,b": ["in a,b"], "a%2Cb": ["in a%2Cb"]}
    # Some clients escape the commas between names too.
    sent = table_of(hostile.get("/api/tables/samples?columns=label%2Ca%2Cb%2Csplit&rows=1"))
    assert sent.column_names == ["label", "a,b", "split"]


def test_hostile_values_survive_arrow(hostile):
    sent = table_of(hostile.get("/api/tables/samples?columns=sample_id,values,split"))
    assert sent.to_pydict() == {"sample_id": HOSTILE, "values": HOSTILE, "split": HOSTILE}


def test_hostile_parameters_get_a_json_error(owner):
    for name in HOSTILE:
        quoted = quote(name, safe="")
        requests = [
            ("GET", f"/api/tables/samples?columns={quoted}"),
            ("GET", f"/api/tables/results/{quoted}/k/t"),
            ("GET", f"/api/tables/results/performance/{quoted}/metrics"),
            ("POST", f"/api/run/{quoted}"),
            ("POST", f"/api/jobs/{quoted}/cancel"),
            ("GET", f"/api/media/1?size={quoted}"),
        ]
        if name != "0":  # there is such a sample
            requests += [("GET", f"/api/tables/course?sample={quoted}"), ("GET", f"/api/media/{quoted}?size=32")]
        for method, path in requests:
            status, kind, message = error_of(owner.request(method, path, **({"json": {}} if method == "POST" else {})))
            assert 400 <= status < 500, (path, status)
            assert kind != "UnexpectedError"
            assert message.endswith("."), message


TRAVERSALS = [
    "..", "../..", "..%2f..%2frecording.json", "%2e%2e%2frecording.json", "..%5c..%5crecording.json", "....//",
    "%2fetc%2fpasswd", "/etc/passwd", "C:%5cwindows", "..%00", "%252e%252e%252f", "metrics%00.arrow", "~",
]  # fmt: skip


@pytest.mark.parametrize("evil", TRAVERSALS)
def test_no_path_leads_out_of_the_recording(serve_path, recording, tmp_path, evil):
    built = tmp_path / "page"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text("index")
    (tmp_path / "secret.txt").write_text("secret")
    client = serve_path(recording.path, headers=OWNER, page=built)
    recording.run(Performance())
    key = recording.result_key(Performance())
    for path in (
        f"/api/tables/results/{evil}/{key}/metrics",
        f"/api/tables/results/performance/{evil}/metrics",
        f"/api/tables/results/performance/{key}/{evil}",
        f"/api/media/{evil}",
        f"/assets/{evil}",
        f"/assets/{evil}/secret.txt",
        f"/{evil}",
    ):
        answer = client.get(path)
        assert answer.status_code in (400, 404) or answer.text == "index", path
        assert "secret" not in answer.text.replace("secret.txt", "")
        assert "format_version" not in answer.text


def test_a_key_of_dots_does_not_climb(owner, recording):
    recording.run(Performance())
    stored = recording.result_tables("performance", recording.result_key(Performance()))["metrics"]
    above = stored.parents[2]
    above.joinpath("secret.arrow").write_bytes(stored.read_bytes())
    above.joinpath("result.json").write_text("{}")
    assert "secret" in recording.result_tables("performance", "..")
    request = owner.build_request("GET", "/api/tables/results/performance/x/secret")
    request.url = request.url.copy_with(raw_path=b"/api/tables/results/performance/%2e%2e/secret")
    assert error_of(owner.send(request))[:2] == (404, "UnknownTableError")


@pytest.mark.parametrize(
    ("index", "status", "kind"),
    [
        *((index, 404, "UnknownSampleError") for index in ("60", "-1", "9" * 5000, "9223372036854775808")),
        *((index, 400, "RequestError") for index in ("NaN", "1.5", "1e3", "0x1", "١", "1_0", "inf")),
    ],
)  # fmt: skip
def test_indices_that_are_no_sample(owner, index, status, kind):
    for path in (
        f"/api/media/{index}?size=32",
        f"/api/tables/course?sample={index}",
        f"/api/tables/samples?columns=label&rows=1,{index}",
    ):
        assert error_of(owner.get(path))[:2] == (status, kind)


def test_the_message_about_an_index_tells_the_range(owner):
    assert error_of(owner.get("/api/media/60"))[2] == "There is no sample 60; the recording has samples 0 … 59."


def test_the_summary_tells_the_recording(owner, recording):
    told = owner.get("/api/recording").json()
    assert told["name"] == "run"
    assert told["task"] == "multiclass"
    assert told["kind"] == "image"
    assert told["n_samples"] == 60
    assert told["n_missing_labels"] == 3
    assert told["classes"] == ["cat", "dog", "owl"]
    assert told["splits"] == [{"name": "train", "count": 40}, {"name": "test", "count": 20}]
    camera = {"name": "camera", "type": "category", "role": "metadata", "values": ["left", "right"]}
    assert told["columns"][-1] == camera
    assert [checkpoint["step"] for checkpoint in told["checkpoints"]] == [0, 1, 2]
    assert told["checkpoints"][1]["metrics"] == {"loss": 0.5}
    written = (recording.path / "checkpoints" / "000001" / "checkpoint.json").stat().st_mtime
    assert abs(told["checkpoints"][1]["wall_time"] - written) < 60
    assert told["checkpoints"][1]["non_finite"] == 0
    assert told["layers"][0]["name"] == "features.norm"
    assert told["writing"] is False
    performance = next(analysis for analysis in told["analyses"] if analysis["name"] == "performance")
    assert performance["missing"] == []
    assert performance["parameters"]["bins"] == {"type": "a whole number", "default": 15}
    assert told["capabilities"] == {"run": True, "decide": True, "media": True}
    assert "truth" not in json.dumps(told)


def test_what_an_analysis_misses_is_told(owner, toys):
    told = owner.get("/api/recording").json()
    refusing = next(analysis for analysis in told["analyses"] if analysis["name"] == "refusing")
    assert refusing["missing"] == ["no exported model. Record it with export=True"]


def test_numbers_that_json_lacks_become_null(serve_path, make_recording):
    writer = make_recording("diverged", n_checkpoints=0)
    with writer.checkpoint(5, epoch=None, metrics={"loss": float("nan"), "other": float("inf")}):
        pass
    writer.close()
    answer = serve_path(writer.path, headers=OWNER).get("/api/recording")
    assert answer.json()["checkpoints"][0]["metrics"] == {"loss": None, "other": None}


def test_outputs_that_are_no_numbers_are_counted(serve_path, make_recording):
    writer = make_recording("diverged", n_checkpoints=0)
    with writer.checkpoint(5) as checkpoint:
        checkpoint.write_outputs(np.arange(3), np.array([[0, np.nan, 0], [1, 2, 3], [np.inf, 0, 0]], np.float32))
        checkpoint.write_activations("features.norm", np.arange(3), np.full((3, 5), np.nan, np.float16))
    writer.close()
    told = serve_path(writer.path, headers=OWNER).get("/api/recording").json()["checkpoints"][0]
    assert told["non_finite"] == 2
    assert told["non_finite_layers"] == {"features.norm": 3}


def test_an_analysis_is_run_once_and_its_tables_equal_the_stored_ones(owner, recording):
    with owner.websocket_connect("ws://127.0.0.1:8400/api/events") as socket:
        answer = owner.post("/api/run/performance", json={"slices": ["camera"]}).json()
        while answer["state"] == "running":
            event = socket.receive_json()
            if event["type"] == "done" and event["job"] == answer["job"]:
                answer = {**event, "state": "done"}
    again = owner.post("/api/run/performance", json={"slices": ["camera"]}).json()
    assert again["state"] == "done"
    assert (again["key"], again["tables"]) == (answer["key"], answer["tables"])
    assert again["tables"]["samples"] == 60
    for name, path in recording.result_tables("performance", again["key"]).items():
        sent = table_of(owner.get(f"/api/tables/results/performance/{again['key']}/{name}"))
        assert repr(sent.to_pydict()) == repr(read_table(path).to_pydict())
    address = f"/api/tables/results/performance/{again['key']}/samples"
    some = table_of(owner.get(f"{address}?columns=correct,loss&columns=flips"))
    assert some.column_names == ["correct", "loss", "flips"]


def test_whether_a_result_is_stored_can_be_asked_without_running_it(owner, recording):
    def asked():
        return owner.post("/api/run/performance?stored=true", json={"bins": 7}).json()

    assert asked() == {"state": "absent", "key": recording.result_key(Performance(bins=7))}
    assert recording.cached(Performance(bins=7)) is None
    recording.run(Performance(bins=7))
    assert asked()["state"] == "done"


def test_some_rows_of_a_result(owner, recording):
    result = recording.run(Performance(bins=7))
    key = recording.result_key(Performance(bins=7))
    address = f"/api/tables/results/performance/{key}/samples?columns=flips&rows="
    assert table_of(owner.get(f"{address}4,2")).to_pydict() == {
        "flips": result.samples["flips"].take([4, 2]).to_pylist()
    }
    assert error_of(owner.get(f"{address}60"))[2] == "There is no sample 60; the recording has samples 0 … 59."


def test_results_that_are_not_there(owner, recording):
    recording.run(Performance())
    key = recording.result_key(Performance())
    assert error_of(owner.get("/api/tables/results/performance/0123abc/metrics")) == (
        404,
        "UnknownTableError",
        "There is no table 'metrics' in the result '0123abc' of 'performance'. Run the analysis to get it.",
    )
    assert error_of(owner.get(f"/api/tables/results/performance/{key}/nothing"))[:2] == (404, "UnknownTableError")
    assert error_of(owner.get("/api/tables/results/nothing/0123abc/metrics"))[:2] == (404, "UnknownAnalysisError")
    status, kind, message = error_of(owner.get(f"/api/tables/results/performance/{key}/samples?columns=los"))
    assert (status, kind) == (404, "UnknownColumnError")
    assert "The table 'samples' has no column 'los'. Did you mean 'loss'" in message


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        *((body, 400, "RequestError") for body in ("{", "[]", "NaN", "[" * 100_000, '{"bins": NaN}', "\xff\xfe")),
        *((body, 400, "ParameterError") for body in ('{"bins": "x"}', '{"bin": 3}')),
        ('{"checkpoint": "nope"}', 404, "UnknownCheckpointError"),
        ("{" + " " * (1 << 20) + "}", 413, "RequestError"),
    ],
)  # fmt: skip
def test_bad_parameters_are_explained(owner, body, status, kind):
    headers = {"content-type": "application/json"}
    answer = owner.post("/api/run/performance", content=body.encode("latin-1"), headers=headers)
    assert error_of(answer)[:2] == (status, kind)


def test_an_unknown_analysis_lists_the_known(owner):
    assert error_of(owner.post("/api/run/performnce", json={})) == (
        404,
        "UnknownAnalysisError",
        f"There is no analysis 'performnce'. Did you mean 'performance'? Analyses: {', '.join(analyses.names())}.",
    )


DECISION = {
    "id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "kind": "label",
    "payload": {"sample_id": "s/0001", "label": 2},
}


def test_of_the_log_only_what_is_new_can_be_asked_for(owner):
    for number in range(3):
        identity = f"00000000-0000-4000-8000-{number:012d}"
        owner.post("/api/decide", json={"id": identity, "kind": "note", "payload": {"text": str(number)}})
    told = owner.get("/api/decisions?after=1").json()["decisions"]
    assert [(event["sequence"], event["payload"], event["undoes"]) for event in told] == [
        (2, {"text": "1"}, None),
        (3, {"text": "2"}, None),
    ]
    assert owner.get("/api/decisions?after=3").json()["decisions"] == []
    assert error_of(owner.get("/api/decisions?after=-1"))[2] == (
        "'-1' is no place in the log; the sequence of a decision is expected."
    )


def test_a_decision_is_on_disk_before_the_answer_and_counts_once(owner, recording_path, monkeypatch):
    from bathyscope.workbench import routes

    seen = []
    reply = routes.json_reply

    def spy(content, **options):
        if "sequence" in content:  # another reader finds the event before the answer goes out
            seen.extend(Recording(recording_path).decisions.events())
        return reply(content, **options)

    monkeypatch.setattr(routes, "json_reply", spy)
    first = owner.post("/api/decide", json=DECISION)
    assert [(event.author, event.kind, event.payload) for event in seen] == [("ada", "label", DECISION["payload"])]
    again = owner.post("/api/decide", json=DECISION)
    told = {"sequence": 1, "hash": seen[0].hash, "time": seen[0].time, "author": "ada"}
    assert first.json() == again.json() == told
    undone = owner.post(
        "/api/decide", json={"id": "00000000-0000-4000-8000-000000000001", "kind": "undo", "payload": {}, "undoes": 1}
    )
    assert undone.json()["sequence"] == 2
    assert Recording(recording_path).decisions.active() == []
    assert Recording(recording_path).decisions.verify() == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 7}, "The decision's id is 7; a UUID is expected."),
        ({"author": "eve"}, "A decision has no field 'author'; its fields are id, kind, payload and undoes."),
        ({"kind": None}, "The kind of a decision is None; expected a text of printable characters."),
        ({"undoes": 9}, "There is no event 9 to take back; the log holds 0 events."),
    ],
)
def test_a_decision_that_cannot_be_taken_changes_nothing(owner, recording, change, message):
    status, _, told = error_of(owner.post("/api/decide", json={**DECISION, **change}))
    assert (status, told) == (400, message)
    assert recording.decisions.events() == []
    lacking = {key: value for key, value in DECISION.items() if key != "id"}
    assert error_of(owner.post("/api/decide", json=lacking))[2] == (
        "The decision lacks the field 'id'; it needs id, kind and payload."
    )


def test_a_recording_that_cannot_be_written_is_open_for_looking(owner, recording_path, monkeypatch):
    monkeypatch.setattr("bathyscope.workbench.session.os.access", lambda path, mode: False)
    assert owner.get("/api/recording").json()["capabilities"] == {"run": False, "decide": False, "media": True}
    assert error_of(owner.post("/api/decide", json=DECISION)) == (
        403,
        "AccessError",
        f"The folder {recording_path} cannot be written. Nothing was saved; copy the recording to one of yours.",
    )
    assert owner.get("/api/media/1?size=32").status_code == 200


def test_unknown_addresses(owner):
    assert error_of(owner.get("/api/nothing")) == (404, "UnknownAddressError", "There is nothing at /api/nothing.")
    assert error_of(owner.delete("/api/recording"))[:2] == (405, "MethodError")
    page = owner.get("/<script>alert(1)</script>")
    assert page.status_code == 404
    assert "<h1>Nothing here</h1><p>There is nothing at /&lt;script>" in page.text


def test_without_a_built_page_the_server_says_how_to_build_it(serve_path, recording_path, tmp_path):
    answer = serve_path(recording_path, headers=OWNER, page=tmp_path / "none").get("/")
    assert answer.status_code == 503
    assert "<code>make page</code>" in answer.text
    assert "<code>pip install --force-reinstall bathyscope</code>" in answer.text


def test_the_built_page_and_its_files(serve_path, recording_path, tmp_path):
    (tmp_path / "page" / "assets").mkdir(parents=True)
    (tmp_path / "page" / "index.html").write_text("the page")
    (tmp_path / "page" / "assets" / "app-1a2b.js").write_text("export {}")
    client = serve_path(recording_path, headers=OWNER, page=tmp_path / "page")
    assert client.get("/").text == "the page"
    assert client.get("/").headers["cache-control"] == "no-cache"
    script = client.get("/assets/app-1a2b.js", headers={"authorization": ""})
    assert script.headers["content-type"].startswith("text/javascript")
    assert script.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_texts_come_as_plain_text(serve_path, tmp_path):
    with RecordingWriter.create(tmp_path / "texts", kind="text", classes=["a"]) as writer:
        with writer.samples() as samples:
            samples.write(["1", "2"], labels=[0, 0], media=["<script>alert(1)</script>", None])
    client = serve_path(tmp_path / "texts", headers=OWNER)
    answer = client.get("/api/media/0")
    assert answer.text == "<script>alert(1)</script>"
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert client.get("/api/media/1").text == ""
