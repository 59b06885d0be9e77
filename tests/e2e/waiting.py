"""Waiting for what a page has sent, and until it stands: a person sees both, a test has to ask."""

import time
from collections.abc import Callable
from typing import Any

PATIENCE = 60
"""Seconds: other tests may keep the machine busy. What does come is waited for no longer than it takes."""

AT_REST = """frames => {
  const tiles = [...document.querySelectorAll('.views [data-place]')];
  const within = selector => tiles.flatMap(tile => [...tile.querySelectorAll('.part')])
    .flatMap(part => [...part.shadowRoot?.querySelectorAll(selector) ?? []]);
  const boxes = JSON.stringify([...tiles, ...within('.fills')].map(part => part.getBoundingClientRect()));
  const still = boxes === window.boxesBefore && within('.waiting').length === 0;
  window.boxesBefore = boxes;
  window.framesStill = still ? (window.framesStill ?? 0) + 1 : 0;
  return window.framesStill >= frames;
}"""


def at_rest(page: Any) -> None:
    """Wait until no view is loading and all stay where they are: one that comes moves those below it."""
    page.evaluate("window.framesStill = 0")
    page.wait_for_function(AT_REST, arg=10)


def comes_to(page: Any, ask: Callable[[], Any], wanted: Any) -> None:
    """Ask again and again until the answer is the one that is wanted; fail with the last one."""
    deadline = time.monotonic() + PATIENCE
    while (found := ask()) != wanted and time.monotonic() < deadline:
        page.wait_for_timeout(50)
    assert found == wanted
