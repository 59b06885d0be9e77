"""What do these neurons look for when the network thinks of this class?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

import pyarrow as pa

from bathyscope.errors import InputError, MissingInputError, ParameterError, require
from bathyscope.recording import Progress, Recording, Tables
from bathyscope.recording.results import missing, silent

if TYPE_CHECKING:
    from torch import nn

    from bathyscope.analyses.illusion.scorers import ImageTextScorer, PlainScorer

__all__ = ["Illusion", "IllusionResult", "picture"]


@dataclass(frozen=True)
class IllusionResult(Tables):
    """Pictures, their controls, and what speaks for and against them.

    Attributes
    ----------
    pictures : neuron, label, seed, kind ("class": neuron and class; "class_only" and "neuron_only" are its controls),
        png, mask (png: 255 where the neuron looks, 128 elsewhere), activation, logit, probability, q (similarity to the
        class; null without scorer or prototype), percentile (share of real images, in percent, that excite the neuron
        less), specificity (lead over the class-only control in standard deviations over real images), expressed, badge
        (null if nothing speaks against the picture), gamma, guidance (what drew the picture to the class beside the
        logit, in words)
    steps : neuron, seed, step, neuron_term, class_term, scorer_term: the parts of the objective of the class picture
    frames : neuron, seed, step, png: every 32 steps
    exemplars : neuron, kind ("overall", "class", "contribution"), rank, sample_index, activation, mask (png over the
        whole image: 255 where the neuron looks, 128 elsewhere): real images
    agreement : value (rank correlation over neurons, null if there are too few), words
    triage : neuron, core_score (below 1: the exciting region is less typical of the class than of others), candidate
        (for being spurious), likeness (of picture and exemplars, a cosine), median_mistakes, median_correct,
        image_property and metadata with the largest correlation, image_correlation, metadata_correlation
    settings : one row of JSON: everything that the pictures depend on
    notes : sentences
    """

    pictures: pa.Table
    steps: pa.Table
    frames: pa.Table
    exemplars: pa.Table
    agreement: pa.Table
    triage: pa.Table
    settings: pa.Table
    notes: pa.Table


@dataclass(frozen=True)
class Illusion:
    """Picture neurons for one class: images made so that the network answers with both.

    Parameters
    ----------
    neurons : places in the layer before the decision; none takes those with the largest weights for the class
    label : name of the class; None takes the one with most mistakes
    scorer : folder or file of a local image–text model for open_clip, which draws pictures to the class's name
    scorer_model : name of the architecture, where `scorer` is a file of weights
    prior : without scorer: "prototype" draws to the class's mean features, "bn" to the statistics that batch
        normalisations learnt
    engine : "fourier" moves Fourier coefficients, "maco" phases under the spectrum of real images, "own" weights of
        the principal directions of real images; "auto" is "own" for inputs up to 64 pixels, else "fourier"
    paper : the raw product of the published objective
    seeds : pictures per neuron; None is 2, or 4 beside a GPU with a scorer
    steps : steps per picture; None is 128, or 450 beside a GPU with a scorer
    size : side of the pictures in pixels; None is the input's up to 64 pixels or beside a GPU, else 96
    gamma : weight of the class's logit beside the activation
    seed : the first seed
    checkpoint : name of the checkpoint that the model is of; None takes the last
    mean, std : per channel, of what the model was fed; none tries the usual ones and takes what gives the recorded
        logits
    input_size : side of the model's input, for a model handed over whose images were resized
    crop : part of the resized image that the model was fed, with `mean` and `std`

    Raises
    ------
    ParameterError
        If a number is out of range.
    """

    name: ClassVar[str] = "illusion"
    question: ClassVar[str] = "What do these neurons look for when the network thinks of this class?"
    version: ClassVar[int] = 2
    needs: ClassVar[frozenset[str]] = frozenset({"embedding", "images", "logits", "program"})
    result: ClassVar[type[IllusionResult]] = IllusionResult

    neurons: tuple[int, ...] = ()
    label: str | None = None
    scorer: str | None = None
    scorer_model: str | None = None
    prior: Literal["none", "prototype", "bn"] = "none"
    engine: Literal["auto", "fourier", "maco", "own"] = "auto"
    paper: bool = False
    seeds: int | None = None
    steps: int | None = None
    size: int | None = None
    gamma: float = 0.5
    seed: int = 0
    checkpoint: str | None = None
    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    input_size: int | None = None
    crop: float = 1.0

    def __post_init__(self) -> None:
        for name, least, most in (("seeds", 1, 64), ("steps", 1, 10_000), ("size", 4, 2048), ("input_size", 4, 4096)):
            value = getattr(self, name)
            if value is not None and not least <= value <= most:
                raise ParameterError(f"{name}={value} is out of range. Give a number from {least} to {most:,}.")
        if not 0 <= self.gamma < float("inf"):
            raise ParameterError(f"gamma={self.gamma} is no weight. Give a number of at least 0; 0.5 is published.")
        if not 0 < self.crop <= 1:
            raise ParameterError(f"crop={self.crop} is no part of an image. Give a number above 0 and up to 1.")
        if any(not value > 0 for value in self.std):
            raise ParameterError(f"std={self.std} holds a number that is not above 0, which would divide by it.")
        if self.neurons and min(self.neurons) < 0:
            raise ParameterError(f"neurons={self.neurons} holds a negative number. Give places from 0.")

    def run(self, recording: Recording, progress: Progress) -> IllusionResult:
        """Open the recorded program, check it against the recorded logits, make the pictures and their controls.

        A progress that has a method `partial` is given, every 32 steps, {"frames": the newest picture of each seed of
        the neuron in hand}: neuron, seed, step, steps, attempt (above 1 with a weaker class), png.

        Raises
        ------
        AdapterError
            If the program cannot be opened, or is not the model that was recorded.
        ScorerError
            If the scorer cannot be loaded.
        ParameterError
            If there is no such neuron or class.
        """
        return picture(recording, self, progress=progress)


def picture(
    recording: Recording,
    asked: Illusion,
    *,
    model: nn.Module | None = None,
    scorer: ImageTextScorer | PlainScorer | None = None,
    head: str | None = None,
    progress: Progress = silent,
) -> IllusionResult:
    """Picture neurons with a model or a scorer that only Python can hand over; the result is not stored.

    Parameters
    ----------
    asked : what is pictured
    model : the recorded network as a torch module, for recordings without an exported program; it is left as it is
    scorer : an object with encode_text and encode_image, or a function of pictures (B, 3, h, w) and a class name
    head : name of the decision layer, where it is not found by itself

    Raises
    ------
    MissingInputError
        If the recording lacks something.
    InputError
        If its samples have several labels.
    AdapterError, ScorerError, ParameterError
        As for `Illusion.run`.
    """
    needed = Illusion.needs if model is None else Illusion.needs - {"program"}
    if lacks := missing(recording, needed):
        raise MissingInputError(f"illusion cannot run on {recording.path}: it has {'; it has '.join(lacks)}.")
    if recording.task == "multilabel":
        raise InputError(
            f"{recording.path} is multi-label: few classes of a sample have a score, and the model is checked by the "
            "logits of all. Record each class against the rest as a recording of two classes."
        )
    require("torch", extra="torch", purpose="Making feature pictures")
    from bathyscope.analyses.illusion.illustrate import illustrate

    return IllusionResult(**illustrate(recording, asked, progress, model=model, scorer=scorer, head=head))
