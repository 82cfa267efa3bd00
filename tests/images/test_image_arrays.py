"""Images: what is taken, and what is said of what can't be."""

import re

import numpy as np
import pytest
import torch

from tabgan.base.errors import DataError
from tabgan.images.image_arrays import ImageShape, PixelScale, check_images

HALF = np.full((2, 3, 4), 0.5)


@pytest.mark.parametrize(
    ("images", "shape", "value"),
    [
        (np.full((2, 3, 4), 51, np.uint8), (2, 3, 4, 1), 0.2),
        (np.full((2, 3, 4, 3), 255, np.uint8), (2, 3, 4, 3), 1.0),
        (np.ones((2, 3, 4), bool), (2, 3, 4, 1), 1.0),
        (HALF, (2, 3, 4, 1), 0.5),
        (HALF.astype(">f4"), (2, 3, 4, 1), 0.5),
        (HALF.astype(np.float16), (2, 3, 4, 1), 0.5),
        (list(HALF), (2, 3, 4, 1), 0.5),
        ([np.zeros((5, 6, 4), np.uint8)], (1, 5, 6, 4), 0.0),
        ([[[0.5, 0.5]]], (1, 1, 2, 1), 0.5),
        (torch.full((2, 3, 4), 0.5, requires_grad=True), (2, 3, 4, 1), 0.5),
    ],
)
def test_images_are_scaled_and_get_channels(images, shape, value):
    checked = check_images(images)
    assert checked.dtype == np.dtype(np.float32)
    assert checked.shape == shape
    np.testing.assert_array_equal(checked, np.float32(value))


def test_every_byte_has_its_shade():
    shades = check_images(np.arange(256, dtype=np.uint8).reshape(1, 16, 16))
    np.testing.assert_allclose(shades.ravel(), np.arange(256) / 255, rtol=1e-7)


def changed(place: tuple[int, ...], value: float) -> np.ndarray:
    images = HALF.copy()
    images[place] = value
    return images


@pytest.mark.parametrize(
    ("images", "words"),
    [
        (changed((1, 2, 3), 1.5), "image 1 holds 1.5; floats must be from 0 to 1"),
        (changed((0, 0, 1), -0.1), "image 0 holds -0.1; floats must be from 0 to 1"),
        (changed((1, 0, 0), np.nan), "image 1 holds nan; floats must be from 0 to 1"),
        (changed((1, 0, 0), np.inf), "image 1 holds inf; floats must be"),
        (np.full((2, 3, 4), -1), "image 0 holds -1; whole numbers must be from 0 to 65535"),
        (np.full((2, 3, 4), 70000.0), "image 0 holds 70000.0; whole numbers must be from 0 to"),
        (np.zeros((2, 3, 4), complex), "images are of dtype complex128; give numbers or booleans"),
        (np.zeros((9, 8, 3)), "look like one image of 9×8 pixels and 3 channels"),
        ("folder", "images are the name 'folder'; give an array, a list of pictures' paths"),
        (np.zeros((2, 3)), "images of shape (2, 3): give (n, height, width) or"),
        (np.zeros((0, 3, 4)), "images of shape (0, 3, 4) are empty"),
        (np.zeros((2, 0, 4)), "images of shape (2, 0, 4) are empty"),
        ([], "images of shape (0, 1, 1) are empty"),
        (np.zeros((2, 8, 8, 5)), "have 5 channels; 1 to 4 are possible"),
        (np.zeros((2, 3, 8, 8)), "channels come last: np.moveaxis(images, 1, 3)"),
        ([HALF[0], HALF[1], HALF[0, :2]], "image 2 is of size 2×4 and image 0 of size 3×4"),
        ([HALF[0], HALF[1] > 0], "image 1 is of dtype bool and image 0 of dtype float64"),
        ([[[0.5], [0.5, 0.5]]], "image 0 is no array: setting an array element"),
        (np.array([HALF[0], HALF[0, :2]], dtype=object), "image 1 is of size 2×4"),
        (7, "images are of type int; give an array of shape (n, height, width)"),
        (np.array(None), "images are of type ndarray; give an array"),
    ],
)
def test_images_that_cannot_be(images, words):
    with pytest.raises(DataError, match=re.escape(words)):
        check_images(images)


@pytest.mark.parametrize("sizes", [(0, 3, 1), (3, -1, 1), (3, 3, 5), (3, 3, 0), (2.5, 3, 1)])
def test_shapes_that_cannot_be(sizes):
    words = f"height {sizes[0]}, width {sizes[1]} and {sizes[2]} channels can't be"
    with pytest.raises(DataError, match=words):
        ImageShape(*sizes)


@pytest.mark.parametrize(
    ("highest", "dtype", "top"),
    [
        (1, np.uint8, 1),
        (1, np.float64, 1),
        (16, np.float64, 16),
        (16, np.uint8, 16),
        (200, np.int64, 255),
        (200, np.float32, 255),
        (1000, np.uint16, 1023),
        (60000, np.uint16, 65535),
    ],
)
def test_whole_numbers_have_the_scale_of_the_highest(highest, dtype, top):
    images = np.array([[[0, 1, highest]]], dtype)
    scale = PixelScale.of(images)
    assert scale == PixelScale(top, whole=True)
    back = scale.from_shares(check_images(images)[..., 0], images.dtype)
    assert back.dtype == dtype
    assert back.tolist() == images.tolist()
    shades = scale.to_bytes(images)
    assert shades.dtype == np.uint8
    assert shades[0, 0].tolist() == [0, round(255 / top), round(highest * 255 / top)]


def test_bytes_are_not_copied():
    images = np.full((2, 3, 4, 1), 255, np.uint8)
    assert PixelScale.of(images).to_bytes(images) is images
