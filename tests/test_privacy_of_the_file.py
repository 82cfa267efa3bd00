"""No personal value of the table is in the model file, or in what is drawn from it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from tabgan import TabGAN

ROWS = 300
RNG = np.random.default_rng(5)
DIGITS = np.random.default_rng(5).choice(9 * 10**8, ROWS, replace=False) + 10**8
MAILS = [f"{chr(97 + n % 26)}{n}.smith@mail{n % 7}.test" for n in DIGITS]
SSNS = [f"{n // 10**6}-{n // 10**4 % 100:02d}-{n % 10**4:04d}" for n in DIGITS]
NAMES = [f"{chr(65 + n % 26)}{'aeiou'[n % 5]}x{n} Miller" for n in DIGITS]
LAST = ["Becker", "Novak", "Miller", "Rossi", "Martin", "Garcia", "Jensen"]
PHONES = [f"+49 170 {n}" for n in DIGITS]
PEOPLE = [f"{one}-Marie {two}" for one in ("Anna", "Eva", "Rosa", "Lucie", "Jana") for two in LAST]
TWICE = np.arange(ROWS) // 2
NOTES = [f"The customer {n} called about the late delivery" for n in DIGITS]

COLUMNS: dict[str, Any] = {
    "objects": pd.Series(MAILS, dtype=object),
    "string": pd.Series(MAILS, dtype="string"),
    "Arrow": pd.Series(MAILS, dtype="string[pyarrow]"),
    "holed": pd.Series(MAILS, dtype=object).where(DIGITS % 4 > 0),
    "bytes": pd.Series([name.encode() for name in NAMES], dtype=object),
    "names": pd.Series(NAMES),
    "names, some twice": pd.Series([*NAMES[:250], *NAMES[:50]]),
    "e-mails and a number": pd.Series([*MAILS[1:], 7], dtype=object),
    "repeated e-mails and a number": pd.Series([*MAILS[:150], *MAILS[:149], 7], dtype=object),
    "SSNs and a number": pd.Series([*SSNS[1:], 123_456_789], dtype=object),
    "phones twice": pd.Series(PHONES)[TWICE],
    "phones ten times": pd.Series(PHONES)[np.arange(ROWS) % 30],
    "people ten times": pd.Series(PEOPLE)[np.arange(ROWS) % 35],
    "prose": pd.Series(NOTES),
    "prose twice": pd.Series(NOTES)[TWICE],
    "from a category": pd.Series(MAILS, dtype="category").astype(str),
    "patient_id": pd.Series(np.sort(DIGITS)),
    "patient_id as text": pd.Series(np.sort(DIGITS).astype(str)),
}


@pytest.mark.parametrize("values", COLUMNS.values(), ids=COLUMNS)
def test_no_personal_value_is_stored_or_given_back(values, tmp_path):
    name = "patient_id" if values.iloc[0:].astype(str).str.isdecimal().all() else "who"
    table = pd.DataFrame({name: values.to_numpy(object), "x": RNG.normal(size=ROWS)})
    table[name] = table[name].astype(values.dtype)
    gan = TabGAN(steps=2, hidden_dim=8, verbose=False, random_state=0).fit(table)
    gan.save(tmp_path / "model")
    stored = (tmp_path / "model").read_bytes()
    made = set(gan.sample(500)[name].dropna().map(as_text))
    source = [text for text in values.dropna().map(as_text).unique() if len(text) >= 6]
    assert len(source) >= 30
    assert [text for text in source if text.encode() in stored] == []
    assert [text for text in source if text in made] == []


def as_text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
