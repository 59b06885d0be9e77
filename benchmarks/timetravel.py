"""How well and how fast a training run is mapped: each mode on one real run, and how the time grows.

Trains a small network on 6,000 + 1,000 pictures of Fashion-MNIST for 12 epochs with a tenth of the training labels
flipped, records it, and prints one row per mode: what the issue asks of the map, and the seconds. Then times random
walks of growing size, each in a process of its own, with peak memory:

    python benchmarks/timetravel.py [--seeds 3] [--modes joint,per_epoch,pca,umap] [--quick] [--scale]
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

import bathyscope as bs
from bathyscope.analyses import TimeTravel
from bathyscope.analyses.timetravel import TimeTravelResult
from bathyscope.demo.data import load_fashion
from bathyscope.recording.results import silent

FASHION = Path("/usr/share/datasets/fashion-mnist")
TRAIN, TEST, EPOCHS, FLIPPED = 6000, 1000, 12, 0.1
MODES = ("joint", "per_epoch", "pca", "umap")
SIZES = {"N": (1000, 3000, 10_000), "T": (5, 10, 20), "D": (32, 64, 128)}
LIVE_CHECKPOINTS = 9
"""So many, and the newest is compared with those 1, 2, 4 and 8 before."""

SMALLEST = {axis: values[0] for axis, values in SIZES.items()}
LARGEST = {axis: values[-1] for axis, values in SIZES.items()}
COLUMNS = {
    "PPR test": ("prediction_kept", "test"),
    "PPR train": ("prediction_kept", "train"),
    "NPR": ("neighbours_kept", "train"),
    "trust": ("trustworthiness", "train"),
    "landscape": ("landscape_agreement", "test"),
    "border": ("landscape_agreement_boundary", "test"),
    "ranking": ("temporal_ranking", "train"),
}


def pictures(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """7,000 pictures and labels: of the full data set if it is installed, else of the demo's part of it."""
    generator = np.random.default_rng(seed)
    if not FASHION.exists():
        data = load_fashion()
        chosen = generator.permutation(len(data.images))[: TRAIN + TEST]
        return data.images[chosen], np.asarray(data.labels)[chosen].astype(np.int64)
    images, labels = [], []
    for name, count in (("train", TRAIN), ("t10k", TEST)):
        pixels = gzip.decompress((FASHION / f"{name}-images-idx3-ubyte.gz").read_bytes())
        classes = gzip.decompress((FASHION / f"{name}-labels-idx1-ubyte.gz").read_bytes())
        given = np.frombuffer(classes, np.uint8, offset=8)
        chosen = generator.permutation(len(given))[:count]
        images.append(np.frombuffer(pixels, np.uint8, offset=16).reshape(-1, 28, 28)[chosen])
        labels.append(given[chosen].astype(np.int64))
    return np.concatenate(images), np.concatenate(labels)


def train(path: Path, seed: int) -> bs.Recording:
    """The recorded run."""
    import torch
    from torch import nn

    from bathyscope.demo.model import SmallNet

    images, labels = pictures(seed)
    generator = np.random.default_rng([seed, 1])
    flipped = generator.permutation(TRAIN)[: round(FLIPPED * TRAIN)]
    labels[flipped] = (labels[flipped] + generator.integers(1, 10, len(flipped))) % 10
    torch.manual_seed(seed)
    torch.set_flush_denormal(True)
    model = SmallNet()
    optimiser = torch.optim.Adam(model.parameters(), 1e-3)
    inputs, targets = torch.from_numpy(images[:, None].astype(np.float32) / 255), torch.from_numpy(labels)
    vectors, logits, heads = [], [], []
    for _ in range(EPOCHS):
        for batch in torch.randperm(TRAIN).split(64):
            optimiser.zero_grad()
            nn.functional.cross_entropy(model(inputs[batch]), targets[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            body = nn.Sequential(model.conv1, model.conv2, model.embedding)
            found = torch.cat([body(part) for part in inputs.split(500)])
            vectors.append(found.numpy())
            logits.append(model.head(found).numpy())
        heads.append(tuple(part.detach().numpy().copy() for part in model.head.parameters()))
    return bs.from_arrays(
        path,
        logits=np.stack(logits),
        labels=labels,
        activations={"embedding": np.stack(vectors)},
        heads=heads,
        split=["train"] * TRAIN + ["test"] * TEST,
        classes=[str(number) for number in range(10)],
        epochs=list(range(1, EPOCHS + 1)),
        overwrite=True,
    )


def measured(recording: bs.Recording, mode: str, seed: int) -> dict[str, np.ndarray | float]:
    """What one mode reached, by column: at every checkpoint, or one number."""
    began, busy = time.perf_counter(), time.process_time()
    result = TimeTravel(mode=mode, seed=seed).run(recording, silent)  # type: ignore[arg-type]
    out: dict[str, np.ndarray | float] = {"s": time.perf_counter() - began, "CPU s": time.process_time() - busy}
    for column in COLUMNS:
        out[column] = measure_of(result, column)
    return out


def measure_of(result: TimeTravelResult, column: str) -> np.ndarray:
    """One column at every checkpoint."""
    rows = [row for row in result.quality.to_pylist() if (row["measure"], row["split"]) == COLUMNS[column]]
    return np.array([row["value"] for row in rows if row["neighbours"] in (None, 15)], float)


def compare(modes: list[str], seeds: int) -> None:
    """The table of modes: mean over checkpoints and the worst of them."""
    print("| seed | mode | " + " | ".join(f"{column} mean / worst" for column in COLUMNS) + " | s | CPU s |")
    print("| " + " | ".join(["---"] * (len(COLUMNS) + 4)) + " |")
    by_frame: dict[str, np.ndarray] = {}
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as folder:
            recording = train(Path(folder) / "run", seed)
            for mode in modes:
                try:
                    found = measured(recording, mode, seed)
                except bs.BathyscopeError as error:
                    print(f"| {seed} | {mode} | {error} |")
                    continue
                cells = [
                    f"{np.nanmean(v):.3f} / {np.nanmin(v):.3f}" if np.isfinite(v).any() else "–"
                    for v in (
                        np.asarray(found[column]) if np.size(found[column]) else np.array([np.nan])
                        for column in COLUMNS
                    )
                ]
                print(
                    f"| {seed} | {mode} | {' | '.join(cells)} | {found['s']:.0f} | {found['CPU s']:.0f} |", flush=True
                )
                by_frame[mode] = np.asarray(found["NPR"])
    if {"joint", "umap"} <= by_frame.keys():
        share = by_frame["joint"] / by_frame["umap"]
        print(f"\nNPR of joint as a share of UMAP's, last seed: lowest {share.min():.2f}, mean {share.mean():.2f}")
        print("At each checkpoint: " + ", ".join(f"{value:.2f}" for value in share))


def live_step() -> None:
    """Seconds until a new checkpoint of a run is on the canvas, with its territories and its measures, and how good."""
    print("\n| a new live checkpoint of | s | CPU s | PPR test | NPR |\n| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as folder:
        for name, recording in (
            ("Fashion-MNIST", train(Path(folder) / "fashion", 0)),
            ("10,000 samples × 128 d", walk(Path(folder) / "walk", 10_000, LIVE_CHECKPOINTS, 128)),
        ):
            newest = recording.checkpoints[-1].name
            (recording.path / "checkpoints" / newest).rename(Path(folder) / newest)
            analysis = TimeTravel(mode="live")
            bs.load(recording.path).run(analysis)
            (Path(folder) / newest).rename(recording.path / "checkpoints" / newest)
            began, busy = time.perf_counter(), time.process_time()
            result = bs.load(recording.path).run(analysis)
            spent, cpu = time.perf_counter() - began, time.process_time() - busy
            kept, near = (measure_of(result, column)[-1] for column in ("PPR test", "NPR"))
            print(f"| {name} | {spent:.1f} | {cpu:.1f} | {kept:.3f} | {near:.3f} |", flush=True)


def walk(path: Path, n: int, t: int, d: int) -> bs.Recording:
    """Classes whose centres leave the origin, with noise around them; a tenth of the samples are held out."""
    generator = np.random.default_rng(0)
    labels = np.arange(n) % 10
    centres = generator.normal(size=(10, d)).astype(np.float32)
    noise = generator.normal(scale=0.7, size=(n, d)).astype(np.float32)
    heads = [(centres * (f + 1) / t, -((centres * (f + 1) / t) ** 2).sum(axis=1) / 2) for f in range(t)]
    vectors = [heads[f][0][labels] + noise for f in range(t)]
    logits = [v @ w.T + b for v, (w, b) in zip(vectors, heads, strict=True)]
    split = ["train" if index // 10 % 10 else "test" for index in range(n)]
    given = {"activations": {"embedding": vectors}, "heads": heads, "labels": labels, "split": split}
    return bs.from_arrays(path, logits=logits, **given)


def one_size(n: int, t: int, d: int) -> None:
    """Time one random walk of classes, and tell the seconds and the peak memory as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        recording = bs.load(walk(Path(folder) / "run", n, t, d).path)
        began, busy = time.perf_counter(), time.process_time()
        TimeTravel().run(recording, silent)
        spent, cpu = time.perf_counter() - began, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"s": spent, "cpu": cpu, "MB": peak}))


def scaling() -> None:
    """Time and memory of the largest run, and at three sizes of N, T and D, the others at their smallest."""
    print("\n| N | T | D | s | CPU s | peak MB |\n| --- | --- | --- | --- | --- | --- |")
    done: set[tuple[int, ...]] = set()
    for size in (LARGEST, *({**SMALLEST, axis: value} for axis, values in SIZES.items() for value in values)):
        if tuple(size.values()) not in done:
            done.add(tuple(size.values()))
            command = [sys.executable, __file__, "--one", *(str(part) for part in size.values())]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            found = json.loads(told.splitlines()[-1])
            row = [*map(str, size.values()), f"{found['s']:.0f}", f"{found['cpu']:.0f}", f"{found['MB']:.0f}"]
            print(f"| {' | '.join(row)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--modes", default=",".join(MODES))
    parser.add_argument("--quick", action="store_true", help="one seed, joint and pca, no scaling")
    parser.add_argument("--scale", action="store_true", help="only how the time grows, and a new live checkpoint")
    parser.add_argument("--one", nargs=3, type=int, metavar=("N", "T", "D"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        one_size(*given.one)
        return
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}\n")
    if not given.scale:
        compare(["joint", "pca"] if given.quick else given.modes.split(","), 1 if given.quick else given.seeds)
    if given.scale or not given.quick:
        live_step()
        scaling()


if __name__ == "__main__":
    main()
