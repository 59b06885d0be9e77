"""The commands that put a patch into a file of weights, and take it back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path, typer.Argument(help="Weights of the model: .safetensors, or a saved state dict (.pt).", show_default=False)
]
PatchFile = Annotated[
    Path,
    typer.Argument(metavar="PATCH", help="A saved patch, or patch.arrow of a result of mitigate.", show_default=False),
]
Output = Annotated[
    Path | None, typer.Option(help="Where the weights are written; beside the model, named .patched, unless given.")
]


def add_to(app: typer.Typer, say: Callable[[str], None]) -> None:
    """Add `patch apply` and `patch revert`.

    Parameters
    ----------
    say : prints a line
    """

    @app.command("patch apply", epilog="Example: bathyscope patch apply model.safetensors edit.patch")
    def apply(model: Model, patch: PatchFile, *, output: Output = None) -> None:
        """Put an edit of the decision layer into a model's weights; a patch for another model changes nothing."""
        say(_changed(model, patch, output, back=False))

    @app.command("patch revert", epilog="Example: bathyscope patch revert model.patched.safetensors edit.patch")
    def revert(model: Model, patch: PatchFile, *, output: Output = None) -> None:
        """Take an edit back, bit for bit."""
        say(_changed(model, patch, output, back=True))


def _changed(model: Path, patch: Path, output: Path | None, *, back: bool) -> str:
    from bathyscope.analyses.mitigate.applying import change_file, load_patch

    name = "reverted" if back else "patched"
    written = output or model.with_name(f"{model.stem.removesuffix('.patched')}.{name}{model.suffix}")
    changed = change_file(model, load_patch(patch), back=back, output=written)
    return f"{written}: {', '.join(changed)} {name}"
