"""`python -m bathyscope.analyses` writes the list of analyses for docs/explanation/index.md."""

from __future__ import annotations

import sys

from bathyscope.analyses import ANALYSES

_HEAD = """\
# Analyses

Each analysis answers one question about a recording. Its page says what must be recorded, how to read the picture,
how everything in it is defined, and when it misleads.

<!-- Written by `python -m bathyscope.analyses`; a test compares. -->

| Question | Analysis | Needs |
| --- | --- | --- |
"""


def index_page() -> str:
    """docs/explanation/index.md."""
    rows = []
    for analysis in ANALYSES:
        needs = ", ".join(sorted(analysis.needs)) or "nothing that must be there"
        rows.append(f"| {analysis.question} | [{analysis.name}]({analysis.name}.md) | {needs} |\n")
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(index_page())
