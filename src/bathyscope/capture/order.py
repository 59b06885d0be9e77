"""Every pass over the samples must give the same samples in the same order; this notices when it does not."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from bathyscope.capture.samples import Described, Inputs
from bathyscope.errors import SampleOrderError


class OrderCheck:
    """Watches that every pass over the samples gives the same contents in the same order.

    Parameters
    ----------
    n_samples : N
    unknown : whether the contents are yet to be learnt, in the first pass of a resumed recording
    expected : CRC-32 of all checksums, which the contents learnt so must have; None if nobody knows
    """

    def __init__(self, n_samples: int, *, unknown: bool = False, expected: int | None = None) -> None:
        self.checksums: npt.NDArray[np.uint32] = np.zeros(n_samples, np.uint32)
        self._unknown, self._expected = unknown, expected
        self._seen = 0

    def remember(self, batch: Described) -> None:
        """Take the contents of the first pass as what must come again."""
        self.checksums[batch.start : batch.start + len(batch)] = batch.checksums

    def begin(self) -> None:
        """Start a pass."""
        self._seen = 0

    def compare(self, batch: Inputs, name_of: Callable[[int], str]) -> None:
        """Check one batch of a later pass.

        Raises
        ------
        SampleOrderError
            Naming the first sample that is not what it was.
        """
        count = len(batch.checksums)
        if self._unknown:
            self.checksums[batch.start : batch.start + count] = batch.checksums
        wrong = np.flatnonzero(batch.checksums != self.checksums[batch.start : batch.start + count])
        self._seen += count
        if len(wrong):
            position = batch.start + int(wrong[0])
            raise SampleOrderError(
                f"Sample {name_of(position)!r} (position {position}) is not what it was when the recording began: the "
                "data set was shuffled or changed in place, or it augments at random. Give the samples in a fixed "
                "order with the evaluation transform (no random crop or flip), or a copy that nobody changes."
            )

    def end(self) -> None:
        """Finish a pass.

        Raises
        ------
        SampleOrderError
            If samples are missing.
        """
        if self._seen != len(self.checksums):
            raise SampleOrderError(
                f"The data gave {self._seen:,} samples, but {len(self.checksums):,} when the recording began. "
                "Give the same samples at every checkpoint."
            )
        if self._unknown and self._expected not in (None, zlib.crc32(self.checksums.data)):
            raise SampleOrderError(
                "The samples are not those that the recording began with: their contents or their order differ. Resume "
                "with the same samples, or record into another folder."
            )
        self._unknown = False
