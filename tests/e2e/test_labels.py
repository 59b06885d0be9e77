"""Wrong labels are found and corrected by keys alone; what was decided is on disk, undone, and goes out as a file."""

import csv
import re
import shutil

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import expect

import bathyscope as bs
from bathyscope.analyses import Labels
from bathyscope.analyses.labels.corrections import corrections
from bathyscope.analyses.labels.exporting import import_labels
from e2e.waiting import comes_to

pytestmark = pytest.mark.browser

TEXT = "() => document.querySelector('.of-labels .part').shadowRoot.querySelector('.stage').innerHTML"


@pytest.fixture(scope="module")
def judged(demo_recording, tmp_path_factory):
    """A copy of the demo with its labels judged, and which pair has most estimated errors among what was trained on."""
    path = tmp_path_factory.mktemp("labels") / "demo"
    shutil.copytree(demo_recording, path)
    result = bs.load(path).run(Labels())
    trained = [row for row in result.class_pairs.to_pylist() if row["basis"] == "training dynamics"]
    pairs = [row for row in trained if row["label"] != row["prediction"]]
    return path, max(pairs, key=lambda row: row["estimated_errors"])


def test_in_sample_as_many_wrong_labels_are_expected_as_were_planted(judged):
    path, _ = judged
    found = bs.load(path).run(Labels()).samples.to_pandas()
    wrong = pq.read_table(path / "truth.parquet", columns=["wrong_label"])["wrong_label"].to_numpy()
    trained = found[found["basis"] == "training dynamics"].sort_values("suspicion", ascending=False, kind="stable")
    for first in (len(trained) // 20, len(trained) // 10, len(trained)):
        rows = trained.head(first)
        assert rows["expected_errors"].sum() == pytest.approx(wrong[rows.index].sum(), rel=0.25)
        assert rows["suspicion"].sum() < 0.75 * wrong[rows.index].sum()  # an order, no count


def decided(path):
    """What the log on disk says now, oldest first."""
    return [event.payload for event in bs.load(path).decisions.active() if event.kind == "label"]


def test_relabel_by_keys_undo_reload_export_and_blind(judged, show, open_page, tmp_path):
    path, worst = judged
    classes = bs.load(path).classes
    # The planted fault: Shirts labelled T-shirt.
    assert (classes[worst["label"]], classes[worst["prediction"]]) == ("T-shirt", "Shirt")
    page = open_page(f"{show(path).url}#page=labels")
    view = page.locator(".of-labels")
    first = view.locator(".couple").first
    first.wait_for()
    assert "T-shirt\nthat may be\nShirt" in re.sub(r"\n+\s*", "\n", first.locator(".who").inner_text())
    expect(first.get_by_text("systematic")).to_have_count(int(worst["systematic"]))

    first.locator("button").focus()
    page.keyboard.press("Enter")
    view.locator(".stage .id").wait_for()
    for place in range(10):
        page.keyboard.press("k" if place % 5 == 4 else "1")
    view.get_by_text(re.compile("^10 of ")).wait_for()
    wanted = (["set"] * 4 + ["keep"]) * 2
    comes_to(page, lambda: [payload["action"] for payload in decided(path)], wanted)
    said = decided(path)
    assert {payload.get("label") for payload in said} == {"Shirt", None}
    assert len({payload["samples"][0] for payload in said}) == 10
    page.keyboard.press("z")
    view.get_by_text(re.compile("^9 of ")).wait_for()
    comes_to(page, lambda: decided(path), said[:-1])

    page.reload()
    view.get_by_text(re.compile("^9 of ")).wait_for()
    expect(view.locator(".stage .id")).to_have_text(re.compile(f"^{said[-1]['samples'][0]}"))

    # Blind: nothing that was judged stands beside the picture, and the digits are classes.
    page.keyboard.press("b")
    view.get_by_text("Blind: on").wait_for()
    stage = re.sub(r'<ol class="choices neutral".*?</ol>', "", page.evaluate(TEXT))
    assert "Shirt" not in stage
    assert "likely wrong" not in stage
    page.keyboard.press(str(1 + classes.index("Shirt")))
    view.get_by_text(re.compile("^10 of ")).wait_for()
    comes_to(
        page, lambda: [decided(path)[-1].get(name) for name in ("blind", "action", "label")], [True, "set", "Shirt"]
    )

    page.keyboard.press("Escape")
    with page.expect_download() as download:
        view.get_by_role("button", name="Save corrected labels").click()
    download.value.save_as(tmp_path / "corrected.csv")
    mine = corrections(bs.load(path)).table.to_pylist()
    with (tmp_path / "corrected.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sample_id"], row["label_new"], row["status"]) for row in rows] == [
        (row["sample_id"], row["label_new"], row["status"]) for row in mine
    ]
    shutil.copytree(path, tmp_path / "other", ignore=shutil.ignore_patterns("decisions.sqlite*"))
    assert import_labels(bs.load(tmp_path / "other"), tmp_path / "corrected.csv", author="bo") == 10
    assert corrections(bs.load(tmp_path / "other")).labels == corrections(bs.load(path)).labels
