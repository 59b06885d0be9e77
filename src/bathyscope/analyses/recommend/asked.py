"""What is asked for: the parameters of a recommendation, as the modules beside it see them."""

from __future__ import annotations

from typing import Protocol


class Asked(Protocol):
    """The parameters of `Recommend` that rankings and tables depend on."""

    @property
    def target(self) -> str:
        """What is sought."""

    @property
    def strategy(self) -> str:
        """How."""

    @property
    def batch(self) -> int:
        """How many."""

    @property
    def accepted(self) -> tuple[str, ...]:
        """Ids that were answered with yes."""

    @property
    def rejected(self) -> tuple[str, ...]:
        """Ids that were answered with no."""

    @property
    def like(self) -> tuple[str, ...]:
        """Ids of examples."""

    @property
    def split(self) -> str | None:
        """Where."""

    @property
    def seed(self) -> int:
        """Of what is drawn."""
