"""The decision layer is found, and only believed after it has given the model's own output."""

import numpy as np
import pytest
import torch
from torch import nn

import bathyscope as bs
from bathyscope.capture.calls import Caller
from bathyscope.capture.head import find_decision
from bathyscope.errors import HeadNotFoundError, ModelOutputError, UnknownLayerError
from capture.small_nets import Net

X = torch.rand(8, 1, 6, 6, generator=torch.Generator().manual_seed(0))


def decision_of(model, x=X, logits=None, **options):
    model.eval()
    with torch.no_grad():
        return find_decision(Caller(model, logits), x, **options)


class Wrapped(nn.Module):
    """A model around another's logits."""

    def __init__(self, function):
        super().__init__()
        self.net = Net()
        self.function = function

    def forward(self, x):
        return self.function(self.net(x))


def test_the_last_linear_layer_is_found(net):
    decision = decision_of(net)
    assert (decision.head, decision.relation, decision.width) == ("classifier", "logits", 4)
    assert (decision.embedding.layer, decision.embedding.site) == ("classifier", "input")


def test_a_linear_layer_of_the_right_shape_that_is_not_the_head_is_not_believed():
    class Auxiliary(Net):
        def __init__(self):
            super().__init__()
            self.auxiliary = nn.Linear(4, 3)

        def forward(self, x):
            pooled = self.features(x).mean((2, 3))
            logits = self.classifier(pooled)
            self.auxiliary(pooled)  # runs last, decides nothing
            return logits

    assert decision_of(Auxiliary()).head == "classifier"


@pytest.mark.parametrize(
    ("function", "relation"),
    [
        (lambda z: z.softmax(1), "softmax"),
        (lambda z: z.log_softmax(1), "log_softmax"),
        (torch.sigmoid, "sigmoid"),
        (lambda z: {"logits": z, "loss": None}, "logits"),
        (lambda z: (z, "extra"), "logits"),
    ],
)
def test_outputs_after_the_head_are_recognised(function, relation):
    model = Wrapped(function).eval()
    decision = decision_of(model)
    assert (decision.head, decision.relation) == ("net.classifier", relation)


@pytest.mark.parametrize("function", [lambda z: z.softmax(1), lambda z: z.log_softmax(1)])
def test_recorded_logits_are_those_before_the_softmax(function, tmp_path, images):
    model = Wrapped(function)
    recording = bs.record(model, images, tmp_path / "run")
    torch.testing.assert_close(
        torch.from_numpy(recording.logits("last")),
        model.eval().net(torch.from_numpy(images).unsqueeze(1) / 255).detach(),
        rtol=1e-4,
        atol=1e-6,
    )


def test_a_convolution_over_one_place_is_a_head():
    model = nn.Sequential(nn.Conv2d(1, 5, 3), nn.AdaptiveAvgPool2d(1), nn.Conv2d(5, 3, 1), nn.Flatten())
    decision = decision_of(model)
    assert (decision.head, decision.width) == ("2", 5)


def test_a_transposed_weight_is_a_head():
    class Conv1D(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight, self.bias = nn.Parameter(torch.rand(36, 3)), nn.Parameter(torch.rand(3))

        def forward(self, x):
            return x @ self.weight + self.bias

    assert decision_of(nn.Sequential(nn.Flatten(), Conv1D())).head == "1"


def test_a_single_output_is_two_logits(tmp_path, images):
    net = Net(1)
    recording = bs.record(net, images, tmp_path / "run", classes=["no", "yes"])
    logits, head = recording.logits("last"), recording.head("last")
    z = net.eval()(torch.from_numpy(images).unsqueeze(1) / 255).detach().numpy()
    np.testing.assert_allclose(logits, np.hstack([np.zeros_like(z), z]), rtol=1e-6)
    np.testing.assert_array_equal(head.weight[0], 0)
    np.testing.assert_array_equal(head.weight[1], net.classifier.weight[0].detach())


def test_transformers_classifier():
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(0)
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=3
    )
    model = transformers.BertForSequenceClassification(config)
    tokens = torch.randint(0, 20, (4, 6))
    decision = decision_of(
        model, {"input_ids": tokens, "attention_mask": torch.ones_like(tokens), "labels": tokens[:, 0]}
    )
    assert (decision.head, decision.width) == ("classifier", 8)


def test_without_a_linear_head_the_layers_are_listed():
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    with pytest.raises(HeadNotFoundError) as caught:
        decision_of(model)
    assert str(caught.value) == (
        "The decision layer of Sequential was not found: no linear layer that ran gives its output of shape (8, 3) "
        "from one vector per sample. Layers that ran, with their outputs: '0' (8, 3, 4, 4), '1' (8, 3, 1, 1), '2' (8, "
        "3). Name the decision layer with head='…', or the layer whose output is the embedding with embedding='…'; "
        "embedding=False records the logits alone."
    )


def test_a_wrong_head_is_refused_with_the_reason(net):
    model = Wrapped(lambda z: 2 * z)
    with pytest.raises(HeadNotFoundError, match="applied to its input, it differs from the model's output by up to"):
        decision_of(model, head="net.classifier")
    with pytest.raises(HeadNotFoundError, match="it is not a linear layer on one vector per sample"):
        decision_of(net, head="features.0")


def test_a_layer_that_did_not_run_is_refused(net):
    net.spare = nn.Linear(2, 2)
    with pytest.raises(UnknownLayerError) as caught:
        decision_of(net, layers=["spare"])
    assert str(caught.value) == (
        "Layer 'spare' is in the model but did not run for these samples. Layers that ran: 'features.0', 'features.1', "
        "'features.2', 'features', 'drop', 'classifier'."
    )


def test_embedding_by_name_keeps_a_head_only_if_it_fits(net):
    fits = decision_of(net, embedding="drop")
    assert (fits.head, fits.embedding.site) == ("classifier", "output")
    other = decision_of(net, embedding="features.0")
    assert (other.head, other.relation) == (None, "logits")


def test_probabilities_without_a_head_become_log_probabilities(tmp_path, images):
    model = Wrapped(lambda z: (z * 2).softmax(1))
    recording = bs.record(model, images, tmp_path / "run", embedding="net.drop")
    expected = model.eval()(torch.from_numpy(images).unsqueeze(1) / 255).detach().numpy()
    np.testing.assert_allclose(np.exp(recording.logits("last")), expected, rtol=1e-4)
    assert recording.head("last") is None


def test_a_diverged_model_still_has_a_head(net):
    with torch.no_grad():
        net.classifier.weight.fill_(float("nan"))
    assert decision_of(net).head == "classifier"


def test_logits_by_function():
    model = Wrapped(lambda z: {"scores": z})
    with pytest.raises(ModelOutputError) as caught:
        decision_of(model)
    assert str(caught.value) == (
        "The model's output with the entries scores holds no logits of shape (B, C). Pass logits= with a function from "
        "the model's output to them, for instance logits=lambda output: output['scores']."
    )
    assert decision_of(model, logits=lambda output: output["scores"]).head == "net.classifier"


def test_no_torch_module():
    with pytest.raises(ModelOutputError, match=r"The model was given as function; a torch\.nn\.Module is expected\."):
        bs.record(lambda x: x, np.zeros((2, 2)), "nowhere-to-be-made")
