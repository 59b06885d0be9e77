"""How well wrong labels and other samples are recommended, beside the published recommender and the usual rankings.

    python benchmarks/recommend.py [--quick] [--seeds 3] [--data digits,fashion] [--settings pair,…] [--keep DIR]

Data: the digits of scikit-learn (1,797 × 64; 1,437 to train on) and, where Debian's package dataset-fashion-mnist is
installed, Fashion-MNIST (6,000 images to train on, 1,000 to test). Small networks, recorded after every epoch:
digits 64-128-64-10 for 30 epochs, Fashion-MNIST two convolutions and 128 dimensions for 12. Five kinds of wrong
labels: symmetric (10 %), pair (20 % get the next class), instance (about 20 %, by the picture), systematic (30 % of
three classes get the class that they resemble), memorised (symmetric, trained until the network knows nearly all labels
by heart).
Every strategy sees the same recording. "p@n": precision among the first n, n the number of wrong labels. "cumulative":
mean precision of the rounds so far, ten of 50 (digits: six of 20), with 0, 5 and 10 % of the answers wrong.
`--keep` keeps the recordings in a folder, so that the next call need not train again.
"""

from __future__ import annotations

import argparse
import gzip
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.nn import functional as F  # noqa: N812 -- torch's own habit

import bathyscope as bs
from bathyscope.analyses import Recommend
from bathyscope.analyses.recommend.features import FeaturesResult
from bathyscope.analyses.recommend.prepared import prepared_from
from bathyscope.analyses.recommend.strategies import learned

FASHION = Path("/usr/share/datasets/fashion-mnist")
SETTINGS = ("symmetric", "pair", "instance", "systematic", "memorised")
STRATEGIES = (
    "bathyscope",
    "movement",
    "published",
    "aum",
    "label_probability",
    "last_loss",
    "uncertainty",
    "forgetting",
    "el2n",
    "margin",
    "variability",
    "flips",
)
ALIKE = {"digits": {8: 1, 9: 3, 4: 7}, "fashion": {6: 0, 4: 2, 7: 9}}
ROUNDS = {"digits": (6, 20), "fashion": (10, 50)}
WRONG_ANSWERS = (0.0, 0.05, 0.10)


@dataclass
class Data:
    """Inputs (N, …), true and given labels, and who is trained on."""

    name: str
    inputs: Any
    truth: Any
    labels: Any
    train: Any


def digits(seed: int) -> Data:
    found = load_digits()
    order = np.random.default_rng(1000 + seed).permutation(len(found.target))
    inputs, truth = (found.data[order] / 16).astype(np.float32), found.target[order].astype(np.int64)
    return Data("digits", inputs, truth, truth.copy(), np.arange(len(truth)) < 1437)


def fashion(seed: int) -> Data:
    images, truth = (_idx(FASHION / f"train-{kind}-ubyte.gz") for kind in ("images-idx3", "labels-idx1"))
    drawn = np.random.default_rng(1000 + seed).permutation(len(truth))[:7000]
    inputs, truth = (images[drawn] / 255).astype(np.float32)[:, None], truth[drawn].astype(np.int64)
    return Data("fashion", inputs, truth, truth.copy(), np.arange(7000) < 6000)


def _idx(path: Path) -> Any:
    with gzip.open(path) as file:
        raw = file.read()
    shape = [int.from_bytes(raw[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(raw[3])]
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


def spoil(data: Data, setting: str, seed: int) -> None:
    """Give some training samples wrong labels."""
    generator = np.random.default_rng(seed)
    rows = np.flatnonzero(data.train)
    truth, n_classes = data.truth[rows], 10
    wrong = truth.copy()
    if setting in ("symmetric", "memorised"):
        hit = generator.permutation(len(rows))[: len(rows) // 10]
        wrong[hit] = (truth[hit] + generator.integers(1, n_classes, len(hit))) % n_classes
    elif setting == "pair":
        hit = generator.permutation(len(rows))[: len(rows) // 5]
        wrong[hit] = (truth[hit] + 1) % n_classes
    elif setting == "systematic":
        for label, other in ALIKE[data.name].items():
            mine = generator.permutation(np.flatnonzero(truth == label))
            wrong[mine[: int(0.3 * len(mine))]] = other
    elif setting == "instance":
        wrong = _by_picture(data.inputs[rows].reshape(len(rows), -1), truth, generator)
    data.labels[rows] = wrong


def _by_picture(flat: Any, truth: Any, generator: np.random.Generator) -> Any:
    """Each sample has its own rate around 20 %, and goes where a random projection of its pixels sends its class."""
    rates = np.clip(generator.normal(0.2, 0.1, len(truth)), 0, 1)
    projections = generator.normal(size=(10, flat.shape[1], 10)) / np.sqrt(flat.shape[1])
    activity = 3 * np.stack([row @ projections[label] for row, label in zip(flat, truth, strict=True)])
    activity[np.arange(len(truth)), truth] = -np.inf
    chances = np.exp(activity - activity.max(axis=1, keepdims=True))
    chances *= (rates / chances.sum(axis=1))[:, None]
    chances[np.arange(len(truth)), truth] = 1 - rates
    return (generator.random(len(truth))[:, None] > chances.cumsum(axis=1)).sum(axis=1).clip(0, 9)


class Net(nn.Module):
    """An embedding and a linear head."""

    def __init__(self, name: str) -> None:
        super().__init__()
        if name == "digits":
            self.embed = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU())
        else:
            self.embed = nn.Sequential(
                *(nn.Conv2d(1, 16, 3, stride=2, padding=1), nn.ReLU()),
                *(nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU()),
                *(nn.Flatten(), nn.Linear(32 * 49, 128), nn.ReLU()),
            )
        self.head = nn.LazyLinear(10)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits."""
        return self.head(self.embed(inputs))


def recorded(data: Data, path: Path, *, memorise: bool, seed: int) -> bs.Recording:
    """Train and record, or open what was recorded before."""
    if (path / "recording.json").exists():
        return bs.load(path)
    epochs, every = {"digits": (30, 1), "fashion": (12, 1)}[data.name]
    if memorise:
        epochs, every = {"digits": (200, 5), "fashion": (60, 3)}[data.name]
    torch.manual_seed(seed)
    net = Net(data.name)
    inputs, labels = torch.from_numpy(data.inputs), torch.from_numpy(data.labels)
    net(inputs[:2])
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    rows = torch.from_numpy(np.flatnonzero(data.train))
    kept: list[tuple[Any, Any]] = []
    for epoch in range(1, epochs + 1):
        net.train()
        for batch in torch.split(rows[torch.randperm(len(rows))], 64 if data.name == "digits" else 128):
            optimizer.zero_grad()
            F.cross_entropy(net(inputs[batch]), labels[batch]).backward()
            optimizer.step()
        if epoch % every == 0 or epoch == 1:
            net.eval()
            with torch.no_grad():
                embedding = torch.cat([net.embed(part) for part in torch.split(inputs, 1000)])
                kept.append((net.head(embedding).numpy(), embedding.numpy()))
    return bs.from_arrays(
        path,
        labels=data.labels.tolist(),
        logits=[logits for logits, _ in kept],
        activations={"embedding": [embedding for _, embedding in kept]},
        split=["train" if one else "test" for one in data.train],
        classes=[str(label) for label in range(10)],
    )


def measures(scores: Any, sought: Any) -> tuple[float, float]:
    """Precision among the first n, and the area under the ROC curve."""
    order = np.argsort(-scores, kind="stable")
    return float(sought[order[: sought.sum()]].mean()), float(roc_auc_score(sought, scores))


def rounds(
    recording: bs.Recording, sought: Any, *, count: int, size: int, wrong: float = 0.0, **asked: Any
) -> list[float]:
    """Precision of each round when somebody answers, at times wrongly. sought : (N,)"""
    ids = recording.sample_ids.to_pylist()
    generator = np.random.default_rng([count, size])
    accepted: list[str] = []
    rejected: list[str] = []
    hits = []
    for _ in range(count):
        asks = Recommend(batch=size, accepted=tuple(accepted), rejected=tuple(rejected), **asked)
        batch = asks.run(recording, lambda done, text="": None).batch
        fresh = [row["sample_index"] for row in batch.to_pylist() if row["part"] != "again"]
        hits.append(float(sought[fresh].mean()))
        for index in fresh:
            (accepted if sought[index] != (generator.random() < wrong) else rejected).append(ids[index])
    return hits


def label_noise(name: str, setting: str, seed: int, folder: Path) -> dict[str, dict[str, float]]:
    """One cell of the table: measures by strategy."""
    data = (digits if name == "digits" else fashion)(seed)
    spoil(data, setting, seed)
    recording = recorded(data, folder / f"{name}-{setting}-{seed}", memorise=setting == "memorised", seed=seed)
    sought = data.labels != data.truth
    count, size = ROUNDS[name]
    found: dict[str, dict[str, float]] = {}
    for strategy in STRATEGIES:
        result = recording.run(Recommend(strategy=strategy))
        scores = result.scores["score"].to_numpy()
        inside = np.isfinite(scores)
        precision, area = measures(scores[inside], sought[inside])
        found[strategy] = {"p@n": precision, "AUROC": area}
        if strategy in ("bathyscope", "movement", "published", "aum"):
            for wrong in WRONG_ANSWERS if strategy == "bathyscope" else (0.0,):
                hits = rounds(recording, sought, count=count, size=size, wrong=wrong, strategy=strategy)
                found[strategy][f"cumulative {wrong:.0%}"] = float(np.mean(hits))
                found[strategy].setdefault("first round", hits[0])
    return found


def print_noise(name: str, setting: str, cells: list[dict[str, dict[str, float]]]) -> None:
    print(f"\n{name}, {setting} ({len(cells)} seeds)")
    columns = ("p@n", "AUROC", "first round", *(f"cumulative {wrong:.0%}" for wrong in WRONG_ANSWERS))
    print(f"  {'strategy':18s}" + "".join(f"{column:>16s}" for column in columns))
    for strategy in STRATEGIES:
        values = [[cell[strategy].get(column, np.nan) for cell in cells] for column in columns]
        told = ["" if np.isnan(value).any() else f"{np.mean(value):.3f}" for value in values]
        print(f"  {strategy:18s}" + "".join(f"{text:>16s}" for text in told), flush=True)


def other_targets(folder: Path, seed: int) -> None:
    """A backdoor, strangers in the test split, and a target that no preset knows."""
    print(f"\nOther targets, seed {seed}: precision of three rounds of 20, and how many times the base rate")
    data = digits(seed)
    rows = np.flatnonzero(data.train & (data.truth == 3))
    marked = np.random.default_rng(seed).permutation(np.flatnonzero(data.train & (data.truth != 3)))[: int(0.03 * 1437)]
    pictures = data.inputs.reshape(-1, 8, 8)
    pictures[marked, :3, :3] = 1.0
    data.labels[marked] = 3
    recording = recorded(data, folder / f"digits-backdoor-{seed}", memorise=False, seed=seed)
    sought = np.zeros(len(data.labels), bool)
    sought[marked] = True
    scores = recording.run(Recommend(target="backdoor")).scores["score"].to_numpy()
    inside = np.isfinite(scores)
    area = roc_auc_score(sought[inside], scores[inside])
    _print_target("backdoor", recording, sought, target="backdoor")
    print(f"    AUROC of the preset {area:.3f}; the class has {len(rows)} clean samples")
    data = digits(seed)
    strangers = np.flatnonzero(~data.train)[:40]
    data.inputs[strangers] = np.random.default_rng(seed).permuted(data.inputs[strangers], axis=1)
    recording = recorded(data, folder / f"digits-strangers-{seed}", memorise=False, seed=seed)
    sought = np.isin(np.arange(len(data.labels)), strangers)
    _print_target("out of distribution", recording, sought, target="out_of_distribution", split="test")
    data = digits(seed)
    spoil(data, "symmetric", seed)
    recording = recorded(data, folder / f"digits-symmetric-{seed}", memorise=False, seed=seed)
    once = np.zeros(len(data.labels), bool)
    for checkpoint in recording.checkpoints:
        once |= recording.logits(checkpoint).argmax(axis=1) == 3
    _print_target("digit 8, once taken for 3", recording, once & (data.labels == 8) & data.train, target="hard")


def _print_target(what: str, recording: bs.Recording, sought: Any, **asked: Any) -> None:
    pool = np.asarray(recording.column("split").to_pylist()) == asked.get("split", "train")
    base = sought[pool].mean()
    hits = rounds(recording, sought, count=4, size=20, **asked)
    told = " ".join(f"{hit:.2f}" for hit in hits)
    found, total = round(20 * sum(hits)), int((sought & pool).sum())
    ratio = np.mean(hits) / base
    print(
        f"  {what:27s} base rate {base:.3f} | rounds {told} | {found} of {total} found, {ratio:.1f} × base", flush=True
    )


def speed(n_samples: int, n_features: int = 26, n_answers: int = 500) -> None:
    """Seconds of one round on random features: what is computed once is not counted."""
    import pyarrow as pa

    generator = np.random.default_rng(0)
    from bathyscope.analyses.recommend.catalogue import FEATURES

    names = list(FEATURES)[:n_features]
    values = {name: generator.random(n_samples, np.float32) for name in names}
    pool = {"sample_index": np.arange(n_samples), "never_learned": np.zeros(n_samples, bool)}
    pool |= {kind: generator.integers(0, 10, n_samples) for kind in ("label", "prediction", "rival")}
    places = {f"direction_{i}": generator.normal(size=n_samples).astype(np.float32) for i in range(16)}
    found = FeaturesResult(
        pa.table(values), pa.table(values), pa.table(pool), pa.table(places), pa.table({"text": [""]})
    )
    prepared = prepared_from(found, pa.chunked_array([pa.array([str(index) for index in range(n_samples)])]))
    from bathyscope.analyses.recommend.answers import answers_of

    ids = [str(index) for index in generator.choice(n_samples, n_answers, replace=False)]
    asked = Recommend(batch=50, accepted=tuple(ids[: n_answers // 2]), rejected=tuple(ids[n_answers // 2 :]))
    classes = tuple(str(label) for label in range(10))
    spent, used = [], []
    for _ in range(12):
        started, before = time.perf_counter(), time.process_time()
        answers = answers_of(prepared, asked.accepted, asked.rejected)
        learned(asked, prepared, answers, classes)
        spent.append(time.perf_counter() - started)
        used.append(time.process_time() - before)
    wall, processor = (1e3 * min(times[1:]) for times in (spent, used))
    print(
        f"  {n_samples:>9,} samples, {n_answers} answers: {wall:.1f} ms, of which {processor:.1f} ms of the processor"
    )


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="digits only, one seed")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data", default="digits,fashion" if FASHION.exists() else "digits")
    parser.add_argument("--settings", default=",".join(SETTINGS))
    parser.add_argument("--parts", default="noise,targets,speed")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args(arguments)
    seeds, names = (1, ["digits"]) if given.quick else (given.seeds, given.data.split(","))
    torch.set_num_threads(1)  # such small networks train no faster on more
    torch.set_flush_denormal(True)
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python {platform.python_version()}, torch {torch.__version__}"
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = given.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in names if "noise" in given.parts else ():
            for setting in given.settings.split(","):
                print_noise(name, setting, [label_noise(name, setting, seed, folder) for seed in range(seeds)])
        for seed in range(seeds) if "targets" in given.parts else ():
            other_targets(folder, seed)
    if "speed" in given.parts:
        print("\nOne feedback round")
        for n_samples in (60_000,) if given.quick else (60_000, 1_000_000):
            speed(n_samples)


if __name__ == "__main__":
    main(sys.argv[1:])
