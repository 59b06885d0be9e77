"""What a round changed: who is right more often, and how sure that is; which labels are suspect now."""

import numpy as np
import pyarrow as pa
import pytest

from bathyscope.analyses.labels.moving import accuracy, moved, paired_difference
from bathyscope.recording.rounds import Round


def test_the_interval_of_a_gain_worked_by_hand():
    # 9 of 98 mended and 4 broken: (10 − 5) / 100 = 0.05, and 1.96 · √((0.1 + 0.05 − 0.0025) / 100) = 0.0753 around it.
    low, high = paired_difference(9, 4, 98)
    assert (low, high) == pytest.approx((0.05 - 0.07527, 0.05 + 0.07527), abs=1e-4)
    assert paired_difference(4, 9, 98) == pytest.approx((-high, -low))
    assert paired_difference(0, 0, 1)[1] <= 1


def test_accuracy_is_measured_on_both_kinds_of_labels_where_both_models_were_asked():
    found = Round(
        labels=np.array([0, 1, 1, -1, 0]),
        probabilities=np.zeros((5, 2), np.float32),
        learnt_recorded=np.array([-1, 0, 0, 0, 1]),
        learnt_corrected=np.array([-1, 1, 1, 0, 1]),
        last_decision=3,
    )
    recorded, corrected = accuracy(found, np.array([0, 0, 1, 0, 0])).to_pylist()
    # Recorded 0 1 0 0 of samples 1 to 4: before 0 0 0 1, after 1 1 0 1.
    assert (recorded["measured_on"], recorded["samples"], recorded["before"], recorded["after"]) == (
        "recorded",
        4,
        0.5,
        0.5,
    )
    assert (recorded["wrong_before"], recorded["wrong_after"]) == ([2, 4], [1, 4])
    # Corrected 1 1 – 0: none of the classes fits sample 3, so it is not counted.
    assert (corrected["samples"], corrected["wrong_before"], corrected["wrong_after"]) == (3, [1, 2, 4], [4])
    assert corrected["after"] - corrected["before"] == pytest.approx(2 / 3)
    assert (corrected["low"], corrected["high"]) == paired_difference(2, 0, 3)


def test_nothing_is_measured_where_no_predictions_were_kept():
    none = np.full(2, -1)
    assert (
        accuracy(Round(np.array([0, 1]), np.zeros((2, 2), np.float32), none, none, 0), np.array([0, 1])).num_rows == 0
    )


def test_what_is_suspect_now_and_was_not_or_the_other_way_round():
    before = pa.table({"flagged": [True, True, False, False, None], "suspicion": [0.9, 0.8, 0.1, 0.2, None]})
    after = pa.table({"flagged": [True, False, True, True, False], "suspicion": [0.9, 0.1, 0.7, 0.8, 0.3]})
    kept = [
        pa.table({"flagged": one["flagged"], "suspicion": one["suspicion"].cast(pa.float32())})
        for one in (before, after)
    ]
    rows = moved(*kept).to_pylist()
    assert [(row["sample_index"], row["change"]) for row in rows] == [
        (3, "new suspect"),
        (2, "new suspect"),
        (1, "cleared"),
    ]
    assert (rows[2]["before"], rows[2]["after"]) == pytest.approx((0.8, 0.1))
