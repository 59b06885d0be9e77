"""What the tutorials show still happens: their notebooks run from top to bottom."""

import sys
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[1] / "docs" / "tutorials"


@pytest.mark.parametrize("path", sorted(TUTORIALS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_runs_and_gives_the_figures_it_tells(path, tmp_path, monkeypatch):
    # A grammar of addresses that no notebook is checked with: to compile it takes a second.
    monkeypatch.setitem(sys.modules, "rfc3987_syntax", None)
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert not [cell for cell in notebook.cells if cell.get("outputs")], "Commit notebooks without outputs."
    nbclient.NotebookClient(notebook, timeout=90, resources={"metadata": {"path": str(tmp_path)}}).execute()
    shown = [
        output.data.get("text/plain", "")
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "data" in output
    ]
    if path.stem == "notebook":
        assert any("prediction" in text and "2    19" in text for text in shown), shown
        assert (tmp_path / "digits.html").stat().st_size > 100_000
