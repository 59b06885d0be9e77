"""Looking into a model leaves no trace."""

import random

import numpy as np
import pytest
import torch
from torch import nn

from bathyscope.capture.hooks import Tap, capturing, layer_named, left_as_found, pooled
from bathyscope.errors import ShapeError, UnknownLayerError
from capture.small_nets import state_of


def test_everything_is_as_it_was_also_after_a_failure(net):
    net.features[1].eval()  # a frozen part keeps its own flag
    net(torch.rand(4, 1, 6, 6)).sum().backward()
    before = state_of(net)

    def use_everything_up():
        with left_as_found(net), capturing(net, {"a": Tap("features.0")}):
            assert not any(module.training for module in net.modules())
            net.features[1].running_mean.add_(1)
            net.features[1].num_batches_tracked = torch.tensor(99)
            random.random(), np.random.random(), torch.rand(1)
            net(torch.rand(4, 1, 6, 6))
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        use_everything_up()
    assert state_of(net) == before


def test_no_gradients_inside(net):
    with left_as_found(net):
        assert not net(torch.rand(2, 1, 6, 6)).requires_grad


def test_captured_values_are_the_layers_own(net):
    x = torch.rand(3, 1, 6, 6)
    net.eval()
    taps = {"maps": Tap("features", pooling="full"), "mean": Tap("features"), "in": Tap("classifier", "input")}
    with torch.no_grad(), capturing(net, taps) as captured:
        net(x)
        expected = net.features(x)
    torch.testing.assert_close(captured.values["maps"], expected)
    torch.testing.assert_close(captured.values["mean"], expected.mean((2, 3)))
    torch.testing.assert_close(captured.values["in"], expected.mean((2, 3)))
    captured.values.clear()
    net(x)
    assert captured.values == {}


def test_layers_that_work_in_place_do_not_change_what_was_seen():
    torch.manual_seed(0)
    model = nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.ReLU(inplace=True), nn.Flatten(), nn.Linear(48, 5), nn.ReLU(inplace=True)
    )
    x = torch.rand(2, 1, 6, 6)
    with torch.no_grad(), capturing(model, {"maps": Tap("0", pooling="full"), "dense": Tap("3")}) as captured:
        model(x)
        torch.testing.assert_close(captured.values["maps"], model[0](x))
        torch.testing.assert_close(captured.values["dense"], model[3](model[:3](x)))
    assert (captured.values["maps"] < 0).any()
    assert (captured.values["dense"] < 0).any()


def test_pooling_by_hand():
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]])
    assert pooled(maps, "mean").tolist() == [[3.0]]
    assert pooled(maps, "max").tolist() == [[6.0]]
    assert pooled(maps, "full") is maps
    assert pooled(maps, lambda value: value.sum((2, 3))).tolist() == [[12.0]]
    tokens = torch.tensor([[[1.0, 10.0], [3.0, 20.0], [100.0, 100.0]]])
    padding = torch.tensor([[1, 1, 0]])
    assert pooled(tokens, "mean").tolist() == [[pytest.approx(104 / 3), pytest.approx(130 / 3)]]
    assert pooled(tokens, "mean", mask=padding).tolist() == [[2.0, 15.0]]
    assert pooled(-tokens, "max", mask=padding).tolist() == [[-1.0, -10.0]]
    assert pooled(tokens, "mean", module=nn.Conv1d(1, 1, 1)).tolist() == [[5.5, 11.5, 100.0]]


def test_unknown_layer_offers_the_nearest_names(net):
    with pytest.raises(UnknownLayerError) as caught:
        layer_named(net, "clasifier")
    assert str(caught.value) == "The model Net has no layer 'clasifier'. Nearest names: 'classifier'."
    with pytest.raises(UnknownLayerError) as caught:
        layer_named(net, "zzz")
    assert str(caught.value) == (
        "The model Net has no layer 'zzz'. Its layers: 'features', 'features.0', 'features.1', 'features.2', 'drop', "
        "'classifier'."
    )


def test_output_without_a_batch_axis_is_refused():
    class Recurrent(nn.Module):
        def __init__(self):
            super().__init__()
            self.cell = nn.GRU(3, 4)

        def forward(self, x):
            return self.cell(x.transpose(0, 1))[0][-1]

    model = Recurrent()
    with capturing(model, {"cell": Tap("cell")}) as captured:
        captured.expect(2)
        with pytest.raises(ShapeError) as caught:
            model(torch.rand(2, 5, 3))
    assert str(caught.value) == (
        "Layer 'cell' gave an output of shape (5, 2, 4) for a batch of 2: its first axis is not the samples. "
        "Name a layer whose first axis is the batch."
    )
