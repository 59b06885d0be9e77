"""A page follows a recording that grows, without the server being started again."""

import pytest

from bathyscope.recording import Recording, RecordingWriter
from bathyscope.workbench.session import Session, identity_of
from bathyscope.workbench.summary import recording_summary
from recordings import write_checkpoint, write_recording
from workbench.served import OWNER, SOCKET, table_of


def next_of(socket, kind):
    while (event := socket.receive_json())["type"] != kind:
        pass
    return event


def test_a_new_checkpoint_appears_as_an_event_and_in_the_summary(make_recording, serve_path):
    writer = make_recording("live", n_checkpoints=1)
    client = serve_path(writer.path, headers=OWNER)
    assert client.get("/api/recording").json()["writing"] is True
    with client.websocket_connect(SOCKET) as socket:
        assert socket.receive_json()["type"] == "hello"
        write_checkpoint(writer, 7)
        assert next_of(socket, "recording") == {"type": "recording"}
        told = client.get("/api/recording").json()
        assert [checkpoint["step"] for checkpoint in told["checkpoints"]] == [0, 7]
        assert table_of(client.get("/api/tables/course?sample=3"))["step"].to_pylist() == [0, 7]
        run = client.post("/api/run/performance", json={"checkpoint": "000007"})
        assert run.status_code == 200

        writer.close()
        next_of(socket, "recording")
        assert client.get("/api/recording").json()["writing"] is False


@pytest.mark.usefixtures("toys", "patient")
def test_an_analysis_of_a_growing_run_sees_what_the_page_sees(make_recording, serve_path):
    writer = make_recording("live", n_checkpoints=1)
    client = serve_path(writer.path, headers=OWNER)
    first = client.post("/api/run/quick", json={}).json()
    with client.websocket_connect(SOCKET) as socket:
        write_checkpoint(writer, 1)
        next_of(socket, "recording")
    second = client.post("/api/run/quick", json={}).json()
    assert first["state"] == second["state"] == "done"
    assert first["key"] != second["key"]
    writer.close()


def test_decisions_of_before_are_no_news(recording, tmp_path, monkeypatch):
    recording.decisions.append("tag", {"n": 0}, author="before")
    session = Session(recording, cache_folder=tmp_path / "cache")
    told = []
    monkeypatch.setattr(session.hub, "publish", told.append)
    session.follow()
    assert told == []
    recording.decisions.append("tag", {"n": 1}, author="another process")
    session.follow()
    session.follow()
    assert told == [{"type": "decision", "sequence": 2}]
    session.close()


def test_decisions_of_others_are_told_once(recording, serve_path):
    recording.decisions.append("tag", {"n": 0}, author="before")
    client = serve_path(recording.path, headers=OWNER)
    client.app.state.session.follow()
    with client.websocket_connect(SOCKET) as socket:
        assert socket.receive_json()["type"] == "hello"
        recording.decisions.append("tag", {"n": 1}, author="another process")
        assert socket.receive_json() == {"type": "decision", "sequence": 2}
        body = {"id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427", "kind": "tag", "payload": {"n": 2}}
        assert client.post("/api/decide", json=body).json()["sequence"] == 3
        recording.decisions.append("tag", {"n": 3}, author="another process")
        assert socket.receive_json() == {"type": "decision", "sequence": 3}
        assert socket.receive_json() == {"type": "decision", "sequence": 4}


def test_a_recording_that_is_made_anew_in_the_same_folder_is_read_anew(recording_path, serve_path, monkeypatch):
    client = serve_path(recording_path, headers=OWNER)
    before = table_of(client.get("/api/tables/samples?columns=brightness"))
    picture = client.get("/api/media/3?size=32")
    monkeypatch.setattr("recordings.RecordingWriter.create", _overwriting())
    with client.websocket_connect(SOCKET) as socket:
        socket.receive_json()
        write_recording(recording_path, seed=5).close()
        anew = identity_of(Recording(recording_path))
        while client.get("/api/recording").json()["media_version"] != anew:
            next_of(socket, "recording")
    after = table_of(client.get("/api/tables/samples?columns=brightness"))
    assert not after.equals(before)
    assert after.to_pydict()["brightness"] == Recording(recording_path).column("brightness").to_pylist()
    again = client.get("/api/media/3?size=32", headers={"if-none-match": picture.headers["etag"]})
    assert again.status_code == 200
    assert again.content != picture.content


def _overwriting():
    create = RecordingWriter.create
    return lambda path, **options: create(path, overwrite=True, **options)


def test_a_recording_that_vanishes_is_complained_of_once_and_comes_back(recording, tmp_path, caplog, monkeypatch):
    session = Session(recording, cache_folder=tmp_path / "cache")
    told = []
    monkeypatch.setattr(session.hub, "publish", told.append)
    file = recording.path / "recording.json"
    content = file.read_bytes()
    file.unlink()
    session.follow()
    session.follow()
    assert [record.message for record in caplog.records] == [
        f"The recording cannot be followed just now: {recording.path} is not a recording: it holds no recording.json. "
        "Give the folder that Recorder or record() wrote."
    ]
    assert recording_summary(session, "owner")["n_samples"] == 60
    assert told == []
    file.write_bytes(content)
    session.follow()
    session.follow()
    assert len(caplog.records) == 1
    assert told == [{"type": "recording"}]
    session.close()
