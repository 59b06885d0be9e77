"""Making pictures: the loop that moves a canvas until the network sees in it what is wanted."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

import torch

from bathyscope.analyses.illusion.objective import Weights, worth
from bathyscope.analyses.illusion.parametrised import Canvas, FourierCanvas, PhaseCanvas, PrincipalCanvas, Size
from bathyscope.analyses.illusion.program import Feed, Network
from bathyscope.analyses.illusion.views import Crops, Views

Engine = Literal["fourier", "maco", "own"]

FRAME_EVERY = 32
"""Steps between intermediate pictures."""

WAKING = 0.25
"""Part of the steps, at the start, in which gradients reach neurons that are silent."""

BN_WEIGHT = 0.01
TV_WEIGHT = 1e-4

LAST_RATE = 0.12
"""Part of the learning rate that is left at the end of its cosine."""


@dataclass(frozen=True)
class Recipe:
    """How pictures are made.

    Attributes
    ----------
    size : (h, w) of the pictures
    steps : steps of the optimiser
    exponent : fall-off of the spectrum, for the Fourier engine
    views : random views of each step
    rate : learning rate
    engine : what moves: Fourier coefficients, phases, or weights of the real images' principal directions
    real : (R, channels, h, w) real images, for the engines that stand on them
    views_each : views of every picture in one step
    principal : mean and principal directions of real images, for the engine "own"
    """

    size: Size
    steps: int
    exponent: float
    views: Views | Crops
    rate: float = 9e-3
    engine: Engine = "fourier"
    real: torch.Tensor | None = None
    views_each: int = 1
    principal: tuple[torch.Tensor, torch.Tensor] | None = None


@dataclass(frozen=True)
class Goal:
    """What the pictures of one batch are made for.

    Attributes
    ----------
    neuron, label : whose activation and logit
    weights : of the parts, one entry per picture
    similarity : (V, channels, h, w) views and (V, F) features to (V,) q, or None
    guided : (B,) which pictures the similarity counts for
    bn : whether to keep close to the statistics that the batch normalisations learnt
    """

    neuron: int
    label: int
    weights: Weights
    similarity: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] | None = None
    guided: tuple[bool, ...] = ()
    bn: bool = False


@dataclass
class Made:
    """Finished pictures (B, channels, h, w) in [0, 1], how they came about, and where the network looked.

    Attributes
    ----------
    images : the pictures
    terms : one (step, neuron term, class term, scorer term) of the first picture per step
    frames : (step, picture) every 32 steps, of the first picture
    attention : (B, h, w) accumulated strength of the gradient to the pixels
    """

    images: torch.Tensor
    terms: list[tuple[int, float, float, float | None]] = field(default_factory=list)
    frames: list[tuple[int, torch.Tensor]] = field(default_factory=list)
    attention: torch.Tensor | None = None


OnStep = Callable[[int, torch.Tensor | None], None]
"""Told the number of the step, and every 32 steps the first picture; may raise to stop."""


def generator_for(seed: int, neuron: int, label: int) -> torch.Generator:
    """The randomness of one picture, whatever else is made beside it."""
    digest = hashlib.sha256(f"{seed} {neuron} {label}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def make(network: Network, recipe: Recipe, goal: Goal, *, generator: torch.Generator, on_step: OnStep) -> Made:
    """Make the pictures of one batch; they share their start and their views, so that only the goal tells them apart.

    The batch is the picture with its controls and never more: convolutions round differently in batches of another
    size, and a picture must not depend on what else was asked for.
    """
    copies = len(goal.weights.neuron)
    canvas = _canvas(network.feed, recipe, copies, generator)
    optimiser = _optimiser(canvas, recipe)
    rates = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.steps, LAST_RATE * recipe.rate)
    made = Made(torch.empty(0))
    for step in range(recipe.steps):
        optimiser.zero_grad()
        images = canvas.images()
        images.retain_grad()
        terms = _worth(network, recipe, goal, images, generator=generator, left=1 - step / recipe.steps)
        (-terms.total).backward()  # type: ignore[no-untyped-call]
        made.attention = _more(made.attention, images.grad)
        if canvas.parameters.grad is not None:
            canvas.parameters.grad.nan_to_num_(0.0, 0.0, 0.0)
        optimiser.step()
        rates.step()
        made.terms.append((step + 1, terms.neuron, terms.label, terms.similarity))
        frame = None
        if (step + 1) % FRAME_EVERY == 0:
            with torch.no_grad():
                frame = canvas.images()[0].clone()
            made.frames.append((step + 1, frame))
        on_step(step + 1, frame)
    with torch.no_grad():
        made.images = canvas.images()
    return made


@dataclass(frozen=True)
class _Terms:
    total: torch.Tensor
    neuron: float
    label: float
    similarity: float | None


def _worth(
    network: Network, recipe: Recipe, goal: Goal, images: torch.Tensor, *, generator: torch.Generator, left: float
) -> _Terms:
    copies = len(images)
    views = recipe.views.draw(images, generator, left=left, count=recipe.views_each)
    inputs = network.feed(views)
    norms: list[torch.Tensor] | None = [] if goal.bn else None
    seen = network.adapter.see(inputs, waking=left > 1 - WAKING, norms=None if norms is None else _far(norms))
    penalty = None if norms is None else BN_WEIGHT * torch.stack(norms).sum() + TV_WEIGHT * _variation(images)
    each = len(views) // copies  # views come view by view
    neuron = seen.features[:, goal.neuron].reshape(each, copies).mean(0)
    label = seen.logits[:, goal.label].reshape(each, copies).mean(0)
    total = worth(neuron, label, None, goal.weights)
    similarity = None
    if goal.similarity is not None:
        similarity = goal.similarity(views, seen.features).reshape(each, copies).mean(0)
        guided = torch.tensor(goal.guided)
        total = torch.where(guided, worth(neuron, label, similarity, goal.weights), total)
    # A sum: a mean would tie the size of each picture's steps to the number of pictures.
    whole = total.sum() if penalty is None else total.sum() - penalty
    return _Terms(whole, neuron[0].item(), label[0].item(), None if similarity is None else similarity[0].item())


def _far(norms: list[torch.Tensor]) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor], None]:
    """Collects how far each batch normalisation's input is from what it learnt."""

    def note(value: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor) -> None:
        rows = value.float().transpose(0, 1).flatten(1)
        norms.append((rows.mean(1) - mean).norm() + (rows.var(1, unbiased=False) - variance).norm())

    return note


def _variation(images: torch.Tensor) -> torch.Tensor:
    """Total variation: differences between neighbouring pixels."""
    return images.diff(dim=2).abs().sum() + images.diff(dim=3).abs().sum()


def _canvas(feed: Feed, recipe: Recipe, copies: int, generator: torch.Generator) -> Canvas:
    if recipe.real is not None and recipe.engine == "maco":
        return PhaseCanvas.drawn(copies, recipe.real, generator)
    if recipe.principal is not None:
        return PrincipalCanvas.drawn(copies, *recipe.principal, generator)
    return FourierCanvas.drawn(copies, feed.shape[0], recipe.size, generator, exponent=recipe.exponent)


def _optimiser(canvas: Canvas, recipe: Recipe) -> torch.optim.Optimizer:
    if recipe.engine == "maco":
        return torch.optim.NAdam([canvas.parameters], lr=recipe.rate)
    decay = 0.3 if recipe.engine == "own" else 2e-4
    return torch.optim.AdamW([canvas.parameters], lr=recipe.rate, betas=(0.5, 0.99), weight_decay=decay)


def _more(sum_: torch.Tensor | None, gradient: torch.Tensor | None) -> torch.Tensor | None:
    if gradient is None:
        return sum_
    strength = gradient.abs().sum(1)
    return strength if sum_ is None else sum_ + strength
