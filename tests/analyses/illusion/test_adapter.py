"""Finding the decision layer and the map before it, and leaving the model as it was."""

import copy

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from analyses.illusion.planted import Grey, Tokens
from bathyscope.analyses.illusion.adapter import adapt, left_as_found
from bathyscope.analyses.illusion.maps import grid
from bathyscope.errors import AdapterError


def state_of(model):
    """Everything that could have been changed."""
    tensors = {name: value.clone() for name, value in model.state_dict().items()}
    flags = [(module.training, len(module._forward_hooks)) for module in model.modules()]
    return tensors, flags, [parameter.requires_grad for parameter in model.parameters()], torch.get_rng_state()


def same(one, other):
    tensors = all(torch.equal(one[0][name], other[0][name]) for name in one[0])
    return tensors and one[1:3] == other[1:3] and torch.equal(one[3], other[3])


class Softmax(Grey):
    def forward(self, x):
        return super().forward(x).softmax(1)


class Functional(nn.Module):
    """No module but functions, a 1 × 1 convolution as decision, in-place rectifier."""

    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Parameter(torch.randn(5, 1, 3, 3)), nn.Parameter(torch.randn(3, 5, 1, 1))

    def forward(self, x):
        maps = nn.functional.relu(nn.functional.conv2d(x, self.first), inplace=True)
        pooled = nn.functional.adaptive_avg_pool2d(maps, 1)
        return nn.functional.conv2d(pooled, self.last).flatten(1)


@pytest.mark.parametrize("make", [Grey, Softmax, Functional])
def test_a_convolutional_network_is_taken_apart_and_fits_together_again(make):
    torch.manual_seed(1)
    model = make()
    images = torch.rand(4, 1, 12, 12)
    adapter = adapt(model, images)
    with left_as_found(model), torch.no_grad():
        z, maps, output = adapter.features(images), adapter.feature_map(images), model(images)
    assert_allclose(maps.mean((2, 3)), z, atol=1e-5)
    logits = adapter.head(z)
    assert_allclose(logits.softmax(1) if make is Softmax else logits, output, atol=1e-5)
    assert adapter.relation == ("softmax" if make is Softmax else "logits")


def test_a_transformer_gives_its_class_token_and_the_patches_of_the_last_block_but_one():
    torch.manual_seed(1)
    model = Tokens().eval()
    images = torch.rand(3, 1, 16, 16)
    adapter = adapt(model, images)
    seen = []
    handle = model.blocks[1].register_forward_hook(lambda module, given, output: seen.append(output))
    with torch.no_grad():
        model(images)
    handle.remove()
    assert adapter.feature_map(images).shape == (3, 12, 4, 4)
    assert_allclose(adapter.feature_map(images).detach(), grid(seen[0]), atol=1e-5)
    assert_allclose(adapter.feature_map(images)[0, :, 1, 2].detach(), seen[0][0, 1 + 6], atol=1e-5)


def test_gradients_reach_the_picture_and_nothing_of_the_model():
    model = Grey()
    images = torch.rand(2, 1, 12, 12, requires_grad=True)
    adapter = adapt(model, images.detach())
    before = state_of(model)
    with left_as_found(model):
        adapter.see(images).features[:, 0].sum().backward()
    assert images.grad.abs().sum() > 0
    assert all(parameter.grad is None for parameter in model.parameters())
    assert same(before, state_of(model))


def test_a_model_is_left_as_found_also_after_an_error():
    model = Grey().train()
    model.norm.eval()
    model.conv.weight.requires_grad_(False)
    before = state_of(model)
    with pytest.raises(KeyboardInterrupt), left_as_found(model):
        assert not model.training
        model.norm.running_mean.add_(1)
        torch.rand(3)
        raise KeyboardInterrupt
    assert same(before, state_of(model))


def test_a_silent_neuron_can_be_woken():
    model = nn.Sequential(nn.Flatten(), nn.Linear(4, 2), nn.ReLU(), nn.Linear(2, 3))
    with torch.no_grad():
        model[1].weight.fill_(1.0)
        model[1].bias.fill_(-100.0)
    images = torch.rand(2, 1, 2, 2, requires_grad=True)
    adapter = adapt(model, images.detach())
    (-adapter.see(images, waking=True).features[:, 0].sum()).backward()
    assert float(images.grad.max()) < 0  # brighter pixels lower the loss, though the neuron is silent
    images.grad = None
    adapter.see(images).features[:, 0].sum().backward()
    assert float(images.grad.abs().max()) == 0


@pytest.mark.parametrize("change", ["half", "inference", "hooked"])
def test_unusual_states_of_a_model_are_handled(change):
    torch.manual_seed(2)
    model = Grey()
    images = torch.rand(3, 1, 12, 12)
    calls = []
    if change == "half":
        model = model.to(torch.bfloat16)
    elif change == "inference":
        with torch.inference_mode():
            model = copy.deepcopy(model)
    else:
        model.conv.register_forward_hook(lambda *given: calls.append(1))
    leaf = images.clone().requires_grad_(True)
    adapter = adapt(model, images)
    with left_as_found(model):
        adapter.see(leaf).logits.sum().backward()
    assert leaf.grad.abs().sum() > 0
    assert adapter.head(torch.zeros(1, 6)).dtype == torch.float32
    if change == "hooked":
        assert calls
        assert len(model.conv._forward_hooks) == 1


class Scaled(Grey):
    def forward(self, x):
        return super().forward(x) * 3 + x.mean()


def test_a_model_whose_output_is_not_its_last_linear_layer_is_refused_with_what_was_tried():
    with pytest.raises(AdapterError) as error:
        adapt(Scaled(), torch.rand(2, 1, 12, 12))
    text = str(error.value)
    assert text.startswith("No linear layer gives the output of Scaled, of shape (2, 3), from one vector per image")
    assert "(3, 6) off by" in text
    assert "Layers with weights: conv, norm, head." in text
    assert "head=" in text


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda model, images: model.conv.weight.data[0].fill_(np.nan), "The model's conv.weight holds NaN"),
        (lambda model, images: images[0].fill_(np.inf), "The model inputs hold NaN or infinite pixels"),
    ],
)
def test_numbers_that_are_not_finite_are_named(spoil, words):
    model, images = Grey(), torch.rand(2, 1, 12, 12)
    spoil(model, images)
    with pytest.raises(AdapterError, match=words):
        adapt(model, images)


def test_an_unknown_head_is_told_the_layers():
    with pytest.raises(AdapterError, match=r"no layer 'fc' with weights. Layers with weights: conv, norm, head. Give"):
        adapt(Grey(), torch.rand(2, 1, 12, 12), head="fc")
