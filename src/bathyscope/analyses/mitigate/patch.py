"""A patch: an edit of the decision layer in a file, fit for one model only, that can be taken back bit for bit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from bathyscope._version import __version__
from bathyscope.errors import PatchError

Weights = npt.NDArray[np.float32]

FORMAT = "bathyscope-patch"
FORMAT_VERSION = 1
_ARRAYS = ("weight", "bias", "weight_before", "bias_before")


@dataclass(frozen=True)
class Patch:
    """An edited decision layer and the one that it replaces, float32.

    Attributes
    ----------
    weight, bias : (C, U) and (C,) after the edit
    weight_before, bias_before : as the model has them, so that reverting is exact
    neurons, classes : what was edited
    method, settings : how
    """

    weight: Weights
    bias: Weights
    weight_before: Weights
    bias_before: Weights
    neurons: tuple[int, ...]
    classes: tuple[str, ...]
    method: str
    settings: Mapping[str, Any]

    @property
    def fingerprint(self) -> str:
        """Of the decision layer that the patch belongs to."""
        return fingerprint(self.weight_before, self.bias_before)

    @property
    def fingerprint_after(self) -> str:
        """Of the decision layer with the patch applied."""
        return fingerprint(self.weight, self.bias)

    def to_bytes(self) -> bytes:
        """The file: safetensors, with everything but the arrays as JSON in its metadata."""
        about = {
            "format": FORMAT,
            "format_version": FORMAT_VERSION,
            "bathyscope": __version__,
            "fingerprint": self.fingerprint,
            "neurons": list(self.neurons),
            "classes": list(self.classes),
            "method": self.method,
            "settings": dict(self.settings),
        }
        arrays = {name: np.ascontiguousarray(getattr(self, name)) for name in _ARRAYS}
        text = json.dumps(about, ensure_ascii=False, sort_keys=True)
        return bytes(save_tensors(arrays, metadata={"patch": text}))

    @classmethod
    def from_bytes(cls, content: bytes) -> Patch:
        """Read the file.

        Raises
        ------
        PatchError
            If it is no patch, damaged, or of a newer format.
        """
        try:
            arrays = load_tensors(content)
            header = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
            about = json.loads(header["__metadata__"]["patch"])
            parts = {name: arrays[name] for name in _ARRAYS}
        except (SafetensorError, ValueError, KeyError, TypeError) as error:
            raise PatchError("This file is no patch. Give the one that the analysis mitigate wrote.") from error
        if about.get("format") != FORMAT or about.get("format_version", 0) > FORMAT_VERSION:
            raise PatchError(
                f"The patch is of format {about.get('format')} {about.get('format_version')}; this version reads "
                f"{FORMAT} up to {FORMAT_VERSION}. Update Bathyscope."
            )
        patch = cls(
            **parts,
            neurons=tuple(about["neurons"]),
            classes=tuple(about["classes"]),
            method=about["method"],
            settings=about["settings"],
        )
        if patch.fingerprint != about["fingerprint"]:
            raise PatchError("The patch is damaged: its arrays are not those that it was written with. Write it anew.")
        return patch


def fingerprint(weight: npt.NDArray[Any], bias: npt.NDArray[Any]) -> str:
    """Hash of a decision layer: its shape and its numbers in single precision."""
    arrays = [np.ascontiguousarray(array, np.float32) for array in (weight, bias)]
    content = b"".join(str(array.shape).encode() + array.tobytes() for array in arrays)
    return hashlib.sha256(content).hexdigest()[:32]
