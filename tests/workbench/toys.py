"""Analyses that are quick, wait, fail and refuse on demand."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from bathyscope.recording import Recording


@dataclass(frozen=True)
class ToyResult:
    value: int

    def to_tables(self) -> dict[str, pa.Table]:
        return {"numbers": pa.table({"value": [self.value] * 4, "half": pa.array([0.5] * 4, pa.float16())})}

    @classmethod
    def from_tables(cls, tables: Mapping[str, pa.Table]) -> ToyResult:
        return cls(tables["numbers"]["value"][0].as_py())


class Toy:
    question: ClassVar[str] = "What is it?"
    version: ClassVar[int] = 1
    needs: ClassVar[frozenset[str]] = frozenset()
    result: ClassVar[type] = ToyResult


@dataclass(frozen=True)
class Quick(Toy):
    name: ClassVar[str] = "quick"
    value: int = 7

    def run(self, recording: Recording, progress: Any) -> ToyResult:
        progress(0.5, "half of it")
        return ToyResult(self.value)


@dataclass(frozen=True)
class Held(Toy):
    """Reports progress until the test lets it go."""

    name: ClassVar[str] = "held"
    value: int = 1
    runs: ClassVar[list[int]] = []
    started: ClassVar[threading.Event] = threading.Event()
    release: ClassVar[threading.Event] = threading.Event()

    def run(self, recording: Recording, progress: Any) -> ToyResult:
        self.runs.append(self.value)
        for tick in range(10_000):
            progress(min(tick / 1000, 1.0), f"tick {tick}")
            self.started.set()
            if self.release.wait(0.002):
                break
        return ToyResult(self.value)


@dataclass(frozen=True)
class Sketching(Held):
    """Shows what there is so far, then waits as `Held` does, and may break."""

    name: ClassVar[str] = "sketching"
    breaks: bool = False

    def run(self, recording: Recording, progress: Any) -> ToyResult:
        progress.partial(ToyResult(0).to_tables())
        result = super().run(recording, progress)
        if self.breaks:
            raise ZeroDivisionError
        return result


@dataclass(frozen=True)
class Broken(Toy):
    name: ClassVar[str] = "broken"

    def run(self, recording: Recording, progress: Any) -> ToyResult:
        raise ZeroDivisionError("secret /home/someone/data.csv")


@dataclass(frozen=True)
class Refusing(Toy):
    name: ClassVar[str] = "refusing"
    needs: ClassVar[frozenset[str]] = frozenset({"program"})

    def run(self, recording: Recording, progress: Any) -> ToyResult:
        raise AssertionError("the recording has no program")
