"""Placeholders that look like the texts of a column, without their rare words."""

import json
import re

import numpy as np
import pytest

from tabgan.encoding.identifiers.placeholder_text import LanguageShape, learn_shape

RNG = np.random.default_rng(0)
PARTS = ["the room was fine", "breakfast was late", "we liked the staff", "parking is too far"]
NAMES = ["Zorblax", "Quimperle", "Wuxhaven", "Tantrobus", "Ypsolon", "Kvetchley", "Grumbold"]


def review(i):
    parts = [PARTS[at] for at in RNG.integers(0, len(PARTS), 1 + i % 3)]
    text = ", ".join(parts).capitalize()
    return f"{text}, said {NAMES[i]}!" if i < len(NAMES) else f"{text}."


REVIEWS = [review(i) for i in range(400)]
STOCK = ["No comment"] * 100
ORDERS = [f"Order {i * 37} was sent to room {i % 90 + 10}" for i in range(30, 130)]
TEXTS = [*REVIEWS, *STOCK, *ORDERS]


@pytest.fixture(scope="module")
def written():
    shape, rest = learn_shape(TEXTS, least_texts=5, seed=1)
    lengths = np.array([len(text.split()) for text in rest])
    return shape.write(RNG.choice(lengths, 3000), np.random.default_rng(0))


def test_what_is_no_phrase_comes_back():
    _, rest = learn_shape(TEXTS, least_texts=5, seed=1)
    assert set(rest) < set(REVIEWS)


def test_phrases_keep_their_shares(written):
    assert np.mean(written == "No comment") == pytest.approx(1 / 6, abs=0.03)


def test_phrases_that_differ_by_digits_get_others(written):
    order = re.compile(r"Order [1-9]\d{3} was sent to room [1-9]\d")
    orders = [text for text in written if order.fullmatch(text)]
    assert len(orders) / len(written) == pytest.approx(1 / 6, abs=0.05)
    assert len({*orders}) > 0.9 * len(orders)
    assert len({*orders} & {*ORDERS}) < 0.05 * len(orders)


def test_marks_capitals_and_lengths_are_those_of_the_texts(written):
    free = [text for text in written if not text.startswith(("No comment", "Order"))]
    assert all(text[0].isupper() for text in free)
    assert all(text[-1] in ".!" for text in free)
    assert np.mean([text[-1] == "!" for text in free]) < 0.1
    commas = np.mean(["," in text for text in REVIEWS])
    assert np.mean(["," in text for text in free]) == pytest.approx(commas, abs=0.15)
    size = np.mean([len(text) for text in REVIEWS])
    assert np.mean([len(text) for text in free]) == pytest.approx(size, rel=0.15)


def test_frequent_words_are_known_and_rare_ones_never(written):
    words = " ".join(written)
    assert all(word in words for word in ("breakfast", "staff", "parking"))
    assert not any(name.lower() in words.lower() for name in NAMES)


def test_a_made_word_is_none_of_the_source():
    rare = ["".join(RNG.choice([*"abc"], 4)) for _ in range(500)]
    shape, _ = learn_shape([f"{word} it" for word in rare], least_texts=50, seed=0)
    assert "it" in shape.words
    assert not set(shape.words) & set(rare)


def test_letters_of_made_words_follow_each_other_as_in_the_texts():
    pairs = np.char.add(RNG.choice([*"bdfgk"], 3600), RNG.choice([*"ae"], 3600))
    rare = ["".join(pairs[at : at + 3]) for at in range(0, 3600, 3)]
    texts = [" ".join(rare[at : at + 4]) for at in range(0, 1200, 4)]
    shape, _ = learn_shape(texts, least_texts=20, seed=0)
    assert len(shape.words) > 20
    assert all({*word[::2]} <= {*"bdfgk"} and {*word[1::2]} <= {*"ae"} for word in shape.words)


def test_a_word_of_four_texts_is_rare_even_without_min_group():
    texts = [f"this is about number {i} {'secretive' if i < 4 else ''}" for i in range(40)]
    shape, _ = learn_shape(texts, least_texts=1, seed=0)
    assert "secretive" not in json.dumps(shape.to_json())


@pytest.mark.parametrize(
    ("texts", "look"),
    [
        (["ALL OF IT WAS LOUD " + "ABCDEFGHI"[i % 9] * (i + 1) for i in range(60)], str.isupper),
        (["nobody ever shouts " + "abcdefghi"[i % 9] * (i + 1) for i in range(60)], str.islower),
        ([chr(0x4E00 + i) * 45 for i in range(60)], lambda text: " " not in text),
    ],
)
def test_habits_of_writing(texts, look):
    shape, rest = learn_shape(texts, least_texts=5, seed=0)
    lengths = np.array([len(text.split()) for text in rest])
    assert all(map(look, shape.write(lengths, np.random.default_rng(0))))


def test_the_same_seed_makes_the_same_words_and_json_keeps_them():
    shape = learn_shape(TEXTS, least_texts=5, seed=1)[0]
    assert learn_shape(TEXTS, least_texts=5, seed=1)[0] == shape
    assert LanguageShape.from_json(json.loads(json.dumps(shape.to_json()))) == shape


@pytest.mark.parametrize(
    "changes",
    [
        {"words": []},
        {"words": [["a", 2.0]]},
        {"phrases": [["a", 0.7], ["b", 0.7]]},
        {"phrases": [["a" * 3000, 0.1]]},
        {"capitals": 1.5},
    ],
)
def test_a_malformed_state_is_refused(changes):
    state = learn_shape(TEXTS, least_texts=5, seed=1)[0].to_json() | changes
    with pytest.raises(ValueError, match=r"text|phrase"):
        LanguageShape.from_json(state)
