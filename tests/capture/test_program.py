"""The exported program gives what the model gives, and a model that cannot be exported is no disaster."""

import numpy as np
import pytest
import torch
from torch import nn

import bathyscope as bs
from bathyscope.capture.program import load_program
from bathyscope.errors import BathyscopeWarning, SourceError
from capture.small_nets import Net, state_of

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")


def test_the_program_gives_the_models_logits_and_its_layers_can_be_hooked(net, images, tmp_path):
    net.train()
    before = state_of(net)
    recording = bs.record(net, images, tmp_path / "run", layers=["features.0"], export=True)
    assert state_of(net) == before
    program = load_program(recording.program_path)
    again = bs.record(program, images[:7], tmp_path / "again", layers=["features.0"])
    np.testing.assert_allclose(again.logits("last"), recording.logits("last")[:7], rtol=1e-5)
    np.testing.assert_allclose(
        again.activations("features.0", "last"), recording.activations("features.0", "last")[:7], rtol=2e-3
    )
    assert again.info.provenance["head"] == "classifier"
    np.testing.assert_array_equal(again.head("last").weight, recording.head("last").weight)


def test_the_program_is_that_of_the_last_checkpoint(net, images, tmp_path):
    with bs.Recorder(tmp_path / "run", images, export=True) as recorder:
        recorder.checkpoint(net)
        assert recorder.recording.program_path is not None
        with torch.no_grad():
            net.classifier.bias.add_(1)
        recorder.checkpoint(net)
    program = load_program(recorder.recording.program_path)
    torch.testing.assert_close(program.get_parameter("classifier.bias"), net.classifier.bias)


def test_a_model_that_cannot_be_exported_is_recorded_with_a_warning(images, tmp_path):
    class Branching(Net):
        def forward(self, x):
            return super().forward(x if x.sum() > 0 else -x)

    with bs.Recorder(tmp_path / "run", images, export=True) as recorder:
        with pytest.warns(BathyscopeWarning) as caught:
            recorder.checkpoint(Branching())
        recorder.checkpoint(Branching())
    (message,) = [str(w.message) for w in caught if w.category is BathyscopeWarning]
    assert message.startswith("The model Branching could not be exported (")
    assert message.endswith(
        "). Everything else is recorded; analyses that must run the model (feature pictures, boundary samples in input "
        "space) will not work on this recording. To allow them, make the model fit for torch.export."
    )
    assert len(recorder.recording.checkpoints) == 2
    assert recorder.recording.program_path is None
    assert not list((tmp_path / "run").glob("*.pt2"))


def test_programs_that_cannot_be_used_are_explained(net, tmp_path):
    with pytest.raises(SourceError, match="There is no exported program 'nowhere.pt2'"):
        load_program("nowhere.pt2")
    (tmp_path / "no.pt2").write_bytes(b"nothing")
    with pytest.raises(SourceError, match=r"no\.pt2 is no program of torch\.export: "):
        load_program(tmp_path / "no.pt2")
    torch.export.save(torch.export.export(net.eval(), (torch.rand(4, 1, 6, 6),)), tmp_path / "fixed.pt2")
    with pytest.raises(SourceError) as caught:
        load_program(tmp_path / "fixed.pt2")
    assert str(caught.value) == (
        "fixed.pt2 was exported for batches of exactly 4. Export it with a dynamic batch axis: "
        "torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim('batch')},))."
    )


def test_models_with_named_inputs_are_exported(tmp_path):
    class Tokens(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.fc = nn.Embedding(10, 4), nn.Linear(4, 2)

        def forward(self, input_ids, attention_mask):
            kept = self.table(input_ids) * attention_mask.unsqueeze(-1)
            return {"logits": self.fc(kept.mean(1))}

    def tokenise(text):
        ids = torch.tensor([ord(letter) % 10 for letter in text])
        return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}

    recording = bs.record(
        Tokens(), ["abcde", "bcdef", "aaaaa"], tmp_path / "run", transform=tokenise, export=True, layers=["table"]
    )
    program = load_program(recording.program_path)
    again = bs.record(program, ["abc", "abd"], tmp_path / "again", transform=tokenise)
    assert again.logits("last").shape == (2, 2)
    assert recording.kind == "text"
    assert recording.text(1) == "bcdef"
