"""Pictures for a list of neurons, from the recording to the tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import torch
from torch import nn

from bathyscope.analyses.counterfactual.exemplars import Exemplar, Pool, exemplars_of
from bathyscope.analyses.illusion import evidence
from bathyscope.analyses.illusion.adapter import left_as_found
from bathyscope.analyses.illusion.cards import Bytes, Card, Picture, Sitting, Wanted, make_card
from bathyscope.analyses.illusion.gaze import real_masks
from bathyscope.analyses.illusion.making import Recipe
from bathyscope.analyses.illusion.program import Feed, Network, network_of
from bathyscope.analyses.illusion.reference import Reference, check_neurons, class_of, reference_of
from bathyscope.analyses.illusion.scorers import (
    ImageTextScorer,
    OpenClipScorer,
    PlainScorer,
    first_name,
    similarity_to,
)
from bathyscope.analyses.illusion.settings import Settings, prototype_direction, settle
from bathyscope.analyses.illusion.tables import table_of
from bathyscope.analyses.illusion.telling import BEGINS, ENDS, Teller
from bathyscope.errors import ParameterError
from bathyscope.recording import Checkpoint, Progress, Recording
from bathyscope.recording.media import encode_png

if TYPE_CHECKING:
    from bathyscope.analyses.illusion import Illusion

MOST_BY_DEFAULT = 4
FEW_IMAGES = 100
UNGUIDED = "no language guidance"

SMALL_INPUT = 64
"""Up to this side one thread is faster than several, and sums come out alike whatever the machine."""

Score = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Plan:
    """Everything that is settled before the first picture."""

    network: Network
    reference: Reference
    recipe: Recipe
    settings: Settings
    wanted: Wanted
    neurons: tuple[int, ...]
    label: str
    guidance: str
    notes: tuple[str, ...]


def illustrate(
    recording: Recording,
    asked: Illusion,
    progress: Progress,
    *,
    model: nn.Module | None = None,
    scorer: ImageTextScorer | PlainScorer | None = None,
    head: str | None = None,
) -> dict[str, pa.Table]:
    """All tables by name."""
    # A scorer that is not there should be told at once, not after the model was opened.
    if scorer is None and asked.scorer is not None:
        scorer = OpenClipScorer(asked.scorer, asked.scorer_model)
    progress(0.0, "opening the model")
    checkpoint = _checkpoint(recording, asked.checkpoint)
    with few_threads(SMALL_INPUT):  # eight pictures
        network = network_of(recording, checkpoint, model=model, feed=_feed(recording, asked, model), head=head)
    with left_as_found(network.adapter.model), few_threads(max(network.feed.shape[1:])):
        plan = _plan(recording, asked, checkpoint, network, scorer=scorer)
        progress(BEGINS, "making pictures")
        cards = _cards(plan, asked, progress)
        progress(ENDS, "comparing with real images")
        return _tables(recording, checkpoint, plan, cards, asked=asked)


@contextmanager
def few_threads(side: int) -> Iterator[None]:
    """One thread inside for small inputs: handing work to others costs more than it saves, on a busy machine 20 times.

    Parameters
    ----------
    side : of the model's input, in pixels
    """
    before = torch.get_num_threads()
    try:
        if side <= SMALL_INPUT:
            torch.set_num_threads(1)
        yield
    finally:
        torch.set_num_threads(before)


def _checkpoint(recording: Recording, name: str | None) -> Checkpoint:
    if name is not None:
        return recording.checkpoint(name)
    layer = recording.embedding_layer
    return [checkpoint for checkpoint in recording.checkpoints if layer in checkpoint.layers][-1]


def _feed(recording: Recording, asked: Illusion, model: nn.Module | None) -> Feed | None:
    if not asked.mean and not asked.std:
        return None
    channels = max(len(asked.mean), len(asked.std), 1)
    if model is None:
        from bathyscope.analyses.illusion.program import open_program

        path = recording.program_path
        shape = open_program(path)[1] if path is not None else (channels, 0, 0)
    else:
        picture = recording.image(0)
        side = asked.input_size
        shape = (channels if channels > 1 else len(picture.getbands()), side or picture.height, side or picture.width)
    return Feed((shape[0], shape[1], shape[2]), asked.mean or (0.0,), asked.std or (1.0,), asked.crop)


def _plan(
    recording: Recording,
    asked: Illusion,
    checkpoint: Checkpoint,
    network: Network,
    *,
    scorer: ImageTextScorer | PlainScorer | None,
) -> Plan:
    label = class_of(recording, checkpoint, asked.label)
    name = recording.classes[label] if recording.classes else str(label)
    adapter = network.adapter
    if label >= adapter.n_classes:
        raise ParameterError(f"The model gives {adapter.n_classes} outputs; there is none for the class {name!r}.")
    neurons, notes = _neurons(asked, adapter.linear.weight, label)
    check_neurons(neurons, adapter.n_features)
    reference = reference_of(recording, checkpoint, neurons, adapter.n_classes)
    score, guidance, remarks = _score(scorer, asked, reference, label=label, name=name)
    settings, recipe = settle(asked, recording, reference, network, guided=scorer is not None)
    if settings.engine == "own":
        remarks.append(
            f"The pictures are made of the {len(recipe.principal[1]) if recipe.principal else 0} principal directions "
            f"of {settings.real_images:,} real images: they can show nothing that no image of the data varies in."
        )
    if len(reference.rows) < FEW_IMAGES:
        remarks.append(f"Only {len(reference.rows)} real images: no percentile says much, least of all the 99th.")
    if adapter.map_site is None:
        remarks.append("The model pools no map before its decision: masks show where pixels matter to the neuron.")
    wanted = Wanted(label, asked.gamma, asked.paper, asked.prior == "bn", score)
    told = (*network.notes, *notes, *remarks)
    return Plan(network, reference, recipe, settings, wanted, neurons, name, guidance, told)


def _neurons(asked: Illusion, weight: torch.Tensor, label: int) -> tuple[tuple[int, ...], list[str]]:
    """The neurons asked for, each once; those with the largest weights for the class where none are named."""
    if not asked.neurons:
        order = np.argsort(-weight[label].numpy(force=True), kind="stable")[:MOST_BY_DEFAULT]
        return tuple(map(int, order)), ["No neurons were named: these have the largest weights for the class."]
    once = tuple(dict.fromkeys(asked.neurons))
    return once, [] if len(once) == len(asked.neurons) else ["Neurons named twice are pictured once."]


def _score(
    scorer: ImageTextScorer | PlainScorer | None, asked: Illusion, reference: Reference, *, label: int, name: str
) -> tuple[Score | None, str, list[str]]:
    """The similarity q of views and their features, what it is in words, and notes."""
    if scorer is not None:
        text, note = first_name(name)
        notes = [] if note is None else [note]
        if text is None:
            return None, UNGUIDED, notes
        compare = similarity_to(scorer, text)
        return (lambda images, features: compare(images)), f"guided by the words {text!r}", notes
    if asked.prior == "prototype":
        direction = prototype_direction(reference, label, name)

        def to_prototype(images: torch.Tensor, features: torch.Tensor) -> torch.Tensor:
            return nn.functional.cosine_similarity(features, direction[None], dim=1)

        return to_prototype, f"{UNGUIDED}; drawn to the mean features of the class", []
    return None, UNGUIDED, []


def _cards(plan: Plan, asked: Illusion, progress: Progress) -> dict[int, list[Card]]:
    seeds = range(asked.seed, asked.seed + plan.settings.seeds)
    teller = Teller(progress, plan.label, n_cards=len(plan.neurons) * len(seeds), steps=plan.settings.steps)
    return {
        neuron: [
            make_card(
                Sitting(plan.network, plan.reference, plan.recipe, plan.wanted, neuron, place, seed),
                teller.of(neuron, seed),
            )
            for seed in seeds
        ]
        for place, neuron in enumerate(plan.neurons)
    }


def _tables(
    recording: Recording, checkpoint: Checkpoint, plan: Plan, cards: dict[int, list[Card]], *, asked: Illusion
) -> dict[str, pa.Table]:
    triage, exemplars, likeness = _triage(recording, checkpoint, plan, cards)
    value, words = evidence.agreement_of(cards, likeness)
    every = [card for one in cards.values() for card in one]
    rows: dict[str, Sequence[dict[str, Any]]] = {
        "pictures": [_picture_row(card, picture, plan) for card in every for picture in card.pictures],
        "steps": [
            {
                "neuron": card.neuron,
                "seed": card.seed,
                "step": step,
                "neuron_term": neuron,
                "class_term": label,
                "scorer_term": q,
            }
            for card in every
            for step, neuron, label, q in card.terms
        ],
        "frames": [
            {"neuron": card.neuron, "seed": card.seed, "step": step, "png": encode_png(pixels)}
            for card in every
            for step, pixels in card.frames
        ],
        "exemplars": exemplars,
        "agreement": [{"value": value, "words": words}],
        "triage": triage,
        "settings": [{"settings": json.dumps(plan.settings.told(asked), sort_keys=True)}],
        "notes": [{"text": text} for text in plan.notes],
    }
    return {name: table_of(name, given) for name, given in rows.items()}


def _picture_row(card: Card, picture: Picture, plan: Plan) -> dict[str, Any]:
    return {
        "neuron": card.neuron,
        "label": plan.label,
        "seed": card.seed,
        "kind": picture.kind,
        "png": encode_png(picture.pixels),
        "mask": encode_png(picture.mask),
        "activation": picture.activation,
        "logit": picture.logit,
        "probability": picture.probability,
        "q": picture.q,
        "percentile": picture.percentile,
        "specificity": picture.specificity,
        "expressed": picture.expressed,
        "badge": picture.badge,
        "gamma": picture.gamma,
        "guidance": UNGUIDED if picture.kind == "neuron_only" else plan.guidance,
    }


def _exemplar_row(neuron: int, one: Exemplar, row: int, looked: Mapping[int, Bytes]) -> dict[str, Any]:
    return {
        "neuron": neuron,
        "kind": one.kind,
        "rank": one.rank,
        "sample_index": row,
        "activation": one.activation,
        "mask": encode_png(looked[row]) if row in looked else None,
    }


def _triage(
    recording: Recording, checkpoint: Checkpoint, plan: Plan, cards: dict[int, list[Card]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[int, float]]:
    reference, label = plan.reference, plan.wanted.label
    weight = plan.network.adapter.linear.weight.numpy(force=True)
    properties, places = evidence.image_properties(recording, reference)
    metadata = evidence.metadata_columns(recording, reference)
    rows, shown, likeness = [], [], {}
    pool = Pool(reference.activations, reference.labels, np.argsort(-reference.logits, axis=1)[:, :2])
    for place, neuron in enumerate(plan.neurons):
        picture = evidence.best_picture(cards[neuron])
        natural = exemplars_of(place, label, pool, weight[:, plan.neurons].astype(np.float64), opposing=False)
        natural_rows = [int(reference.rows[one.place]) for one in natural]
        looked = real_masks(plan.network, recording, sorted(set(natural_rows)), neuron)
        shown += [_exemplar_row(neuron, one, row, looked) for one, row in zip(natural, natural_rows, strict=True)]
        of_class = [one.place for one in natural if one.kind == "class"]
        members = reference.rows[of_class or [one.place for one in natural if one.kind == "overall"]].tolist()
        features = recording.activations(recording.embedding_layer or "", checkpoint, members)
        likeness[neuron] = evidence.likeness_of(
            picture, features.reshape(len(members), -1).astype(np.float64), reference.mean
        )
        score = evidence.core_score(picture, reference.class_means, label)
        wrong, right = evidence.median_difference(reference, place, label)
        values = reference.activations[:, place]
        by_image = {name: properties[:, i] for i, name in enumerate(evidence.PROPERTIES)} if len(places) else {}
        image, image_correlation = evidence.strongest_correlation(values[places], by_image)
        column, correlation = evidence.strongest_correlation(values, metadata)
        rows.append(
            {
                "neuron": neuron,
                "core_score": score,
                "candidate": None if score is None else score < 1,
                "likeness": likeness[neuron] if np.isfinite(likeness[neuron]) else None,
                "median_mistakes": wrong,
                "median_correct": right,
                "image_property": image,
                "image_correlation": image_correlation,
                "metadata": column,
                "metadata_correlation": correlation,
            }
        )
    return rows, shown, likeness
