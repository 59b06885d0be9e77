"""From a model and its data to a recording. The only part of Bathyscope that imports torch."""

from bathyscope.errors import require

require("torch", extra="torch", purpose="Recording a model")

from bathyscope.capture.from_arrays import from_arrays  # noqa: E402 -- torch must be known to be there first
from bathyscope.capture.recorder import Recorder, record  # noqa: E402
from bathyscope.capture.transforms import ImageTransform  # noqa: E402

__all__ = ["ImageTransform", "Recorder", "from_arrays", "record"]
