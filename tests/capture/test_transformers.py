"""The Hugging Face callback in a real trainer, on texts of different length."""

import numpy as np
import pytest
import torch

import bathyscope as bs

pytestmark = [
    pytest.mark.peers,
    pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning", "ignore::FutureWarning"),
]


@pytest.fixture(autouse=True)
def needs_transformers():
    """Imported by the tests alone: processes that run others need not spend the seconds that it takes."""
    for package in ("transformers", "datasets", "accelerate"):
        pytest.importorskip(package)


def pad(items):
    width = max(len(item["input_ids"]) for item in items)

    def padded(name):
        return torch.tensor([list(item[name]) + [0] * (width - len(item[name])) for item in items])

    batch = {name: padded(name) for name in ("input_ids", "attention_mask")}
    labels = [item["label"] for item in items if "label" in item]
    return {**batch, "labels": torch.tensor(labels)} if labels else batch


@pytest.fixture
def texts():
    import datasets

    generator = np.random.default_rng(0)
    rows = [generator.integers(1, 20, generator.integers(3, 9)).tolist() for _ in range(24)]
    return datasets.Dataset.from_dict(
        {
            "text": [" ".join(map(str, row)) for row in rows],
            "label": [index % 2 for index in range(24)],
            "input_ids": rows,
            "attention_mask": [[1] * len(row) for row in rows],
        },
        features=datasets.Features(
            {
                "text": datasets.Value("string"),
                "label": datasets.ClassLabel(names=["bad", "good"]),
                "input_ids": datasets.List(datasets.Value("int64")),
                "attention_mask": datasets.List(datasets.Value("int64")),
            }
        ),
    )


def train(texts, tmp_path, callbacks, strategy):
    import transformers

    transformers.set_seed(0)
    config = transformers.BertConfig(
        vocab_size=20, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, intermediate_size=8, num_labels=2
    )
    model = transformers.BertForSequenceClassification(config)
    arguments = transformers.TrainingArguments(
        str(tmp_path / "trainer"), num_train_epochs=2, per_device_train_batch_size=8, eval_strategy=strategy,
        save_strategy="no", report_to=[], disable_tqdm=True, use_cpu=True, logging_strategy="epoch",
    )  # fmt: skip
    trainer = transformers.Trainer(
        model, arguments, data_collator=pad, train_dataset=texts, eval_dataset=texts, callbacks=callbacks
    )
    trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    return model, losses, trainer


@pytest.mark.parametrize("strategy", ["no", "epoch"])
def test_every_epoch_is_recorded_and_the_training_is_the_same(texts, tmp_path, strategy):
    from bathyscope.capture.transformers import RecordEpochs

    _, bare, _ = train(texts, tmp_path, [], strategy)
    with bs.Recorder(tmp_path / "run", texts, collate=pad, batch_size=7) as recorder:
        model, losses, trainer = train(texts, tmp_path, [RecordEpochs(recorder)], strategy)
        trainer.evaluate()  # the same model once more: nothing new to record
    recording = recorder.recording
    assert losses == bare
    assert recorder.steps == (1, 2)
    assert recording.kind == "text"
    assert recording.classes == ("bad", "good")
    assert recording.text(3) == texts[3]["text"]
    assert recording.info.provenance["head"] == "classifier"
    assert ("eval_loss" in recording.checkpoints[-1].metrics) == (strategy == "epoch")
    with torch.no_grad():
        inputs = {name: torch.tensor([texts[5][name]]) for name in ("input_ids", "attention_mask")}
        alone = model.eval()(**inputs).logits[0].numpy()
    np.testing.assert_allclose(recording.logits("last")[5], alone, atol=1e-5)
