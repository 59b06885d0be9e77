"""What the practitioners of Symphony found, found here: at most five clicks from the first page."""

import re

import pytest

pytestmark = pytest.mark.browser


def n_shown(page, count):
    """Wait until the samples beside the views are so many."""
    page.locator(f".docked [role=option][aria-setsize='{count}']").first.wait_for()


def test_copies_that_span_the_splits_are_three_clicks_away(served, open_page):
    page = open_page(served.url)
    page.get_by_role("tab", name="Data").click()
    duplicates = page.locator(".of-duplicates")
    duplicates.get_by_role("button", name=re.compile("^Look for duplicates")).click()
    heading = duplicates.get_by_role("heading", name=re.compile("groups of the same picture span train and test"))
    heading.wait_for(timeout=60_000)
    groups = int(re.search(r"\d+", heading.inner_text())[0])
    every = duplicates.get_by_role("button", name=re.compile(r"^Select all \d+ samples across splits"))
    count = int(re.search(r"\d+", every.inner_text())[0])
    assert count >= 2 * groups >= 6
    every.click()
    n_shown(page, count)
