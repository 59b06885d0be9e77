"""Fitting the autoencoder: neighbours stay neighbours, predictions stay predictions."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.sparse as sp

from bathyscope.analyses.adam import Adam
from bathyscope.analyses.timetravel import losses, network
from bathyscope.analyses.timetravel.graph import IntArray, Vectors
from bathyscope.analyses.timetravel.losses import Edges
from bathyscope.analyses.timetravel.muon import Muon
from bathyscope.analyses.timetravel.network import Array, Shape
from bathyscope.analyses.timetravel.threads import Beside

Told = Callable[[float, str], None]

# Longer gradients are cut to it: a pair of samples far apart must not undo many steps.
LONGEST_GRADIENT = 5.0

START_STEPS = 80
START_SPREAD = 5.0
TELL_EVERY = 20


class Cloud(NamedTuple):
    """What is fitted at one checkpoint.

    Attributes
    ----------
    inputs : (M + B, Q) standardised vectors, of M landmarks and then B boundary samples
    targets : (M + B, Q) the same in the units of this checkpoint, as the decoder should give them
    who : (M,) which sample each landmark is, ascending
    graph : (M + B, M + B) how strongly they belong together
    ties : (M, T) how strongly each landmark is tied to itself at the other checkpoints
    weight, bias : (C, Q), (C,) decision layer on the decoder's output; None if there is none
    chances : (M + B, C) predicted probabilities; None without decision layer
    """

    inputs: Vectors
    targets: Vectors
    who: IntArray
    graph: sp.csr_array
    ties: Vectors
    weight: Array | None = None
    bias: Array | None = None
    chances: Array | None = None


class Anchors(NamedTuple):
    """Vectors (A, Q) that should be drawn within margin (A,) of targets (A, 2), by weight (A,)."""

    inputs: Vectors
    targets: Vectors
    weight: Vectors
    margin: Vectors


@dataclass(frozen=True)
class Settings:
    """How to fit.

    Parameters
    ----------
    steps : of the optimiser
    batch : samples per step, over `together` checkpoints, each with the same ones
    width, depth : of the hidden layers of encoder and decoder
    rate, last_rate : of learning, at the beginning and at the end
    others : samples that an edge is told from
    neighbour, repulsion, reconstruction, prediction, tie, path, anchor : what each loss counts
    """

    steps: int = 1200
    batch: int = 3072
    together: int = 4
    width: int = 128
    depth: int = 3
    rate: float = 5e-3
    last_rate: float = 1e-4
    others: int = 24
    neighbour: float = 4.0
    repulsion: float = 1.0
    reconstruction: float = 1.0
    prediction: float = 4.0
    tie: float = 0.1
    path: float = 0.6
    anchor: float = 3.0
    seed: int = 0


class _Piece(NamedTuple):
    """Rows of one checkpoint's cloud, and what share of a step's losses they are."""

    frame: int
    rows: IntArray
    share: np.float32


class _Batch(NamedTuple):
    """Rows of some checkpoints' clouds, and where each stands in the batch: (checkpoint, from, to).

    `offsets` say for each checkpoint which rows are the others that its edges are told from.
    """

    rows: list[IntArray]
    blocks: list[tuple[int, int, int]]
    offsets: list[IntArray]

    @property
    def stop(self) -> int:
        """Rows of all checkpoints."""
        return self.blocks[-1][2]

    def pieces(self, low: int, high: int) -> list[_Piece]:
        """The rows that stand in a part of the batch."""
        out = []
        for rows, (frame, start, stop) in zip(self.rows, self.blocks, strict=True):
            mine = rows[max(low - start, 0) : max(high - start, 0)]
            if len(mine):
                out.append(_Piece(frame, mine, np.float32(len(mine) / (stop - start) / len(self.blocks))))
        return out


@dataclass(frozen=True)
class _Work:
    """What every step works on; `gradients` are those of either half."""

    clouds: Sequence[Cloud]
    settings: Settings
    weights: dict[str, Array]
    gradients: tuple[dict[str, Array], dict[str, Array]]
    beside: Beside


def fit(
    clouds: Sequence[Cloud],
    settings: Settings,
    told: Told,
    *,
    start: dict[str, Array] | None = None,
    anchors: Anchors | None = None,
) -> dict[str, Array]:
    """Weights of one autoencoder for all these checkpoints.

    Parameters
    ----------
    told : hears how far it is; may raise to stop
    start : weights to go on from; None begins at the main directions of all clouds
    anchors : what should be drawn at known places
    """
    generator = np.random.default_rng([settings.seed, 2])
    pooled = np.concatenate([cloud.inputs for cloud in clouds])
    people = np.unique(np.concatenate([cloud.who for cloud in clouds]))
    if start is None:
        weights = network.initial(Shape(pooled.shape[1], settings.width, settings.depth, len(clouds)), generator)
    else:
        weights = dict(start)
    if not len(people):  # these checkpoints hold none of the landmarks
        return weights
    if start is None:
        _begin(weights, pooled)
    began = time.monotonic()
    with Beside() as beside:
        muon = Muon(weights)
        spare = {name: np.zeros_like(value) for name, value in weights.items()}
        work = _Work(clouds, settings, weights, (muon.gradients, spare), beside)
        for step in range(settings.steps):
            if step % TELL_EVERY == 0:
                left = (time.monotonic() - began) / max(step, 1) * (settings.steps - step)
                told(step / settings.steps, f", about {left:.0f} s left" if step else "")
            cosine = (1 + np.cos(np.pi * step / settings.steps)) / 2
            _descend(work, _draw(clouds, people, settings, generator), _held(anchors, generator))
            rate = settings.last_rate + (settings.rate - settings.last_rate) * cosine
            muon.step(rate, limit=LONGEST_GRADIENT, both=beside.both)
    return {name: value.copy() for name, value in weights.items()}


def _begin(weights: dict[str, Array], inputs: Vectors) -> None:
    """Fit the encoder to the two main directions, so that another seed does not turn the picture."""
    # The inputs are main directions already, most important first.
    wanted = np.zeros((len(inputs), 2), np.float32)
    two = min(2, inputs.shape[1])
    wanted[:, :two] = inputs[:, :two] - inputs[:, :two].mean(axis=0)
    wanted *= START_SPREAD / max(float(wanted.std()), 1e-6)
    mine = {name: value.copy() for name, value in weights.items() if name[0] == "e"}
    both = {**weights, **mine}
    adam = Adam(both)
    for value in adam.gradients.values():
        value[...] = 0
    generator = np.random.default_rng(0)
    for _ in range(START_STEPS):
        rows = generator.integers(len(inputs), size=min(512, len(inputs)))
        kept = network.encoded(both, inputs[rows])
        network.encoder_gradient(both, kept, (kept[-1] - wanted[rows]) * np.float32(2 / len(rows)), adam.gradients)
        adam.step(3e-3, limit=LONGEST_GRADIENT)
    for name in mine:
        weights[name] = both[name].copy()


def _draw(clouds: Sequence[Cloud], people: IntArray, settings: Settings, generator: np.random.Generator) -> _Batch:
    """Some checkpoints, and the same landmarks in each, with their share of boundary samples."""
    together = min(settings.together, len(clouds))
    chosen = np.sort(generator.choice(len(clouds), size=together, replace=False))
    drawn = np.sort(generator.permutation(people)[: max(8, settings.batch // together)])
    rows: list[IntArray] = []
    blocks: list[tuple[int, int, int]] = []
    start = 0
    for frame in chosen:
        cloud = clouds[frame]
        mine = np.flatnonzero(np.isin(cloud.who, drawn, assume_unique=True))
        border = len(cloud.inputs) - len(cloud.who)
        take = round(border * len(mine) / max(len(cloud.who), 1))
        border_rows = len(cloud.who) + generator.permutation(border)[:take]
        # Shuffled, because the losses compare each row with rows at fixed offsets.
        rows.append(generator.permutation(np.concatenate([mine, border_rows])))
        blocks.append((int(frame), start, start + len(rows[-1])))
        start += len(rows[-1])
    offsets = [generator.permutation(np.arange(1, len(mine)))[: settings.others] for mine in rows]
    return _Batch(rows, blocks, offsets)


def _held(anchors: Anchors | None, generator: np.random.Generator) -> Anchors | None:
    """Some of the anchors, for one step."""
    if anchors is None or not len(anchors.inputs):
        return None
    some = generator.integers(len(anchors.inputs), size=min(512, len(anchors.inputs)))
    return Anchors(*(part[some] for part in anchors))


class _Half:
    """Some rows of a batch on their way through the network and back, by themselves.

    Attributes
    ----------
    positions : (n, 2) where the rows are drawn
    into : gradients of the weights, as far as these rows make them
    """

    def __init__(self, work: _Work, pieces: list[_Piece], held: Anchors | None, into: dict[str, Array]) -> None:
        self.work, self.pieces, self.held, self.into = work, pieces, held, into

    def forward(self) -> None:
        """Positions, what they decode to, and the losses of that."""
        clouds, weights = self.work.clouds, self.work.weights
        inputs = [clouds[piece.frame].inputs[piece.rows] for piece in self.pieces]
        ends = np.cumsum([len(part) for part in inputs]).tolist()
        if self.held is not None:
            inputs.append(self.held.inputs)
        self.kept = network.encoded(weights, np.concatenate(inputs))
        self.positions = self.kept[-1][: ends[-1]]
        blocks = [(piece.frame, end - len(piece.rows), end) for piece, end in zip(self.pieces, ends, strict=True)]
        self.seen = network.decoded(weights, self.positions, blocks)
        self.by_output = np.empty_like(self.seen.output)
        for piece, (frame, start, stop) in zip(self.pieces, blocks, strict=True):
            pull = _output_gradient(self.seen.output[start:stop], clouds[frame], piece.rows, self.work.settings)
            np.multiply(pull, piece.share, out=self.by_output[start:stop])

    def backward(self, pull: Array) -> None:
        """Gradients of the weights, given which way the other losses pull the positions."""
        settings, weights, stop = self.work.settings, self.work.weights, len(self.positions)
        by_position = np.empty_like(self.kept[-1])
        by_position[:stop] = pull + network.decoder_gradient(weights, self.seen, self.by_output, self.into)
        if self.held is not None:
            _, back = losses.anchor_loss(self.kept[-1][stop:], *self.held[1:])
            by_position[stop:] = np.float32(settings.anchor) * back
        network.encoder_gradient(weights, self.kept, by_position, self.into)


def _halves(work: _Work, batch: _Batch, held: Anchors | None) -> list[_Half]:
    """A batch in two, for two cores; a single one where there is hardly anything."""
    # An anchor, which is not decoded, costs half as much as a row.
    cut = (batch.stop + (0 if held is None else len(held.inputs) // 2)) // 2
    first, second = work.gradients
    if not 0 < cut < batch.stop:
        return [_Half(work, batch.pieces(0, batch.stop), held, first)]
    return [
        _Half(work, batch.pieces(0, cut), None, first),
        _Half(work, batch.pieces(cut, batch.stop), held, second),
    ]


def _descend(work: _Work, batch: _Batch, held: Anchors | None) -> None:
    """Gradients of all losses on one batch, in the first of `gradients`.

    The halves never wait for each other within a pass, and are added in the same order however long each takes.
    """
    halves = _halves(work, batch, held)
    work.beside.both([half.forward for half in halves])
    pull = _pull(work, batch, np.concatenate([half.positions for half in halves]))
    parts = np.split(pull, [len(halves[0].positions)])
    work.beside.both([functools.partial(half.backward, part) for half, part in zip(halves, parts, strict=False)])
    for half in halves[1:]:
        for name, value in half.into.items():
            halves[0].into[name] += value


def _pull(work: _Work, batch: _Batch, positions: Array) -> Array:
    """Which way neighbours, ties and paths pull each position."""
    clouds, settings = work.clouds, work.settings
    scale = np.float32(1 / len(batch.blocks)) * np.float32(settings.neighbour)

    def near(number: int) -> Array:
        frame, start, stop = batch.blocks[number]
        rows, offsets = batch.rows[number], batch.offsets[number]
        return scale * _neighbour_gradient(positions[start:stop], clouds[frame], rows, offsets, settings)

    def tied() -> Array:
        return np.float32(settings.tie) * losses.tie_loss(positions, _ties(clouds, batch))[1]

    def along() -> Array:
        places, apart = _paths(clouds, batch)
        out = np.zeros_like(positions)
        out[places] = np.float32(settings.path) * losses.path_loss(positions[places], apart)[1]
        return out

    count = len(batch.blocks)
    tasks: list[Callable[[], Array]] = [functools.partial(near, number) for number in range(count)]
    if settings.tie and count > 1:
        tasks.append(tied)
    if settings.path and count > 2:
        tasks.append(along)
    pulls = work.beside.both(tasks)
    return functools.reduce(np.add, pulls[count:], np.concatenate(pulls[:count]))


def _output_gradient(output: Array, cloud: Cloud, rows: IntArray, settings: Settings) -> Array:
    _, out = losses.reconstruction_loss(output, cloud.targets[rows])
    out *= np.float32(settings.reconstruction)
    if cloud.weight is not None and cloud.bias is not None and cloud.chances is not None:
        _, more = losses.prediction_loss(output, cloud.weight, cloud.bias, cloud.chances[rows])
        out += np.float32(settings.prediction) * more
    return out


def _neighbour_gradient(positions: Array, cloud: Cloud, rows: IntArray, offsets: IntArray, settings: Settings) -> Array:
    among = cloud.graph[rows][:, rows].tocoo()
    if not among.nnz or len(rows) < 3:
        return np.zeros_like(positions)
    edges = Edges(among.row, among.col, among.data)
    return losses.neighbour_loss(positions, edges, offsets, settings.repulsion)[1]


def _places(clouds: Sequence[Cloud], batch: _Batch) -> list[tuple[IntArray, IntArray, IntArray]]:
    """For each checkpoint of a batch: which samples it holds, where they stand in the batch, and in the cloud."""
    out = []
    for rows, (frame, start, _) in zip(batch.rows, batch.blocks, strict=True):
        who = clouds[frame].who
        landmarks = np.flatnonzero(rows < len(who))
        order = landmarks[np.argsort(rows[landmarks])]
        out.append((who[rows[order]], order + start, rows[order]))
    return out


def _paths(clouds: Sequence[Cloud], batch: _Batch) -> tuple[IntArray, Vectors]:
    """Where the samples that all checkpoints of a batch hold stand in it, (S, F), and how far they moved, (S, F, F)."""
    places = _places(clouds, batch)
    common = functools.reduce(np.intersect1d, [who for who, _, _ in places])
    at = [np.searchsorted(who, common) for who, _, _ in places]
    stand = np.stack([mine[where] for (_, mine, _), where in zip(places, at, strict=True)], axis=1)
    vectors = [
        clouds[frame].inputs[rows[where]]
        for (_, _, rows), where, (frame, _, _) in zip(places, at, batch.blocks, strict=True)
    ]
    apart = np.stack([np.linalg.norm(a - b, axis=1) for a in vectors for b in vectors], axis=1)
    return stand, apart.reshape(len(common), len(vectors), len(vectors))


def _ties(clouds: Sequence[Cloud], batch: _Batch) -> Edges:
    """Edges between the same samples at the checkpoints of a batch, where they are tied."""
    firsts, seconds, strengths = [], [], []
    places = _places(clouds, batch)
    for a, (frame, _, _) in enumerate(batch.blocks):
        for b in range(a):
            _, mine, theirs = np.intersect1d(places[a][0], places[b][0], assume_unique=True, return_indices=True)
            strength = clouds[frame].ties[places[a][2][mine], batch.blocks[b][0]]
            tied = strength > 0
            firsts.append(places[a][1][mine][tied])
            seconds.append(places[b][1][theirs][tied])
            strengths.append(strength[tied])
    return Edges(np.concatenate(firsts), np.concatenate(seconds), np.concatenate(strengths))
