"""A folder to begin a component of your own from: its module, a small table to look at it with, and its tests."""

from __future__ import annotations

import re
from pathlib import Path

from bathyscope.errors import ParameterError, StorageError

TEMPLATE = Path(__file__).parent / "component_template"
NAME = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def new_component(name: str, folder: Path) -> list[Path]:
    """Write the folder of a new component; its files, in reading order.

    Parameters
    ----------
    name : of the component, in small letters with dashes; layouts call it `outside:name`
    folder : the place for a folder of that name

    Raises
    ------
    ParameterError
        If the name cannot be used, or something stands there already.
    StorageError
        If the folder cannot be written.
    """
    if not NAME.fullmatch(name) or len(name) > 64:
        raise ParameterError(
            f"The component was given the name {name!r}. Use small letters, digits and dashes, such as 'loss-by-hour'."
        )
    place = folder / name
    if place.exists():
        raise ParameterError(f"{place} exists already and was not touched. Give another name, or remove it first.")
    written = []
    try:
        place.mkdir(parents=True)
        for file in sorted(TEMPLATE.iterdir()):
            path = place / file.name.removesuffix(".txt").replace("NAME", name)
            path.write_text(file.read_text(encoding="utf-8").replace("NAME", name), encoding="utf-8")
            written.append(path)
    except OSError as error:
        raise StorageError(
            error.errno, f"Could not write {place}: {error.strerror or error}. Give another folder with --folder."
        ) from error
    return written
