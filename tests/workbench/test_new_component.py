"""The folder that a component of one's own begins from works as it was written."""

import csv
import shutil
import subprocess

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
    assert 'hub.register_component(HERE / "loss-by-hour.js")' in (files[0].parent / "look.py").read_text()
    compile((files[0].parent / "look.py").read_text(), "look.py", "exec")
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
