"""An image–text model small enough for tests, saved as open_clip saves one."""

import json

import torch

MODEL = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
OWN = {"mean": [0.4, 0.5, 0.6], "std": [0.2, 0.3, 0.4], "size": [32, 32]}


def save_clip(model, folder):
    """Settings and weights in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": MODEL, "preprocess_cfg": OWN}))
    torch.save(model.state_dict(), folder / "open_clip_pytorch_model.bin")
    return folder
