"""Identifiers and personal data from the table to the model file and back."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner
from faker import Faker

from tabgan import ModelFileError, OptionError, TabGAN
from tabgan.base.model_file import read_model, write_model
from tabgan.cli.main import main

ROWS = 300
FAKE = Faker("de_DE")
FAKE.seed_instance(0)
TABLE = pd.DataFrame(
    {
        "who": [f"{FAKE.first_name()} {FAKE.last_name()}" for _ in range(ROWS)],
        "tel": [FAKE.phone_number() for _ in range(ROWS)],
        "address": [FAKE.address().replace("\n", ", ") for _ in range(ROWS)],
        "account": [FAKE.iban() for _ in range(ROWS)],
        "code": [f"AB-{i:04d}" for i in range(ROWS)],
        "id": range(1, ROWS + 1),
        "key": [FAKE.uuid4() for _ in range(ROWS)],
        "plan": ["free", "paid", "free"] * 100,
    }
)
TABLE["mail"] = [
    f"{name.lower().replace(' ', '.')}{i}@example.com" for i, name in enumerate(TABLE["who"])
]
KINDS = {"mail": "email", "who": "name", "tel": "phone", "address": "address", "account": "iban"}
KINDS |= {"code": r"regex:[A-Z]{2}-\d{4}", "id": "sequential", "key": "uuid"}
OPTIONS = {"steps": 2, "hidden_dim": 8, "verbose": False, "random_state": 0}


@pytest.fixture(scope="module")
def fitted() -> TabGAN:
    return TabGAN(schema=KINDS, locale="de_DE", **OPTIONS).fit(TABLE)


def test_kinds_are_as_asked_and_as_found(fitted):
    found = TabGAN(**OPTIONS).fit(TABLE.drop(columns="code")).schema_
    for name, kind in KINDS.items():
        assert fitted.schema_[name].kind == kind
        assert name == "code" or found[name].kind == kind
    assert fitted.schema_["plan"].kind == "categorical"


def test_rows_are_new_and_unique_and_agree(fitted):
    sample = fitted.sample(20_000)
    for name in KINDS:
        assert sample[name].is_unique, name
        assert not set(sample[name]) & set(TABLE[name]), name
    last = sample["who"].str.split().str[-1].str.lower()
    plain = last.str.fullmatch("[a-z]+")
    pairs = zip(last[plain], sample["mail"][plain], strict=True)
    assert all(name in mail for name, mail in pairs)


def test_blocks_are_the_sample(fitted):
    blocks, whole = list(fitted.sample_blocks(17_000)), fitted.sample(17_000)
    assert len(blocks) == 3
    pd.testing.assert_frame_equal(pd.concat(blocks), whole)
    pd.testing.assert_frame_equal(whole[:100], fitted.sample(100))
    assert set(fitted.sample(100, random_state=9)["who"]) != set(fitted.sample(100)["who"])


def test_the_file_holds_nobody_and_gives_the_same_rows(fitted, tmp_path):
    path = tmp_path / "people.safetensors"
    fitted.save(path)
    stored = path.read_bytes().decode("latin-1")
    kept = [json.dumps(v)[1:-1] for name in KINDS if name != "id" for v in TABLE[name]]
    assert not [value for value in kept if value in stored]
    pd.testing.assert_frame_equal(TabGAN.load(path).sample(500), fitted.sample(500))


def encoder_of(description, name):
    columns = description["encoder"]["columns"]
    return next(item for item in columns if item["column"]["name"] == name)


DAMAGES = {
    "locale": lambda d: encoder_of(d, "who")["column"].update(locale="de_XX"),
    "kind": lambda d: encoder_of(d, "who")["column"].update(kind="nobody"),
    "expression": lambda d: encoder_of(d, "code")["column"].update(kind="regex:(("),
    "expression left": lambda d: encoder_of(d, "code")["column"].update(kind="uuid"),
    "form": lambda d: encoder_of(d, "address")["state"].update(forms=[[{"form": "eval"}, 1.0]]),
    "filter": lambda d: encoder_of(d, "who")["state"]["known"].update(bits="!!"),
    "full filter": lambda d: encoder_of(d, "who")["state"]["known"].update(size=8, bits="/w=="),
    "first mail": lambda d: encoder_of(d, "mail")["state"].update(first_mail=-1),
    "rule's column": lambda d: d["encoder"]["dependencies"][0]["target"].update(position=99),
    "rule's share": lambda d: d["encoder"]["dependencies"][0].update(share=None),
    "option": lambda d: d["facts"]["parameters"].update(locale="nowhere"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_one_clear_error(damage, fitted, tmp_path):
    path = tmp_path / "people.safetensors"
    fitted.save(path)
    description, tensors = read_model(path)
    assert description["encoder"]["dependencies"][0]["rule"] == "mailbox"
    damage(description)
    write_model(path, description, tensors)
    with pytest.raises(ModelFileError):
        TabGAN.load(path)


@pytest.mark.parametrize("locale", ["de_XX", "German", 7])
def test_an_unknown_locale_is_refused_before_any_work(locale):
    with pytest.raises(OptionError) as caught:
        TabGAN(locale=locale).fit(TABLE)
    assert str(caught.value).startswith(f"locale={locale!r} is not a locale of Faker; ")


def test_the_command_line_takes_kinds_and_a_locale(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    TABLE.to_csv("people.csv", index=False)
    run = CliRunner()
    shown = run.invoke(main, ["inspect", "people.csv", "--schema", "schema.json"])
    assert shown.exit_code == 0, shown.output
    assert "full names of people" in shown.output
    assert "rule: 'mail' holds the name in 'who' in " in shown.output
    schema = json.loads((tmp_path / "schema.json").read_text())
    code = next(column for column in schema["columns"] if column["name"] == "code")
    code["kind"] = r"regex:[A-Z]{2}-\d{4}"
    (tmp_path / "schema.json").write_text(json.dumps(schema))
    fit = ["fit", "people.csv", "-m", "m.safetensors", "--steps", "2", "--locale", "ja_JP", "-q"]
    made = run.invoke(main, [*fit, "--schema", "schema.json", "--hidden-dim", "8", "--seed", "0"])
    assert (made.exit_code, made.output) == (0, "")
    drawn = run.invoke(main, ["sample", "m.safetensors", "-n", "50", "-o", "made.csv", "-q"])
    assert drawn.exit_code == 0, drawn.output
    sample = pd.read_csv("made.csv")
    assert not any(map(str.isascii, sample["who"]))
    assert sample["code"].str.fullmatch(r"[A-Z]{2}-\d{4}").all()
    facts = run.invoke(main, ["inspect", "m.safetensors"]).output
    assert r"regex:[A-Z]{2}-\d{4}" in facts
    refused = run.invoke(main, [*fit, "--locale", "xx", "--force"])
    assert refused.exit_code == 2
    assert "--locale xx is not a locale of Faker; known names: 'am_ET'" in refused.output
