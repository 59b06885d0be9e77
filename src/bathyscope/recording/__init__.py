"""The recording: the format on disk, its writer and its reader. NumPy and Arrow, never torch."""

from bathyscope.recording.decisions import DecisionLog
from bathyscope.recording.reader import Head, Recording, load
from bathyscope.recording.results import Analysis, Progress, Result, Tables
from bathyscope.recording.schema import Checkpoint, LayerInfo, RecordingInfo
from bathyscope.recording.writer import CheckpointWriter, RecordingWriter

__all__ = [
    "Analysis",
    "Checkpoint",
    "CheckpointWriter",
    "DecisionLog",
    "Head",
    "LayerInfo",
    "Progress",
    "Recording",
    "RecordingInfo",
    "RecordingWriter",
    "Result",
    "Tables",
    "load",
]
