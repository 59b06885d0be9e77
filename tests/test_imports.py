"""Imports point one way, and importing the core imports nothing heavy."""

import ast
import subprocess
import sys
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "bathyscope"
ORDER = ["errors", "recording", "capture", "analyses", "workbench", "demo", "cli"]
FREE = {"_version"}


@cache
def tree_of(path):
    return ast.parse(path.read_text())


def imports_of(path):
    """Names of our modules that a module imports at any level, but for type checking only."""
    tree = tree_of(path)
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in typing_only:
            continue
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("bathyscope"):
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("bathyscope"))


def part_of(dotted):
    parts = dotted.split(".")
    return parts[1] if len(parts) > 1 else None


def test_imports_point_one_way():
    upward = []
    for path in PACKAGE.rglob("*.py"):
        mine = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for name in imports_of(path):
            other = part_of(name)
            if mine in ORDER and other in ORDER and ORDER.index(other) > ORDER.index(mine):
                upward.append(f"{path.relative_to(PACKAGE)} imports {name}")
    assert upward == []


def test_capture_and_analyses_do_not_know_each_other():
    for mine, other in (("capture", "analyses"), ("analyses", "capture")):
        for path in (PACKAGE / mine).rglob("*.py"):
            assert other not in {part_of(name) for name in imports_of(path)}, path


def test_relative_imports_are_not_used():
    for path in PACKAGE.rglob("*.py"):
        levels = [node.level for node in ast.walk(tree_of(path)) if isinstance(node, ast.ImportFrom)]
        assert not any(levels), path


def loaded_after(code):
    command = f"import sys\n{code}\nprint(' '.join(sys.modules))"
    return subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True).stdout.split()


def test_importing_the_package_imports_nothing_heavy():
    loaded = set(loaded_after("import bathyscope"))
    assert not loaded & {"torch", "numpy", "pyarrow", "starlette", "scipy"}


def test_the_command_line_and_a_recording_do_without_torch():
    assert "torch" not in loaded_after("import bathyscope.cli, bathyscope.recording, bathyscope.workbench")


def test_the_server_starts_without_what_only_analyses_need():
    loaded = set(loaded_after("import bathyscope.workbench.server"))
    assert not loaded & {"torch", "sklearn", "pandas"}


def test_public_names_are_few_and_all_there():
    import bathyscope

    assert len(bathyscope.__all__) < 15
    for name in bathyscope.__all__:
        assert getattr(bathyscope, name) is not None
