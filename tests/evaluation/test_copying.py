import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import Column, Schema, evaluate
from tabgan.evaluation.compared_tables import code_columns, read_tables
from tabgan.evaluation.copying import Points, measure_nearness, nearest, place_rows
from tabgan.evaluation.results import Nearness

SCHEMA = Schema((Column("x", "numeric", "float64"), Column("k", "categorical", "object")))


def placed(real, synthetic):
    frames = [
        pd.DataFrame(rows, columns=["x", "k"]).astype({"x": float}) for rows in (real, synthetic)
    ]
    return place_rows(code_columns(*frames, SCHEMA))


def test_distances_of_mixed_rows():
    real, synthetic = placed([(1, "a"), (2, "b"), (3, "a"), (4, None)], [(1, "a"), (3, "b")])
    found = np.square(nearest(synthetic, real, 4)[0])
    np.testing.assert_allclose(found[0], sorted([0, 1 / 4, 1 + 1 / 16, 1 + 9 / 16]), atol=1e-6)
    assert nearest(synthetic, real, 1)[0][0, 0] == 0


def test_missing_numbers_are_apart_from_others():
    real, synthetic = placed([(np.nan, "a"), (2, "a"), (3, "a")], [(np.nan, "a"), (2.5, "a")])
    distance, place = nearest(synthetic, real)
    assert place[0, 0] == 0
    assert distance[0, 0] == 0
    assert 0 < distance[1, 0] < 1


def test_a_number_beside_a_spike_is_near_it():
    """Noise on a zero is no reason to be half of the table away."""
    rows = [(0, "a")] * 50 + [(n, "a") for n in range(1, 51)]
    real, synthetic = placed(rows, [(0.2, "a"), (-0.2, "a"), (0, "a")])
    distance = nearest(synthetic, real)[0][:, 0]
    assert (distance[:2] > 0).all()
    assert (distance[:2] < 0.01).all()
    assert distance[2] == 0


def test_many_levels_are_about_as_far_apart_as_few():
    levels = [(1, f"k{n}") for n in range(500)]
    real, synthetic = placed(levels, levels)
    assert real.values.shape[1] == 65
    squares = np.square(nearest(synthetic, real, 500)[0])
    assert (squares[:, 0] == 0).all()
    assert (squares[:, 1] > 0.3).all()
    assert abs(squares[:, 1:].mean() - 1) < 0.05


def test_columns_that_are_not_seen_do_not_count():
    real, synthetic = placed([(1, "a"), (9, "b")], [(9, "a")])
    assert nearest(synthetic.of([1]), real.of([1]))[1].tolist() == [[0]]
    assert nearest(synthetic.of([0]), real.of([0]))[1].tolist() == [[1]]
    assert nearest(synthetic.of([]), real.of([]))[0].tolist() == [[0]]


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 6), st.integers(0, 10**6))
def test_search_is_exact(n, m, width, seed):
    rng = np.random.default_rng(seed)
    queries, others = (
        Points(rng.random((size, width), dtype=np.float32), np.arange(width)) for size in (n, m)
    )
    gaps = queries.values[:, None].astype(float) - others.values[None]
    expected = np.sort(np.sqrt((gaps**2).sum(axis=2)), axis=1)[:, :3]
    np.testing.assert_allclose(nearest(queries, others, 3)[0], expected, atol=1e-5)


def numbers(size: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    group = rng.choice(["a", "b", "c"], size)
    table = pd.DataFrame({name: rng.lognormal(7, 1, size).round() for name in "uvwx"})
    return table.assign(group=group)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.5, 1.0])
@pytest.mark.parametrize("has_holdout", [False, True])
def test_any_share_of_moved_copies_is_found(share, has_holdout):
    real, fresh, holdout = numbers(800, 0), numbers(800, 1), numbers(800, 2)
    n, moves = int(share * len(real)), np.random.default_rng(3)
    copied = real[:n].copy()
    copied[[*"uvwx"]] += moves.integers(1, 3, (n, 4))
    drawn = pd.concat([copied, fresh[n:]], ignore_index=True)
    tables = read_tables(real, drawn, holdout if has_holdout else None)
    near = measure_nearness(tables.coded, np.random.default_rng(0), 2_000).near_copies
    assert near.value == pytest.approx(100 * share, abs=4)


def test_rows_between_those_of_a_series_are_no_copies():
    hours = np.arange(800.0)
    real = pd.DataFrame({"hour": hours, "level": np.round(np.sin(hours / 90), 3)})
    between = hours[:-1] + np.random.default_rng(0).random(799)
    drawn = pd.DataFrame({"hour": between, "level": np.round(np.sin(between / 90), 3)})
    coded = read_tables(real, drawn).coded
    assert measure_nearness(coded, np.random.default_rng(0), 2_000).near_copies.value == 0


def test_a_detector_that_is_wrong_more_often_than_a_coin_is_no_perfect_score():
    """Held-out rows are taken for their copies, which bear the other label."""
    real = numbers(400, 0)
    found = evaluate(real, real.sample(frac=1, random_state=0).reset_index(drop=True))
    assert found.detection.trees.auc < 0.3
    assert found.verdict.parts["detection"] < 0.6
    assert {point.part for point in found.verdict.weak_points} == {"nearness"}  # the cause
    page = found.to_html()
    assert "no better than a coin" not in page
    tile = page.split("Boosted trees: AUC</h3>")[1].split("</li>")[0]
    assert 'class="reading good"' not in tile
    assert 'class="reading' in tile


@pytest.mark.parametrize(("copied", "is_copied"), [(0.01, False), (0.1, True)])
def test_a_tenth_of_copies_is_told(copied, is_copied):
    real, drawn = numbers(500, 0), numbers(500, 1)
    count = int(copied * len(real))
    drawn = pd.concat([drawn[count:], real[:count]], ignore_index=True)
    assert evaluate(real, drawn).verdict.is_copied == is_copied


@pytest.mark.parametrize(("copies", "told"), [(17, False), (60, True)])
def test_few_copies_are_chance_where_few_real_rows_are_equal(copies, told):
    real, drawn = numbers(600, 0), numbers(600, 1)
    real[1:4:2] = real[0:4:2]  # two pairs, which as many fresh rows may have eight of, or more
    drawn[:copies] = real[10 : 10 + copies]
    points = evaluate(real, drawn).verdict.weak_points
    assert any("occurs only once" in point.what for point in points) == told


@pytest.mark.parametrize("width", [30, 120])
def test_copies_with_one_column_changed_are_found_in_wide_tables(width):
    rng = np.random.default_rng(0)
    real, fresh = (pd.DataFrame(rng.lognormal(3, 1, (300, width))).add_prefix("x") for _ in "12")
    copied, rows = real.to_numpy(copy=True), np.arange(len(real))
    at = rng.integers(0, width, len(real))
    copied[rows, at] = fresh.to_numpy()[rows, at]
    for drawn, share in ((pd.DataFrame(copied, columns=real.columns), 100), (fresh, 0)):
        coded = read_tables(real, drawn).coded
        near = measure_nearness(coded, np.random.default_rng(0), 2_000).near_copies
        assert near.value == pytest.approx(share, abs=1)


def test_a_holdout_of_real_rows_is_left_out_and_told():
    real = numbers(300, 0)
    found = evaluate(real, real, holdout=real)
    assert "100 % of its rows are rows of the real table" in found.tables.holdout_fault
    assert found.tables.holdout_fault.split(":")[0] in str(found)
    assert found.tables.holdout_rows == 0
    assert found.verdict.is_copied
    assert not evaluate(real, numbers(300, 1), holdout=numbers(300, 2)).tables.holdout_fault


def patients(n_keys: int, rng: np.random.Generator, rows_of_key: int = 6) -> pd.DataFrame:
    """Make visits of patients, whose own values hardly move from visit to visit."""
    rows = np.repeat(np.arange(n_keys), rows_of_key)
    own = {name: rng.normal(size=n_keys)[rows] for name in ("weight", "pressure", "pulse", "sugar")}
    table = pd.DataFrame(own) + rng.normal(0, 0.1, (len(rows), 4))
    wards = rng.choice(list("abcdef"), n_keys)[rows]
    return table.round(3).assign(ward=wards, patient=1_000 + rows)


def nearness_of(*tables: pd.DataFrame) -> Nearness:
    compared = read_tables(*tables, schema={"patient": "key"})
    return measure_nearness(compared.coded, np.random.default_rng(0), 2_000, compared.joint_units)


def of_others(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(patient=table["patient"] + 10_000)


def test_patients_are_compared_with_other_patients():
    """Rows of one patient are near each other; those of a holdout are no nearer for being fewer."""
    rng = np.random.default_rng(0)
    real, fresh = patients(300, rng), patients(300, rng)
    every_other = [real[start::2].reset_index(drop=True) for start in (0, 1)]
    for tables in ((real, fresh), (real, of_others(fresh)), every_other):
        assert nearness_of(*tables).near_copies.value == 0
    found = nearness_of(real, of_others(fresh), of_others(of_others(patients(100, rng))))
    assert found.near_copies.value == 0
    assert abs(found.nearer_to_real.value - 50) < 10
    copied, numbers = of_others(fresh), [*real.columns[:4]]
    copied.loc[::20, real.columns[:5]] = real[real.columns[:5]]
    copied.loc[::20, numbers] += rng.normal(0, 0.02, (len(real[::20]), 4))
    assert nearness_of(real, copied).near_copies.value > 3


def test_a_unit_that_chance_brings_near_a_real_one_is_no_copy():
    """All of its rows are near then."""
    rng = np.random.default_rng(0)
    real, fresh, unseen = (patients(25, rng, 40) for _ in range(3))
    fresh.loc[:79, real.columns[:5]] = real[real.columns[:5]]
    fresh.loc[:79, ["weight", "sugar"]] += 0.1
    tables = real, of_others(fresh), of_others(of_others(unseen))
    assert nearness_of(*tables).near_copies.value == 0


@pytest.mark.parametrize("seed", range(3))
def test_rows_that_chance_repeats_are_known_from_all_real_rows(seed):
    """Two equal rows are one chance of a copy, whichever half of the table they are in."""
    real = numbers(500, 0)
    real = pd.concat([real.iloc[:497], real.iloc[:3]], ignore_index=True)
    coded = read_tables(real, numbers(500, 1)).coded
    rng = np.random.default_rng(seed)
    assert measure_nearness(coded, rng, 500).unique_copies.baseline == pytest.approx(100 * 6 / 500)
    units = {"real": np.arange(500) % 497, "synthetic": np.arange(500, 1000)}
    assert measure_nearness(coded, rng, 500, units).unique_copies.baseline == 0  # of one unit
