"""The folder that a component of one's own begins from works as it was written."""

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from bathyscope.errors import ParameterError, StorageError
from bathyscope.workbench.modules import Modules
from bathyscope.workbench.new_component import new_component


def test_the_folder_is_whole_and_carries_the_name_everywhere(tmp_path):
    files = new_component("loss-by-hour", tmp_path)
    assert sorted(file.name for file in files) == [
        "README.md",
        "fixture.csv",
        "look.py",
        "loss-by-hour.js",
        "loss-by-hour.test.mjs",
    ]
    assert {file.parent for file in files} == {tmp_path / "loss-by-hour"}
    for file in files:
        assert "NAME" not in file.read_text(encoding="utf-8")
    assert 'MODULE = HERE / "loss-by-hour.js"' in (files[0].parent / "look.py").read_text()
    with (files[0].parent / "fixture.csv").open(encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == 6


def test_its_module_can_be_registered(tmp_path):
    new_component("mine", tmp_path)
    assert Modules().register_component(tmp_path / "mine" / "mine.js").name == "mine"


def test_its_own_tests_pass_and_fail_when_the_component_is_broken(tmp_path):
    node = shutil.which("node")
    assert node is not None, "the page is built with Node.js, so it should be here"
    new_component("mine", tmp_path)
    command = [node, "--test", "mine.test.mjs"]
    done = subprocess.run(command, cwd=tmp_path / "mine", capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    module = tmp_path / "mine" / "mine.js"
    module.write_text(module.read_text().replace("column.codes[i] < 0", "column.codes[i] < 1"))
    assert subprocess.run(command, cwd=tmp_path / "mine", capture_output=True).returncode == 1


def test_its_readme_lists_what_the_documentation_lists(tmp_path):
    new_component("mine", tmp_path)
    told = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-component.md").read_text(encoding="utf-8")
    table = told[told.index("| `page.root`") :].partition("\n\n")[0]
    assert "`page.on(changed)`" in table
    assert table in (tmp_path / "mine" / "README.md").read_text(encoding="utf-8")


def test_the_component_that_the_documentation_writes_passes_its_test_and_can_be_registered(tmp_path):
    new_component("loss-by-hour", tmp_path)
    place = tmp_path / "loss-by-hour"
    told = (Path(__file__).parents[2] / "docs" / "how-to" / "write-a-component.md").read_text(encoding="utf-8")
    module, click, test = re.findall(r"```js\n(.*?)```", told, re.DOTALL)
    assert module.count("      return item;\n") == 1
    (place / "loss-by-hour.js").write_text(module.replace("      return item;\n", f"      {click}      return item;\n"))
    (place / "loss-by-hour.test.mjs").write_text(test)
    done = subprocess.run(["node", "--test", "loss-by-hour.test.mjs"], cwd=place, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
    Modules().register_component(place / "loss-by-hour.js")
    with (place / "fixture.csv").open(encoding="utf-8") as file:
        assert {"hour", "loss"} <= set(next(csv.reader(file)))


def test_look_tells_the_address_takes_what_is_saved_and_ends_quietly(tmp_path):
    new_component("mine", tmp_path)
    module = tmp_path / "mine" / "mine.js"
    ours = {"PYTHONPATH": os.pathsep.join(sys.path), "BATHYSCOPE_DATA": str(tmp_path / "data"), "BROWSER": "true"}
    with subprocess.Popen(
        [sys.executable, "look.py"],
        cwd=module.parent,
        env={**os.environ, **ours},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Started in a shell's background, the tests and what they start ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as looking:
        try:
            address, _, token = looking.stdout.readline().removeprefix("Open at ").strip().partition("/?token=")
            assert looking.stdout.readline() == "Stop with Ctrl-C.\n"

            def served():
                headers = {"authorization": f"token {token}"}
                asked = urllib.request.Request(f"{address}/api/recording", headers=headers)
                return json.load(urllib.request.urlopen(asked, timeout=10))["modules"][0]["code"]

            def save(text):
                (tmp_path / "saved").write_text(text)
                (tmp_path / "saved").replace(module)

            first = served()
            text = module.read_text()
            module.unlink()  # as an editor does that writes another file and renames it
            module.write_text(f'import "./other.js";\n{text}')
            assert looking.stdout.readline().startswith("The module imports './other.js', and a page loads nothing")
            assert served() == first
            save(text.replace("of each kind", "of every kind"))
            while served() == first:
                assert looking.poll() is None
            looking.send_signal(signal.SIGINT)
            assert looking.wait(timeout=20) == 0
            assert looking.stderr.read() == ""
        finally:
            looking.kill()


@pytest.mark.parametrize("name", ["", "Loss", "loss_by", "../up", "-x", "x-", "a" * 65, "x.js"])
def test_a_name_that_cannot_be_used_is_refused(tmp_path, name):
    with pytest.raises(ParameterError) as error:
        new_component(name, tmp_path)
    assert str(error.value) == (
        f"The component was given the name {name!r}. Use small letters, digits and dashes, such as 'loss-by-hour'."
    )
    assert list(tmp_path.iterdir()) == []


def test_nothing_that_stands_there_is_touched(tmp_path):
    place = tmp_path / "mine"
    place.mkdir()
    with pytest.raises(ParameterError) as error:
        new_component("mine", tmp_path)
    assert str(error.value) == (f"{place} exists already and was not touched. Give another name, or remove it first.")
    assert list(place.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(StorageError, match=r"Could not write .*: Not a directory. Give another folder with --folder."):
        new_component("mine", file)


def test_the_command_line_writes_it_and_says_how_to_see_it(tmp_path, monkeypatch, capsys):
    from bathyscope.cli import app

    monkeypatch.chdir(tmp_path)
    app(["new-component", "mine"], standalone_mode=False)
    told = capsys.readouterr().out.splitlines()
    assert told == ["mine: mine.js, mine.test.mjs, README.md, fixture.csv, look.py", "See it: python mine/look.py"]
