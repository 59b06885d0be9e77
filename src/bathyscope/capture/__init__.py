"""From a model and its data to a recording. The only part of Bathyscope that imports torch."""

from bathyscope.capture.from_arrays import from_arrays
from bathyscope.capture.recorder import Recorder, record
from bathyscope.capture.transforms import ImageTransform

__all__ = ["ImageTransform", "Recorder", "from_arrays", "record"]
