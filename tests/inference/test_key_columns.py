"""Columns of keys: found by their name, how they repeat, and what they determine."""

import numpy as np
import pandas as pd
import pytest

from tabgan.inference.infer_schema import infer_schema

RNG = np.random.default_rng(0)
WHO = np.repeat(np.arange(300), RNG.integers(1, 6, 300))
ROWS = len(WHO)
COUNTRY = RNG.choice(["DE", "FR", "US"], 300)[WHO]


def kind_of(name: str, values: object) -> str:
    frame = pd.DataFrame({name: values, "country": COUNTRY, "x": RNG.normal(size=ROWS)})
    return infer_schema(frame)[name].kind


@pytest.mark.parametrize(
    "name",
    [
        "customer_id",
        "CustomerID",
        "customerid",
        "id_customer",
        "Kundennummer",
        "patient_no",
    ],
)
@pytest.mark.parametrize("form", ["number", "float", "text", "written"])
def test_a_name_and_repeats_make_a_key(name, form):
    numbers = 10_001 + 7 * WHO
    forms = {
        "number": numbers,
        "float": np.where(RNG.random(ROWS) < 0.1, np.nan, numbers),
        "text": [f"CU-{number}" for number in numbers],
        "written": numbers.astype(str),
    }
    assert kind_of(name, forms[form]) == "key"


def test_the_reason_names_what_the_key_determines():
    frame = pd.DataFrame({"customer_id": 10_001 + WHO, "country": COUNTRY, "x": range(ROWS)})
    assert infer_schema(frame)["customer_id"].why == (
        f"300 keys in {ROWS} rows, named 'customer_id'; each has one 'country'"
    )


def test_codes_that_repeat_are_keys_under_any_name():
    assert kind_of("wer", [f"K{100_000 + 37 * who}" for who in WHO]) == "key"


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("store_id", RNG.integers(1, 46, ROWS), "categorical"),
        ("product_id", RNG.integers(1, 400, ROWS), "integer"),
        ("order_number", 1 + RNG.geometric(0.05, ROWS), "integer"),
        ("visit", 1 + RNG.geometric(0.1, ROWS), "integer"),
        ("zip_code", RNG.integers(10_000, 10_300, ROWS), "categorical"),
        ("age", RNG.integers(18, 80, ROWS), "integer"),
        ("price", RNG.integers(100, 900, ROWS), "integer"),
        ("customer_type", RNG.choice(["a", "b"], ROWS), "categorical"),
        ("customer", RNG.choice(["Acme", "Bolt", "Crane"], ROWS), "categorical"),
        ("diagnosis", [f"E{n}.{m}" for n, m in RNG.integers(10, 20, (ROWS, 2))], "categorical"),
        ("customer_id", np.arange(ROWS) * 3 + 1000, "identifier"),
    ],
)
def test_other_columns_are_no_keys(name, values, kind):
    assert kind_of(name, values) == kind


def test_a_declared_kind_stays():
    frame = pd.DataFrame({"customer_id": 10_001 + WHO, "x": range(ROWS)})
    assert infer_schema(frame, {"customer_id": "integer"})["customer_id"].kind == "integer"
    frame = frame.rename(columns={"customer_id": "nr"})
    assert infer_schema(frame)["nr"].kind == "integer"
    assert infer_schema(frame, {"nr": "key"})["nr"].kind == "key"


DISTINCT = RNG.permutation(900_000)[:400] + 100_000


@pytest.mark.parametrize(
    ("name", "values", "kind"),
    [
        ("policy_number", DISTINCT * 7, "identifier"),
        ("invoice_no", DISTINCT, "identifier"),
        ("account", DISTINCT, "identifier"),
        ("customer_id", np.where(np.arange(400) % 9 == 0, np.nan, DISTINCT), "identifier"),
        ("reading", DISTINCT, "identifier"),  # six digits at random
        ("income", DISTINCT, "integer"),
        ("fnlwgt", np.exp(RNG.normal(12, 0.5, 400)).round() + np.arange(400) * 7, "integer"),
        ("reading", DISTINCT // 2, "integer"),
        ("seconds", np.where(np.arange(400) % 9 == 0, np.nan, DISTINCT), "integer"),
    ],
)
def test_whole_numbers_that_all_differ(name, values, kind):
    frame = pd.DataFrame({name: values, "x": RNG.normal(size=400)})
    assert infer_schema(frame)[name].kind == kind


def test_a_few_notes_among_numbers_of_things_leave_them_identifiers():
    numbers = RNG.choice(np.arange(10**6, 10**7), ROWS, replace=False).astype(str).astype(object)
    numbers[::90] = "see note"
    assert kind_of("policy_number", numbers) == "identifier"
    assert kind_of("income", numbers) == "integer"


def test_codes_of_several_parts_are_keys():
    rng = np.random.default_rng(0)
    orders = [f"CA-{rng.integers(2014, 2018)}-{n}" for n in rng.permutation(90_000)[:300] + 100_000]
    rows = np.repeat(np.arange(300), 1 + rng.geometric(0.5, 300))
    frame = pd.DataFrame({"Order ID": np.array(orders)[rows], "Sales": rng.normal(size=len(rows))})
    assert infer_schema(frame).columns[0].kind == "key"


def test_large_numbers_some_of_which_are_small_are_keys():
    numbers = RNG.integers(500, 6_000_000, 300)[WHO]
    numbers[WHO == 0] = 506
    assert kind_of("Admission No", numbers) == "key"
    assert kind_of("order_number", RNG.integers(1, 60, ROWS)) == "integer", "it counts orders"


def permits(seed=0):
    """Projects, each with a code and facts of its own; some have several permits."""
    rng = np.random.default_rng(seed)
    codes = rng.permutation(4000)[:600]
    facts = pd.DataFrame(
        {
            "proyecto_codigo": codes,
            "tipo": rng.integers(1, 3, 600),
            "sector": rng.choice([*"abcd"], 600),
        }
    )
    rows = np.concatenate([np.arange(600), rng.integers(0, 600, 200)])
    return facts.iloc[rows].assign(permit=rng.permutation(9000)[:800]).reset_index(drop=True)


def test_numbers_whose_repeated_values_tell_several_columns_are_keys_whatever_their_name():
    frame = permits()
    column = infer_schema(frame).columns[0]
    assert column.kind == "key"
    assert "each has one 'tipo', 'sector'" in column.why
    rng = np.random.default_rng(1)
    mixed = frame.assign(sector=rng.permutation(frame["sector"]))
    copies = pd.concat([frame[["proyecto_codigo", "tipo", "sector"]].drop_duplicates()] * 2)
    named = frame.rename(columns={"proyecto_codigo": "price"})
    for other in (mixed, copies, named):
        assert infer_schema(other).columns[0].kind == "integer"


def test_numbers_from_which_others_are_computed_are_no_keys():
    rng = np.random.default_rng(0)
    dose = rng.integers(50, 9000, 1200)
    frame = pd.DataFrame(
        {
            "dose": dose,
            "in_kilo": (dose / 1000).round(1),
            "charge": (dose * 0.007).round(3),
            "x": rng.normal(size=1200),
        }
    )
    assert infer_schema(frame).columns[0].kind == "integer"


def places(codes, counts="even", chapters=None, rows=5000):
    """Rows of some codes, each of one area and branch."""
    rng = np.random.default_rng(0)
    n = len(codes)
    weights = np.ones(n) if counts == "even" else 1 / np.arange(1, n + 1)
    area = rng.integers(0, 24, n) if chapters is None else np.asarray(chapters)
    which = rng.choice(n, rows, p=weights / weights.sum())
    return pd.DataFrame(
        {
            "wo": np.asarray(codes, object)[which],
            "area": np.array([f"area {own}" for own in area])[which],
            "branch": (area // 5)[which],
            "x": rng.normal(size=rows),
        }
    )


SERIALS = np.random.default_rng(3).choice(10**6, 400, replace=False)
CHAPTERS = np.repeat(np.arange(10, 60), 8)
TARIFF = [f"T{c}{n}{(7 * n + c) % 10:02}" for c in range(10, 60) for n in range(8)]
DISEASES = [f"{letter}{n:02}.{m}" for letter in "ABCDE" for n in range(20) for m in (0, 1)]


@pytest.mark.parametrize(
    ("codes", "options", "kind"),
    [
        ([f"S{own:06}" for own in SERIALS], {}, "key"),
        ([f"PL-{own:06}" for own in SERIALS], {}, "key"),
        ((10**7 + 83 * SERIALS).tolist(), {}, "key"),
        ([f"S{own:06}" for own in SERIALS[:24]], {}, "categorical"),
        ([f"S{own:06}" for own in SERIALS], {"counts": "few have most"}, "categorical"),
        (TARIFF, {"chapters": CHAPTERS // 2}, "categorical"),
        (DISEASES, {}, "categorical"),
        ((10**7 + 100 * SERIALS).tolist(), {}, "integer"),
    ],
)
def test_codes_of_even_shares_that_mean_nothing_are_keys_by_any_name(codes, options, kind):
    assert infer_schema(places(codes, **options)).columns[0].kind == kind


def test_codes_of_a_name_that_is_kept_are_kept():
    frame = places([f"S{own:06}" for own in SERIALS])
    frame["title"] = "Branch " + pd.Series(pd.factorize(frame["wo"])[0] % 400).astype(str)
    assert infer_schema(frame).columns[0].kind == "categorical"
