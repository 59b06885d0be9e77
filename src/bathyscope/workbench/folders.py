"""Folders of the person who runs us, as each system wants them."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def user_folder(variable: str, inside: str = "", *, mac: str, linux: tuple[str, str]) -> Path:
    """Our folder of one kind, not yet made.

    Parameters
    ----------
    variable : of the environment; where it is set it names the folder itself
    inside : a folder within ours
    mac : folder within the Library of macOS
    linux : a variable of the XDG standard, and where it stands within the home folder unless set
    """
    if given := os.environ.get(variable):
        return Path(given)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / mac
    else:
        base = Path(os.environ.get(linux[0]) or Path.home() / linux[1])
    return base / "bathyscope" / inside
