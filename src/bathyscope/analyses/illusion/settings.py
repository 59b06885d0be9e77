"""From what was asked to how it is done on this machine, for this model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from bathyscope.analyses.illusion.adapter import left_as_found
from bathyscope.analyses.illusion.making import Engine, Recipe
from bathyscope.analyses.illusion.parametrised import FLAT_EXPONENT, PUBLISHED_EXPONENT, principal_directions
from bathyscope.analyses.illusion.program import Feed, Network
from bathyscope.analyses.illusion.reference import Reference
from bathyscope.analyses.illusion.views import Crops, Views, views_for
from bathyscope.analyses.illusion.watch import Watch, run_model
from bathyscope.errors import AdapterError, MediaError, ParameterError
from bathyscope.recording import Recording

if TYPE_CHECKING:
    from bathyscope.analyses.illusion import Illusion

SMALL = 64
"""Inputs up to this side count as small pictures."""

BESIDE_GPU = 96
STEPS_CPU, STEPS_GPU = 128, 450
SEEDS_CPU, SEEDS_GPU = 2, 4
BN_VIEWS = 8
RATES: dict[Engine, float] = {"fourier": 9e-3, "maco": 1.0, "own": 0.08}
REAL_IMAGES: dict[Engine, int] = {"maco": 200, "own": 1500}
LONGER = 2.0
"""How much longer the strides of small pictures are: their few frequencies add up to less contrast."""

LEAST_REAL = 300
"""Fewer real images have no principal directions worth the name."""


@dataclass(frozen=True)
class Settings:
    """What was chosen where the caller left it open.

    Attributes
    ----------
    size, steps, seeds, engine : of the pictures
    real_images : how many of the user's images an engine stands on
    """

    size: tuple[int, int]
    steps: int
    seeds: int
    engine: Engine
    real_images: int

    def told(self, asked: Illusion) -> dict[str, Any]:
        """Everything that the pictures depend on, as JSON."""
        return {**asdict(asked), **asdict(self)}


def settle(
    asked: Illusion, recording: Recording, reference: Reference, network: Network, *, guided: bool
) -> tuple[Settings, Recipe]:
    """Choose by machine: the published values beside a GPU with a scorer, affordable ones elsewhere.

    Raises
    ------
    ParameterError
        If an engine needs more real images than can be read, or a prior needs layers that the model lacks.
    """
    published = guided and _on_gpu(network)
    size = _size(asked, network.feed, published=published)
    small = max(size) <= SMALL
    engine: Engine = asked.engine if asked.engine != "auto" else "fourier"
    real = None
    if engine in REAL_IMAGES or (asked.engine == "auto" and small and not guided):
        wanted: Engine = engine if engine in REAL_IMAGES else "own"
        real = real_images(recording, reference, network.feed, size=size, most=REAL_IMAGES[wanted])
        enough = len(real) >= (LEAST_REAL if wanted == "own" and asked.engine == "auto" else 2)
        if enough:
            engine = wanted
        elif asked.engine != "auto":
            raise ParameterError(
                f"The engine {engine!r} stands on the recording's own images, and {len(real)} of them can be read; 2 "
                "are needed. Take engine='fourier'."
            )
    if asked.prior == "bn":
        _require_norms(network, size)
    seeds = asked.seeds or (SEEDS_GPU if published else SEEDS_CPU)
    settings = Settings(
        size,
        asked.steps or (STEPS_GPU if published else STEPS_CPU),
        seeds,
        engine,
        0 if real is None or engine == "fourier" else len(real),
    )
    return settings, Recipe(
        size=size,
        steps=settings.steps,
        exponent=FLAT_EXPONENT if small else PUBLISHED_EXPONENT,
        views=_views(engine, max(size), published=published),
        rate=_rate(engine, settings.steps, small=small, published=published),
        engine=engine,
        real=real if engine == "maco" else None,
        views_each=BN_VIEWS if asked.prior == "bn" else 1,
        principal=principal_directions(real) if engine == "own" and real is not None else None,
    )


def _rate(engine: Engine, steps: int, *, small: bool, published: bool) -> float:
    """The learning rate; fewer steps than published take longer strides, else the pictures would stay pale."""
    if engine != "fourier" or published:
        return RATES[engine]
    return RATES[engine] * max(1.0, STEPS_GPU / max(steps, STEPS_CPU)) * (LONGER if small else 1.0)


def _size(asked: Illusion, feed: Feed, *, published: bool) -> tuple[int, int]:
    if asked.size is not None:
        return asked.size, asked.size
    height, width = feed.shape[1:]
    if published or max(height, width) <= SMALL:
        return height, width
    shrink = min(1.0, BESIDE_GPU / max(height, width))
    return round(height * shrink), round(width * shrink)


def _views(engine: Engine, side: int, *, published: bool) -> Views | Crops:
    if engine != "maco":
        return views_for(side, published=published)
    # A quarter of a small picture is a handful of pixels: there the crops keep most of it.
    return Crops(smallest=0.8, largest=1.0) if side <= SMALL else Crops()


def _on_gpu(network: Network) -> bool:
    example = next(network.adapter.model.parameters(), None)
    return example is not None and example.device.type != "cpu"


def real_images(
    recording: Recording, reference: Reference, feed: Feed, *, size: Sequence[int], most: int
) -> torch.Tensor:
    """(R, channels, h, w) in [0, 1]: up to `most` readable images of the reference split, evenly spread."""
    step = max(1, len(reference.rows) // most)
    found = []
    for row in reference.rows[::step][:most]:
        try:
            found.append(feed.prepared(recording.image(int(row))))
        except MediaError:
            continue
    if not found:
        raise AdapterError(f"None of the images of {recording.path} can be read.")
    images = torch.stack(found)
    if tuple(images.shape[2:]) == tuple(size):
        return images
    return torch.nn.functional.interpolate(
        images, size=(int(size[0]), int(size[1])), mode="bilinear", antialias=True, align_corners=False
    )


def _require_norms(network: Network, size: Sequence[int]) -> None:
    seen: list[torch.Tensor] = []
    blank = torch.zeros((2, network.feed.shape[0], int(size[0]), int(size[1])))
    model = network.adapter.model
    with left_as_found(model), torch.no_grad(), Watch(norms=lambda value, mean, variance: seen.append(mean)):
        run_model(model, network.feed(blank))
    if not seen:
        raise ParameterError(
            "prior='bn' compares with the statistics of batch normalisations, and the model has none. "
            "Take prior='prototype' or prior='none'."
        )


def prototype_direction(reference: Reference, label: int, name: str) -> torch.Tensor:
    """(F,) from the mean features of all images to those of the class.

    Raises
    ------
    ParameterError
        If the class has no labelled image in the reference split.
    """
    direction = reference.class_means[label] - reference.mean
    if not np.isfinite(direction).all():
        raise ParameterError(
            f"prior='prototype' needs labelled images of {name!r} in the split {reference.split or 'all'}, and there "
            "is none. Take prior='none'."
        )
    return torch.from_numpy(direction).float()
