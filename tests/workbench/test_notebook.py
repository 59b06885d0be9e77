"""The kernel's end of a notebook's views: the server's own answers, in few messages, for as long as the hub lives."""

import asyncio
import base64
import gc
import gzip
import json
import queue
import re
import threading
import uuid
import weakref

import httpx
import numpy as np
import pyarrow as pa
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

import bathyscope as bs
from bathyscope.errors import MissingPackageError, NotebookError, ParameterError, SelectionError, UnknownColumnError
from bathyscope.workbench import notebook
from bathyscope.workbench.auth import Access
from bathyscope.workbench.background import BackgroundApp
from bathyscope.workbench.notebook import HubWidget, View


class Comm:
    """What a widget sends, kept; and a way to answer it as a browser would."""

    def __init__(self, comm_id, opening):
        self.comm_id, self.opening = comm_id, opening
        self.said = {"answers": queue.Queue(), "events": queue.Queue()}
        self.closed = False

    def send(self, data=None, metadata=None, buffers=None):
        for kind, said in self.said.items():
            if data["method"] == "custom" and kind in data["content"]:
                said.put((data["content"][kind], [bytes(buffer) for buffer in buffers or []]))

    def close(self, *args, **options):
        self.closed = True

    def on_msg(self, callback):
        self._hear = callback

    def on_close(self, callback):
        pass

    def tell(self, content):
        data = {"method": "custom", "content": content}
        self._hear({"content": {"data": data}, "buffers": []})

    def next(self, kind="answers"):
        """The next message that holds answers, or events; neither is lost while one waits for the other."""
        return self.said[kind].get(timeout=10)

    def ask(self, path, *, method="GET", body=None, name="q"):
        """One request and its whole answer."""
        self.tell({"requests": [{"id": name, "method": method, "path": path, "body": body}]})
        pieces = []
        while True:
            answers, buffers = self.next()
            pieces += buffers
            assert {answer["id"] for answer in answers} == {name}
            if answers[-1]["part"] == answers[-1]["parts"] - 1:
                return answers[-1], b"".join(pieces)


@pytest.fixture
def comms(monkeypatch):
    """Every comm that is opened."""
    opened = []

    def create(**given):
        opened.append(Comm(uuid.uuid4().hex, given))
        return opened[-1]

    monkeypatch.setattr("comm.create_comm", create)
    return opened


@pytest.fixture
def small_code(monkeypatch):
    """Widgets whose code is a word, for tests that are not about it."""
    monkeypatch.setattr(notebook, "code", lambda name: f"export default {{}} // {name}")


def comm_of(widget):
    return widget.comm


@pytest.fixture
def hub(comms, small_code, recording_path):
    with bs.Hub(recording_path) as hub:
        yield hub


@pytest.fixture
def line(hub):
    """The comm of the hub's widget."""
    return comm_of(hub.view("grid").hub)


# Requests and answers


def test_a_view_asks_what_a_page_asks_and_is_the_owner(line):
    answer, body = line.ask("/api/recording")
    assert (answer["status"], answer["headers"]["content-type"]) == (200, "application/json")
    told = json.loads(body)
    assert told["n_samples"] == 60
    assert told["capabilities"] == {"run": True, "decide": True, "media": True, "share": True}
    _, body = line.ask("/api/tables/samples?columns=camera&rows=4,1")
    assert pa.ipc.open_stream(body).read_all().to_pydict() == {"camera": ["right", "left"]}
    answer, body = line.ask("/api/media/3?size=32")
    assert answer["headers"]["content-type"] == "image/webp"
    assert body[:4] == b"RIFF"


def test_an_error_is_answered_in_words(line):
    answer, body = line.ask("/api/media/60")
    assert answer["status"] == 404
    assert json.loads(body)["error"]["message"] == "There is no sample 60; the recording has samples 0 … 59."


@pytest.mark.parametrize(
    ("method", "path", "message"),
    [
        ("GET", "/", "A view may ask GET or POST below /api/ or /assets/, not GET '/'."),
        ("DELETE", "/api/x", "A view may ask GET or POST below /api/ or /assets/, not DELETE '/api/x'."),
        ("GET", None, "A view may ask GET or POST below /api/ or /assets/, not GET None."),
    ],
)
def test_a_view_asks_for_nothing_else(line, method, path, message):
    answer, body = line.ask(path, method=method)
    assert answer["status"] == 400
    assert json.loads(body) == {"error": {"type": "RequestError", "message": message}}


def test_nonsense_from_a_browser_is_passed_over(line):
    for content in ({"requests": 3}, {"requests": [None, {"id": 3}]}, {"cancel": [None, "unknown"]}, "text", None):
        line.tell(content)
    assert line.ask("/api/status")[0]["status"] == 200


def test_a_long_answer_comes_in_pieces(line, monkeypatch):
    _, whole = line.ask("/api/recording")
    monkeypatch.setattr(notebook, "MAX_BUFFER", 500)
    line.tell({"requests": [{"id": "q", "method": "GET", "path": "/api/recording", "body": None}]})
    pieces, parts = [], []
    while len(parts) < -(-len(whole) // 500):
        answers, buffers = line.next()
        assert len(buffers) == len(answers) == 1  # together they would be too long
        parts += [(answer["part"], answer["parts"]) for answer in answers]
        pieces += buffers
    assert parts == [(part, len(parts)) for part in range(len(parts))]
    assert max(map(len, pieces)) == 500
    assert b"".join(pieces) == whole


def test_many_answers_share_few_messages(line):
    requests = [{"id": str(n), "method": "GET", "path": f"/api/media/{n}?size=32", "body": None} for n in range(60)]
    line.tell({"requests": requests})
    answered, messages = set(), 0
    while len(answered) < 60:
        answers, buffers = line.next()
        assert len(answers) == len(buffers)
        answered |= {answer["id"] for answer in answers}
        messages += 1
    assert messages < 40


def test_events_are_pushed_once_however_many_pages_greet(hub, line):
    for _ in range(2):
        line.tell({"hello": "page"})
        assert line.next("events")[0][0]["type"] == "hello"
    hub.focus = 4
    events, _ = line.next("events")
    assert events == [{"type": "state", "sequence": 1, "by": "python", "state": {"focus": 4}}]
    answer, _ = line.ask("/api/run/performance", method="POST", body={"bins": 7})
    assert answer["status"] == 200
    heard = []
    while "done" not in [event["type"] for event in heard]:
        heard += line.next("events")[0]
    assert [event["type"] for event in heard].count("done") == 1


class Toy:
    """A small application at work behind a hub's widget."""

    def __init__(self):
        self.started, self.cancelled = threading.Event(), threading.Event()

        async def slow(request):
            self.started.set()
            try:
                await asyncio.Event().wait()
            finally:
                self.cancelled.set()

        async def broken(request):
            raise RuntimeError("no such luck")

        async def silent(socket):
            await socket.accept()
            await socket.receive()

        app = Starlette(
            routes=[
                Route("/api/slow", slow),
                Route("/api/broken", broken),
                Route("/api/quick", lambda request: PlainTextResponse("quick")),
                Route("/api/nothing", lambda request: Response(status_code=204)),
                WebSocketRoute("/api/events", silent),
            ]
        )
        app.state.access = Access("a token that is long enough")
        self.background = BackgroundApp(app)


@pytest.fixture
def toy(comms, small_code):
    made = Toy()
    made.widget = HubWidget(made.background)
    made.line = made.widget.comm
    yield made
    made.background.close()


def test_what_a_page_gives_up_is_stopped(toy):
    toy.line.tell({"requests": [{"id": "slow", "method": "GET", "path": "/api/slow"}]})
    assert toy.started.wait(10)
    assert toy.line.ask("/api/quick")[1] == b"quick"  # one slow answer holds up no other
    toy.line.tell({"cancel": ["slow"]})
    assert toy.cancelled.wait(10)
    assert toy.line.ask("/api/nothing", name="r")[0]["status"] == 204


def test_a_fault_of_ours_is_answered_too_and_logged(toy, caplog):
    answer, body = toy.line.ask("/api/broken")
    assert answer["status"] == 500
    assert json.loads(body)["error"]["message"] == "Something went wrong inside Bathyscope."
    assert "no such luck" in caplog.text


def test_closing_stops_what_is_still_asked_and_ends_the_thread(toy):
    toy.line.tell({"requests": [{"id": "slow", "method": "GET", "path": "/api/slow"}]})
    assert toy.started.wait(10)
    toy.background.close()
    assert toy.cancelled.wait(10)
    assert not toy.background.running
    toy.line.tell(
        {"requests": [{"id": "late", "method": "GET", "path": "/api/quick"}]}
    )  # nobody is there, nothing breaks
    toy.background.close()


def test_an_application_that_cannot_start_says_why():
    import contextlib

    @contextlib.asynccontextmanager
    async def failing(app):
        raise RuntimeError("the disk is gone")
        yield

    with pytest.raises(RuntimeError, match="the disk is gone"):
        BackgroundApp(Starlette(lifespan=failing))


# The life of a hub


def threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("bathyscope-notebook")]


def test_a_closed_hub_frees_thread_and_comm_and_says_so_when_asked_again(comms, small_code, recording_path):
    before = len(threads())
    hub = bs.Hub(recording_path)
    view = hub.view("grid")
    widget = view.hub
    assert len(threads()) == before + 1
    line = widget.comm
    hub.close()
    assert len(threads()) == before
    assert line.closed
    assert view.hub is None
    with pytest.raises(ParameterError, match=re.escape("This hub is closed. Make a new one.")):
        hub.view("grid")


def test_a_forgotten_hub_frees_them_as_well(comms, small_code, recording_path):
    before = len(threads())
    hub = bs.Hub(recording_path)
    view = hub.view("grid")
    hub.observe(lambda change: None)
    alive = weakref.ref(hub)
    del hub
    gc.collect()
    assert alive() is None
    assert len(threads()) == before
    assert view.hub is None


def test_two_hubs_know_nothing_of_each_other(comms, small_code, recording_path):
    with bs.Hub(recording_path) as one, bs.Hub(recording_path) as two:
        assert one.view("grid").hub_key != two.view("grid").hub_key
        assert one.view("grid").hub_key == one.view("table").hub_key
        one.focus = 3
        assert (one.focus, two.focus) == (3, None)


def test_the_served_page_and_the_views_are_one(hub, line):
    line.tell({"hello": "page"})
    address = hub.show(port=0, open_browser=False)
    origin = address.split("/?")[0]
    with httpx.Client(base_url=origin, headers={"origin": origin}) as browser:
        assert browser.get(address.removeprefix(origin)).status_code == 303
        assert browser.get("/api/recording").json()["capabilities"]["share"] is True
        assert browser.post("/api/state", json={"by": "dashboard", "focus": 9}).json() == {"sequence": 1}
    assert hub.focus == 9
    events = []
    while not any(event["type"] == "state" for event in events):
        events += line.next("events")[0]
    assert events[-1]["state"] == {"focus": 9}
    hub.show(port=0, read_only=True, open_browser=False)
    with pytest.raises(httpx.ConnectError):
        httpx.get(origin)
    hub.close()
    with pytest.raises(httpx.ConnectError):
        httpx.get(hub.url or origin)


# What Python says and sees


def test_python_filters_selects_and_focuses(hub, line):
    hub.filter = "label = 'cat'"
    assert (hub.filter, hub.filter_error) == ("label = 'cat'", None)
    hub.filter = ["camera = 'left'", " ", "brightness > 100"]
    assert hub.filter == "(camera = 'left') and (brightness > 100)"
    hub.filter = None
    assert hub.filter == ""
    hub.select(["s/0005", "s/0002"])
    assert hub.selection.indices.tolist() == [5, 2]
    assert hub.selection.sentence == "2 samples selected in Python"
    hub.select(hub.selection.mask)
    assert hub.selection.ids == ["s/0002", "s/0005"]
    hub.select(None)
    assert len(hub.selection) == 0
    hub.focus = "s/0007"
    assert hub.focus == 7
    hub.focus = None
    assert hub.focus is None
    line.ask("/api/state", method="POST", body={"by": "p", "filter_error": "no such column"})
    assert hub.filter_error == "no such column"


def test_what_python_may_not_say_is_refused_in_words(hub):
    with pytest.raises(
        SelectionError, match=re.escape("A filter is 3; a text such as \"label = 'Shirt'\" is expected")
    ):
        hub.filter = [3]
    with pytest.raises(LookupError, match=re.escape("There is no sample 60; the recording has samples 0 … 59.")):
        hub.focus = 60


def test_a_draw_of_the_samples_is_told_in_the_indices_of_the_whole(comms, small_code, recording_path):
    with bs.Hub(recording_path, max_rows=20) as hub:
        line = comm_of(hub.view("grid").hub)
        _, body = line.ask("/api/tables/samples?columns=sample_id")
        ids = pa.ipc.open_stream(body).read_all()["sample_id"].to_pylist()
        assert len(ids) == 20
        picked = {"by": "p", "focus": 7, "selection": {"sentence": "", "indices": [3, 19]}}
        assert line.ask("/api/state", method="POST", body=picked)[0]["status"] == 200
        assert hub.selection.ids == [ids[3], ids[19]]
        assert hub.recording.sample_ids[hub.focus].as_py() == ids[7]
        whole = [hub.recording.index_of(ids[place]) for place in (2, 19)]
        hub.filter = f"rows({whole[0]}, {whole[1]}) and label = 1"
        assert hub.filter == f"rows({whole[0]}, {whole[1]}) and label = 1"
        assert hub._live._session.shared.state.filter_text == "rows(2, 19) and label = 1"
        heard = queue.Queue()
        hub.observe(heard.put)
        line.ask("/api/state", method="POST", body={"by": "p", "focus": 2})
        state = heard.get(timeout=10).state
        assert (state.focus, state.selection.indices.tolist()) == (whole[0], hub.selection.indices.tolist())
        assert state.filter_text == hub.filter
        missing = next(index for index in range(60) if f"s/{index:04d}" not in ids)
        hub.select([missing, ids and hub.recording.index_of(ids[5])])
        assert hub.selection.ids == [ids[5]]
        with pytest.raises(SelectionError) as refused:
            hub.focus = missing
        assert str(refused.value) == (f"Sample {missing} is not among those that the pages were given; see max_rows.")


def test_a_hidden_column_leaves_python_in_no_filter_and_no_option(comms, small_code, recording_path):
    with bs.Hub(recording_path, hidden=["camera"]) as hub:
        for say in (
            lambda: setattr(hub, "filter", "camera = 'left'"),
            lambda: setattr(hub, "filter", "brightness > 1 and `camera` is missing"),
            lambda: hub.view("scatter", x="camera"),
            lambda: hub.page([{"type": "overview", "columns": ["brightness", "camera"]}]),
        ):
            with pytest.raises(UnknownColumnError) as refused:
                say()
            assert str(refused.value) == (
                "The column 'camera' is hidden, so no page can filter or show it. Use it in Python: "
                "hub.select(mask) picks samples by anything you know of them."
            )
        hub.filter = "label = 'camera'"
        assert "camera" in hub.selection.table().column_names  # Python itself may see it
        _, body = comm_of(hub.view("grid").hub).ask("/api/recording")
        assert b"camera" not in body


# Views


def test_a_view_carries_what_its_code_needs_and_no_more(hub):
    view = hub.view("scatter", x="brightness", y="camera", height=300)
    state = view.get_state()
    assert (state["type"], state["height"]) == ("scatter", 300)
    assert state["options"] == {"x": "brightness", "y": "camera"}
    assert state["hub_key"] == view.hub.key
    assert view.comm.opening["data"]["state"]["hub"] == f"anywidget:{view.hub.model_id}"
    page = hub.page(["grid", {"type": "table", "order": ["label"]}])
    assert page.options == {
        "tiles": [{"type": "grid", "options": {}}, {"type": "table", "options": {"order": ["label"]}}]
    }
    assert page.height == 560
    data, _ = view._repr_mimebundle_()
    assert data["application/vnd.jupyter.widget-view+json"]["model_id"] == view.model_id
    assert "Run the cell that makes the hub" in data["text/html"]
    assert repr(view) == "<Bathyscope view 'scatter'>"
    assert view.hub._repr_mimebundle_() is None


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda hub: hub.view("grid", height=20),
            NotebookError,
            "A view's height is 20; pixels from 120 to 4,000 are expected.",
        ),
        (
            lambda hub: hub.view("scatter", x=np.arange(2)),
            NotebookError,
            "Option 'x' of a view is array([0, 1]); texts, numbers, true, false, None and lists or dictionaries of "
            "these are expected.",
        ),
        (
            lambda hub: hub.page([]),
            ParameterError,
            'A page was asked for of []; types of views are expected, such as ["scatter", {"type": "table"}].',
        ),
        (
            lambda hub: hub.page([{"x": 1}]),
            ParameterError,
            "A page was asked for of [{'x': 1}]; types of views are expected, such as "
            '["scatter", {"type": "table"}].',
        ),
        (
            lambda hub: hub.view("tags", colour="label"),
            NotebookError,
            "The view 'tags' has no option 'colour'. It has none.",
        ),
        (
            lambda hub: hub.page(["grid", {"type": "overview", "colums": ["ink"]}]),
            NotebookError,
            "The view 'overview' has no option 'colums'. Did you mean 'columns'? Options: columns, order, share.",
        ),
    ],
)
def test_a_view_that_cannot_be_is_refused_in_words(hub, make, error, message):
    with pytest.raises(error) as refused:
        make(hub)
    assert str(refused.value) == message


def test_a_view_that_nobody_knows_is_refused_with_the_nearest_name(hub):
    for make in (lambda: hub.view("scattr"), lambda: hub.page(["grid", "scattr"])):
        with pytest.raises(
            NotebookError, match="There is no view 'scattr'. Did you mean 'scatter'[?] Views: anywidget, "
        ):
            make()
    with pytest.raises(NotebookError, match="There is no view 'page'"):
        hub.view("page")
    # A component of one's own may be registered later; until then its tile says so.
    assert hub.view("outside:mine", whatever=1).type == "outside:mine"


def test_without_the_packages_for_notebooks_everything_else_works(hub, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "anywidget", None)
    with pytest.raises(MissingPackageError) as refused:
        hub.view("grid")
    assert str(refused.value) == (
        "A view in a notebook needs the package 'anywidget', which is not installed. Install it with: "
        "pip install 'bathyscope[notebook]'"
    )
    hub.filter = "label = 'cat'"


def test_where_the_page_was_never_built_a_view_says_so(comms, recording_path, monkeypatch, tmp_path):
    monkeypatch.setattr(notebook, "PAGE", tmp_path)
    notebook.code.cache_clear()
    with bs.Hub(recording_path) as hub, pytest.raises(NotebookError) as refused:
        hub.view("grid")
    assert str(refused.value) == (
        "The notebook's part of the workbench was never built into this installation. From a checkout, run: make "
        "page. Otherwise reinstall: pip install --force-reinstall 'bathyscope[notebook]'"
    )


# What is sent


def test_a_hub_and_six_views_send_less_than_half_a_megabyte(comms, recording_path):
    with bs.Hub(recording_path) as hub:
        for type_ in ("scatter", "confusion", "grid", "table", "overview", "metrics"):
            hub.view(type_)
        sent = [json.dumps(comm.opening["data"]) for comm in comms]
        assert sum(map(len, sent)) <= 500_000
        carrying = [len(state) for state in sent if '"_esm"' in state]
        assert len(carrying) == 7
        assert sorted(carrying)[-2] < 5_000  # all but one carry the stub


def test_the_code_stands_alone():
    notebook.code.cache_clear()
    stub, hub = notebook.code("stub.js"), notebook.code("notebook.js")
    assert len(stub.encode()) <= 3_000
    assert len(hub.encode()) <= 500_000
    packed = re.match(r'const packed = "([^"]+)";', hub)[1]
    for text in (stub, gzip.decompress(base64.b64decode(packed)).decode()):
        assert "import.meta" not in text
        assert not re.search(r"""(?:^|[;}\s])(?:import|export)\s*(?:[\w{}*,\s$]+from)?\s*["'`]""", text)
        assert re.search(r"export\s*{\s*[\w$]+ as default\s*}", text)


def test_a_changed_height_is_kept_for_every_display(hub):
    view = View(hub.view("grid").hub, "grid", {})
    view.height = 700
    assert view.get_state("height") == {"height": 700}
