"""The wheel, alone in a bare environment, opens a recording and serves the page."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
import venv
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
GOLDEN = ROOT / "tests" / "recording" / "golden" / "v1" / "multiclass"


def run(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def required(distribution):
    """Names of what a distribution requires, and of what that requires, by the metadata they came with."""
    found, waiting = set(), [(distribution, "")]
    while waiting:
        one, extra = waiting.pop()
        for needed in map(Requirement, one.requires or ()):
            if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                wanted = {(canonicalize_name(needed.name), extra) for extra in ("", *needed.extras)} - found
                found |= wanted
                waiting += [(metadata.distribution(name), extra) for name, extra in wanted]
    return {name for name, _ in found}


def lend(names, packages):
    """Let another environment import the files of these distributions, which are installed here."""
    for name in names:
        tops = {file.parts[0] for file in metadata.distribution(name).files or ()} - {"..", "__pycache__"}
        for top in tops:
            if not (packages / top).exists():
                (packages / top).symlink_to(metadata.distribution(name).locate_file(top))


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Folder of programs of an environment that holds the wheel and what it says that it requires, nothing else."""
    folder = tmp_path_factory.mktemp("bare")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist"), str(ROOT))
    venv.create(folder / "venv", with_pip=False)
    programs = folder / "venv" / "bin"
    wheel = next((folder / "dist").glob("*.whl"))
    into = ["--python", str(programs / "python"), "install", "--quiet", "--no-compile", "--no-index", "--no-deps"]
    run(sys.executable, "-m", "pip", *into, str(wheel))
    # Downloading and unpacking all of it again would take ten times as long as the rest.
    (packages,) = (folder / "venv" / "lib").glob("python*/site-packages")
    (about,) = packages.glob("bathyscope-*.dist-info")
    lend(required(metadata.Distribution.at(about)), packages)
    return programs


@pytest.mark.skipif(os.name == "nt", reason="needs links between folders")
def test_the_wheel_opens_a_recording_in_a_bare_environment(bare, tmp_path):
    copy = str(shutil.copytree(GOLDEN, tmp_path / "golden"))
    about = json.loads(run(str(bare / "bathyscope"), "info", copy, "--json", cwd=tmp_path))
    assert (about["n_samples"], about["classes"]) == (3, ["day", "night"])
    assert "torch" not in run(sys.executable, "-m", "pip", "--python", str(bare / "python"), "list")
    refused = subprocess.run([bare / "bathyscope", "demo"], capture_output=True, text=True, cwd=tmp_path)
    assert refused.returncode == 1
    assert " ".join(refused.stderr.split()) == (
        "bathyscope: Training the demo's network needs the package 'torch', which is not installed. "
        "Install it with: pip install 'bathyscope[torch]'"
    )

    serving = subprocess.Popen(
        [str(bare / "bathyscope"), "open", copy, "--port", "0", "--no-browser", "--read-only"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        address = serving.stdout.readline().split()[-1]
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        deadline = time.monotonic() + 30
        page = ""
        while "<html" not in page and time.monotonic() < deadline:
            page = opener.open(address, timeout=10).read().decode()
        assert "Bathyscope" in page
        script = page.split('type="module"')[1].split('src="')[1].split('"')[0]
        base = address.split("/?")[0]
        assert len(opener.open(base + "/" + script.lstrip("./")).read()) > 10_000
        assert json.load(opener.open(base + "/api/recording"))["n_samples"] == 3
    finally:
        serving.terminate()
        serving.wait(15)
