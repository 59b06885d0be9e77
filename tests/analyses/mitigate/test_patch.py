"""Patches: taken back bit for bit, refused by another model, and nothing else of the model changes."""

import hashlib
import json

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import nn

from bathyscope.analyses.mitigate import Patch, apply, load_patch, revert
from bathyscope.errors import PatchError


def small_net(seed=0):
    """With everything that could drift: batch normalisation, dropout, two linear layers."""
    torch.manual_seed(seed)
    parts = [nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()]
    return nn.Sequential(*parts, nn.Linear(4, 4), nn.Dropout(0.5), nn.ReLU(), nn.Linear(4, 3))


def hashes(state):
    return {name: hashlib.sha256(part.contiguous().numpy().tobytes()).hexdigest() for name, part in state.items()}


def patch_for(model):
    weight, bias = (part.detach().float().numpy().copy() for part in (model[-1].weight, model[-1].bias))
    edited = weight.copy()
    edited[:, 1] = 0
    return Patch(edited, bias + np.float32(0.1), weight, bias, (1,), ("cat",), "zero", {"seed": 0})


@pytest.fixture
def model():
    return small_net().train()


def test_apply_changes_the_head_alone_and_revert_restores_every_bit(model):
    before, random = hashes(model.state_dict()), torch.get_rng_state()
    patch = patch_for(model)
    assert apply(patch, model) == ["8.weight", "8.bias"]
    changed = {name for name, value in hashes(model.state_dict()).items() if value != before[name]}
    assert changed == {"8.weight", "8.bias"}
    assert not model[-1].weight[:, 1].any()
    assert model[-1].weight.requires_grad
    assert model.training
    assert not model._forward_hooks
    assert revert(patch, model) == ["8.weight", "8.bias"]
    assert hashes(model.state_dict()) == before
    assert torch.equal(torch.get_rng_state(), random)


def test_a_model_in_half_precision_is_patched_and_restored_too(model):
    half = model.to(torch.bfloat16)
    patch = patch_for(half)
    before = half[-1].weight.clone()
    apply(patch, half)
    assert not half[-1].weight[:, 1].any()
    revert(patch, half)
    assert torch.equal(half[-1].weight, before)


def test_a_patch_for_another_model_changes_nothing(model):
    patch = patch_for(small_net(seed=1))
    before = hashes(model.state_dict())
    with pytest.raises(PatchError) as error:
        apply(patch, model)
    assert str(error.value) == (
        f"The patch belongs to a decision layer (3, 4) of fingerprint {patch.fingerprint}, which this model does not "
        "hold. Its linear layers: 5.weight (4, 4), 8.weight (3, 4). Nothing was changed."
    )
    with pytest.raises(PatchError):
        revert(patch_for(model), model)  # it was never applied
    assert hashes(model.state_dict()) == before


def test_a_head_without_bias_takes_only_patches_that_need_none():
    head = nn.Sequential(nn.Linear(4, 3, bias=False))
    weight, nothing = head[0].weight.detach().numpy().copy(), np.zeros(3, np.float32)
    apply(Patch(2 * weight, nothing, weight, nothing, (0,), (), "scale", {}), head)
    assert torch.equal(head[0].weight, 2 * torch.from_numpy(weight))
    with pytest.raises(PatchError, match="has no bias, and the patch needs one. Nothing was changed"):
        apply(Patch(weight, nothing + 1, 2 * weight, nothing, (0,), (), "mean", {}), head)
    assert torch.equal(head[0].weight, 2 * torch.from_numpy(weight))


def test_the_file_holds_everything_and_names_its_model(model, tmp_path):
    patch = patch_for(model)
    path = tmp_path / "edit.patch"
    path.write_bytes(patch.to_bytes())
    again = load_patch(path)
    assert again.to_bytes() == patch.to_bytes()
    assert (again.neurons, again.classes, again.method, dict(again.settings)) == ((1,), ("cat",), "zero", {"seed": 0})
    with safe_open(path, framework="np") as file:
        about = json.loads(file.metadata()["patch"])
    assert about["fingerprint"] == patch.fingerprint
    assert about["format"] == "bathyscope-patch"


@pytest.mark.parametrize("content", [b"", b"no patch", b"\x00" * 100])
def test_what_is_no_patch_is_refused(content, tmp_path):
    path = tmp_path / "edit.patch"
    path.write_bytes(content)
    with pytest.raises(PatchError, match="This file is no patch. Give the one that the analysis mitigate wrote"):
        load_patch(path)


def test_a_damaged_patch_is_refused(model):
    content = bytearray(patch_for(model).to_bytes())
    content[-1] ^= 1  # in the last array, that of the head before the edit
    with pytest.raises(PatchError, match="The patch is damaged"):
        Patch.from_bytes(bytes(content))


@pytest.fixture
def bathyscope(capsys, monkeypatch):
    from bathyscope.cli import main

    monkeypatch.setenv("NO_COLOR", "1")

    def run(*arguments):
        monkeypatch.setattr("sys.argv", ["bathyscope", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            return stop.code or 0, "".join(capsys.readouterr())
        return 0, "".join(capsys.readouterr())

    return run


@pytest.mark.parametrize("kind", [".safetensors", ".pt"])
def test_the_command_line_patches_a_file_of_weights_and_takes_it_back(kind, model, tmp_path, bathyscope):
    file, edit = tmp_path / f"model{kind}", tmp_path / "edit.patch"
    if kind == ".pt":
        torch.save({"state_dict": model.state_dict(), "epoch": 3}, file)
    else:
        save_file(model.state_dict(), file, metadata={"made": "by me"})
    original = file.read_bytes()
    edit.write_bytes(patch_for(model).to_bytes())
    code, said = bathyscope("patch", "apply", file, edit)
    patched = tmp_path / f"model.patched{kind}"
    assert code == 0
    assert said.split() == f"{patched}: 8.weight, 8.bias patched".split()
    assert file.read_bytes() == original
    code, _ = bathyscope("patch", "revert", patched, edit, "--output", tmp_path / f"back{kind}")
    assert code == 0
    if kind == ".pt":
        back = torch.load(tmp_path / "back.pt", weights_only=True)
        assert back["epoch"] == 3
        assert not torch.load(patched, weights_only=True)["state_dict"]["8.weight"][:, 1].any()
        assert hashes(back["state_dict"]) == hashes(model.state_dict())
    else:
        assert hashes(load_file(tmp_path / "back.safetensors")) == hashes(model.state_dict())
        with safe_open(tmp_path / "back.safetensors", framework="pt") as again:
            assert again.metadata() == {"made": "by me"}
    code, said = bathyscope("patch", "apply", patched, edit)
    assert code == 1
    assert "Nothing was changed." in " ".join(said.split())
    assert not (tmp_path / f"model.patched.patched{kind}").exists()


def test_weights_that_need_code_to_load_are_refused(model, tmp_path, bathyscope):
    torch.save(model, tmp_path / "model.pt")
    (tmp_path / "edit.patch").write_bytes(patch_for(model).to_bytes())
    code, said = bathyscope("patch", "apply", tmp_path / "model.pt", tmp_path / "edit.patch")
    assert code == 1
    assert "cannot be read as weights only. Save them with torch.save(model.state_dict(), path)" in " ".join(
        said.split()
    )


def test_the_table_of_a_result_is_a_patch_too(model, tmp_path):
    patch = patch_for(model)
    for rows, name in (([patch.to_bytes()], "patch.arrow"), ([], "empty.arrow")):
        table = pa.table({"file": pa.array(rows, pa.large_binary())})
        with pa.OSFile(str(tmp_path / name), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
    assert load_patch(tmp_path / "patch.arrow").fingerprint == patch.fingerprint
    with pytest.raises(PatchError, match="holds no patch: the edit was not taken"):
        load_patch(tmp_path / "empty.arrow")
    with pytest.raises(PatchError, match="There is no file"):
        load_patch(tmp_path / "gone.patch")
