"""Which items stand together in a list, and in which order."""

import numpy as np
import pytest

from tabgan.encoding.item_choice import ItemOdds, ItemOrder

RNG = np.random.default_rng(0)
ONCE = np.ones(2000, np.int64)


def test_lists_get_as_many_items_as_are_wanted():
    held = RNG.random((2000, 8)) < 0.4
    odds = ItemOdds.fit(held, ONCE, least=5)
    wanted = RNG.integers(0, 9, 500)
    settled = odds.settle(RNG.random((500, 8)) < 0.4, wanted, RNG)
    assert settled.sum(axis=1).tolist() == wanted.tolist()


def test_lists_that_have_as_many_as_wanted_stay_as_they_are():
    held = RNG.random((2000, 8)) < 0.4
    settled = ItemOdds.fit(held, ONCE, least=5).settle(held, held.sum(axis=1), RNG)
    assert (settled == held).all()


def test_an_item_is_added_that_goes_with_the_others():
    pair = RNG.random(2000) < 0.5
    held = np.column_stack([pair, pair ^ (RNG.random(2000) < 0.02), ~pair, RNG.random(2000) < 0.5])
    odds = ItemOdds.fit(held, ONCE, least=5)
    start = np.zeros((1000, 4), np.bool_)
    start[:, 0] = True
    added = odds.settle(start, np.full(1000, 2), RNG)[:, 1:].mean(axis=0)
    assert added[0] > 0.85
    assert added[1] == 0  # it never meets the first


def test_items_that_never_meet_do_not_meet_in_what_is_drawn():
    first = RNG.random(2000) < 0.5
    held = np.column_stack([first, ~first, RNG.random(2000) < 0.5, RNG.random(2000) < 0.5])
    odds = ItemOdds.fit(held, ONCE, least=5)
    assert np.argwhere(odds.apart).tolist() == [[0, 1], [1, 0]]
    settled = odds.settle(RNG.random((1000, 4)) < 0.7, np.full(1000, 4), RNG)
    assert not (settled[:, 0] & settled[:, 1]).any()
    assert (settled.sum(axis=1) == 3).all()  # more can't be


def test_pairs_of_fewer_rows_than_may_be_told_are_not_told():
    held = np.zeros((2000, 3), np.bool_)
    held[:40, 0] = held[40:80, 1] = held[36:76, 2] = True
    seen = ItemOdds.fit(held, ONCE, least=5)
    held[36:40, 2], held[90:94, 2] = False, True  # the four rows that had items 0 and 2
    np.testing.assert_array_equal(seen.weights[0], ItemOdds.fit(held, ONCE, least=5).weights[0])


def orders_of(order, lists, n=3000):
    """Return the share of pairs of items 0 and 1 in which 0 comes first."""
    keys = order.keys(np.tile([0, 1], n), RNG).reshape(n, 2)
    return float((keys[:, 0] < keys[:, 1]).mean())


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_the_order_of_two_items_is_drawn_as_often_as_in_the_lists(share):
    first = int(share * 1000)
    lists, counts = [(0, 1), (1, 0), (2, 0)], np.array([first, 1000 - first, 300])
    order = ItemOrder.fit(lists, counts, ["b", "a", "c"])
    assert not order.is_fixed
    assert orders_of(order, lists) == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("items", [["b", "A", "c"], ["c", "b", "a"], ["a", "b", "c"]])
def test_one_order_of_all_lists_is_kept(items):
    lists, counts = [(0, 1), (1, 2), (0, 1, 2), (2, 0)], np.array([100, 100, 100, 3])
    order = ItemOrder.fit(lists, counts, items)
    assert order.is_fixed
    assert np.argsort(order.keys(np.arange(3), RNG)).tolist() == [0, 1, 2]
