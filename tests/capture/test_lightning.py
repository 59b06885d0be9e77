"""The Lightning callback in a real trainer."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import bathyscope as bs
from capture.small_nets import Net

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(autouse=True)
def needs_lightning():
    """Imported by the tests alone: processes that run others need not spend the seconds that it takes."""
    pytest.importorskip("lightning.pytorch")


def classifier(lightning):
    class Classifier(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.net = Net()
            self.losses = []

        def forward(self, x):
            return self.net(x)

        def training_step(self, batch, _):
            loss = nn.functional.cross_entropy(self(batch[0]), batch[1])
            self.losses.append(loss.item())
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", nn.functional.cross_entropy(self(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.SGD(self.parameters(), 0.1)

    return Classifier()


def fit(images, labels, tmp_path, callbacks):
    import lightning.pytorch as lightning

    lightning.seed_everything(3, verbose=False)
    model = classifier(lightning)
    data = TensorDataset(torch.from_numpy(images).unsqueeze(1).float() / 255, torch.from_numpy(labels))
    trainer = lightning.Trainer(
        max_epochs=3, accelerator="cpu", callbacks=callbacks, logger=False, enable_checkpointing=False,
        enable_progress_bar=False, enable_model_summary=False, default_root_dir=tmp_path,
    )  # fmt: skip
    trainer.fit(model, DataLoader(data, 16, shuffle=True), DataLoader(data, 40))
    return model


def test_every_epoch_is_recorded_and_the_training_is_the_same(images, labels, tmp_path):
    from bathyscope.capture.lightning import RecordEpochs

    bare = fit(images, labels, tmp_path, [])
    with bs.Recorder(tmp_path / "run", images, labels=labels) as recorder:
        recorded = fit(images, labels, tmp_path, [RecordEpochs(recorder)])
    recording = recorder.recording
    assert recorded.losses == bare.losses
    assert [checkpoint.step for checkpoint in recording.checkpoints] == [0, 1, 2]
    np.testing.assert_allclose(
        recording.logits("last"), recorded.eval()(torch.from_numpy(images).unsqueeze(1) / 255).detach(), rtol=1e-4
    )
    expected = nn.functional.cross_entropy(torch.from_numpy(recording.logits("last")), torch.from_numpy(labels)).item()
    assert recording.checkpoints[-1].metrics["val_loss"] == pytest.approx(expected, rel=1e-4)
    assert recording.info.provenance["head"] == "net.classifier"


def test_a_submodule_can_be_the_model(images, labels, tmp_path):
    from bathyscope.capture.lightning import RecordEpochs

    with bs.Recorder(tmp_path / "run", images, labels=labels) as recorder:
        fit(images, labels, tmp_path, [RecordEpochs(recorder, submodule="net", every=2)])
    assert recorder.steps == (0, 2)
    assert recorder.recording.info.provenance["head"] == "classifier"
