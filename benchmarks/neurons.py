"""Mistakes explained and edited away: how fast, and how well on the demo's corner mark.

    python benchmarks/neurons.py speed     500 mistakes, 2,048 neurons, 1,000 classes; preview; cost at three sizes
    python benchmarks/neurons.py demo [--seeds 0,1,2] [--keep DIR]

Speed: activations after a rectifier around one sparse prototype per class, ten classes to a family, so that mistakes
have several rivals. The weights are those of the prototypes.
Demo: the recording of `bathyscope demo`, 12 epochs. "Respond" is the area under the ROC curve of a neuron for marked
against unmarked test images of the same class, as the mark lies on half of each; a neuron that falls silent at the mark
responds too, so the larger of it and its complement counts. "Conflicting": unmarked Pullovers and marked others of the
test split (500), "elsewhere" the other 500. Neurons are proposed by mistakes of the training split, strengths chosen by
the validation split, and nothing but the table is measured on test. "All that respond" are taken by the marks of the
training split, as one finds them by the corner's brightness. The rows of NeuroInspect's own rule take the head
with the highest average accuracy in validation. `--keep` keeps the recordings.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import rankdata

from bathyscope.analyses import Counterfactual, Mitigate
from bathyscope.analyses.counterfactual import explain, families_of, rank_neurons, reference_of
from bathyscope.analyses.mitigate.editing import Material, edits_of
from bathyscope.analyses.mitigate.groups import known_groups
from bathyscope.analyses.mitigate.instant import changed_logits, edited_head
from bathyscope.analyses.mitigate.training import Head
from bathyscope.recording import Recording

PULLOVER = 2
RESPONDS = 0.8


def world(n_samples: int, n_neurons: int, n_classes: int, seed: int = 0) -> tuple[Any, Any, Any, Any]:
    """Activations (N, U) float32, weight, bias and labels."""
    generator = np.random.default_rng(seed)

    def prototypes(count: int) -> Any:
        kept = generator.random((count, n_neurons)) < 0.1
        return generator.exponential(1, (count, n_neurons)).astype(np.float32) * kept

    means = np.repeat(prototypes(-(-n_classes // 10)), 10, axis=0)[:n_classes] + 0.35 * prototypes(n_classes)
    labels = generator.integers(0, n_classes, n_samples)
    noise = generator.normal(0, 1, (n_samples, n_neurons)).astype(np.float32)
    strength = generator.uniform(0.2, 1, (n_samples, 1)).astype(np.float32)
    features = np.maximum(means[labels] * strength + noise, 0)
    weight = 0.03 * (means - means.mean(axis=0))
    bias = -weight @ features.mean(axis=0)
    return features, weight, bias, labels


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    started = time.perf_counter()
    result = work()
    return time.perf_counter() - started, result


def peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3


def mistakes_of(sizes: tuple[int, int, int]) -> tuple[Any, ...]:
    n_mistakes, n_neurons, n_classes = sizes
    features, weight, bias, labels = world(max(4000, 4 * n_mistakes), n_neurons, n_classes)
    wrong = np.flatnonzero((features @ weight.T + bias).argmax(axis=1) != labels)[:n_mistakes]
    return features, weight, bias, labels, wrong


def speed() -> None:
    print("| mistakes | neurons | classes | feasible | paper | ranking | median rivals | flipped | peak |")
    print("|---|---|---|---|---|---|---|---|---|")
    full = (500, 2048, 1000)
    others = [
        (125, 2048, 1000),
        (250, 2048, 1000),
        (500, 512, 1000),
        (500, 1024, 1000),
        (500, 2048, 10),
        (500, 2048, 100),
    ]
    for sizes in (full, *others):
        features, weight, bias, labels, wrong = mistakes_of(sizes)
        reference = reference_of(features)
        asked = features[wrong], weight, bias, labels[wrong]
        feasible, found = timed(lambda asked=asked, of=reference: explain(*asked, reference=of))
        paper, _ = timed(lambda asked=asked, of=reference: explain(*asked, reference=of, mode="paper"))
        ranking, _ = timed(lambda found=found, reference=reference: rank_neurons(found, reference))
        rivals = np.median([len(classes) for classes in found.binding])
        print(
            f"| {len(wrong)} | {sizes[1]:,} | {sizes[2]:,} | {feasible:.1f} s | {paper:.1f} s | {ranking:.2f} s "
            f"| {rivals:.0f} | {(found.status == 0).mean():.0%} | {peak_mb():,.0f} MB |",
            flush=True,
        )
    preview()


def preview() -> None:
    features, weight, bias, _ = world(50_000, 2048, 100)
    head = Head(weight, bias)
    logits = features @ weight.T + bias
    neurons = np.arange(20)
    mean = features[:1000].mean(axis=0)

    def edit() -> Any:
        edited = edited_head(head, "mean", neurons, np.arange(100), mean=mean)
        return changed_logits(head, edited, features, logits).argmax(axis=1)

    print(f"Preview of an edit of 20 neurons, 50,000 × 2,048 × 100: {timed(edit)[0]:.2f} s; peak {peak_mb():,.0f} MB")
    print(f"Families of 2,048 neurons on 20,000 samples: {timed(lambda: family_time(features, weight))[0]:.1f} s")


def family_time(features: Any, weight: Any) -> None:
    families_of(features[:20_000], weight, reference_of(features[:20_000]))


def responses(recording: Recording, split: str = "test") -> Any:
    """(U,) how well each neuron tells marked from unmarked images of a class, in [0.5, 1]."""
    features, labels, splits, marked = parts(recording)
    wins, pairs = np.zeros(features.shape[1]), 0
    for label in np.unique(labels):
        mine = (splits == split) & (labels == label)
        ranks = rankdata(features[mine], axis=0)[marked[mine]]
        n_marked, n_plain = marked[mine].sum(), (~marked[mine]).sum()
        wins += ranks.sum(axis=0) - n_marked * (n_marked + 1) / 2
        pairs += n_marked * n_plain
    return np.maximum(wins / pairs, 1 - wins / pairs)


def parts(recording: Recording) -> tuple[Any, Any, Any, Any]:
    features = recording.activations(recording.embedding_layer, "last").astype(np.float64)
    splits = np.asarray(recording.column("split").to_pylist())
    return features, np.asarray(recording.labels), splits, np.asarray(recording.truth["marked"].to_pylist())


def demo(seeds: list[int], keep: Path | None) -> None:
    from bathyscope.demo.run import train_and_record

    with tempfile.TemporaryDirectory() as scratch:
        for seed in seeds:
            path = (keep or Path(scratch)) / f"seed{seed}"
            recording = Recording(path) if (path / "recording.json").exists() else train_and_record(path, seed=seed)
            print(f"\nSeed {seed}")
            proposals(recording)
            table(recording)


def proposals(recording: Recording) -> None:
    responding = responses(recording)
    for split in ("train", "test"):
        for mode in ("feasible", "paper"):
            result = Counterfactual(split=split, predicted="Pullover", mode=mode).run(
                recording, lambda done, text="": None
            )
            first = result.neurons["neuron"].to_pylist()[:5]
            told = ", ".join(f"{neuron} ({responding[neuron]:.2f})" for neuron in first)
            n_respond = int((responding[first] >= RESPONDS).sum())
            print(f"Taken for Pullover, {split}, {mode}: {told}; {n_respond} of 5 respond")
    print(f"Of all neurons {int((responding >= RESPONDS).sum())} respond")


def table(recording: Recording) -> None:
    rows: list[tuple[str, dict[str, Any]]] = [
        ("zero", {"method": "zero"}),
        ("mean", {"method": "mean"}),
        ("class_zero", {"method": "class_zero"}),
        ("retention (log)", {"method": "retention"}),
        ("retention (kl)", {"method": "retention_kl"}),
        ("retention, groups by corner", {"method": "retention", "groups": "corner"}),
        ("afr", {"method": "afr"}),
        ("neurontune", {"method": "neurontune"}),
        ("balanced classes", {"method": "balanced"}),
        ("balanced groups by corner", {"method": "balanced", "groups": "corner"}),
        ("dfr, groups by corner", {"method": "dfr", "groups": "corner"}),
    ]
    features, labels, splits, marked = parts(recording)
    test = splits == "test"
    conflicting = (labels == PULLOVER) != marked
    head = recording.head("last")
    before = (features @ head.weight.T + head.bias).argmax(axis=1)
    print(
        "| edit | strength | conflicting | elsewhere | validation | fixed : broken (test) |\n|---|---|---|---|---|---|"
    )

    def line(name: str, strength: Any, predictions: Any) -> None:
        right, was = predictions == labels, before == labels
        of = {key: right[mask].mean() for key, mask in (("c", test & conflicting), ("e", test & ~conflicting))}
        fixed, broken = ((test & right & ~was).sum(), (test & was & ~right).sum())
        validation = right[splits == "validation"].mean()
        print(
            f"| {name} | {'' if strength is None else f'{strength:g}'} | {of['c']:.3f} | {of['e']:.3f} "
            f"| {validation:.3f} | {fixed} : {broken} |",
            flush=True,
        )

    line("unedited", None, before)
    neurons: tuple[int, ...] = ()
    for name, options in rows:
        result = Mitigate(classes=("Pullover",), **options).run(recording, lambda done, text="": None)
        about = result.summary.to_pylist()[0]
        neurons = tuple(about["neurons"])
        predictions = before.copy()
        for row in result.changed.to_pylist():
            predictions[row["sample_index"]] = recording.classes.index(row["after"])
        line(name + (" (unedited kept)" if about["status"] != "ok" else ""), about["strength"], predictions)
    layer = Head(head.weight.astype(np.float64), head.bias.astype(np.float64))
    responding = np.flatnonzero(responses(recording, "train") >= RESPONDS)
    mean = features[splits == "train"].mean(axis=0)
    all_of_them = edited_head(layer, "mean", responding, np.arange(len(layer.bias)), mean=mean)
    line(f"mean, all {len(responding)} that respond in train", None, all_of_them(features).argmax(axis=1))
    for name, strength, edited in published(features, labels, splits, Head(head.weight, head.bias), neurons):
        line(name, strength, edited(features).argmax(axis=1))
    print(f"Neurons: {', '.join(map(str, neurons))}")


def published(features: Any, labels: Any, splits: Any, head: Head, neurons: tuple[int, ...]) -> Any:
    """The paper's objective and λ₃, of each epoch and λ₃ the head of the highest average accuracy in validation."""
    train, validation = splits == "train", splits == "validation"
    groups = known_groups(labels[train], np.zeros(train.sum(), np.int64), ("all",), tuple(map(str, range(10))))
    held = features[validation], labels[validation]
    material = Material(head, features[train], labels[train], *held, groups, groups)

    def average(candidate: Head) -> float:
        return float((candidate(held[0]).argmax(axis=1) == held[1]).mean())

    start = Head(head.weight.astype(np.float64), head.bias.astype(np.float64))
    material = Material(start, *(getattr(material, name) for name in ("features", "labels")), *held, groups, groups)
    edits = list(
        edits_of(
            "retention_paper",
            material,
            np.asarray(neurons),
            np.asarray([PULLOVER]),
            strengths=(0.01, 0.1, 1.0),
            better=average,
        )
    )
    yield "NeuroInspect, λ₃ .01, its rule", edits[0].strength, edits[0].head
    best = max(edits, key=lambda edit: average(edit.head))
    yield "NeuroInspect, best λ₃ by its rule", best.strength, best.head


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("speed", "demo"))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args()
    if given.what == "speed":
        speed()
    else:
        demo([int(seed) for seed in given.seeds.split(",")], given.keep)


if __name__ == "__main__":
    main()
