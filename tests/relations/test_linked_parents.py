import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.relations.linked_parents import choose_partners, move_apart


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=1, max_size=40), st.integers(0, 2**31))
def test_degrees_are_kept(degrees, seed):
    rng = np.random.default_rng(seed)
    degrees = np.array(degrees)
    wanted, there = rng.random((degrees.sum(), 2)), rng.random((len(degrees), 2))
    chosen = choose_partners(wanted, there, degrees, np.zeros(2, bool), rng, once=False)
    assert (np.bincount(chosen, minlength=len(degrees)) == degrees).all()


def test_partners_are_alike():
    rng = np.random.default_rng(0)
    there = np.column_stack([rng.integers(0, 5, 2000), rng.random(2000)]).astype(float)
    wanted = there[rng.permutation(2000)]
    levels = np.array([True, False])
    chosen = choose_partners(wanted, there, np.ones(2000, int), levels, rng, once=True)
    assert (there[chosen, 0] == wanted[:, 0]).mean() > 0.99
    assert np.abs(there[chosen, 1] - wanted[:, 1]).mean() < 0.02


@pytest.mark.parametrize(("slots", "left"), [(3, 0), (8, 3)])
def test_one_to_one(slots, left):
    rng = np.random.default_rng(0)
    nothing = np.empty((5, 0))
    chosen = choose_partners(
        np.empty((slots, 0)), nothing, np.array([3, 0, 1, 1, 0]), np.zeros(0, bool), rng, once=True
    )
    assert (chosen < 0).sum() == left
    assert len(np.unique(chosen[chosen >= 0])) == slots - left


def test_too_few_seats_are_added():
    rng = np.random.default_rng(0)
    chosen = choose_partners(
        np.full((6, 1), np.nan),
        np.ones((3, 1)),
        np.array([1, 0, 2]),
        np.zeros(1, bool),
        rng,
        once=False,
    )
    assert set(chosen) == {0, 2}


def test_groups_have_no_partner_twice():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(100), 3)
    chosen = move_apart(rng.integers(0, 30, 300), groups, rng)
    pairs = np.column_stack([groups, chosen])
    assert len(np.unique(pairs, axis=0)) == 300
