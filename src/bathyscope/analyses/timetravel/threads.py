"""Work for two cores, in two threads; what comes out must not depend on which of them is first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

T = TypeVar("T")


def two_threads() -> ThreadPoolExecutor:
    """A pool of two, each of which takes one core.

    How many threads OpenMP takes is a setting of each thread that uses it, and it must be the same on every machine.
    """
    return ThreadPoolExecutor(2, initializer=threadpool_limits, initargs=(1, "openmp"))


class Beside:
    """A thread beside the one that makes it, for tasks so short that it must be known beforehand who does which."""

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(1)
        return self

    def __exit__(self, *error: Any) -> None:
        self._pool.shutdown()

    def both(self, tasks: Sequence[Callable[[], T]]) -> list[T]:
        """What the tasks give: every other one, from the first on, is done here."""
        there = self._pool.submit(one_by_one, tasks[1::2]) if len(tasks) > 1 else None
        done = (one_by_one(tasks[::2]), [] if there is None else there.result())
        return [done[number % 2][number // 2] for number in range(len(tasks))]


def one_by_one(tasks: Sequence[Callable[[], T]]) -> list[T]:
    """What the tasks give, without a second thread."""
    return [task() for task in tasks]
