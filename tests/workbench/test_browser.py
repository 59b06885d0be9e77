"""What only a real browser tells: cookies along redirects, the policy, the socket's origin."""

import http.server
import threading
from urllib.parse import urlsplit

import pytest

from bathyscope.workbench.server import PageServer
from e2e.waiting import PATIENCE

pytestmark = pytest.mark.browser

INDEX = """<!doctype html><title>waiting</title><script type="module" src="./assets/app.js"></script>
<script>document.title = "inline script ran"</script><p style="color: red">text</p>"""
SCRIPT = """
const told = [];
const say = (what) => { told.push(what); document.title = told.join(" "); };
const recording = await fetch("api/recording");
say(recording.status);
const run = await fetch("api/run/performance", {
  method: "POST", headers: {"Content-Type": "application/json"}, body: "{}",
});
say(run.status);
const socket = new WebSocket(`ws://${location.host}/api/events`);
socket.onmessage = (message) => say(JSON.parse(message.data).type);
socket.onerror = () => say("refused");
"""


@pytest.fixture
def running(recording, tmp_path, monkeypatch):
    """A server whose page is a few lines of script."""
    built = tmp_path / "page"
    (built / "assets").mkdir(parents=True)
    (built / "index.html").write_text(INDEX)
    (built / "assets" / "app.js").write_text(SCRIPT)
    from bathyscope.workbench import server as module

    make = module.create_app
    monkeypatch.setattr(module, "create_app", lambda given, **options: make(given, page=built, **options))
    server = PageServer(recording, "127.0.0.1", 0)
    ready = threading.Event()
    server.on_ready = lambda url: ready.set()
    thread = threading.Thread(target=server.run_here, daemon=True)
    thread.start()
    assert ready.wait(PATIENCE)
    yield server.url
    server.uvicorn.should_exit = True
    thread.join()


@pytest.fixture
def elsewhere(tmp_path):
    """Serves one page of somebody else's; takes its HTML, gives its address under another host name."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(folder))

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()

    def put(html: str) -> str:
        (folder / "index.html").write_text(html)
        return f"http://localhost:{server.server_port}/"

    yield put
    server.shutdown()
    server.server_close()


@pytest.fixture
def tab(browser):
    """A fresh tab in a context of its own."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def title_is(tab, text):
    tab.wait_for_function("text => document.title.startsWith(text)", arg=text)


def test_the_printed_address_opens_a_page_that_reads_runs_and_listens(running, tab):
    blocked = []
    tab.on("console", lambda message: blocked.append(message.text) if message.type == "error" else None)
    tab.goto(running)
    title_is(tab, "200 200 hello")
    assert "token" not in tab.url
    # The policy let neither the inline script nor the inline style through.
    assert sum("Content Security Policy" in text for text in blocked) == 2
    assert tab.evaluate("getComputedStyle(document.querySelector('p')).color") == "rgb(0, 0, 0)"
    assert tab.evaluate("document.cookie") == ""
    tab.reload()
    title_is(tab, "200 200 hello")


def test_the_address_clicked_on_another_site_opens_it_too(running, elsewhere, tab):
    tab.goto(elsewhere(f"<a href='{running}'>open</a>"))
    tab.click("a")
    title_is(tab, "200 200 hello")


def test_another_site_gets_nothing_out_of_a_logged_in_browser(running, elsewhere, tab):
    tab.goto(running)
    title_is(tab, "200 200 hello")
    parts = urlsplit(running)
    # As near as a stranger can come: the same host name under another port counts as the same site for cookies.
    for host in ("127.0.0.1", "localhost"):
        page = elsewhere("<title>evil</title>").replace("localhost", host)
        tab.goto(page)
        found = tab.evaluate(
            """async (root) => {
                const read = await fetch(`http://${root}/api/recording`, {credentials: "include"})
                    .then((answer) => answer.text(), () => "failed");
                const post = await fetch(`http://${root}/api/run/performance`, {
                    method: "POST", credentials: "include", mode: "no-cors", body: "{}"
                }).then((answer) => answer.type, () => "failed");
                const socket = await new Promise((resolve) => {
                    const opened = new WebSocket(`ws://${root}/api/events`);
                    opened.onopen = () => resolve("open");
                    opened.onerror = () => resolve("failed");
                });
                const image = await new Promise((resolve) => {
                    const shown = new Image();
                    shown.onload = () => resolve("shown");
                    shown.onerror = () => resolve("failed");
                    shown.src = `http://${root}/api/media/1?size=32`;
                });
                return [read, post, socket, image];
            }""",
            parts.netloc,
        )
        assert found[0] == "failed"
        assert found[1] in ("opaque", "failed")
        assert found[2:] == ["failed", "failed"]
