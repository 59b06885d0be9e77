"""The hub: from a table to a page, a report and results, with what is hidden kept inside."""

import base64
import gc
import json
import os
import shutil
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from starlette.testclient import TestClient

import bathyscope as bs
from bathyscope.analyses import Performance
from bathyscope.errors import (
    LabelError,
    LayoutError,
    MediaError,
    MissingInputError,
    ParameterError,
    PortTakenError,
    RecordingExistsError,
    SourceError,
    UnknownColumnError,
)
from bathyscope.recording import Recording
from bathyscope.recording.media import encode_png
from bathyscope.workbench import Hub, create_app, kept
from recordings import write_checkpoint, write_recording
from workbench.served import OWNER, VIEWER, error_of, table_of

ANIMALS = {"id": ["a", "b", "c", "d"], "label": ["cat", "dog", "cat", None], "prediction": ["cat", "cat", "cat", "dog"]}


@pytest.fixture(autouse=True)
def _own_data(tmp_path, monkeypatch):
    monkeypatch.setenv("BATHYSCOPE_DATA", str(tmp_path / "data"))


@pytest.fixture
def animals(tmp_path):
    """A table in a file."""
    path = tmp_path / "animals.parquet"
    pq.write_table(pa.table(ANIMALS), path)
    return path


# where the recording of a table stands


def test_a_table_in_memory_goes_with_its_hub():
    with Hub(ANIMALS) as hub:
        folder = hub.path
        assert Recording(folder).sample_ids.to_pylist() == ["a", "b", "c", "d"]
    assert not folder.exists()
    with pytest.raises(ParameterError, match=r"This hub is closed\. Make a new one\."):
        hub.show(open_browser=False)


def test_a_forgotten_hub_leaves_nothing():
    hub = Hub(ANIMALS)
    folder = hub.path
    url = hub.show(port=0, open_browser=False)
    del hub
    gc.collect()
    assert not folder.exists()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(url, timeout=5)


def test_a_table_that_cannot_be_taken_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(LabelError):
        Hub({"label": ["a"]}, classes=["b"])
    assert not list(tmp_path.glob("bathyscope-*"))


def test_what_was_decided_about_a_file_is_found_again_wherever_the_file_lies(animals, tmp_path):
    with Hub(animals) as hub:
        hub.recording.decisions.append("tag", {"sample_id": "b", "tag": "odd"}, author="ada")
        first = hub.path
    assert first.is_relative_to(tmp_path / "data")
    moved = tmp_path / "elsewhere" / "renamed.parquet"
    moved.parent.mkdir()
    shutil.move(animals, moved)
    with Hub(moved, label="label") as again:
        assert again.path == first
        assert [event.payload for event in again.recording.decisions.active()] == [{"sample_id": "b", "tag": "odd"}]
        assert again.recording.name == "renamed"


def test_opening_a_file_again_reads_nothing_of_it(animals, monkeypatch):
    with Hub(animals) as hub:
        notes, roles = hub.notes, hub.roles

    def refuse(*arguments, **options):
        raise AssertionError("the table was read again")

    monkeypatch.setattr("bathyscope.workbench.given.read_table", refuse)
    monkeypatch.setattr("hashlib.file_digest", refuse)
    with Hub(animals) as again:
        assert (again.notes, again.roles) == (notes, roles)
        assert again.recording.labels.tolist() == [0, 1, 0, None]
    with pytest.raises(AssertionError, match="read again"):
        Hub(animals, label=False)


def test_a_file_that_changed_is_another_table(animals):
    with Hub(animals) as hub:
        first = hub.path
    pq.write_table(pa.table({"id": ["z"]}), animals)
    with Hub(animals) as again:
        assert again.path != first
        assert len(again.recording) == 1


def test_half_a_recording_of_a_file_is_made_anew(animals):
    with Hub(animals) as hub:
        hub.recording.decisions.append("note", {"text": "kept"}, author="ada")
        part = hub.path / "samples" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:100])
    with Hub(animals) as again:
        assert again.recording.sample_ids.to_pylist() == ["a", "b", "c", "d"]
        assert len(again.recording.decisions.active()) == 1


def test_what_nobody_opened_for_long_goes_unless_something_was_decided(animals, tmp_path):
    folders = []
    for number in range(3):
        pq.write_table(pa.table({"n": [number]}), tmp_path / f"{number}.parquet")
        with Hub(tmp_path / f"{number}.parquet") as hub:
            folders.append(hub.path)
            if number == 1:
                hub.recording.decisions.append("note", {"text": "kept"}, author="ada")
    for folder in folders[:2]:
        os.utime(folder / kept.ABOUT, (0, 0))
    Hub(animals).close()
    assert [folder.exists() for folder in folders] == [False, True, True]


def test_a_path_keeps_the_recording_and_its_decisions(tmp_path):
    kept_at = tmp_path / "runs" / "animals"
    with Hub(ANIMALS, path=kept_at, name="My animals") as hub:
        hub.recording.decisions.append("note", {"text": "kept"}, author="ada")
    with Hub({**ANIMALS, "id": ["p", "q", "r", "s"]}, path=kept_at) as hub:
        assert hub.recording.sample_ids.to_pylist() == ["p", "q", "r", "s"]
        assert len(hub.recording.decisions.active()) == 1
    assert Recording(kept_at).name == "table"


def test_a_recording_that_was_no_table_is_never_replaced(recording_path):
    with pytest.raises(RecordingExistsError) as error:
        Hub(ANIMALS, path=recording_path)
    assert str(error.value) == (
        f"{recording_path} holds a recording that was not made from a table, so it is not replaced. Give another "
        "path=…, or leave it out."
    )
    assert len(Recording(recording_path)) == 60


def test_a_recording_is_taken_as_it_is(recording_path):
    for data in (recording_path, str(recording_path), Recording(recording_path)):
        with Hub(data, hidden=["camera"]) as hub:
            assert hub.path == recording_path
            assert len(hub.run(Performance(checkpoint="000002")).samples) == 60
    assert recording_path.exists()
    with pytest.raises(ParameterError) as error:
        Hub(recording_path, label="camera")
    assert str(error.value) == (
        "label=… was given, but the data are a recording, which tells its own columns. Leave it out; hidden=… and "
        "media_root=… may be given."
    )


def test_the_folder_of_data_follows_the_system(monkeypatch, tmp_path):
    monkeypatch.delenv("BATHYSCOPE_DATA")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert kept.data_folder() == tmp_path / "bathyscope"
    monkeypatch.delenv("XDG_DATA_HOME")
    assert kept.data_folder() == Path.home() / ".local" / "share" / "bathyscope"


# serving


def test_a_taken_port_does_not_cost_the_page_that_is_open():
    with bs.Hub(pd.DataFrame(ANIMALS)) as hub, socket.create_server(("127.0.0.1", 0)) as taken:
        url = hub.show(port=0, open_browser=False)
        with pytest.raises(PortTakenError):
            hub.show(port=taken.getsockname()[1], open_browser=False)
        with pytest.raises(bs.BathyscopeError):
            hub.show(port=99_999, open_browser=False)
        assert hub.url == url
        address, _, token = url.partition("/?token=")
        request = urllib.request.Request(f"{address}/api/recording", headers={"authorization": f"token {token}"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        # Its own port is not taken by another.
        port = urlsplit(url).port
        assert urlsplit(hub.show(port=port, open_browser=False)).port == port


def test_show_serves_in_the_background_and_close_ends_it():
    hub = bs.Hub(pd.DataFrame(ANIMALS), name="Animals")
    url = hub.show(port=0, open_browser=False)
    assert hub.url == url
    assert repr(hub) == f"<Hub 'Animals': 4 samples, open at {url}>"
    address, _, token = url.partition("/?token=")
    request = urllib.request.Request(f"{address}/api/recording", headers={"authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        told = json.load(answer)
    assert (told["name"], told["classes"]) == ("Animals", ["cat", "dog"])
    roles = {column["name"]: column["role"] for column in told["columns"]}
    assert roles == {"sample_id": "id", "split": "split", "label": "label", "prediction": "prediction"}
    assert [one["missing"] for one in told["analyses"] if one["name"] == "performance"] == [
        [
            "no outputs yet. Record them with recorder.checkpoint(model) or from_arrays(logits=…); in a table, name "
            "the columns with probabilities=…"
        ]
    ]
    hub.close()
    assert hub.url is None
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(request, timeout=5)


def told_by(hub):
    """What a page of the hub is told of the recording, and the state that it shares."""
    address, _, token = hub.url.partition("/?token=")
    request = urllib.request.Request(f"{address}/api/recording", headers={"authorization": f"token {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


LAYOUT = {"version": 1, "pages": [{"title": "Mine", "tiles": [{"component": "table"}]}]}


@pytest.mark.parametrize("form", ["dict", "file", "built"])
def test_a_layout_is_what_show_and_export_lay_out(form, tmp_path, small_page):
    layout = LAYOUT
    if form == "file":
        layout = tmp_path / "layout.json"
        layout.write_text(json.dumps(LAYOUT))
    elif form == "built":
        layout = bs.Layout()
        layout.page("Mine").tile("table")
    with Hub(ANIMALS, layout=layout) as hub:
        hub.show(port=0, open_browser=False)
        assert [page["title"] for page in told_by(hub)["layout"]["pages"]] == ["Mine"]
        report = hub.export(tmp_path / "report.html").path.read_text()
        assert '"title":"Mine"' in report
        assert '"title":"Mine"' not in hub.export(tmp_path / "report.html", layout=None).path.read_text()


def test_a_layout_that_is_none_is_refused_before_anything_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(LayoutError, match="pages"):
        Hub(ANIMALS, layout={"version": 1})
    assert not list(tmp_path.glob("bathyscope-*"))


# reading again


def events_of(hub):
    heard = []
    session = hub._at_work()._session
    publish = session.hub.publish
    session.hub.publish = lambda event: (heard.append(event["type"]), publish(event))
    return heard


def test_a_data_frame_that_changed_is_read_again(tmp_path):
    frame = pd.DataFrame(ANIMALS)
    with Hub(frame, label="label") as hub:
        hub.show(port=0, open_browser=False)
        hub.filter = "label = 'cat'"
        hub.select(["a", "c", "d"])
        hub.focus = "c"
        hub.recording.decisions.append("tag", {"sample_id": "c", "tag": "odd"}, author="ada")
        heard, folder = events_of(hub), hub.path
        frame["camera"] = ["left", "right", "left", "right"]
        frame.loc[0, "id"] = "e"
        hub.refresh()
        assert hub.path == folder
        assert [column["name"] for column in told_by(hub)["columns"]][-1] == "camera"
        assert hub.recording.sample_ids.to_pylist() == ["e", "b", "c", "d"]
        assert (hub.filter, hub.selection.ids, hub.focus) == ("label = 'cat'", ["c", "d"], 2)
        assert [event.payload["tag"] for event in hub.recording.decisions.active()] == ["odd"]
        assert heard[:1] == ["recording"]
    assert not folder.exists()


def test_a_filter_by_chosen_samples_stays_on_these_samples():
    many = [f"s{i}" for i in range(4000)]
    with Hub({"id": many}) as hub:
        hub.filter = ["not rows(0, 3998,7) and sample_id != 'rows(1)'", "`rows(1)` = 2", "rows()"]
        hub.refresh({"id": many[:0:-1]})
        assert hub.filter == ("(not rows(1, 3992) and sample_id != 'rows(1)') and (`rows(1)` = 2) and (rows())")
        bits = base64.b64encode(np.packbits(np.arange(4000) % 2 == 1, bitorder="little")).decode()
        hub.filter = f'rows("{bits}")'
        hub.refresh({"id": many})
        mask = np.unpackbits(np.frombuffer(base64.b64decode(hub.filter[6:-2]), np.uint8), bitorder="little")
        assert [many[i] for i in np.flatnonzero(mask)] == [many[3999 - i] for i in range(3998, -1, -1) if i % 2 == 1]


def test_groups_stay_unless_their_column_goes():
    with Hub(pd.DataFrame(ANIMALS).assign(weight=1.0)) as hub:
        hub.focus = "a"
        told = {"by": "page", "group_by": ["correct", "weight", "label"], "filter_error": "so"}
        hub._live._session.shared.post(told)
        hub.refresh(pd.DataFrame(ANIMALS))
        assert hub._live._session.shared.state.group_by == ("correct", "label")
        assert hub.filter_error == "so"


def test_a_focus_that_is_no_longer_there_goes():
    with Hub(pd.DataFrame(ANIMALS)) as hub:
        hub.focus = "a"
        hub.select(["a"])
        hub.refresh({"id": ["z", "b"], "label": ["cat", "dog"]})
        assert (hub.focus, hub.selection.ids, len(hub.recording)) == (None, [], 2)


def test_a_file_that_changed_is_read_again_and_keeps_its_tags(animals):
    with Hub(animals) as hub:
        hub.show(port=0, open_browser=False)
        hub.recording.decisions.append("tag", {"sample_id": "b", "tag": "odd"}, author="ada")
        before = hub.path
        pq.write_table(pa.table({**ANIMALS, "weight": [1.0, 2.0, 3.0, 4.0]}), animals)
        hub.refresh()
        assert hub.path != before
        assert told_by(hub)["columns"][-1]["name"] == "weight"
        assert [event.payload for event in hub.recording.decisions.active()] == [{"sample_id": "b", "tag": "odd"}]
    with Hub(animals) as again:
        assert len(again.recording.decisions.active()) == 1


def test_a_recording_that_grew_is_read_again(tmp_path):
    with write_recording(tmp_path / "run", n_checkpoints=1) as writer, Hub(tmp_path / "run") as hub:
        hub.show(port=0, open_browser=False)
        heard = events_of(hub)
        write_checkpoint(writer, 1)
        hub.refresh()
        assert [checkpoint.step for checkpoint in hub.recording.checkpoints] == [0, 1]
        assert "recording" in heard


def test_a_recording_that_was_made_anew_is_read_again(tmp_path):
    write_recording(tmp_path / "run", n_checkpoints=1).close()
    with Hub(tmp_path / "run") as hub:
        hub.show(port=0, open_browser=False)
        hub.select(["s/0003", "s/0050"])
        (tmp_path / "run").rename(tmp_path / "before")
        write_recording(tmp_path / "run", n_samples=20, seed=5).close()
        hub.recording.refresh()  # as an open page does twice a second
        hub.refresh()
        assert (len(hub.recording), hub.selection.ids) == (20, ["s/0003"])
        assert told_by(hub)["n_samples"] == 20


def test_a_table_that_cannot_be_taken_leaves_what_was_shown(animals):
    frame = pd.DataFrame(ANIMALS)
    with Hub(frame, label="label") as hub:
        with pytest.raises(UnknownColumnError):
            hub.refresh(frame.drop(columns="label"))
        assert len(hub.recording) == 4
        hub.refresh()
        assert hub.recording.labels.tolist() == [0, 1, 0, None]


def test_hidden_columns_stay_hidden_when_data_are_read_again():
    with Hub(ANIMALS, hidden=["prediction"]) as hub:
        hub.show(port=0, open_browser=False)
        hub.refresh({**ANIMALS, "secretive": ["p", "q", "r", "s"]})
        assert [column["name"] for column in told_by(hub)["columns"]] == ["sample_id", "split", "label", "secretive"]
        assert hub.hidden == {"prediction"}


def test_a_stream_and_a_recording_cannot_be_read_again_as_something_else(recording_path):
    table = pa.table(ANIMALS)
    with Hub(table.to_reader()) as hub:
        with pytest.raises(ParameterError) as error:
            hub.refresh()
        assert str(error.value) == (
            "The table came as a stream, which can be read only once. Give it again: hub.refresh(table)."
        )
        hub.refresh(table)
        assert len(hub.recording) == 4
    with Hub(recording_path) as hub, pytest.raises(ParameterError) as error:
        hub.refresh(table)
    assert str(error.value) == (
        "A recording takes nobody's place and nothing takes its: refresh() without data reads it again, and another "
        "one is opened with a new Hub."
    )


def test_run_takes_an_analysis_or_its_name(recording_path):
    with Hub(recording_path) as hub:
        one, other = hub.run("performance", checkpoint="000001"), hub.run(Performance(checkpoint="000001"))
        assert one.metrics.equals(other.metrics)
    with Hub(ANIMALS) as hub, pytest.raises(MissingInputError, match="performance cannot run on"):
        hub.run("performance")


# pictures


@pytest.fixture
def album(tmp_path):
    """Pictures in a folder, one behind a link inside, and what lies outside of it."""
    root = tmp_path / "album"
    (root / "deep").mkdir(parents=True)
    for shade, place in ((10, root / "a.png"), (20, root / "deep" / "b.png"), (99, tmp_path / "secret.png")):
        place.write_bytes(encode_png(np.full((4, 4), shade, np.uint8)))
    (tmp_path / "album-evil").mkdir()
    shutil.copy(tmp_path / "secret.png", tmp_path / "album-evil" / "c.png")
    (root / "inner.png").symlink_to(root / "a.png")
    (root / "outer.png").symlink_to(tmp_path / "secret.png")
    (root / "up").symlink_to(tmp_path)
    (root / "note.png").write_text("no picture")
    return root


INSIDE = {"a.png": 10, "deep/b.png": 20, "deep/../a.png": 10, "inner.png": 10, "./a.png": 10}
OUTSIDE = ["../secret.png", "outer.png", "up/secret.png", "deep/../../secret.png", "../album-evil/c.png"]


def test_pictures_are_read_below_their_root_and_nowhere_else(album, tmp_path, serve_path):
    absolute = {str(album / "a.png"): 10, str(album / "deep" / "b.png"): 20}
    far = [str(tmp_path / "secret.png"), str(tmp_path / "album-evil" / "c.png"), "/etc/passwd"]
    names = [*INSIDE, *absolute, *OUTSIDE, *far, "lost.png", "note.png", "deep", "a\0b.png", None]
    with Hub({"picture": names}, image="picture", media_root=album) as hub:
        recording = hub.recording
        for index, shade in enumerate([*INSIDE.values(), *absolute.values()]):
            assert recording.image(index).getpixel((0, 0)) == shade, names[index]
        refused = range(len(INSIDE) + 2, len(INSIDE) + 2 + len(OUTSIDE) + len(far))
        for index in refused:
            with pytest.raises(MediaError) as error:
                recording.image(index)
            who = recording.sample_ids[index].as_py()
            assert str(error.value) == (
                f"The image of sample {who!r} lies outside the media root, so it is not read."
            ), names[index]
        for index, why in zip(
            range(refused.stop, len(names)),
            ("is not in the media root.", "is in no format that can be shown (10 bytes).",
             "is no regular file of at most 256 MB.", "cannot be read: its name is no file's name.",
             "was recorded without bytes."),
            strict=True,
        ):  # fmt: skip
            with pytest.raises(MediaError) as error:
                recording.image(index)
            assert str(error.value).endswith(why), names[index]
        client = serve_path(hub.path, headers=OWNER)
        assert client.get("/api/media/0").status_code == 422  # nobody told this host where the pictures lie
    assert "3 pictures lie outside the media root; they are not shown." in hub.notes


def test_a_page_gets_pictures_by_their_number(album, tmp_path):
    frame = pd.DataFrame({"image": ["a.png", "outer.png"], "label": ["x", "y"]})
    frame.to_csv(album / "list.csv", index=False)
    with Hub(album / "list.csv") as hub:
        assert hub.roles["image"] == "image"
        app = create_app(hub.recording, token="t" * 20, cache_folder=tmp_path / "cache", **hub.host_options())
        with TestClient(
            app, base_url="http://127.0.0.1:8400", headers={"authorization": f"token {'t' * 20}"}
        ) as client:
            answer = client.get("/api/media/0?size=16")
            assert answer.headers["content-type"] == "image/webp"
            refused = client.get("/api/media/1?size=16")
            assert error_of(refused)[0] == 422
            assert str(tmp_path) not in refused.text


def test_names_of_pictures_need_a_root():
    with pytest.raises(SourceError) as error:
        Hub({"file": ["a.png"]}, image="file")
    assert str(error.value) == (
        "The pictures are names of files, and nobody said in which folder they lie. Give it with media_root=…, or "
        "image=False to do without pictures."
    )
    with Hub({"image": ["a.png", "b.png"]}) as hub:
        assert hub.recording.kind is None


def test_embedded_pictures_and_ids_that_are_their_names(album, tmp_path):
    content = encode_png(np.full((2, 2), 7, np.uint8))
    with Hub({"image": [content, None]}) as hub:
        assert hub.recording.image(0).getpixel((0, 0)) == 7
    cells = [{"bytes": content, "path": "/home/someone/x.png"}, None]
    with Hub({"image": cells}) as hub:
        assert hub.recording.media(0).path == "x.png"
    with Hub({"file": ["a.png", "deep/b.png"]}, id="file", image="file", media_root=album) as hub:
        assert hub.recording.sample_ids.to_pylist() == ["a.png", "deep/b.png"]
        assert hub.recording.image(1).getpixel((0, 0)) == 20
        assert isinstance(hub.recording.image(0), Image.Image)


# hidden columns

SECRET = {**ANIMALS, "ward_no": ["east-7", "west-9", "east-7", "west-9"], "size": [1, 2, 1, 2]}


@pytest.fixture
def secretive(tmp_path):
    """A served table with probabilities, one of whose columns is hidden, and everything it ever answered."""
    probabilities = [[0.9, 0.1], [0.8, 0.2], [0.7, 0.3], [0.1, 0.9]]
    with Hub({**SECRET, "p": probabilities}, probabilities="p", hidden=["ward_no"]) as hub:
        app = create_app(
            hub.recording,
            token="t" * 20,
            viewer_token="v" * 20,
            cache_folder=tmp_path / "cache",
            **hub.host_options(),
        )
        with TestClient(
            app, base_url="http://127.0.0.1:8400", headers={"authorization": f"token {'t' * 20}"}
        ) as client:
            yield hub, client


def test_a_hidden_column_is_nowhere_whoever_asks(secretive):
    hub, client = secretive
    hub.recording.decisions.append("slice", {"name": "the east", "filter": "ward_no = 'east-7'"}, author="ada")
    hub.recording.decisions.append("note", {"text": "fine"}, author="ada")
    for key in ("t" * 20, "v" * 20):
        client.headers["authorization"] = f"token {key}"
        told = client.get("/api/recording")
        assert [column["name"] for column in told.json()["columns"]] == [
            "sample_id", "split", "label", "prediction", "size",
        ]  # fmt: skip
        answers = [
            told,
            client.get("/api/tables/samples?columns=label,prediction,size,sample_id,split"),
            client.get("/api/tables/samples?columns=label&rows=0,1"),
            client.get("/api/tables/course?sample=1"),
            client.get("/api/decisions"),
            client.post("/api/run/performance", json={"slices": ["size"], "checkpoint": "000000"}),
            client.get("/api/media/0"),
            client.get("/api/nothing"),
        ]
        for answer in answers:
            assert b"ward" not in answer.content
            assert b"east" not in answer.content
        assert [event["payload"] for event in answers[4].json()["decisions"]] == [{"text": "fine"}]


def test_asking_for_a_hidden_column_is_like_asking_for_one_that_never_was(secretive):
    _, client = secretive
    hidden = client.get("/api/tables/samples?columns=ward_no")
    never = client.get("/api/tables/samples?columns=ward_xx")
    assert hidden.status_code == never.status_code == 404
    assert hidden.text.replace("ward_no", "…") == never.text.replace("ward_xx", "…")
    for parameters in ({"slices": ["NAME"]}, {"slices": ["size", "NAME"], "checkpoint": "000000"}):
        texts = set()
        for name in ("ward_no", "ward_xx"):
            asked = json.loads(json.dumps(parameters).replace("NAME", name))
            answer = client.post("/api/run/performance", json=asked)
            assert answer.status_code == 400
            texts.add((answer.json()["error"]["message"]).replace(name, "…"))
        assert len(texts) == 1
    client.headers["authorization"] = f"token {'v' * 20}"
    assert client.post("/api/run/performance", json={"slices": ["ward_no"]}).status_code == 403


def test_a_result_that_was_made_with_the_column_in_sight_is_not_found(secretive):
    hub, client = secretive
    for analysis in (Performance(slices=("ward_no",)), Performance(slices=("size",)), Performance()):
        hub.recording.run(analysis)
        key = hub.recording.result_key(analysis)
        assert hub.recording.result_tables("performance", key)
        answer = client.get(f"/api/tables/results/performance/{key}/metrics")
        assert error_of(answer)[:2] == (404, "UnknownTableError")
    shown = hub.recording.reopened(hidden=["ward_no"])
    shown.run(Performance())
    answer = client.get(f"/api/tables/results/performance/{shown.result_key(Performance())}/metrics")
    assert len(table_of(answer))


def test_hidden_columns_stay_hidden_when_the_folder_is_opened_by_others(tmp_path, serve_path):
    Hub(SECRET, hidden="ward_no", path=tmp_path / "run").close()
    client = serve_path(tmp_path / "run", headers=VIEWER)
    assert b"ward" not in client.get("/api/recording").content
    assert client.get("/api/tables/samples?columns=ward_no").status_code == 404
    assert Recording(tmp_path / "run").column("ward_no")[0].as_py() == "east-7"


def test_a_host_may_hide_columns_of_any_recording(tmp_path, serve_path, recording_path):
    client = serve_path(recording_path, headers=OWNER, hidden=["camera"])
    assert b"camera" not in client.get("/api/recording").content
    answer = client.post("/api/run/familiarity", json={"by": ["camera"]})
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert "Metadata columns: brightness." in answer.json()["error"]["message"]
    with pytest.raises(UnknownColumnError, match="has no column 'kamera'. Did you mean 'camera'"):
        create_app(Recording(recording_path), hidden=["kamera"])
    with pytest.raises(ParameterError, match="'label' cannot be hidden: every view is about it."):
        create_app(Recording(recording_path), hidden=["label"])


def test_a_report_of_a_hub_holds_nothing_hidden(secretive, tmp_path, small_page):
    hub, _ = secretive
    hub.recording.run(Performance(slices=("ward_no",)))
    hub.export(tmp_path / "out", mode="folder")
    bs.export(hub.recording, tmp_path / "again", mode="folder")
    for out in (tmp_path / "out", tmp_path / "again"):
        content = b"".join(file.read_bytes() for file in sorted(out.rglob("*")) if file.is_file())
        assert b"ward" not in content
        assert b"east-7" not in content
        assert b"prediction" in content


def test_hidden_columns_come_back_after_the_folder_was_written_anew(tmp_path):
    """A host follows a recording that is written again into its folder; what it hides stays hidden."""
    with Hub(SECRET, path=tmp_path / "run") as hub:
        app = create_app(hub.recording, token="t" * 20, hidden=["ward_no"], poll_s=0.02, cache_folder=tmp_path / "c")
        with TestClient(
            app, base_url="http://127.0.0.1:8400", headers={"authorization": f"token {'t' * 20}"}
        ) as client:
            Hub({name: values[:2] for name, values in SECRET.items()}, path=tmp_path / "run").close()
            app.state.session.follow()
            told = client.get("/api/recording")
            assert told.json()["n_samples"] == 2
            assert b"ward" not in told.content


# more samples than a page holds


@pytest.fixture
def drawn(tmp_path, serve_path):
    """A recording of 60 pictures, of which pages get 20."""
    write_recording(tmp_path / "big").close()
    return Recording(tmp_path / "big"), serve_path(tmp_path / "big", headers=OWNER, max_rows=20)


def test_a_page_gets_a_draw_and_is_told_of_the_whole(drawn):
    whole, client = drawn
    told = client.get("/api/recording").json()
    assert (told["n_samples"], told["sampled_from"]) == (20, 60)
    assert sum(split["count"] for split in told["splits"]) == 20
    columns = table_of(client.get("/api/tables/samples?columns=sample_id,brightness,camera"))
    assert len(columns) == 20
    for row in columns.to_pylist():
        index = whole.index_of(row["sample_id"])
        assert whole.column("brightness")[index].as_py() == row["brightness"]
    again = table_of(client.get("/api/tables/samples?columns=sample_id"))
    assert again["sample_id"].to_pylist() == columns["sample_id"].to_pylist()
    assert (
        "sampled_from"
        not in TestClient(
            create_app(whole, token="t" * 20),
            base_url="http://127.0.0.1:8400",
            headers={"authorization": f"token {'t' * 20}"},
        )
        .get("/api/recording")
        .json()
    )


def test_of_a_draw_pictures_rows_and_courses_belong_together(drawn):
    whole, client = drawn
    ids = table_of(client.get("/api/tables/samples?columns=sample_id"))["sample_id"].to_pylist()
    assert ids == sorted(ids)
    for place in (0, 7, 19):
        index = whole.index_of(ids[place])
        assert client.get(f"/api/media/{place}").content == whole.media(index).content
        course = table_of(client.get(f"/api/tables/course?sample={place}"))
        logits = np.array([whole.logits(one)[index] for one in whole.checkpoints])
        assert course["prediction"].to_pylist() == logits.argmax(axis=1).tolist()
    assert client.get("/api/media/20").status_code == 404


def test_analyses_of_a_draw_count_it_alone_and_are_kept_apart(drawn):
    whole, client = drawn
    whole.run(Performance(checkpoint="000002"))
    for name, parameters, rows in (
        ("performance", {"checkpoint": "000002"}, 20),
        ("familiarity", {"neighbours": 3}, 20),
        ("duplicates", {}, 20),
    ):
        answer = client.post(f"/api/run/{name}", json=parameters).json()
        while answer["state"] == "running":
            answer = client.post(f"/api/run/{name}", json=parameters).json()
        assert answer["tables"]["samples"] == rows
        sent = table_of(client.get(f"/api/tables/results/{name}/{answer['key']}/samples"))
        assert len(sent) == rows
    assert len(whole.run(Performance(checkpoint="000002")).samples) == 60


def test_a_draw_follows_a_run_that_goes_on(tmp_path, serve_path):
    from recordings import write_checkpoint

    with write_recording(tmp_path / "live", n_checkpoints=1) as writer:
        client = serve_path(tmp_path / "live", headers=OWNER, max_rows=10)
        write_checkpoint(writer, 1)
        client.app.state.session.follow()
        told = client.get("/api/recording").json()
        assert [one["n_samples"] for one in told["checkpoints"]] == [10, 10]
        assert told["n_samples"] == 10


# What a user gives by mistake


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"label": 3}, "The table 'data' has no column '3'. Columns: "),
        ({"hidden": 3}, "The table 'data' has no column '3'. Columns: "),
        ({"classes": "cat"}, "classes='cat' and on_duplicate_id='error' were given; "),
        ({"on_duplicate_id": "drop"}, "classes=None and on_duplicate_id='drop' were given; "),
        (
            {"confidence": "weight_kg"},
            "Column 'weight_kg' was given the role 'confidence' but goes from 3 to 30. Give numbers in [0, 1]; ",
        ),
        ({"max_rows": 0}, "max_rows is 0; a whole number of at least 1, or None for all, is expected."),
        ({"max_rows": "all"}, "max_rows is 'all'; "),
    ],
)
def test_what_cannot_be_meant_is_refused_at_once(options, said):
    with pytest.raises(bs.BathyscopeError) as raised:
        bs.Hub(pd.DataFrame({**ANIMALS, "weight_kg": [3, np.nan, 30, 4]}), **options)
    assert str(raised.value).startswith(said)


def test_columns_that_are_called_by_numbers_are_named_by_them():
    frame = pd.DataFrame({0: ["cat", "dog"], 1: [0.75, 0.25], 2: [0.25, 0.75], 3: ["Ann", "Bob"]})
    with bs.Hub(frame, label=0, probabilities=[1, 2], classes=["cat", "dog"], hidden=[3]) as hub:
        assert hub.roles == {"0": "label", "1": "probabilities", "2": "probabilities", "3": "hidden"}
        assert hub.hidden == {"3"}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (pd.Series([1, 2]), "The data were given as pandas.Series, a single column. Give series.to_frame()."),
        ({"a": {"b": 1}}, "Column 'a' was given as dict. Give one value per sample."),
        ("s3://bucket/a.parquet", "There is no file 's3:/bucket/a.parquet'. Nothing is read over a network; download"),
    ],
)
def test_what_is_no_table_is_told_as_what_it_is(data, said):
    with pytest.raises(bs.BathyscopeError) as raised:
        bs.Hub(data)
    assert str(raised.value).startswith(said)


def test_whoever_shows_a_table_as_a_recording_is_told_of_the_hub(tmp_path):
    path = tmp_path / "my table.csv"
    pd.DataFrame(ANIMALS).to_csv(path, index=False)
    said = (
        f"{path} is not a recording: it is a file. Give the folder that Recorder or record() wrote. If it is a table, "
        f"it needs no recording: bs.Hub('{path}').show(), or bathyscope open '{path}'"
    )
    for door in (bs.show, bs.load, lambda given: bs.export(given, tmp_path / "out.html")):
        with pytest.raises(bs.BathyscopeError) as raised:
            door(path)
        assert str(raised.value) == said
        with pytest.raises(bs.BathyscopeError) as raised:
            door(pd.DataFrame(ANIMALS))
        assert str(raised.value) == (
            "A recording was given as DataFrame. Give its folder. A table needs no recording: bs.Hub(table).show()"
        )


def test_a_single_view_is_no_list_of_letters():
    with bs.Hub(pd.DataFrame(ANIMALS)) as hub:
        for given in ("grid", {"type": "grid"}, ["grid"]):
            assert [tile["type"] for tile in hub.page(given).options["tiles"]] == ["grid"]
        for wrong in (None, [3], [{"typ": "grid"}]):
            with pytest.raises(bs.BathyscopeError, match="A page was asked for of .*; types of views are expected"):
                hub.page(wrong)
        for type, height in ((3, None), ("grid", "tall")):
            with pytest.raises(bs.BathyscopeError, match="A view was asked for of type"):
                hub.view(type, height=height)


def test_what_a_hub_is_told_to_look_at_is_checked():
    with bs.Hub(pd.DataFrame(ANIMALS)) as hub:
        for wrong in (3, {"label": "cat"}):
            with pytest.raises(bs.BathyscopeError, match="A filter is .*; a text such as"):
                hub.filter = wrong
        for wrong in (1.5, True, [0]):
            with pytest.raises(bs.BathyscopeError, match="The focus is .*; a sample id, a sample index or None"):
                hub.focus = wrong
        with pytest.raises(bs.BathyscopeError, match="selected by the text .* is set with hub.filter"):
            hub.select("label = 'cat'")
        hub.select({0, 2})
        assert hub.selection.indices.tolist() == [0, 2]
        with pytest.raises(bs.BathyscopeError, match="a function of a Change is expected"):
            hub.observe(3)
        with pytest.raises(bs.BathyscopeError, match="3 is no analysis"):
            hub.run(3)
        with pytest.raises(bs.BathyscopeError, match="'x' is no port"):
            hub.show(port="x", open_browser=False)


def test_a_closed_hub_says_so():
    hub = bs.Hub(pd.DataFrame(ANIMALS))
    hub.close()
    assert repr(hub) == "<Hub 'table': 4 samples, closed>"
    with pytest.raises(bs.BathyscopeError, match="This hub is closed"), hub:
        pass


def test_a_column_to_hide_may_be_named_alone(tmp_path, serve_path):
    columns = {"a": ["x", "y"], "b": ["x", "y"], "ab": ["kept", "back"]}
    with bs.Hub(pd.DataFrame(columns), path=tmp_path / "table") as hub:
        report = hub.export(tmp_path / "report", hidden="ab", mode="folder").path
        told = (report / "index.html").read_text()
        assert '"name":"a"' in told
        assert '"name":"ab"' not in told
    assert bs.Recording(tmp_path / "table", hidden="ab").samples.column_names[-2:] == ["a", "b"]
    told = serve_path(tmp_path / "table", headers=OWNER, hidden="ab").get("/api/recording").json()
    assert [column["name"] for column in told["columns"]][-2:] == ["a", "b"]
