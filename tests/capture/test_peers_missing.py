"""Without its package, a callback says what to install."""

import importlib
import sys

import pytest

from bathyscope.errors import MissingPackageError


@pytest.mark.parametrize(
    ("module", "package", "purpose", "extra"),
    [
        ("lightning", "lightning", "Recording from a Lightning trainer", "lightning"),
        ("keras", "keras", "Recording from Keras", "keras"),
        ("transformers", "transformers", "Recording from the Hugging Face Trainer", "huggingface"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(monkeypatch, module, package, purpose, extra):
    for name in [name for name in sys.modules if name.split(".")[0] == package]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    monkeypatch.delitem(sys.modules, f"bathyscope.capture.{module}", raising=False)
    with pytest.raises(MissingPackageError) as caught:
        importlib.import_module(f"bathyscope.capture.{module}")
    assert str(caught.value) == (
        f"{purpose} needs the package {package!r}, which is not installed. "
        f"Install it with: pip install 'bathyscope[{extra}]'"
    )
