"""Is a neuron's cue part of the object? A score from the pictures, and evidence from real images. It proposes only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

from bathyscope.analyses.illusion.cards import Card, Picture
from bathyscope.analyses.illusion.reference import Reference
from bathyscope.errors import MediaError
from bathyscope.recording import Recording

FloatArray = npt.NDArray[np.float64]

NEIGHBOURS = 20
MOST_IMAGES = 400
LEAST_NEURONS = 4
GOOD_AGREEMENT = 0.5

PROPERTIES = ("brightness", "contrast", "sharpness", "border", "corner")


def best_picture(cards: Sequence[Card]) -> Picture:
    """Of the seeds' pictures of neuron and class, the one that excites the neuron most."""
    return max((card.pictures[0] for card in cards), key=lambda picture: picture.activation)


def core_score(picture: Picture, class_means: FloatArray, label: int) -> float | None:
    """How typical the exciting part of a picture is of the class, against other classes it resembles; 1 is neutral.

    With r_k the cosine of the masked picture's features to the mean features of class k, over that of the whole
    picture: r of the class over the mean r of the twenty classes that the picture is most like. None where undefined.
    """
    known = np.flatnonzero(np.isfinite(class_means).all(axis=1))
    whole, part = (_cosines(values, class_means[known]) for values in (picture.features, picture.masked_features))
    if label not in known or not np.isfinite(whole).all() or not np.isfinite(part).all():
        return None
    near = np.argsort(-whole, kind="stable")[:NEIGHBOURS]
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = part / whole
        score = ratio[known == label][0] / ratio[near].mean()
    return float(score) if np.isfinite(score) else None


def _cosines(vector: FloatArray, rows: FloatArray) -> FloatArray:
    with np.errstate(divide="ignore", invalid="ignore"):
        out: FloatArray = rows @ vector / (np.linalg.norm(rows, axis=1) * np.linalg.norm(vector))
    return out


def agreement_of(cards: Mapping[int, Sequence[Card]], likeness: Mapping[int, float]) -> tuple[float | None, str]:
    """Do neurons whose pictures excite them more also have pictures more like their natural exemplars?

    Parameters
    ----------
    cards : by neuron
    likeness : by neuron, cosine between the features of the picture and the mean features of its exemplars
    """
    from scipy.stats import spearmanr

    neurons = [neuron for neuron in cards if np.isfinite(likeness.get(neuron, np.nan))]
    if len(neurons) < LEAST_NEURONS:
        return None, f"Not enough neurons to tell: {len(neurons)}, where {LEAST_NEURONS} are needed."
    shown = [best_picture(cards[neuron]).percentile for neuron in neurons]
    strong = [best_picture(cards[neuron]).activation for neuron in neurons]
    if len(set(strong)) == 1 or len({likeness[neuron] for neuron in neurons}) == 1:
        return None, "All pictures are equally strong or equally like their exemplars."
    value = float(spearmanr(strong, [likeness[neuron] for neuron in neurons]).statistic)
    low = sum(percentile < 99 for percentile in shown)
    unlike = "" if value >= GOOD_AGREEMENT else "Low: believe the natural exemplars first. "
    return value, f"{unlike}{low} of {len(neurons)} neurons are not expressed in their picture."


def likeness_of(picture: Picture, natural: FloatArray, mean: FloatArray) -> float:
    """Cosine, around the mean of all images, between a picture and its exemplars (E, F)."""
    one, other = picture.features - mean, natural.mean(axis=0) - mean
    length = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / length if length else float("nan")


def median_difference(reference: Reference, place: int, label: int) -> tuple[float | None, float | None]:
    """Median activation of the class's mistakes and of its correct images; None where there are none."""
    mine = reference.labels == label
    right = reference.logits.argmax(axis=1) == label
    values = reference.activations[:, place]
    wrong, correct = values[mine & ~right], values[mine & right]
    return tuple(float(np.median(part)) if len(part) else None for part in (wrong, correct))  # type: ignore[return-value]


def image_properties(recording: Recording, reference: Reference) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """(R, 5) plain measures of up to 400 real images, and which places of the reference they are."""
    step = max(1, len(reference.rows) // MOST_IMAGES)
    kept, found = [], []
    for place in range(0, len(reference.rows), step):
        try:
            picture = recording.image(int(reference.rows[place]))
        except MediaError:
            continue
        kept.append(place)
        found.append(_properties(picture))
    return np.array(found, float).reshape(-1, len(PROPERTIES)), np.array(kept, np.int64)


def _properties(picture: Image.Image) -> tuple[float, ...]:
    grey = picture.convert("L")
    if max(grey.size) > 256:
        grey.thumbnail((256, 256))
    pixels = np.asarray(grey, float) / 255
    height, width = pixels.shape
    edge = max(1, min(height, width) // 10)
    inner = np.zeros(pixels.shape, bool)
    inner[edge : height - edge, edge : width - edge] = True
    corners = [pixels[rows, columns].mean() for rows in _ends(height) for columns in _ends(width)]
    laplacian = 4 * pixels[1:-1, 1:-1] - pixels[:-2, 1:-1] - pixels[2:, 1:-1] - pixels[1:-1, :-2] - pixels[1:-1, 2:]
    sharp = float(laplacian.var()) if laplacian.size else 0.0
    border = float(pixels[~inner].mean())
    return float(pixels.mean()), float(pixels.std()), sharp, border, float(max(corners))


def _ends(side: int) -> tuple[slice, slice]:
    part = max(1, side // 9)
    return slice(0, part), slice(side - part, side)


def strongest_correlation(values: FloatArray, columns: Mapping[str, FloatArray]) -> tuple[str | None, float | None]:
    """The column that goes most with an activation, and its correlation; columns without variation do not count."""
    best: tuple[str | None, float | None] = (None, None)
    for name, column in columns.items():
        good = np.isfinite(column) & np.isfinite(values)
        if good.sum() < 10 or values[good].std() == 0 or column[good].std() == 0:
            continue
        correlation = float(np.corrcoef(values[good], column[good])[0, 1])
        if best[1] is None or abs(correlation) > abs(best[1]):
            best = (name, correlation)
    return best


def metadata_columns(recording: Recording, reference: Reference) -> dict[str, FloatArray]:
    """Metadata as numbers by row of the reference; a text column becomes one column of zeros and ones per value."""
    out: dict[str, FloatArray] = {}
    for field in recording.metadata_schema:
        values = recording.column(field.name).to_pylist()
        mine = [values[row] for row in reference.rows]
        if all(isinstance(value, int | float | bool) or value is None for value in mine):
            out[field.name] = np.array([np.nan if value is None else float(value) for value in mine])
            continue
        kinds = {str(value) for value in mine if value is not None}
        if len(kinds) <= 20:
            for kind in sorted(kinds):
                out[f"{field.name} = {kind}"] = np.array([float(str(value) == kind) for value in mine])
    return out
