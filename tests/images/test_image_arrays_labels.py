"""Labels and codes: what is taken, and what is said of what can't be."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tabgan.base.errors import DataError, OptionError
from tabgan.images.image_arrays import check_codes, check_labels, code_of


@given(st.lists(st.one_of(st.integers(), st.text(), st.booleans()), min_size=1))
def test_codes_give_the_labels_back(labels):
    classes, codes = check_labels(labels, len(labels))
    assert [classes[code] for code in codes] == labels
    assert len(set(classes.tolist())) == len(classes)
    assert sorted(set(codes.tolist())) == list(range(len(classes)))
    assert [code_of(label, classes) for label in labels] == codes.tolist()


@given(st.lists(st.one_of(st.integers(), st.text()), min_size=1), st.randoms())
def test_classes_do_not_depend_on_the_order_of_labels(labels, random):
    shuffled = random.sample(labels, len(labels))
    np.testing.assert_array_equal(
        check_labels(labels, len(labels))[0], check_labels(shuffled, len(labels))[0]
    )


@pytest.mark.parametrize(
    "labels",
    [
        np.array([5, 3, 5], np.uint8),
        torch.tensor([5, 3, 5]),
        pd.Series([5, 3, 5], index=[7, 8, 9]),
        pd.Categorical([5, 3, 5]),
        (5, 3, 5),
    ],
)
def test_whole_numbers_stay_such(labels):
    classes, codes = check_labels(labels, 3)
    assert classes.dtype == np.int64
    assert classes.tolist() == [3, 5]
    assert codes.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([1, 2], "2 labels for 3 images; give one label for each image"),
        ([1, None, 2], "label 1 is missing (None); leave the image out or give it a label"),
        ([1.0, 2.0, np.nan], "label 2 is missing (nan)"),
        (pd.Series(["a", pd.NA, "b"], dtype="string"), "label 1 is missing (<NA>)"),
        (pd.to_datetime(["2024-01-01", None, None]), "label 1 is missing (NaT)"),
        ([[0, 1], [1, 0], [1, 0]], "label 0 is [0, 1], of type list; a label must be one hashable"),
        (np.eye(3), "label 0 is array([1., 0., 0.]), of type ndarray"),
        ("abc", "labels are of type str; give a list or an array"),
        (np.array(3), "labels are of type ndarray; give a list or an array"),
        (3, "labels are of type int"),
    ],
)
def test_labels_that_cannot_be(labels, words):
    with pytest.raises(DataError, match=re.escape(words)):
        check_labels(labels, 3)


@pytest.mark.parametrize(
    ("label", "classes", "words"),
    [
        ("cta", ["ant", "cat"], "label 'cta' is none of the 2 classes; did you mean 'cat'?"),
        ("zzz", ["ant", "cat"], "known names: 'ant', 'cat'"),
        ("3", np.arange(10), "label '3' is none of the 10 classes; did you mean 3, of type int?"),
        (12, np.arange(3), "label 12 is none of the 3 classes; known labels: 0, 1, 2"),
        (-1, np.arange(30), "18, 19, …"),
        (None, ["a"], "label None is none of the 1 classes; known labels: 'a'"),
        ([1], [1, 2], "label [1] is none of the 2 classes"),
    ],
)
def test_labels_that_are_none_of_the_classes(label, classes, words):
    with pytest.raises(OptionError, match=re.escape(words)):
        code_of(label, classes)


@pytest.mark.parametrize(
    ("codes", "words"),
    [
        ([0, 1], "codes of shape (2,) for 3 images; give one code for each"),
        (np.eye(3), "codes of shape (3, 3) for 3 images"),
        ([0.0, 1.0, 2.0], "codes of dtype float64 are not whole numbers; make codes of labels"),
        ([0, 1, 4], "code 2 is 4; with 4 classes codes are from 0 to 3"),
        ([0, -1, 4], "code 1 is -1; with 4 classes"),
    ],
)
def test_codes_that_cannot_be(codes, words):
    with pytest.raises(DataError, match=re.escape(words)):
        check_codes(codes, 3, n_classes=4)
