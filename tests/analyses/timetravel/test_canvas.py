import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from bathyscope.analyses.timetravel.canvas import Canvas, canvas_of
from bathyscope.analyses.timetravel.landscape import landscape, raw_gap, supported


def test_codes_lead_back_to_the_positions():
    canvas = Canvas(-1.0, 2.0, 4.0)
    given = np.array([[-1.0, 2.0], [3.0, 6.0], [0.0, 5.0]])
    codes, outside = canvas.codes(given)
    assert_array_equal(codes[:2], [[0, 0], [65535, 65535]])
    assert not outside.any()
    assert_allclose(canvas.positions(codes), given, atol=4 / 65535)


def test_positions_off_the_canvas_stand_on_its_border():
    codes, outside = Canvas(0.0, 0.0, 1.0).codes(np.array([[2.0, 0.5], [0.5, 0.5]]))
    assert_array_equal(outside, [True, False])
    assert codes[0, 0] == 65535


def test_cells_are_counted_from_the_lowest_row():
    canvas = Canvas(0.0, 0.0, 10.0)
    assert_array_equal(canvas.cell_of(np.array([[0.5, 0.5], [9.5, 0.5], [0.5, 9.5]]), 10), [0, 9, 90])
    assert_allclose(canvas.centres(10, np.array([0, 9, 90])), [[0.5, 0.5], [9.5, 0.5], [0.5, 9.5]])


def test_the_canvas_is_a_square_around_all_but_the_farthest():
    positions = np.random.default_rng(0).uniform((0, 0), (10, 1), (2000, 2))
    positions[0] = 1000
    x, y, size = canvas_of(positions)
    assert 11 < size < 12.5
    assert_allclose((x + size / 2, y + size / 2), (5, 0.5), atol=0.2)


def test_equal_positions_and_none_have_a_canvas():
    assert canvas_of(np.ones((5, 2))) == Canvas(0.5, 0.5, 1.0)
    assert canvas_of(np.empty((0, 2))).size == 1


def test_a_landscape_by_hand():
    logits = np.array([[0.0, 4.0, 3.0], [2.0, 2.0, 0.0]])
    assert_allclose(raw_gap(logits), [0.25, 0])
    planes = landscape(logits, np.array([[0.0, 0.0], [9.0, 9.0]]), np.array([[0.0, 0.1], [0.0, 0.3]]), 0.5)
    assert_array_equal(planes.classes, [1, 0])
    assert_array_equal(planes.gap, [64, 0])
    assert_array_equal(planes.support, [255, 0])
    assert_allclose(planes.confidence / 255, [1 / (1 + np.exp(-1) + np.exp(-4)), 1 / (2 + np.exp(-2))], atol=0.003)


def test_a_class_without_territory_keeps_its_number():
    planes = landscape(np.array([[0.0, 0.0, 5.0]]), np.zeros((1, 2)), np.zeros((2, 2)), 1.0)
    assert planes.classes.tolist() == [2]


def test_the_ground_reaches_beyond_a_crowd_of_dots():
    crowd = np.random.default_rng(0).normal(0, 0.01, (5000, 2))
    centres = np.array([[2.5, 0.0], [3.5, 0.0]])
    planes = landscape(np.zeros((2, 2)), centres, crowd - [crowd[:, 0].max(), 0], 1.0)
    assert planes.support.tolist() == [255, 0], "dots a hundredth of a cell apart support three cells around them"


def test_a_single_dot_supports_nothing():
    assert supported(np.zeros((3, 2)), np.zeros((1, 2)), 1.0).tolist() == [0, 0, 0]
