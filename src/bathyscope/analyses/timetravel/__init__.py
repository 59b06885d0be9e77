"""How did the samples and the model's territories move during training?"""

from __future__ import annotations

from bathyscope.analyses.timetravel.result import TimeTravelResult
from bathyscope.analyses.timetravel.travel import TimeTravel

__all__ = ["TimeTravel", "TimeTravelResult"]
