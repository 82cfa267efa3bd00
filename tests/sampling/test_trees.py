import numpy as np
import pytest
import sklearn.ensemble._hist_gradient_boosting.common as node_format
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.ensemble._hist_gradient_boosting.predictor import TreePredictor

from tabgan.base.errors import TabGANError
from tabgan.sampling.trees import Growth, Trees, fit_trees

GROWTH = Growth(rounds=15, rate=0.3)


def table(rows=600, seed=0):
    rng = np.random.default_rng(seed)
    features = rng.random((rows, 3)).astype(np.float32).astype(np.float64)
    features[rng.random(rows) < 0.1, 2] = np.nan
    classes = (features[:, 0] * 3).astype(int)
    return features, classes


def test_trees_learn_the_classes_and_give_probabilities():
    features, classes = table()
    chances = fit_trees(features, classes, GROWTH, seed=0).probabilities(features)
    assert chances.shape == (600, 3)
    assert np.allclose(chances.sum(axis=1), 1)
    assert (chances.argmax(axis=1) == classes).mean() > 0.98


def test_two_classes_take_one_output():
    features, classes = table()
    trees = fit_trees(features, (classes > 0).astype(int), GROWTH, seed=0)
    assert trees.baseline.shape == (1,)
    chances = trees.probabilities(features)
    assert ((chances[:, 1] > 0.5) == (classes > 0)).mean() > 0.98


def test_a_feature_that_no_row_has_tells_nothing():
    features, classes = table()
    features[:, 1] = np.nan
    held_out = np.arange(600) % 5 == 0
    features[held_out, 1] = 0.5
    trees = fit_trees(features, classes, GROWTH, seed=0, held_out=held_out)
    assert (trees.probabilities(features).argmax(axis=1) == classes).mean() > 0.98


def test_held_out_rows_end_the_growth():
    rng = np.random.default_rng(0)
    features, classes = rng.random((400, 2)), rng.integers(2, size=400)
    held_out = rng.random(400) < 0.25
    stopped = fit_trees(features, classes, Growth(100, 0.3), seed=0, held_out=held_out)
    assert len(stopped) == 1  # nothing can be learned: the first round is one too many


def test_weights_count():
    features = np.zeros((100, 1))
    classes = np.repeat([0, 1], 50)
    trees = fit_trees(features, classes, GROWTH, seed=0, weights=np.where(classes == 1, 3.0, 1.0))
    assert trees.probabilities(features)[0, 1] == pytest.approx(0.75, abs=1e-3)


@settings(max_examples=15)
@given(seed=st.integers(0, 1000), n_classes=st.integers(2, 4))
def test_tensors_bring_back_the_same_scores(seed, n_classes):
    features, _ = table(rows=200, seed=seed)
    classes = np.arange(200) % n_classes
    trees = fit_trees(features, classes, Growth(3, 0.3), seed=seed)
    n_outputs = 1 if n_classes == 2 else n_classes
    again = Trees.from_tensors(trees.to_tensors(), n_features=3, n_outputs=n_outputs)
    assert np.array_equal(again.scores(features), trees.scores(features))


def test_the_same_seed_gives_the_same_trees():
    features, classes = table()
    growth = Growth(5, 0.3, feature_share=0.5)
    first, second, other = (fit_trees(features, classes, growth, seed=s) for s in (1, 1, 2))
    assert np.array_equal(first.scores(features), second.scores(features))
    assert not np.array_equal(first.scores(features), other.scores(features))


def spoiled(name, place, value):
    features, classes = table()
    tensors = dict(fit_trees(features, classes, GROWTH, seed=0).to_tensors())
    tensors[name] = tensors[name].clone()
    tensors[name][place] = value
    return tensors


@pytest.mark.parametrize(
    ("name", "place", "value", "message"),
    [
        ("splits", (0, 0), 3, "a split leads nowhere"),  # a feature that is not there
        ("splits", (0, 0), -1, "a split leads nowhere"),
        ("splits", (0, 1), 0, "a split leads nowhere"),  # its own child
        ("splits", (0, 2), 10**6, "a split leads nowhere"),
        ("splits", (0, 3), 4, "an unknown flag"),
        ("starts", 0, 1, "starts must rise from 0 to the number of nodes"),
        ("starts", 1, 0, "starts must rise from 0 to the number of nodes"),
    ],
)
def test_tensors_that_would_lead_astray_are_refused(name, place, value, message):
    with pytest.raises(ValueError, match=rf"^trees: {message}$"):
        Trees.from_tensors(spoiled(name, place, value), n_features=3, n_outputs=3)


def test_tensors_of_wrong_types_are_refused():
    features, classes = table()
    tensors = dict(fit_trees(features, classes, GROWTH, seed=0).to_tensors())
    tensors["values"] = tensors["values"].double()
    with pytest.raises(ValueError, match=r"^trees: a tensor has the wrong type$"):
        Trees.from_tensors(tensors, n_features=3, n_outputs=3)
    tensors["values"] = torch.zeros(3, 2)
    with pytest.raises(ValueError, match=r"^trees: splits and values don't fit each other$"):
        Trees.from_tensors(tensors, n_features=3, n_outputs=3)


def test_trees_with_another_number_of_outputs_are_refused():
    features, classes = table()
    tensors = fit_trees(features, classes, GROWTH, seed=0).to_tensors()
    with pytest.raises(ValueError, match=r"^trees: a wrong number of outputs$"):
        Trees.from_tensors(tensors, n_features=3, n_outputs=1)


def test_a_scikit_learn_whose_nodes_have_other_fields_is_refused(monkeypatch):
    features, classes = table()
    trees = fit_trees(features, classes, GROWTH, seed=0)
    known = node_format.PREDICTOR_RECORD_DTYPE
    for fields in ([*known.descr, ("weight", "<f8")], known.descr[1:]):
        monkeypatch.setattr(node_format, "PREDICTOR_RECORD_DTYPE", np.dtype(fields))
        for use in (
            lambda: trees.scores(features),
            lambda: fit_trees(features, classes, GROWTH, seed=0),
            lambda: Trees.from_tensors(trees.to_tensors(), n_features=3, n_outputs=3),
        ):
            with pytest.raises(TabGANError, match=r"^scikit-learn .* is not supported: the nodes"):
                use()


def test_a_scikit_learn_that_evaluates_trees_otherwise_is_refused(monkeypatch):
    features, classes = table()
    trees = fit_trees(features, classes, GROWTH, seed=0)
    monkeypatch.setattr(TreePredictor, "predict", lambda self, rows: None)
    with pytest.raises(TabGANError, match=r"is not supported: .* takes other arguments; install"):
        trees.scores(features)


def test_a_scikit_learn_without_a_private_attribute_is_refused(monkeypatch):
    features, classes = table()
    fit = HistGradientBoostingClassifier.fit

    def fit_without_predictors(model, *args, **kwargs):
        fit(model, *args, **kwargs)
        del model._predictors

    monkeypatch.setattr(HistGradientBoostingClassifier, "fit", fit_without_predictors)
    with pytest.raises(TabGANError, match="a fitted classifier has no attribute '_predictors'"):
        fit_trees(features, classes, GROWTH, seed=0)
