"""A training that is watched while it runs: the page tells when it goes wrong, then and not before."""

import re

import pytest
import torch
from playwright.sync_api import expect
from sklearn.datasets import load_digits
from torch import nn

import bathyscope as bs
from bathyscope.analyses import Health

pytestmark = pytest.mark.browser

EXPLODES_AT = 12


def test_a_learning_rate_that_explodes_is_told_when_it_does(tmp_path, show, open_page):
    images, labels = load_digits(return_X_y=True)
    pictures = torch.tensor(images.reshape(-1, 8, 8) / 16, dtype=torch.float32)
    labels = torch.tensor(labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Flatten(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)
        )
        optimizer = torch.optim.Adam(model.parameters(), 2e-3)

        def train(epoch):
            if epoch == EXPLODES_AT:
                optimizer.param_groups[0]["lr"] *= 200
            for batch in torch.randperm(len(labels)).split(128):
                optimizer.zero_grad()
                nn.functional.cross_entropy(model(pictures[batch]), labels[batch]).backward()
                optimizer.step()

        with bs.Recorder(tmp_path / "live", pictures, labels=labels.numpy()) as recorder:
            for epoch in range(1, EXPLODES_AT):
                train(epoch)
                recorder.checkpoint(model, epoch=epoch)
            page = open_page(show(tmp_path / "live").url)
            page.get_by_text(f"of {EXPLODES_AT - 1}").first.wait_for()
            page.get_by_text("Live: still recording").wait_for()
            told = page.get_by_role("status", name="Where the training went wrong")
            assert bs.load(tmp_path / "live").run(Health()).alerts.num_rows == 0
            assert told.count() == 0
            train(EXPLODES_AT)
            recorder.checkpoint(model, epoch=EXPLODES_AT)
            told.get_by_text(f"checkpoint {EXPLODES_AT}").first.wait_for()
            expect(told).to_contain_text(re.compile("The classes moved together|fewer samples are right"))
