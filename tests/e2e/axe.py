"""What axe-core says against a page."""

from typing import Any

import pytest

# Passes are not reported node by node: to write them all down takes longer than to find the faults.
OPTIONS = {"resultTypes": ["violations"]}


def serious_faults(page: Any, *parts: str) -> list[str]:
    """Serious and critical faults of a page, or of some parts of it, each with the first element that has it."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    there = page.evaluate("typeof axe === 'object'")  # from an earlier look at the same page
    context = {"include": [[part] for part in parts]} if parts else None
    asked = axe.Axe("") if there else axe.Axe()
    faults = asked.run(page, context=context, options=OPTIONS).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html']}" for fault in faults if fault["impact"] in ("serious", "critical")
    ]
