"""What pages show and what Python sees are one state, told once each way."""

import threading

import numpy as np
import pandas as pd
import pytest

from bathyscope.errors import RequestError, SelectionError, UnknownSampleError
from bathyscope.workbench.picks import Selection, indices_of
from bathyscope.workbench.shared import Clause, Picked, Shared
from workbench.served import SOCKET, VIEWER, error_of


@pytest.fixture
def told():
    """Events as pages would hear them."""
    return []


@pytest.fixture
def shared(told):
    """The state of twelve samples."""
    state = Shared(told.append, lambda: 12)
    yield state
    state.close()


def clause(text, **more):
    return {"text": text, "label": None, "source": "bar", "enabled": True, **more}


def test_a_page_posts_fields_and_the_others_hear_those_fields_only(shared, told):
    place = shared.post({"by": "p1", "focus": 3, "filter": [clause('label = "Shirt"')]})
    assert place == 1
    assert told == [
        {
            "type": "state",
            "sequence": 1,
            "by": "p1",
            "state": {"focus": 3, "filter": [clause('label = "Shirt"')]},
        }
    ]
    assert shared.state.focus == 3
    assert shared.state.filter_text == 'label = "Shirt"'


def test_what_changes_nothing_is_told_to_nobody(shared, told):
    shared.set(focus=3)
    shared.set(focus=3)
    assert shared.post({"by": "p1", "focus": 3}) == 1
    assert len(told) == 1


def test_the_last_writer_of_a_field_wins_and_other_fields_stand(shared):
    shared.set(focus=3, color_by="ink")
    shared.post({"by": "p1", "focus": 7})
    assert (shared.state.focus, shared.state.color_by) == (7, "ink")


def test_the_filter_is_one_text_of_the_clauses_that_are_switched_on(shared):
    assert shared.state.filter_text == ""
    filters = [clause("a = 1 or b = 2"), clause("c = 3", enabled=False), clause("d = 4")]
    shared.post({"by": "p1", "filter": filters})
    assert shared.state.filter_text == "(a = 1 or b = 2) and (d = 4)"


def test_a_complaint_about_a_filter_goes_with_the_next_filter(shared):
    shared.set(filter=(Clause("label ="),))
    shared.post({"by": "p1", "filter_error": "A value is expected at the end."})
    assert shared.state.filter_error == "A value is expected at the end."
    shared.set(filter=(Clause("label = 1"),))
    assert shared.state.filter_error is None


def test_many_samples_are_sent_as_a_bit_each_and_come_back_the_same(told):
    n = 5003
    chosen = np.sort(np.random.default_rng(0).choice(n, 2000, replace=False))
    shared = Shared(told.append, lambda: n)
    shared.set(selection=Picked(chosen, "2,000 samples"))
    sent = told[0]["state"]["selection"]
    assert "indices" not in sent
    assert len(sent["bits"]) < 900
    other = Shared(told.append, lambda: n)
    other.post({"by": "p1", "selection": sent})
    np.testing.assert_array_equal(other.state.selection.indices, chosen)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"focus": 3}, "The state comes from None; the page's own name, a text, is expected."),
        ({"by": "python", "focus": 3}, "The state comes from 'python'; the page's own name, a text, is expected."),
        (
            {"by": "p", "size": 3},
            "A state has no field 'size'; its fields are color_by, filter, filter_error, focus, group_by, page, "
            "selection.",
        ),
        (
            {"by": "p", "focus": 12},
            "The state's focus is 12; null or a whole number from 0 to 11 is expected.",
        ),
        (
            {"by": "p", "focus": True},
            "The state's focus is True; null or a whole number from 0 to 11 is expected.",
        ),
        ({"by": "p", "filter": "label = 1"}, "The state's filter is no list of clauses."),
        (
            {"by": "p", "filter": [{"text": "a"}]},
            "A clause needs a text, a source and enabled as true or false; it is {'text': 'a'}.",
        ),
        ({"by": "p", "group_by": [1]}, "The state's group_by is no list of column names."),
        ({"by": "p", "color_by": 1}, "The state's color_by is 1; null or a text is expected."),
        ({"by": "p", "selection": {"indices": [1]}}, "The state's selection needs a sentence and indices or bits."),
        (
            {"by": "p", "selection": {"sentence": "", "indices": [1, 12]}},
            "The selection's indices are no list of whole numbers from 0 to 11.",
        ),
        (
            {"by": "p", "selection": {"sentence": "", "bits": "AAAA"}},
            "The selection has 24 bits for 12 samples; send one for each sample.",
        ),
        (
            {"by": "p", "selection": {"sentence": "", "bits": "*"}},
            "The selection's bits are no base64: Only base64 data is allowed.",
        ),
    ],
)
def test_what_a_page_may_not_post_is_refused_and_changes_nothing(shared, told, body, message):
    with pytest.raises(RequestError) as refused:
        shared.post(body)
    assert str(refused.value) == message
    assert told == []


def test_observers_hear_pages_and_not_python_in_a_thread_of_their_own(shared):
    heard, arrived = [], threading.Semaphore(0)

    def observer(change):
        heard.append((sorted(change.fields), change.state.focus, threading.current_thread().name))
        arrived.release()

    stop = shared.observe(observer)
    shared.set(focus=1)
    shared.post({"by": "p1", "focus": 2, "color_by": "ink"})
    assert arrived.acquire(timeout=5)
    assert [(fields, focus) for fields, focus, _ in heard] == [(["color_by", "focus"], 2)]
    assert heard[0][2].startswith("bathyscope-observers")
    stop()
    shared.post({"by": "p1", "focus": 3})
    shared.observe(lambda change: arrived.release())
    shared.post({"by": "p1", "focus": 4})
    assert arrived.acquire(timeout=5)
    assert len(heard) == 1


def test_an_observer_that_fails_is_logged_and_called_again(shared, caplog):
    calls, arrived = [], threading.Semaphore(0)

    def observer(change):
        calls.append(change)
        arrived.release()
        raise RuntimeError("no such luck")

    shared.observe(observer)
    for focus in (1, 2):
        shared.post({"by": "p1", "focus": focus})
        assert arrived.acquire(timeout=5)
    assert len(calls) == 2
    assert "An observer failed; it is called again at the next change" in caplog.text


def test_a_page_that_comes_late_hears_the_whole_state_once_there_is_one(shared):
    assert shared.recall() == []
    shared.set(focus=5)
    (event,) = shared.recall()
    assert event["sequence"] == 1
    assert event["state"]["focus"] == 5
    assert event["state"].keys() == {"filter", "selection", "focus", "group_by", "color_by", "page"}


# Samples named in any way


@pytest.mark.parametrize(
    "which",
    [
        [4, 2],
        (4, 2),
        np.array([4, 2], np.uint8),
        pd.Series([4, 2, 4]),
        ["s4", "s2"],
        np.array(["s4", "s2"]),
        pd.Index(["s4", "s2"]),
    ],
    ids=lambda which: type(which).__name__ + str(getattr(which, "dtype", "")),
)
def test_samples_are_selected_by_index_or_id_in_the_given_order(recording, which):
    ids = recording.sample_ids.to_pylist()
    if isinstance(np.asarray(which).tolist()[0], str):
        which = type(which)([ids[4], ids[2]]) if not isinstance(which, np.ndarray) else np.array([ids[4], ids[2]])
    assert indices_of(which, recording).tolist() == [4, 2]


def test_samples_are_selected_by_a_mask_or_an_earlier_selection(recording):
    mask = np.zeros(len(recording), bool)
    mask[[3, 9]] = True
    assert indices_of(mask, recording).tolist() == [3, 9]
    assert indices_of(pd.Series(mask), recording).tolist() == [3, 9]
    assert indices_of(Selection(recording, Picked(np.array([9, 3]), "two")), recording).tolist() == [9, 3]
    assert indices_of([], recording).tolist() == []


@pytest.mark.parametrize(
    ("which", "error", "message"),
    [
        ([60], UnknownSampleError, "There is no sample 60; the recording has samples 0 … 59."),
        ([-1], UnknownSampleError, "There is no sample -1; the recording has samples 0 … 59."),
        (["nobody"], UnknownSampleError, "No sample has the id 'nobody'."),
        (list("abcdefg"), UnknownSampleError, "No samples have the ids 'a', 'b', 'c', 'd', 'e' and 2 more."),
        ([True, False], SelectionError, "The mask has 2 values for 60 samples; give one for each sample."),
        (
            [0.5],
            SelectionError,
            "Samples were selected by values of type float64; sample ids, sample indices or a boolean for each "
            "sample are expected.",
        ),
        (
            [[1]],
            SelectionError,
            "Samples were selected by 2-dimensional values; sample ids, sample indices or a boolean for each sample "
            "are expected.",
        ),
    ],
)
def test_samples_that_are_not_there_are_named(recording, which, error, message):
    with pytest.raises(error) as refused:
        indices_of(which, recording)
    assert str(refused.value) == message


def test_a_selection_is_indices_ids_a_mask_and_a_table(recording):
    selection = Selection(recording, Picked(np.array([7, 2]), "2 samples picked by hand"))
    ids = recording.sample_ids.to_pylist()
    assert len(selection) == 2
    assert list(selection) == [7, 2]
    assert selection.ids == [ids[7], ids[2]]
    assert np.flatnonzero(selection.mask).tolist() == [2, 7]
    assert selection.table(["split"]).to_pydict() == {
        "sample_index": [7, 2],
        "split": [recording.column("split").to_pylist()[i] for i in (7, 2)],
    }
    frame = selection.to_pandas()
    assert frame["sample_id"].tolist() == [ids[7], ids[2]]
    assert "image" not in frame
    named = [recording.classes[label] if label is not None else None for label in recording.column("label").to_pylist()]
    assert [None if pd.isna(label) else label for label in frame["label"]] == [named[7], named[2]]
    assert repr(selection) == "<Selection of 2 of 60 samples: 2 samples picked by hand>"
    assert repr(Selection(recording, None)) == "<Selection of 0 of 60 samples: Nothing is selected>"


# Over the addresses


def post(client, body, **options):
    return client.post("/api/state", json=body, headers={"content-type": "application/json"}, **options)


@pytest.fixture
def sharing(serve_path, recording_path):
    """An owner whose pages are listened to."""
    from workbench.served import OWNER

    return serve_path(recording_path, headers=OWNER, share=True)


def test_a_page_is_told_whether_anybody_listens(owner, sharing):
    assert "share" not in owner.get("/api/recording").json()["capabilities"]
    assert sharing.get("/api/recording").json()["capabilities"]["share"] is True
    assert "share" not in sharing.get("/api/recording", headers=VIEWER).json()["capabilities"]


def test_the_owner_s_page_posts_its_state_and_hears_of_changes(sharing):
    with sharing.websocket_connect(SOCKET) as socket:
        assert socket.receive_json()["type"] == "hello"
        assert post(sharing, {"by": "p1", "focus": 4}).json() == {"sequence": 1}
        assert socket.receive_json() == {"type": "state", "sequence": 1, "by": "p1", "state": {"focus": 4}}
    with sharing.websocket_connect(SOCKET) as socket:
        assert socket.receive_json()["type"] == "hello"
        late = socket.receive_json()
        assert (late["by"], late["state"]["focus"]) == ("python", 4)


def test_nobody_else_posts_and_a_viewer_hears_nothing_of_it(sharing, owner):
    assert error_of(post(owner, {"by": "p1", "focus": 4})) == (
        409,
        "RequestError",
        "No hub listens to this page, so nothing is shared.",
    )
    refused = sharing.post("/api/state", json={"by": "p1", "focus": 4}, headers=VIEWER)
    assert error_of(refused) == (
        403,
        "AccessError",
        "This workbench is read-only for you; what you look at is not shared.",
    )
    with sharing.websocket_connect(SOCKET, headers=VIEWER) as socket:
        assert socket.receive_json()["type"] == "hello"
        assert post(sharing, {"by": "p1", "focus": 4}).status_code == 200
        sharing.app.state.session.hub.publish({"type": "recording"})
        assert socket.receive_json() == {"type": "recording"}


def test_a_very_long_state_is_refused_in_words(sharing):
    answer = post(sharing, {"by": "p1", "filter": [clause("x" * (9 << 20))]})
    assert error_of(answer) == (413, "RequestError", "The request is longer than 8,388,608 bytes.")
