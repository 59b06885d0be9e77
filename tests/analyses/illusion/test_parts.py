"""Parametrisation, objective and views: numbers worked by hand, and laws."""

import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose

from bathyscope.analyses.illusion.making import generator_for
from bathyscope.analyses.illusion.objective import Weights, log_softplus, worth
from bathyscope.analyses.illusion.parametrised import (
    FourierCanvas,
    PhaseCanvas,
    PrincipalCanvas,
    principal_directions,
    spectrum_scale,
)
from bathyscope.analyses.illusion.scorers import TEMPLATES, first_name
from bathyscope.analyses.illusion.views import PUBLISHED, Views, views_for


def weights(gamma=0.5, **options):
    return Weights(torch.tensor([1.0]), torch.tensor([gamma]), torch.tensor([1.0]), **options)


def test_the_scale_of_the_frequencies_is_the_published_one():
    scale = spectrum_scale((8, 8))
    assert scale.shape == (8, 4)
    assert_allclose(scale[0], [5.656854, 5.656854, 4.756828, 2.589289], rtol=1e-6)
    assert_allclose(scale[4], [1.681793, 1.607037, 1.422624, 1.203393], rtol=1e-6)


@pytest.mark.parametrize(("size", "channels"), [((8, 8), 3), ((7, 7), 1), ((6, 9), 1), ((9, 6), 4)])
def test_pictures_of_any_shape_and_number_of_channels_start_grey(size, channels):
    canvas = FourierCanvas.drawn(2, channels, size, generator_for(0, 0, 0), exponent=1.5)
    images = canvas.images()
    assert images.shape == (2, channels, *size)
    assert_allclose(images.detach(), 0.5, atol=0.02)
    assert torch.equal(images[0], images[1])


@pytest.mark.parametrize("size", [(9, 9), (8, 10)])
def test_an_image_comes_back_from_its_coefficients(size):
    smooth = torch.rand(1, 3, *size, generator=torch.Generator().manual_seed(0)) * 0.6 + 0.2
    if size[1] % 2 == 0:  # the highest frequency of even widths is dropped, so an image that has it changes
        smooth = smooth.logit()  # where the colours are mixed and the waves are made
        smooth = torch.sigmoid((smooth + smooth.roll(1, 3)) / 2)
    assert_allclose(FourierCanvas.of_images(smooth).images().detach(), smooth, atol=1e-4)


def test_phases_alone_keep_the_spectrum_and_the_brightness_of_real_images():
    real = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.2 + 0.4
    canvas = PhaseCanvas.drawn(1, real, generator_for(0, 0, 0))
    image = canvas.images().detach()
    assert float(image.mean()) == pytest.approx(float(real.mean()), abs=0.02)
    assert float(image.std()) == pytest.approx(float(real.std()), rel=0.2)


def test_principal_pictures_stay_in_the_span_of_real_images_and_pixels_that_went_too_far_come_back():
    random = torch.Generator().manual_seed(0)
    real = 0.5 + 0.1 * torch.randn(40, 1, 1, 1, generator=random) * torch.ones(1, 1, 4, 4)
    mean, directions = principal_directions(real)
    canvas = PrincipalCanvas.drawn(2, mean, directions[:1], generator_for(0, 0, 0))
    assert float(canvas.images().detach().flatten(1).std(1).max()) < 1e-5  # real images differ in brightness alone
    with torch.no_grad():
        canvas.parameters.fill_(100.0)
    assert canvas.images().detach().max() <= 1
    canvas.images().sum().backward()
    assert float(canvas.parameters.grad.abs().min()) > 0


def test_the_paper_objective_is_the_raw_product():
    a, s, q = torch.tensor([2.0]), torch.tensor([4.0]), torch.tensor([0.3])
    assert worth(a, s, q, weights(epsilon=0.05, paper=True)).item() == pytest.approx(1.4)
    assert worth(a, s, None, weights(paper=True)).item() == pytest.approx(4.0)


@pytest.mark.parametrize("q", [-0.9, -0.05, 0.4])
@pytest.mark.parametrize("a", [-40.0, 0.0, 3.0])
@pytest.mark.parametrize("s", [-30.0, 0.0, 20.0])
def test_the_sign_safe_objective_grows_with_each_part_whatever_the_signs(q, a, s):
    parts = [torch.tensor([value], requires_grad=True) for value in (a, s, q)]
    worth(*parts, weights()).sum().backward()
    assert all(float(part.grad) > 0 for part in parts)


def test_the_raw_product_lowers_the_similarity_where_the_wanted_sum_is_negative():
    q = torch.tensor([0.3], requires_grad=True)
    worth(torch.tensor([0.1]), torch.tensor([-4.0]), q, weights(paper=True)).sum().backward()
    assert float(q.grad) < 0  # the trap that the default avoids


def test_log_softplus_is_finite_and_smooth_everywhere():
    x = torch.tensor([-1e4, -15.01, -14.99, 0.0, 50.0], requires_grad=True)
    value = log_softplus(x)
    value.sum().backward()
    assert_allclose(value.detach()[[0, 3, 4]], [-1e4, np.log(np.log(2)), np.log(50)], rtol=1e-5)
    assert torch.isfinite(x.grad).all()
    assert float((value[1] - value[2]).detach().abs()) < 0.03


def test_views_are_the_same_for_all_pictures_of_a_batch():
    images = torch.rand(1, 1, 16, 16).expand(3, -1, -1, -1)
    drawn = PUBLISHED.draw(images, generator_for(0, 1, 2), left=1.0, count=2)
    assert drawn.shape == (6, 1, 16, 16)
    assert torch.equal(drawn[0], drawn[2])
    assert not torch.equal(drawn[0], drawn[3])  # the second view
    still = Views(degrees=0, shift=0, shrink=1, grow=1).draw(images, generator_for(0, 0, 0), left=0.0)
    assert_allclose(still, images, atol=1e-5)


def test_a_rotation_keeps_its_shape_on_pictures_that_are_not_square():
    images = torch.zeros(1, 1, 20, 40)
    images[:, :, 8:12, 18:22] = 1
    turned = Views(degrees=45, shift=0, shrink=1, grow=1, offset=0).draw(images, generator_for(3, 0, 0), left=0.0)
    assert float(turned.sum()) == pytest.approx(16, rel=0.1)


def test_small_pictures_move_less():
    assert views_for(224, published=True) == PUBLISHED
    small = views_for(28, published=False)
    assert (small.degrees, small.shift * 28, small.shrink, small.grow, small.reflect) == (5, 2, 0.9, 1.1, True)


def test_thirty_two_sentences_each_with_the_name_once():
    assert len(set(TEMPLATES)) == 32
    assert all(template.count("{}") == 1 for template in TEMPLATES)


@pytest.mark.parametrize(
    ("label", "name", "noted"), [("cat", "cat", False), ("tabby, tabby cat", "tabby", True), (" ", None, True)]
)
def test_only_the_first_synonym_is_said(label, name, noted):
    found, note = first_name(label)
    assert (found, note is not None) == (name, noted)
