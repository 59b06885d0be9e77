"""The command line, run as people and scripts run it."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from bathyscope.analyses import Counterfactual
from bathyscope.cli import main
from bathyscope.recording import Recording

GOLDEN = Path(__file__).parent / "recording" / "golden" / "v1" / "multiclass"

MODEL = """
import torch

def grey_net():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))

not_a_model = [1, 2]
"""


@pytest.fixture
def bathyscope(capfd, monkeypatch):
    """Run the command line in this process, as the installed program does; a process each would take minutes."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))

    def run(*arguments, cwd=None, check=True):
        if cwd is not None:
            monkeypatch.chdir(cwd)
        monkeypatch.setattr(sys, "argv", ["bathyscope", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        printed = capfd.readouterr()
        code = end.value.code or 0
        assert not check or code == 0, printed.err
        return subprocess.CompletedProcess(arguments, code, printed.out, printed.err)

    return run


@pytest.fixture
def project(tmp_path):
    """A folder with a model in Python and four pictures in two class folders."""
    (tmp_path / "shapes_net.py").write_text(MODEL)
    generator = np.random.default_rng(0)
    for name in ("round/a", "round/b", "square/a", "square/b"):
        path = tmp_path / "pictures" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (8, 8), dtype=np.uint8)).save(path)
    return tmp_path


def test_the_installed_program_starts():
    program = Path(sys.executable).with_name("bathyscope")
    assert subprocess.run([program, "--version"], capture_output=True, text=True).stdout == "bathyscope 0.1.0\n"


def test_version_and_help_tell_what_there_is(bathyscope):
    assert bathyscope("--version").stdout == "bathyscope 0.1.0\n"
    text = bathyscope("--help").stdout
    for command in ("demo", "record", "open", "info", "run"):
        assert f" {command} " in text
        assert "bathyscope " + command in bathyscope(command, "--help").stdout


def test_info_tells_people_and_scripts(bathyscope):
    text = bathyscope("info", GOLDEN).stdout
    assert "3 image (train 2, test 1)" in text
    assert "multiclass, 2 classes" in text
    assert "2 (step 1 to 3)" in text
    about = json.loads(bathyscope("info", GOLDEN, "--json").stdout)
    assert about["splits"] == {"train": 2, "test": 1}
    assert [checkpoint["step"] for checkpoint in about["checkpoints"]] == [1, 3]


def test_an_error_is_one_sentence_and_exit_status_1(bathyscope, tmp_path):
    done = bathyscope("info", tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr == (
        f"bathyscope: {tmp_path} is not a recording: it holds no recording.json. "
        "Give the folder that Recorder or record() wrote.\n"
    )


def test_a_wrong_option_is_exit_status_2(bathyscope):
    assert bathyscope("info", "--no-such-option", check=False).returncode == 2


def test_corrected_labels_go_out_and_in(bathyscope, recording, tmp_path):
    sample = recording.sample_ids[0].as_py()
    recording.decisions.append(
        "label", {"samples": [sample], "action": "set", "label": recording.classes[2]}, author="ana"
    )
    said = bathyscope("export", "labels", recording.path, tmp_path / "out.csv").stdout
    assert said == f"{tmp_path / 'out.csv'}: 1 samples decided, 1 labels changed\n"
    assert f"{sample},train," in (tmp_path / "out.csv").read_text()
    again = bathyscope("import", "labels", recording.path, tmp_path / "out.csv", "--author", "bo")
    assert again.stdout == "0 samples decided\n"
    assert bathyscope("export", "labels", check=False).returncode == 2


def test_run_keeps_its_result(bathyscope, recording_path):
    told = json.loads(bathyscope("run", "performance", recording_path, "--json").stdout)
    assert Recording(recording_path).result_tables("performance", told["key"]).keys() == told["tables"].keys()
    assert all(Path(file).exists() for file in told["tables"].values())


def test_run_prints_what_the_result_says_in_sentences(bathyscope, recording_path):
    text = bathyscope("run", "counterfactual", recording_path).stdout
    said = Recording(recording_path).run(Counterfactual()).notes["text"].to_pylist()
    assert said
    assert text.endswith("".join(f"{sentence}\n" for sentence in said))


def test_run_takes_parameters_and_refuses_wrong_ones(bathyscope, recording_path):
    bathyscope("run", "performance", recording_path, "-p", 'slices=["camera"]', "-p", "bins=10")
    done = bathyscope("run", "performance", recording_path, "-p", "bin=10", check=False)
    assert done.returncode == 1
    assert "performance has no parameter 'bin'. Did you mean 'bins'?" in done.stderr
    done = bathyscope("run", "performance", recording_path, "-p", "bins", check=False)
    assert "A parameter was given as 'bins'. Write it as name=value, for instance -p bins=10." in done.stderr


def test_record_takes_a_python_reference_weights_and_a_folder(bathyscope, project):
    weights = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(64, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2)
    ).state_dict()
    save_file({name: torch.full_like(value, 0.01) for name, value in weights.items()}, project / "w.safetensors")
    done = bathyscope(
        "record", "pictures", "run", "--model", "shapes_net:grey_net", "--weights", "w.safetensors", "--grey", "--json",
        cwd=project,
    )  # fmt: skip
    assert json.loads(done.stdout)["classes"] == ["round", "square"]
    recording = Recording(project / "run")
    np.testing.assert_allclose(recording.head("last").weight, np.full((2, 5), 0.01), rtol=1e-6)
    assert recording.labels.tolist() == [0, 0, 1, 1]


def test_record_takes_an_exported_program(bathyscope, project):
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 5), torch.nn.ReLU(), torch.nn.Linear(5, 2))
    batch = torch.export.Dim("batch", min=1)
    program = torch.export.export(model.eval(), (torch.zeros(3, 1, 8, 8),), dynamic_shapes=({0: batch},))
    torch.export.save(program, project / "model.pt2")
    bathyscope("record", "pictures", "run", "--model", "model.pt2", "--grey", cwd=project)
    recording = Recording(project / "run")
    pictures = torch.stack([torch.from_numpy(np.array(recording.image(index))).float() / 255 for index in range(4)])
    with torch.no_grad():
        np.testing.assert_allclose(recording.logits("last"), model(pictures.unsqueeze(1)).numpy(), atol=1e-5)
    assert recording.head("last") is not None


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (
            "shapes_net",
            "The model was given as 'shapes_net'. Give package.module:function, or the path of a .pt2 file.",
        ),
        ("shapes_net:other", "'shapes_net:other' cannot be imported (module 'shapes_net' has no attribute 'other'). "),
        ("nowhere.pt2", "nowhere.pt2"),
    ],
)
def test_record_says_what_is_wrong_with_a_model(bathyscope, project, reference, message):
    done = bathyscope("record", "pictures", "run", "--model", reference, cwd=project, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_weights_that_hold_code_are_not_loaded(bathyscope, project):
    torch.save(torch.nn.Linear(2, 2), project / "whole.pt")
    done = bathyscope(
        "record", "pictures", "run", "--model", "shapes_net:grey_net", "--weights", "whole.pt", cwd=project, check=False
    )
    assert done.returncode == 1
    assert "whole.pt holds more than tensors, so it is not loaded." in done.stderr


def test_open_says_that_a_port_is_taken(bathyscope, recording_path):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = bathyscope("open", recording_path, "--port", port, "--no-browser", check=False)
    assert done.returncode == 1
    assert f"Port {port}" in done.stderr


TABLE = "key,truth,guess,ward\nu,cat,cat,east\nv,dog,cat,west\n"


@pytest.fixture
def table(tmp_path, monkeypatch):
    """A table in a file; what is kept of it goes to a folder of the test."""
    monkeypatch.setenv("BATHYSCOPE_DATA", str(tmp_path / "data"))
    (tmp_path / "animals.csv").write_text(TABLE)
    return tmp_path / "animals.csv"


def test_open_takes_a_table_and_its_columns(bathyscope, table, monkeypatch):
    from bathyscope.workbench import server

    served = []
    monkeypatch.setattr(server, "serve", lambda recording, **options: served.append((recording, options)))
    options = ("--label", "truth", "--prediction", "guess", "--id", "key", "--hide", "ward", "--read-only")
    done = bathyscope("open", table, *options, "--no-browser", "--port", "0")
    [(recording, given)] = served
    assert recording.name == "animals"
    assert recording.sample_ids.to_pylist() == ["u", "v"]
    assert recording.classes == ("cat", "dog")
    assert recording.roles == {"guess": "prediction", "ward": "hidden"}
    assert (given["hidden"], given["read_only"], given["port"]) == (frozenset({"ward"}), True, 0)
    assert done.stderr == ""


def test_open_says_what_it_took_by_name(bathyscope, table, monkeypatch):
    from bathyscope.workbench import server

    monkeypatch.setattr(server, "serve", lambda recording, **options: None)
    table.write_text(TABLE.replace("guess", "prediction"))
    assert bathyscope("open", table).stderr == "Taken by their names: 'prediction' is the prediction.\n"


def test_open_says_what_is_neither_recording_nor_table(bathyscope, table, tmp_path):
    done = bathyscope("open", tmp_path, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"bathyscope: The folder '{tmp_path}' is no recording: it holds no recording.json. ")
    done = bathyscope("open", table, "--label", "thruth", check=False)
    assert done.returncode == 1
    assert done.stderr == (
        "bathyscope: The table 'data' has no column 'thruth'. Did you mean 'truth'? Columns: key, truth, guess, ward.\n"
    )
    done = bathyscope("open", GOLDEN, "--label", "truth", check=False)
    assert "label=… was given, but the data are a recording" in done.stderr


def test_export_takes_a_table_and_leaves_out_what_is_hidden(bathyscope, small_page, table, tmp_path):
    done = bathyscope("export", table, tmp_path / "out", "--label", "truth", "--prediction", "guess", "--hide", "ward")
    assert done.stdout.startswith(f"{tmp_path / 'out'}: 0.0 MB\n")
    content = b"".join(file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert b"guess" in content
    assert b"ward" not in content
    assert b"east" not in content


def test_export_writes_a_report_and_says_its_size(bathyscope, small_page, tmp_path):
    done = bathyscope("export", GOLDEN, tmp_path / "out.html", "--media", "none", "--max-mb", "5")
    assert done.stdout.splitlines()[0] == f"{tmp_path / 'out.html'}: 0.0 MB"
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")
    failed = bathyscope("export", GOLDEN, tmp_path / "out.html", "--hide", "label", check=False)
    assert failed.returncode == 1
    assert "'label' cannot be hidden: every figure of a report is about it." in failed.stderr
