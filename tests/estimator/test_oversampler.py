import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from tabgan import DataError, OptionError, TabGAN
from tabgan.estimator.oversampler import SyntheticOverSampler


@pytest.fixture(scope="module")
def training() -> tuple[pd.DataFrame, pd.Series]:
    rng = np.random.default_rng(0)
    y = rng.choice(["a", "b", "c"], 900, p=[0.8, 0.15, 0.05])
    features = pd.DataFrame(
        {"x": rng.normal((y == "c") * 3.0), "target": rng.integers(0, 50, 900), "t": y == "b"}
    )
    return features, pd.Series(y, name="kind")


def sampler(steps: int = 150, **options) -> SyntheticOverSampler:
    gan = TabGAN(steps=steps, hidden_dim=32, verbose=False, random_state=0)
    return SyntheticOverSampler(gan, random_state=0, **options)


def test_classes_are_brought_to_the_largest(training):
    features, y = training
    over = sampler()
    more, labels = over.fit_resample(features, y)
    assert labels.value_counts().nunique() == 1
    assert labels.name == "kind"
    pd.testing.assert_frame_equal(more.head(900), features)
    pd.testing.assert_series_equal(labels.head(900), y)
    pd.testing.assert_series_equal(more.dtypes, features.dtypes)
    added = more[900:].groupby(labels[900:])["x"].mean()
    assert added["c"] > added["b"] + 1, "the features go with the class"
    assert over.sampling_strategy_ == {
        level: (y == "a").sum() - (y == level).sum() for level in ("b", "c")
    }


def test_other_strategies(training):
    features, y = training
    _, labels = sampler(5, sampling_strategy="minority").fit_resample(features, y)
    assert (labels == "c").sum() == (labels == "a").sum()
    assert (labels == "b").sum() == (y == "b").sum()
    _, labels = sampler(5, sampling_strategy={"c": 100}).fit_resample(
        features.to_numpy(), y.to_numpy()
    )
    assert (labels == "c").sum() == 100


def test_other_forms_of_features_and_classes(training):
    features, y = training[0].head(300), training[1].head(300)
    wide = features.set_axis(pd.MultiIndex.from_product([["f"], features.columns]), axis=1)
    more, labels = sampler(5, sampling_strategy="minority").fit_resample(wide, y.to_frame())
    assert list(more.columns) == list(wide.columns)
    assert (labels == "c").sum() == (labels == "a").sum()
    named = features.assign(key=[f"K-{i:04d}" for i in range(300)])
    rows, _ = sampler(5).fit_resample(named, y)
    assert rows["key"].is_unique


def test_scikit_learns_contract():
    over = sampler(sampling_strategy="minority")
    assert clone(over).get_params()["sampling_strategy"] == "minority"
    assert over.get_params()["gan__steps"] == 150


@pytest.mark.parametrize(
    ("strategy", "message"),
    [
        (
            "most",
            "sampling_strategy='most' must be 'auto', 'minority' or a mapping from classes to "
            "numbers of rows",
        ),
        (
            {"z": 5},
            "sampling_strategy: 5 rows are asked for of class 'z', which y does not have; rows can "
            "only be added to classes that are there",
        ),
        ({"a": "x"}, "sampling_strategy: 'x' rows are asked for of class 'a'; give a whole number"),
        ({"a": 5}, "sampling_strategy: 5 rows are asked for of class 'a', which y has"),
    ],
)
def test_wrong_strategies(training, strategy, message):
    with pytest.raises(OptionError) as caught:
        sampler(sampling_strategy=strategy).fit_resample(*training)
    assert str(caught.value).startswith(message)


def test_wrong_classes(training):
    with pytest.raises(DataError, match="y has 899 classes, 0 of them missing, for 900 rows of X"):
        sampler().fit_resample(training[0], training[1][1:])
