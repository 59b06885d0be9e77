"""A card: the picture of a neuron for a class, its controls, and how far it can be trusted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch

from bathyscope.analyses.illusion.gaze import gaze, masks
from bathyscope.analyses.illusion.making import FRAME_EVERY, Goal, Made, OnStep, Recipe, generator_for, make
from bathyscope.analyses.illusion.objective import Weights
from bathyscope.analyses.illusion.program import Network
from bathyscope.analyses.illusion.reference import Reference

Kind = Literal["class", "class_only", "neuron_only"]
KINDS: tuple[Kind, ...] = ("class", "class_only", "neuron_only")

EXPRESSED_PERCENTILE = 99.0
LEAST_GAMMA = 0.05
NOT_EXPRESSED = "neuron not expressed"
UNSPECIFIC = "the class alone excites it as much"
LEAST_SPECIFICITY = 1.0

Bytes = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Wanted:
    """What a card is asked for, beside the neuron.

    Attributes
    ----------
    label : class index
    gamma : weight of the class's logit
    paper : the raw product instead of the sign-safe objective
    bn : keep to the statistics of the batch normalisations
    similarity : views and features to (V,) q, or None
    final : pictures and features to (B,) q of the finished pictures, or None
    """

    label: int
    gamma: float = 0.5
    paper: bool = False
    bn: bool = False
    similarity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None


@dataclass(frozen=True)
class Sitting:
    """What the pictures of one card are made from.

    Attributes
    ----------
    network, reference, recipe, wanted : the same for all cards of a run
    neuron, seed : of which
    place : of the neuron among those of the reference
    """

    network: Network
    reference: Reference
    recipe: Recipe
    wanted: Wanted
    neuron: int
    place: int
    seed: int


@dataclass(frozen=True)
class Picture:
    """One finished picture and what it measures; everything is measured on the bytes that are shown.

    Attributes
    ----------
    kind : "class" (neuron and class), "class_only" or "neuron_only"
    pixels : (h, w) or (h, w, 3) bytes
    mask : (h, w) bytes: 255 where the neuron looks, 128 elsewhere
    activation, logit, probability, q : of the picture, without random views; q is None without a scorer
    percentile : share of real images, in percent, that excite the neuron less
    specificity : lead over the class-only control, in standard deviations over real images; None for the control itself
    gamma : weight of the class's logit that the picture was made with
    features : (F,) of the picture
    masked_features : (F,) of the picture times its mask
    """

    kind: Kind
    pixels: Bytes
    mask: Bytes
    activation: float
    logit: float
    probability: float
    q: float | None
    percentile: float
    specificity: float | None
    gamma: float
    features: npt.NDArray[np.float64]
    masked_features: npt.NDArray[np.float64]

    @property
    def expressed(self) -> bool:
        """Whether it excites the neuron more than 99 of 100 real images do."""
        return self.percentile >= EXPRESSED_PERCENTILE and self.activation > 0

    @property
    def badge(self) -> str | None:
        """What a reader must know before believing the picture."""
        if self.kind == "class_only":
            return None
        if not self.expressed:
            return NOT_EXPRESSED
        if self.specificity is not None and self.specificity < LEAST_SPECIFICITY:
            return UNSPECIFIC
        return None


@dataclass(frozen=True)
class Card:
    """All pictures of one neuron, class and seed.

    Attributes
    ----------
    neuron, seed : of which
    pictures : "class" first, then its controls
    terms : (step, neuron term, class term, scorer term) of the class picture
    frames : (step, pixels) of it
    """

    neuron: int
    seed: int
    pictures: tuple[Picture, ...]
    terms: tuple[tuple[int, float, float, float | None], ...]
    frames: tuple[tuple[int, Bytes], ...]


OnFrame = Callable[[int, Bytes | None, int], None]
"""Told every step, with the picture so far every 32 steps and the number of the try; may raise to stop."""


def make_card(sitting: Sitting, on_frame: OnFrame) -> Card:
    """Make the picture and its controls; halve the weight of the class until the neuron is expressed, or give up."""
    attempt = 1

    def tell(step: int, image: torch.Tensor | None) -> None:
        on_frame(step, None if image is None else _bytes(image), attempt)

    made = _together(sitting, tell)
    pictures = _measured(sitting, made, KINDS)
    control = pictures[1].activation
    sigma = float(sitting.reference.std[sitting.neuron])
    class_made, gamma = made, sitting.wanted.gamma
    while not pictures[0].expressed and pictures[2].expressed and gamma / 2 >= LEAST_GAMMA:
        gamma, attempt = gamma / 2, attempt + 1
        softer = replace(sitting, wanted=replace(sitting.wanted, gamma=gamma))
        again = _batch(softer, ("class",), tell)
        pictures[0] = _measured(softer, again, ("class",))[0]
        class_made = again
    shown = [
        picture
        if picture.kind == "class_only"
        else replace(picture, specificity=_lead(picture.activation, control, sigma))
        for picture in pictures
    ]
    frames = tuple((step, _bytes(image)) for step, image in class_made.frames)
    return Card(sitting.neuron, sitting.seed, tuple(shown), tuple(class_made.terms), frames)


def _lead(activation: float, control: float, sigma: float) -> float | None:
    return (activation - control) / sigma if sigma > 0 else None


def _together(sitting: Sitting, tell: OnStep) -> Made:
    """All three in one batch; one by one where the batch itself is looked at."""
    if not sitting.wanted.bn:
        return _batch(sitting, KINDS, tell)
    parts = [_batch(sitting, (kind,), tell if kind == "class" else _silent(tell)) for kind in KINDS]
    first = parts[0]
    attention = [part.attention for part in parts if part.attention is not None]
    return Made(torch.cat([part.images for part in parts]), first.terms, first.frames, torch.cat(attention))


def _silent(tell: OnStep) -> OnStep:
    """Still stops a run, but shows nothing."""
    return lambda step, image: tell(step, None)


def _batch(sitting: Sitting, kinds: tuple[Kind, ...], tell: OnStep) -> Made:
    reference, wanted, neuron = sitting.reference, sitting.wanted, sitting.neuron
    parts = {
        "class": (1.0, wanted.gamma),
        "class_only": (0.0, max(wanted.gamma, LEAST_GAMMA)),
        "neuron_only": (1.0, 0.0),
    }
    neuron_part, class_part = (torch.tensor([parts[kind][i] for kind in kinds]) for i in (0, 1))
    a, s = reference.activations[:, sitting.place], reference.logits[:, wanted.label]
    spread = [float(np.std(parts[kind][0] * a + parts[kind][1] * s)) for kind in kinds]
    tau = torch.tensor([value if value > 0 and np.isfinite(value) else 1.0 for value in spread])
    goal = Goal(
        neuron,
        wanted.label,
        Weights(neuron_part, class_part, tau, paper=wanted.paper),
        wanted.similarity,
        tuple(kind != "neuron_only" for kind in kinds),
        wanted.bn,
    )
    generator = generator_for(sitting.seed, neuron, wanted.label)
    return make(sitting.network, sitting.recipe, goal, generator=generator, on_step=tell)


def _bytes(image: torch.Tensor) -> Bytes:
    """(h, w) or (h, w, 3) bytes of one picture (channels, h, w) in [0, 1]."""
    pixels: Bytes = (image.detach().clamp(0, 1) * 255).round().to(torch.uint8).numpy(force=True)
    return pixels[0] if len(pixels) == 1 else np.moveaxis(pixels[:3], 0, -1)


def _measured(sitting: Sitting, made: Made, kinds: tuple[Kind, ...]) -> list[Picture]:
    network, wanted = sitting.network, sitting.wanted
    images = (made.images.clamp(0, 1) * 255).round() / 255
    inputs = network.feed(images)
    with torch.no_grad():
        seen = network.adapter.see(inputs)
        q = None if wanted.similarity is None else wanted.similarity(images, seen.features)
        looked = _masks(sitting, images, made)
        dimmed = network.adapter.features(network.feed(images * looked[:, None]))
    probabilities = seen.logits.softmax(1)[:, wanted.label]
    activations = seen.features[:, sitting.neuron].tolist()
    return [
        Picture(
            kind=kind,
            pixels=_bytes(images[i]),
            mask=(looked[i] * 255).round().to(torch.uint8).numpy(force=True),
            activation=activations[i],
            logit=float(seen.logits[i, wanted.label]),
            probability=float(probabilities[i]),
            q=None if q is None else float(q[i]),
            percentile=sitting.reference.percentile(sitting.place, activations[i]),
            specificity=None,
            gamma={"class": wanted.gamma, "class_only": wanted.gamma, "neuron_only": 0.0}[kind],
            features=seen.features[i].double().numpy(force=True),
            masked_features=dimmed[i].double().numpy(force=True),
        )
        for i, kind in enumerate(kinds)
    ]


def _masks(sitting: Sitting, images: torch.Tensor, made: Made) -> torch.Tensor:
    """(B, h, w) in {0.5, 1}: 1 where the neuron looks."""
    strength = made.attention if sitting.recipe.engine == "maco" else None
    if strength is None:
        strength = gaze(sitting.network, images, sitting.neuron)
    return masks(strength, (images.shape[2], images.shape[3]))


__all__ = ["FRAME_EVERY", "KINDS", "Card", "Picture", "Sitting", "Wanted", "make_card"]
