"""Values by form: codes with check digits, addresses of computers."""

import ipaddress
from dataclasses import replace

import numpy as np
import pytest

from tabgan.encoding.identifiers.identifier_makers import (
    Checked,
    ComputerAddresses,
    learn_maker,
    learn_networks,
    maker_from_json,
    maker_to_json,
)
from tabgan.encoding.identifiers.text_pattern import Pattern
from tabgan.encoding.identifiers.unique_values import first_beyond
from tabgan.table.schema import Column
from tabgan.table.text_formats import check_characters, checksum_of

CODES = Column("code", "identifier", "object", min_group=5)
RNG = np.random.default_rng(0)


def made(texts, rows=200):
    maker = learn_maker(texts, "text", CODES)
    again = maker_from_json(maker_to_json(maker), CODES)
    values = maker.make(np.arange(rows), np.random.default_rng(0)).tolist()
    assert again.make(np.arange(rows), np.random.default_rng(0)).tolist() == values
    return values


def checked(bodies, scheme):
    return [a + b for a, b in zip(bodies, check_characters(bodies, scheme), strict=True)]


@pytest.mark.parametrize(
    ("form", "scheme"),
    [
        ("978-3-{:03d}-{:05d}-", "gs1"),
        ("40{:04d}{:06d}", "gs1"),
        ("3-{:03d}-{:05d}-", "mod11"),
        ("4{:07d} {:07d}", "luhn"),
    ],
)
def test_codes_keep_their_check_digits(form, scheme):
    texts = checked([form.format(i, i * 37) for i in range(100, 200)], scheme)
    values = made(texts)
    assert checked([value[:-1] for value in values], scheme) == values
    assert {len(value) for value in values} == {len(text) for text in texts}
    assert len({*values}) == 200
    assert not {*values} & {*texts}


def test_codes_without_check_digits_get_none():
    texts = [f"3-{i}-{i * 991 % 90_000 + 10_000}-{i * i % 10}" for i in range(100, 200)]
    assert checksum_of(texts) is None
    assert checksum_of(made(texts)) is None


def test_addresses_of_computers_are_valid_and_of_the_networks_of_the_source():
    texts = [f"10.0.{i % 2}.{i}" for i in range(1, 100)] + ["203.0.113.9"] * 9 + ["8.8.8.8"]
    assert {form.network for form in learn_networks(texts, 5)} == {(10, 0, 0), (10, 0, 1), ()}
    values = made(texts, 50)
    assert all(ipaddress.ip_address(value) for value in values)
    assert not {*values} & {*texts}
    networks = [value.rpartition(".")[0] for value in values]
    assert np.isin(networks, ["10.0.0", "10.0.1"]).mean() == pytest.approx(0.9, abs=0.1)
    assert not any(value.startswith("203.0.113.") for value in values)


def test_addresses_of_computers_repeat_rather_than_be_those_of_the_source():
    texts = [f"10.0.0.{i}" for i in range(1, 150)]
    values = made(texts, 2000)
    assert not {*values} & {*texts}
    assert all(value.startswith("10.0.0.") for value in values)


def test_unique_addresses_of_computers_are_of_a_wider_network_where_theirs_is_full():
    texts = [f"10.0.0.{i}" for i in range(1, 200)]
    maker = replace(learn_maker(texts, "text", CODES), repeats=False)
    values = maker.make(np.arange(400), np.random.default_rng(0)).tolist()
    assert not {*values} & {*texts}
    assert len({*values}) > 390
    assert all(value.startswith("10.0.") for value in values)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Checked(Pattern((("digit", 3),)), "mod97"),
        lambda: ComputerAddresses((1, 2, 3, 4)),
        lambda: ComputerAddresses((256,)),
    ],
)
def test_malformed_forms_are_refused(make):
    with pytest.raises(ValueError, match="is no"):
        make()


@pytest.mark.parametrize(
    ("form", "first"),
    [("INV-{:05d}/21", "INV-00301/21"), ("/api/items/{}/owner", "/api/items/301/owner")],
)
def test_running_numbers_in_texts_run_on(form, first):
    values = made(
        [form.format(i) for i in RNG.permutation(np.arange(1, 296))[:250].tolist()]
        + [form.format(i) for i in range(296, 301)]
    )
    assert values[0] == first
    assert len({*values}) == 200
    assert values[199] == form.format(500)


@pytest.mark.parametrize("start", [10**18, 10**19, 9 * 10**18, 2**63 - 400, 10**30, 10**50])
def test_running_numbers_of_many_digits_run_on(start):
    assert made([str(start + i) for i in range(300)], 2) == [str(start + 300), str(start + 301)]


@pytest.mark.parametrize("lead", ["8949", "x8949", "AB-8949"])
def test_digits_that_all_texts_begin_with_stay(lead):
    rows = RNG.integers(0, 10, (300, 16)).astype(str)
    real = [lead + "".join(row) for row in rows]
    values = made(real)
    assert {value[: len(lead)] for value in values} == {lead}
    assert {*map(len, values)} == {len(lead) + 16}
    assert len({*values} - {*real}) == 200


def test_numbers_that_fill_their_digits_do_not_run_on():
    values = made([f"A{i}" for i in RNG.permutation(np.arange(100, 1000))[:700].tolist()])
    assert sum(len(value) == 4 for value in values) > 100


class TestNumbers:
    KEYS = Column("customer_id", "key", "int64", min_group=5)

    def first(self, numbers, column=KEYS):
        made = learn_maker([int(n) for n in numbers], "number", column)
        return made.make(np.arange(3), 0).tolist()

    def test_numbers_without_gaps_run_on(self):
        assert self.first(RNG.permutation(np.arange(7, 207))) == [207, 208, 209]

    def test_keys_that_fill_most_of_their_range_run_on_beyond_it(self):
        keys = RNG.permutation(np.arange(1, 400))[:300]
        (first, second, _) = self.first(keys)
        assert keys.max() < first < keys.max() + 50
        assert second == first + 1

    def test_where_the_dtype_ends_numbers_begin_again(self):
        column = Column("id", "identifier", "uint8", min_group=5)
        assert self.first(range(156, 256), column)[0] == 156
        assert self.first(range(155, 255), column)[0] == 255

    @pytest.mark.parametrize("numbers", [[1, 2, 3], [*range(1, 100), 107], [*range(1, 100), 105]])
    def test_the_last_number_is_not_told_where_it_lies_apart(self, numbers):
        assert first_beyond(numbers, 5) == (4 if len(numbers) == 3 else 112)
