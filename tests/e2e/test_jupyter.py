"""Views in a real JupyterLab: linked in the browser, heard and steered by Python, at peace with the notebook around."""

import importlib.util
import json
import os
import re
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from e2e.waiting import PATIENCE

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),  # the first test trains the demo and starts JupyterLab
    pytest.mark.skipif(importlib.util.find_spec("jupyterlab") is None, reason="JupyterLab is not installed"),
]

# A grammar of addresses that only the validators of events ask for is left out: to compile it takes a second.
START = """
import sys
sys.modules["rfc3987_syntax"] = None
from jupyterlab.labapp import main
main()
"""
VIEWS = ("scatter", "confusion", "grid", "table", "overview")
OPEN = "import bathyscope as bs\nhub = bs.Hub({path!r})"
FOLDERS = (
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
    "JUPYTERLAB_SETTINGS_DIR",
    "JUPYTERLAB_WORKSPACES_DIR",
    "IPYTHONDIR",
)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """Folder and address of a JupyterLab of its own: own settings, a token, this machine only."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "work").mkdir()
    token = secrets.token_urlsafe(24)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.allow_root": True,
        "ServerApp.root_dir": folder / "work",
        "IdentityProvider.token": token,
        "LabApp.expose_app_in_browser": True,
        "LabApp.extension_manager": "readonly",
        "LabApp.news_url": "None",
    }
    command = [sys.executable, "-c", START, "--no-browser", *(f"--{name}={value}" for name, value in options.items())]
    places = {name: str(folder / name.lower()) for name in FOLDERS}
    with (folder / "log").open("w") as log:
        running = subprocess.Popen(
            command, env={**os.environ, **places, "JUPYTER_PREFER_ENV_PATH": "1"}, stdout=log, stderr=log
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api/status?token={token}", running, folder / "log")
        yield folder / "work", f"http://127.0.0.1:{port}/lab?token={token}&reset"
    finally:
        running.terminate()
        running.wait(PATIENCE)


def _wait_for(address, process, log):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


CELLS = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell"


class Notebook:
    """An open notebook, driven as its menus would."""

    def __init__(self, page):
        self.page = page

    def run(self, cell):
        """Run one cell, as Shift+Enter does, and wait until it is done."""
        done = "(cell) => window.jupyterapp.shell.currentWidget.content.widgets[cell].model.executionState"
        self.page.evaluate(
            """async (cell) => {
                const app = window.jupyterapp;
                app.shell.currentWidget.content.activeCellIndex = cell;
                await app.commands.execute("notebook:run-cell");
            }""",
            cell,
        )
        self.page.wait_for_function(f"(cell) => ({done})(cell) === 'idle'", arg=cell)
        return self.printed(cell)

    def write(self, cell, code):
        """Put other code into a cell and run it."""
        self.page.evaluate(
            "([cell, code]) => window.jupyterapp.shell.currentWidget.content.widgets[cell].model.sharedModel"
            ".setSource(code)",
            [cell, code],
        )
        return self.run(cell)

    def printed(self, cell):
        """What a cell printed."""
        outputs = self.page.evaluate(
            "(cell) => window.jupyterapp.shell.currentWidget.content.widgets[cell].model.outputs.toJSON()", cell
        )
        errors = [f"{output['ename']}: {output['evalue']}" for output in outputs if output["output_type"] == "error"]
        assert errors == []
        return "".join(output.get("text", "") for output in outputs).strip()

    def until(self, cell, code, pattern):
        """Ask Python until it says what is expected: the page tells it a moment later."""
        deadline = time.monotonic() + PATIENCE
        while not re.search(pattern, said := self.write(cell, code)) and time.monotonic() < deadline:
            pass
        assert re.search(pattern, said), said
        return said

    def cell(self, number):
        """A cell on the page."""
        return self.page.locator(CELLS).nth(number)


# The last is what anywidget says, two seconds later, of a widget that went before its code was loaded.
NOT_OURS = re.compile(
    r"favicon|jupyter|lumino|ResizeObserver|a status of|websocket|Comm not found|Failed to initialize model",
    re.IGNORECASE,
)


@pytest.fixture(scope="module")
def lab(server, browser):
    """A tab with JupyterLab in it, for all notebooks: to load it takes as long as a test. And what goes wrong there."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    problems = []

    def hear(text):
        if not NOT_OURS.search(text):
            problems.append(text)

    page.on("pageerror", lambda error: hear(str(error)))
    page.on("console", lambda message: hear(message.text) if message.type == "error" else None)
    page.goto(server[1])
    # Megabytes of its own code, which on a busy machine take longer than anything of ours.
    page.wait_for_function("() => window.jupyterapp?.commands.hasCommand('docmanager:open')", timeout=120_000)
    page.evaluate("async () => { await window.jupyterapp.restored; }")
    yield page, problems
    context.close()


def notebook_of(codes):
    """A notebook file with these cells."""
    empty = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    cells = [{**empty, "id": f"cell-{place}", "source": code} for place, code in enumerate(codes)]
    return json.dumps({"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def open_notebook(server, lab, demo_recording, request):
    """Write a notebook of the given cells after one that opens the demo, open it, and run all of them.

    Every notebook has a hub of its own, but they share a kernel, which takes longer to start than a test.
    """
    folder, _ = server
    page, problems = lab

    def open_notebook(*cells, height=3300):
        codes = [OPEN.format(path=str(demo_recording)), *cells]
        name = f"{re.sub('[^a-z]+', '-', request.node.name)[:40]}.ipynb"
        (folder / name).write_text(notebook_of(codes), encoding="utf-8")
        page.set_viewport_size({"width": 1280, "height": height})
        page.evaluate(
            """async (path) => {
                const { commands, serviceManager } = window.jupyterapp;
                const [kernel] = serviceManager.kernels.running();
                await commands.execute("docmanager:open", { path, kernel: kernel && { id: kernel.id } });
            }""",
            name,
        )
        page.wait_for_function(
            """(path) => {
                const { context, sessionContext } = window.jupyterapp.shell.currentWidget ?? {};
                return context?.path === path && sessionContext?.session?.kernel?.status === "idle";
            }""",
            arg=name,
        )
        opened = Notebook(page)
        for cell in range(len(codes)):
            opened.run(cell)
        return opened

    yield open_notebook
    page.evaluate("window.jupyterapp.shell.currentWidget?.dispose()")
    assert problems == []


def heading(notebook, cell):
    """Title of the view in the output of a cell."""
    return notebook.cell(cell).locator(".titles :is(h1, h2, h3)").first


def shows(locator, pattern):
    """Wait for a text on the page."""
    locator.filter(has_text=re.compile(pattern)).wait_for()


def test_five_views_are_one_and_python_is_the_sixth(open_notebook):
    notebook = open_notebook(*[f"hub.view({view!r})" for view in VIEWS], "")
    page = notebook.page
    scatter, confusion, grid, table, overview = range(1, 6)
    ask = 6

    # A click in one cell; the others follow in the browser, and Python knows.
    door = notebook.cell(confusion).get_by_role("gridcell", name=re.compile(r"^\d+ Coat called Pullover")).first
    count = int(re.match(r"\d+", door.get_attribute("aria-label"))[0])
    door.click()
    shows(heading(notebook, grid), rf"^{count} Coat called Pullover")
    said = notebook.until(
        ask, "print(hub.selection); print(len(hub.selection.ids))", f"Coat called Pullover>\n{count}$"
    )
    assert said.startswith(f"<Selection of {count} of 8,000 samples: {count} Coat called Pullover>")
    notebook.cell(grid).locator("img").first.wait_for()

    # A brush over a part of the picture.
    plane = notebook.cell(scatter).locator(".plane")
    notebook.cell(scatter).get_by_role("button", name=re.compile("^Box")).click()
    plane.hover()  # in sight, and at rest
    box = plane.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.7, steps=4)
    page.mouse.up()
    shows(heading(notebook, grid), r"^[\d,]+ (?!Coat called Pullover)")
    brushed = int(re.match(r"[\d,]+", heading(notebook, grid).inner_text())[0].replace(",", ""))
    notebook.until(ask, "print(len(hub.selection), int(hub.selection.mask.sum()))", f"^{brushed} {brushed}$")

    # Python filters; every view says so, in its own way.
    notebook.write(ask, "hub.filter = \"label = 'Shirt'\"")
    for cell in (scatter, confusion, grid, table, overview):
        shows(notebook.cell(cell).locator(".strip.filtered"), "label = Shirt")
    assert notebook.write(ask, "print(hub.filter, hub.filter_error)") == "label = 'Shirt' None"
    notebook.cell(grid).get_by_role("button", name="Clear filter").click()
    notebook.until(ask, "print(repr(hub.filter))", "^''$")
    notebook.write(ask, "hub.filter = 'label = '")
    notebook.until(ask, "print(hub.filter_error)", "^The filter label = cannot be read. ")
    shows(page.locator(".strip.notice"), "cannot be read")
    notebook.write(ask, "hub.filter = None; hub.select([5, 3, 8]); hub.focus = 5")
    shows(heading(notebook, grid), "^3 samples")
    assert notebook.write(ask, "print(hub.selection.indices.tolist(), hub.focus)") == "[5, 3, 8] 5"


def test_a_view_keeps_its_keys_follows_the_theme_and_survives_the_kernel(open_notebook):
    notebook = open_notebook("hub.view('confusion')", "hub.page(['grid', 'table'])", "", height=1500)
    page = notebook.page
    frame = notebook.cell(1).locator(".frame")
    cells = page.locator(CELLS).count()

    door = notebook.cell(1).get_by_role("gridcell", name=re.compile(r"^\d+ Coat called Pullover")).first
    door.click()
    for key in "ddxab":  # delete twice, cut, insert above and below: what these keys do in a notebook
        page.keyboard.press(key)
    page.keyboard.press("Control+z")
    shows(heading(notebook, 2), "it gets wrong")
    expect(page.locator(CELLS)).to_have_count(cells)

    expect(frame).to_have_attribute("data-theme", "light")
    page.evaluate("window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-lm-suppress-shortcuts]')]"
        ".every((view) => view.shadowRoot.querySelector('.frame').dataset.theme === 'dark')"
    )

    page.locator("#jupyterlab-splash").wait_for(state="detached")  # lies over everything while a theme comes

    # Dragged taller by its lower edge, it stays so, and Python knows.
    frame.hover()  # in sight, and at rest
    box = frame.bounding_box()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] - 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 4, box["y"] + box["height"] + 76, steps=4)
    page.mouse.up()
    notebook.write(3, "view = hub.view('classes', height=300); view")
    heading(notebook, 3).wait_for()
    assert json.loads(notebook.write(3, "print([view.height, view.type])").replace("'", '"')) == [300, "classes"]
    assert frame.bounding_box()["height"] == pytest.approx(560, abs=12)

    # A kernel that goes: a sentence, and what was there stays.
    page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    shows(notebook.cell(1).locator(".strip.lost"), "run the cell that makes the hub")
    expect(notebook.cell(1).get_by_role("gridcell", name=re.compile("Coat called Pullover")).first).to_be_visible()
    for cell in range(3):
        notebook.run(cell)
    notebook.cell(1).get_by_role("gridcell", name=re.compile("Coat called Pullover")).first.wait_for()
    expect(notebook.cell(1).locator(".strip.lost")).to_have_count(0)
