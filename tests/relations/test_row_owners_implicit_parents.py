import numpy as np
import pandas as pd
import pytest

from tabgan import DatabaseGAN, OptionError
from tabgan.relations.infer_relations import infer_relations
from tabgan.relations.relations import Relations
from tabgan.relations.row_context import ADDED, is_added
from tabgan.relations.row_owners import with_implicit_parents

USERS = 40


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    """Films and their ratings by users, of whom there is no table; each user has a country."""
    rng = np.random.default_rng(0)
    films = pd.DataFrame({"film_id": range(60), "year": rng.integers(1990, 2020, 60)})
    pairs = [
        (film, user)
        for user in range(USERS)
        for film in rng.choice(60, 3 + user // 4, replace=False)
    ]
    ratings = pd.DataFrame(pairs, columns=["film_id", "user_id"])
    ratings["country"] = rng.choice(["DE", "FR", "IT"], USERS)[ratings["user_id"]]
    ratings["stars"] = rng.integers(1, 6, len(ratings))
    ratings["user_id"] += 7000
    return {"films": films, "ratings": ratings}


@pytest.fixture(scope="module")
def gan(tables) -> DatabaseGAN:
    return DatabaseGAN(verbose=False, random_state=0).fit(tables)


def test_a_key_that_repeats_becomes_a_table_with_what_it_determines(tables):
    every, relations, (found,) = with_implicit_parents(tables, infer_relations(tables), {})
    assert str(found.key) == f"ratings.user_id -> {ADDED}ratings.user_id.user_id"
    assert found.moved == ("country",)
    assert every[found.key.parent].shape == (USERS, 2)
    assert [*every["ratings"].columns] == ["film_id", "user_id", "stars"]
    relations.check(every)
    found.joined(every)
    pd.testing.assert_frame_equal(every["ratings"], tables["ratings"])


def test_keys_that_do_not_repeat_and_numbers_make_no_table(tables):
    others = {"a": pd.DataFrame({"user_id": range(100), "age": [20, 30] * 50})}
    assert with_implicit_parents(others, Relations(), {}) == (others, Relations(), ())


def test_keys_repeat_as_they_do(gan, tables):
    drawn = gan.sample()
    assert [*drawn] == [*tables]
    real, new = (t["ratings"]["user_id"].value_counts() for t in (tables, drawn))
    assert len(new) == pytest.approx(len(real), abs=1)
    assert np.abs(np.sort(new)[-30:] - np.sort(real)[-30:]).max() <= 2
    assert not set(new.index) & set(real.index)
    assert (drawn["ratings"].groupby("user_id")["country"].nunique() == 1).all()
    assert [*drawn["ratings"].columns] == [*tables["ratings"].columns]
    assert not drawn["ratings"].duplicated(["film_id", "user_id"]).any()


def test_nobody_sees_the_table_of_keys(gan, tables, tmp_path):
    assert [*gan.n_rows_] == [*tables]
    assert not any(is_added(key) for key in gan.relations_.foreign_keys)
    gan.save(tmp_path / "films.safetensors")
    again = DatabaseGAN.load(tmp_path / "films.safetensors").sample()
    pd.testing.assert_frame_equal(again["ratings"], gan.sample()["ratings"])


def test_rows_of_a_table_whose_keys_have_none_can_be_counted():
    rng = np.random.default_rng(0)
    log = pd.DataFrame({"user_id": rng.integers(0, 30, 300), "ms": rng.integers(0, 9, 300)})
    other = pd.DataFrame({"a": [1, 2, 3] * 10})
    gan = DatabaseGAN(verbose=False, random_state=0).fit({"log": log, "other": other})
    drawn = gan.sample({"log": 600})
    assert len(drawn["log"]) == pytest.approx(600, rel=0.1)
    assert drawn["log"]["user_id"].nunique() == 60
    with pytest.raises(OptionError, match="give numbers of rows for 'log', 'other'"):
        gan.sample({f"{ADDED}log.user_id": 3})
