import base64
import threading

import pyarrow as pa
import pytest

from bathyscope.errors import AnalysisCancelled, UnknownTableError
from bathyscope.recording import Recording
from bathyscope.workbench.jobs import LARGEST_PARTIAL, PROGRESS_INTERVAL_S, JobRunner, _Reporter
from workbench.served import OWNER, SOCKET, VIEWER, error_of
from workbench.toys import Broken, Held, Quick, Refusing, Sketching, ToyResult

PATIENCE_S = 20


class Heard:
    """Collects events and waits for one."""

    def __init__(self):
        self.events = []
        self._changed = threading.Condition()

    def __call__(self, event):
        with self._changed:
            self.events.append(event)
            self._changed.notify_all()

    def wait_for(self, kind, job):
        with self._changed:
            assert self._changed.wait_for(lambda: self.find(kind, job), PATIENCE_S), f"no {kind}: {self.events}"
            return self.find(kind, job)

    def find(self, kind, job):
        return next((event for event in self.events if (event["type"], event["job"]) == (kind, job.id)), None)


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def runner(recording_path, heard, toys):
    runner = JobRunner(lambda: Recording(recording_path), heard)
    yield runner
    runner.close()


def submit(runner, recording, analysis):
    return runner.submit(analysis, recording.result_key(analysis))


def test_a_job_reports_progress_and_then_its_tables(runner, recording, heard):
    job = submit(runner, recording, Quick(3))
    done = heard.wait_for("done", job)
    assert done == {
        "type": "done", "job": job.id, "key": recording.result_key(Quick(3)), "tables": {"numbers": 4},
    }  # fmt: skip
    assert heard.events[0] == {"type": "progress", "job": job.id, "done": 0.5, "message": "half of it"}
    assert heard.events[-1] == done
    assert recording.cached(Quick(3)).value == 3


def table_in(event, name):
    return pa.ipc.open_stream(base64.b64decode(event["tables"][name])).read_all()


@pytest.mark.parametrize(("end", "breaks"), [("done", False), ("failed", True), ("cancelled", False)])
def test_what_there_is_so_far_is_shown_while_a_job_runs_and_gone_with_its_end(
    end, breaks, runner, recording, heard, toys
):
    job = submit(runner, recording, Sketching(breaks=breaks))
    shown = heard.wait_for("partial", job)
    assert (set(shown), set(shown["tables"])) == ({"type", "job", "tables"}, {"numbers"})
    assert table_in(shown, "numbers").equals(ToyResult(0).to_tables()["numbers"])
    assert toys.started.wait(PATIENCE_S)
    assert shown in runner.recall()
    if end == "cancelled":
        runner.cancel(job.id)
    else:
        toys.release.set()
    heard.wait_for(end, job)
    assert [event["type"] for event in runner.recall()] == [end]
    # What is kept is the whole result or nothing.
    stored = recording.cached(Sketching(breaks=breaks))
    assert (None if stored is None else stored.value) == (1 if end == "done" else None)
    results = recording.path / "analyses" / Sketching.name
    assert len(list(results.glob("*"))) == (end == "done")


def test_the_same_question_is_one_job_and_other_questions_wait(runner, recording, heard, toys):
    first = submit(runner, recording, Held(1))
    assert toys.started.wait(PATIENCE_S)
    again = submit(runner, recording, Held(1))
    other = submit(runner, recording, Held(2))
    assert again is first
    assert other is not first
    assert (first.state, other.state) == ("running", "waiting")
    assert toys.runs == [1]  # one at a time
    toys.release.set()
    heard.wait_for("done", other)
    assert toys.runs == [1, 2]
    assert submit(runner, recording, Held(1)) is not first  # that one is over


def test_a_running_job_stops_at_its_next_report(runner, recording, heard, toys):
    job = submit(runner, recording, Held(1))
    assert toys.started.wait(PATIENCE_S)
    runner.cancel(job.id)
    assert heard.wait_for("cancelled", job) == {"type": "cancelled", "job": job.id}
    assert job.state == "cancelled"
    assert recording.cached(Held(1)) is None
    assert heard.find("done", job) is None


def test_a_waiting_job_is_cancelled_at_once_and_never_runs(runner, recording, heard, toys):
    submit(runner, recording, Held(1))
    assert toys.started.wait(PATIENCE_S)
    waiting = submit(runner, recording, Held(2))
    assert runner.cancel(waiting.id).state == "cancelled"
    asked_again = submit(runner, recording, Held(2))
    assert asked_again is not waiting
    toys.release.set()
    heard.wait_for("done", asked_again)
    assert toys.runs == [1, 2]


def test_a_failure_of_ours_keeps_its_type_and_whole_message(runner, recording, recording_path, heard):
    failed = heard.wait_for("failed", submit(runner, recording, Refusing()))
    assert failed["error"] == {
        "type": "MissingInputError",
        "message": f"refusing cannot run on {recording_path}: it has no exported model. Record it with export=True.",
    }


def test_an_unexpected_failure_is_a_sentence_and_the_thread_lives(runner, recording, heard, caplog):
    failed = heard.wait_for("failed", submit(runner, recording, Broken()))
    assert failed["error"] == {
        "type": "UnexpectedError",
        "message": "The analysis 'broken' stopped at an unexpected ZeroDivisionError. Nothing of it was kept. "
        "The terminal or notebook that runs the server shows the details.",
    }
    assert "secret /home/someone/data.csv" in caplog.text
    assert "Traceback" in caplog.text
    heard.wait_for("done", submit(runner, recording, Quick()))


def test_progress_is_told_at_most_ten_times_a_second(recording):
    now = [0.0]
    told = []
    job = type("Job", (), {"cancel": threading.Event()})()
    report = _Reporter(job, told.append, lambda: now[0], told.append)
    for tick in range(1000):
        now[0] = tick / 1000
        report(tick / 1000)
    assert len(told) == 10
    assert PROGRESS_INTERVAL_S == 0.1
    now[0] = 5
    report(7.0, "too far")
    assert told[-1] == {"type": "progress", "done": 1.0, "message": "too far"}


def test_what_there_is_so_far_is_shown_at_most_ten_times_a_second_and_never_when_it_is_large(recording):
    now, shown = [0.0], []
    job = type("Job", (), {"cancel": threading.Event(), "analysis": Quick()})()
    report = _Reporter(job, shown.append, lambda: now[0], shown.append)
    for tick in range(300):
        now[0] = tick / 1000
        report.partial({"numbers": pa.table({"tick": [tick]})})
    assert [table_in(event, "numbers")["tick"].to_pylist() for event in shown] == [[0], [100], [200]]
    now[0] = 5
    report.partial({"numbers": pa.table({"bytes": pa.array([b"0" * (LARGEST_PARTIAL + 1)])})})
    assert len(shown) == 3
    job.cancel.set()
    with pytest.raises(AnalysisCancelled, match="'quick' was cancelled; nothing of it was kept"):
        report.partial({})


def test_nothing_is_shown_of_a_job_that_is_over(runner, recording, heard):
    job = submit(runner, recording, Quick())
    heard.wait_for("done", job)
    runner._show(job, {"tables": {}})  # as a thread of the analysis would that outlived it
    assert heard.events[-1]["type"] == "done"
    assert job.partial is None


def test_closing_cancels_what_runs_and_what_waits(recording_path, recording, heard, toys):
    runner = JobRunner(lambda: Recording(recording_path), heard)
    first = submit(runner, recording, Held(1))
    assert toys.started.wait(PATIENCE_S)
    submit(runner, recording, Held(2))
    runner.close()
    assert first.over.is_set()
    assert toys.runs == [1]


def test_a_job_that_nobody_knows(runner):
    with pytest.raises(UnknownTableError) as error:
        runner.cancel("abc")
    assert str(error.value) == "There is no job 'abc'. It ended long ago, or the server was restarted."


def next_of(socket, *kinds):
    while (event := socket.receive_json())["type"] not in kinds:
        pass
    return event


@pytest.mark.usefixtures("toys", "patient")
def test_a_quick_analysis_is_answered_at_once(owner, recording):
    first = owner.post("/api/run/quick", json={"value": 9}).json()
    assert first["state"] == "done"
    assert (first["key"], first["tables"]) == (recording.result_key(Quick(9)), {"numbers": 4})


@pytest.mark.usefixtures("toys", "patient")
def test_a_quick_failure_is_answered_at_once(owner):
    assert error_of(owner.post("/api/run/broken", json={}))[:2] == (500, "UnexpectedError")
    assert error_of(owner.post("/api/run/refusing", json={}))[:2] == (409, "MissingInputError")


def test_pages_hear_of_progress_and_of_the_end(owner, toys):
    with owner.websocket_connect(SOCKET) as socket, owner.websocket_connect(SOCKET) as other:
        assert socket.receive_json()["type"] == "hello"
        answer = owner.post("/api/run/held", json={}).json()
        assert answer == {"job": answer["job"], "state": "running"}
        assert owner.post("/api/run/held", json={}).json()["job"] == answer["job"]
        progress = next_of(socket, "progress")
        assert progress["job"] == answer["job"]
        assert 0 <= progress["done"] <= 1
        with owner.websocket_connect(SOCKET) as late:  # a page that comes in the middle hears how far it is
            assert late.receive_json()["type"] == "hello"
            assert next_of(late, "progress")["job"] == answer["job"]
        toys.release.set()
        for page in (socket, other):
            assert next_of(page, "done", "failed")["tables"] == {"numbers": 4}
    with owner.websocket_connect(SOCKET) as returned:  # and one that was away hears how it ended
        assert next_of(returned, "done", "progress")["type"] == "done"


def test_a_page_cancels(owner, toys):
    with owner.websocket_connect(SOCKET) as socket:
        job = owner.post("/api/run/held", json={}).json()["job"]
        assert error_of(owner.post(f"/api/jobs/{job}/cancel", json={}, headers=VIEWER))[0] == 403
        assert owner.post(f"/api/jobs/{job}/cancel", json={}).status_code == 200
        assert next_of(socket, "cancelled", "done") == {"type": "cancelled", "job": job}
    assert error_of(owner.post("/api/jobs/abc/cancel", json={}))[:2] == (404, "UnknownTableError")


def test_the_server_answers_while_an_analysis_runs(owner, toys):
    owner.post("/api/run/held", json={})
    assert toys.started.wait(PATIENCE_S)
    assert owner.get("/api/recording").status_code == 200
    assert owner.get("/api/media/1?size=32", headers=OWNER).status_code == 200


def test_a_server_that_stops_cancels_its_jobs(serve_path, recording_path, recording, toys):
    client = serve_path(recording_path, headers=OWNER)
    client.post("/api/run/held", json={})
    assert toys.started.wait(PATIENCE_S)
    client.__exit__(None, None, None)
    client.__enter__()  # so that the fixture may close it again
    assert recording.cached(Held()) is None
