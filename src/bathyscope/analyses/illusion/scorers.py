"""What compares pictures with words: open_clip from a local checkpoint, any function, or nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

from bathyscope.errors import MissingPackageError, ScorerError, require

TEMPLATES = (
    "a photo of a {}.",
    "a picture of a {}.",
    "a photo of the {}.",
    "a picture of the {}.",
    "a photo of part of a {}.",
    "a picture of part of the {}.",
    "a clear photo of a {}.",
    "a clear picture of the {}.",
    "a photo of many {}.",
    "a picture of many {}.",
    "a clean photo of a {}.",
    "a photo of a clean {}.",
    "a photo of my {}.",
    "a picture of my {}.",
    "a close-up photo of a {}.",
    "a close-up picture of the {}.",
    "a zoomed-in photo of a {}.",
    "a zoomed-in picture of the {}.",
    "a zoomed-out photo of a {}.",
    "a zoomed-out picture of the {}.",
    "a photo of a nice {}.",
    "a photo of a small {}.",
    "a photo of a weird {}.",
    "a photo of a cool {}.",
    "a photo of a large {}.",
    "a good photo of a {}.",
    "a good picture of the {}.",
    "a cropped photo of a {}.",
    "a photo of one {}.",
    "a bright photo of a {}.",
    "a photo of a toy {}.",
    "a rendition of a {}.",
)
"""Sentences that a class name is put into; the mean of their embeddings stands for the class."""

WAYS = (
    "There are three ways to supply a scorer: a local folder with open_clip_config.json and weights (scorer='folder'); "
    "a local checkpoint file with the name of its architecture (scorer='file', scorer_model='ViT-B-32'); in Python any "
    "object with encode_text and encode_image, or a function of pictures and a class name. Nothing is ever downloaded; "
    "scorer=None works without."
)


@runtime_checkable
class ImageTextScorer(Protocol):
    """Turns pictures and sentences into vectors of one space."""

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        """(T, D) rows of length 1."""
        ...

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """(B, D) of pictures (B, 3, h, w) in [0, 1] of any size, differentiable; it resizes and normalises itself."""
        ...


PlainScorer = Callable[[torch.Tensor, str], torch.Tensor]
"""(B,) how well pictures (B, 3, h, w) in [0, 1] show the class of a name, differentiable."""

Similarity = Callable[[torch.Tensor], torch.Tensor]


def similarity_to(scorer: ImageTextScorer | PlainScorer, name: str) -> Similarity:
    """The similarity q of pictures for one class; the text is encoded here, once.

    Raises
    ------
    ScorerError
        If the scorer's text vectors are not finite or not one per sentence.
    """
    if not isinstance(scorer, ImageTextScorer):
        return lambda images: _checked(scorer(_colour(images), name), len(images))
    with torch.no_grad():
        texts = scorer.encode_text([template.format(name) for template in TEMPLATES]).float()
    if texts.ndim != 2 or len(texts) != len(TEMPLATES) or not torch.isfinite(texts).all():
        raise ScorerError(
            f"The scorer gave text vectors of shape {tuple(texts.shape)} for {len(TEMPLATES)} sentences, or vectors "
            "that are not finite. encode_text must give (T, D) finite rows."
        )
    target = texts.mean(0)  # as published, not brought to length 1 again; the cosine does not mind
    return lambda images: _checked(
        nn.functional.cosine_similarity(scorer.encode_image(_colour(images)).float(), target[None], dim=1), len(images)
    )


def _colour(images: torch.Tensor) -> torch.Tensor:
    return images[:, :3] if images.shape[1] >= 3 else images[:, :1].expand(-1, 3, -1, -1)


def _checked(q: torch.Tensor, count: int) -> torch.Tensor:
    if q.shape != (count,):
        raise ScorerError(f"The scorer gave {tuple(q.shape)} for {count} pictures; one number for each is expected.")
    return q


def first_name(label: str) -> tuple[str | None, str | None]:
    """What to call a class in a sentence, and a note if that is not its name."""
    first = label.split(",")[0].strip()
    if not first:
        return None, "The class has no name, so no text was compared with the pictures."
    if first != label.strip():
        return first, f"Of the class name {label!r} only the first synonym, {first!r}, was put into sentences."
    return first, None


class OpenClipScorer:
    """open_clip with weights from this machine.

    Parameters
    ----------
    path : folder with open_clip_config.json and weights, or a file of weights
    model : name of the architecture of a file of weights

    Raises
    ------
    ScorerError
        If nothing is there, open_clip is not installed, or the weights do not fit.
    """

    def __init__(self, path: str | Path, model: str | None = None) -> None:
        where = Path(path)
        if not where.exists():
            raise ScorerError(f"No scorer was found at {str(path)!r}. {WAYS}")
        if where.is_file() and not model:
            raise ScorerError(
                f"{str(path)!r} is a file of weights, which does not tell its architecture: give scorer_model=. {WAYS}"
            )
        try:
            clip = require("open_clip", extra="clip", purpose="A scorer of images and texts")
        except MissingPackageError as error:
            raise ScorerError(f"{error}. {WAYS}") from error
        self._model, self._tokens = _opened(clip, where, model)
        settings = clip.get_model_preprocess_cfg(self._model)
        size = settings["size"]
        self.size: tuple[int, int] = (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))
        self.mean: tuple[float, ...] = tuple(settings["mean"])
        self.std: tuple[float, ...] = tuple(settings["std"])

    def encode_text(self, texts: list[str]) -> torch.Tensor:
        """(T, D) rows of length 1."""
        vectors: torch.Tensor = self._model.encode_text(self._tokens(texts), normalize=True)
        return vectors

    def encode_image(self, images: torch.Tensor) -> torch.Tensor:
        """(B, D) rows of length 1, of pictures resized and normalised as the checkpoint's own settings say."""
        sized = nn.functional.interpolate(images, size=self.size, mode="bicubic", align_corners=False)
        mean, std = (images.new_tensor(values)[:, None, None] for values in (self.mean, self.std))
        vectors: torch.Tensor = self._model.encode_image((sized - mean) / std, normalize=True)
        return vectors


def _opened(clip: Any, where: Path, name: str | None) -> tuple[Any, Callable[[Sequence[str]], torch.Tensor]]:
    model: Any
    try:
        if where.is_dir():
            # Without weights it would be a random model, and open_clip would only log a warning.
            model = clip.create_model(f"local-dir:{where}", require_pretrained=True)
            tokens = clip.get_tokenizer(f"local-dir:{where}")
        else:
            _refuse_downloads(clip, str(name))
            model = clip.create_model(name, pretrained=str(where), require_pretrained=True)
            tokens = clip.get_tokenizer(name)
    except ScorerError:
        raise
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScorerError(f"open_clip cannot load the scorer at {str(where)!r}: {reason[:300]}. {WAYS}") from error
    model.eval()
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model, tokens


def _refuse_downloads(clip: Any, name: str) -> None:
    settings = None if ":" in name else clip.get_model_config(name)
    if settings is None:
        known = ", ".join(clip.list_models()[:12])
        raise ScorerError(
            f"open_clip knows no architecture {name!r} on this machine. Some it knows: {known}, …. {WAYS}"
        )
    if settings.get("text_cfg", {}).get("hf_model_name") or settings.get("text_cfg", {}).get("hf_tokenizer_name"):
        raise ScorerError(
            f"The text part of {name!r} would be downloaded. Save model, settings and tokeniser in a folder. {WAYS}"
        )
