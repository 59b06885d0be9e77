"""From a mistake to a patched head: the neurons behind it, what they see, what an edit would do, the patch itself."""

import re
import shutil

import pytest
from playwright.sync_api import expect

import bathyscope as bs
from bathyscope.analyses import Counterfactual, Mitigate
from bathyscope.analyses.mitigate import load_patch
from e2e.waiting import comes_to

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explained(demo_recording, tmp_path_factory):
    """A copy of the demo whose mistakes called Pullover are explained, as the page will ask."""
    path = tmp_path_factory.mktemp("neurons") / "demo"
    shutil.copytree(demo_recording, path)
    return path, bs.load(path).run(Counterfactual(split="test", predicted="Pullover"))


def decided(path, kind):
    """The decisions in force, oldest first."""
    return [event.payload for event in bs.load(path).decisions.active() if event.kind == kind]


def test_from_a_mistake_to_a_patch_and_back(explained, show, open_page, tmp_path):
    path, result = explained
    page = open_page(f"{show(path).url}#page=neurons")
    view = page.locator(".tile.of-neurons")
    view.get_by_role("combobox", name="Called", exact=True).select_option("Pullover")
    n = len(result.samples)
    first = result.neurons["neuron"][0].as_py()
    title = view.locator(".titles h2").first
    title.get_by_text(re.compile(rf"wrongly called Pullover: neuron {first} is ")).wait_for()
    expect(title.locator(".door")).to_have_text(re.compile(f"^{n}"))

    # A number leads to the samples behind it, and from any of them a way leads back.
    listed = [row for row in result.neurons.to_pylist() if row["list"] == "excessive"]
    row = view.locator(".neuron").filter(
        has=page.get_by_role("button", name=f"Neuron {listed[0]['neuron']}", exact=True)
    )
    row.locator(".door").click()
    votes = listed[0]["votes_down"] + listed[0]["votes_up"]
    page.get_by_text(f"{votes} that name neuron {listed[0]['neuron']}", exact=False).first.wait_for()
    row.locator(".name").click()
    card = view.get_by_role("region", name=f"Neuron {listed[0]['neuron']}", exact=True)
    shown = [row for row in result.exemplars.to_pylist() if row["neuron"] == listed[0]["neuron"]]
    expect(card.locator(".exemplars button.mini")).to_have_count(len(shown))
    card.get_by_role("button", name="Spurious").click()
    card.get_by_role("button", name="Spurious", pressed=True).wait_for()
    comes_to(page, lambda: [said["flag"] for said in decided(path, "neuron")], ["spurious"])
    card.locator(".exemplars button.mini").first.click()
    page.locator(".side-panel").get_by_role("button", name="Why?").click()
    view.locator(".tryout .try").wait_for()

    # What if: as the explanation moves the neurons, another class wins.
    view.get_by_role("combobox", name="Called", exact=True).select_option("Pullover")
    view.get_by_role("button", name="Why?").first.click()
    mistake = result.samples.to_pylist()[0]
    view.get_by_role("button", name="As the explanation moves them").click()
    view.get_by_text(f"With these activations it is called {mistake['target']}.").wait_for()

    # An edit is previewed by itself; its figures are those of the analysis.
    view.get_by_role("region", name="Too strong").get_by_role("button", name=re.compile("^Take ")).click()
    edit = view.get_by_role("region", name="Edit the decision layer")
    edit.get_by_text(re.compile("^It fixes")).wait_for()
    neurons = tuple(sorted(row["neuron"] for row in listed[:5]))
    same = bs.load(path).run(Mitigate(neurons=neurons))
    told = {row["measure"]: row["after"] for row in same.measures.to_pylist() if row["split"] == "test"}
    doors = edit.locator(".titles .door")
    assert [int(doors.nth(place).inner_text().split(":")[0]) for place in (0, 1)] == [told["fixed"], told["broken"]]
    if told["fixed"]:
        doors.first.click()
        page.get_by_text(f"{told['fixed']:.0f} fixed by the edit").first.wait_for()

    edit.get_by_role("button", name="Accept this patch").click()
    view.get_by_role("region", name="Accepted patches").wait_for()
    comes_to(page, lambda: len(decided(path, "patch")), 1)
    (patch,) = decided(path, "patch")
    assert (patch["fingerprint"], patch["params"]) == (same.patch["fingerprint"][0].as_py(), {"neurons": list(neurons)})
    with page.expect_download() as download:
        edit.get_by_role("button", name="Download the patch").click()
    download.value.save_as(tmp_path / "mine.patch")
    assert load_patch(tmp_path / "mine.patch").fingerprint == patch["fingerprint"]
    page.get_by_role("button", name=re.compile("^Undo")).click()
    view.get_by_role("region", name="Accepted patches").wait_for(state="detached")
    comes_to(page, lambda: decided(path, "patch"), [])
