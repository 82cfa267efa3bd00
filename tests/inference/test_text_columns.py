"""Columns of names, addresses and phone numbers, told by name and by look."""

import time

import numpy as np
import pandas as pd
import pytest
from faker import Faker

from tabgan.base.errors import DataError, SchemaError
from tabgan.inference.infer_schema import infer_schema, resolve_schema
from tabgan.inference.people_columns import _called
from tabgan.table.locale_words import vocabulary
from tabgan.table.schema import Schema

ROWS = 300
RNG = np.random.default_rng(0)
FAKE = Faker("en_US")
FAKE.seed_instance(0)
NAMES = [f"{FAKE.first_name()} {FAKE.last_name()}" for _ in range(ROWS)]
HUNGARIAN = [*vocabulary("hu_HU", "last_name")][:60]
HUNGARIAN = [f"{one} {two}" for one in HUNGARIAN for two in vocabulary("hu_HU", "first_name")[:5]]
CITIES = [f"{one} {two}" for one in ("North", "Port", "Saint", "Upper") for two in HUNGARIAN[:40]]
BRANDS = ["Volkswagen Golf", "Fiat Punto", "Ford Focus", "Seat Ibiza", "Skoda Octavia"]
BRANDS = [f"{brand} {style}" for brand in BRANDS for style in ("Combi", "Cabrio", "Sport", "City")]

COLUMNS = {
    "names": ("who", NAMES, "name"),
    "names that repeat": ("who", NAMES[:40] * 20, "name"),
    "names with titles, last first": ("Name", [f"Ray, Dr. {name}" for name in NAMES], "name"),
    "names in upper case": ("NAME", [name.upper() for name in NAMES], "name"),
    "names that nobody knows": ("customer_name", HUNGARIAN, "name"),
    "names that repeat, so called": ("Full Name", HUNGARIAN[:30] * 20, "name"),
    "given names": ("nameFirst", [name.split()[0] for name in NAMES], "first_name"),
    "family names": ("surname", [name.split()[1] for name in NAMES], "last_name"),
    "addresses": ("home address", [FAKE.address() for _ in range(ROWS)], "address"),
    "streets that repeat": ("street", [f"{i} High Street" for i in range(25)] * 9, "address"),
    "phones": ("tel", [f"0{n}" for n in RNG.integers(10**8, 10**9, ROWS)], "phone"),
    "phones with words": ("phone", [FAKE.phone_number() for _ in range(ROWS)], "phone"),
    "phones of digits": ("mobile", [*map(str, RNG.integers(10**8, 10**9, ROWS))], "identifier"),
    "phones of numbers": ("phone", RNG.integers(10**8, 10**9, ROWS), "identifier"),
    "few names": ("customer_name", NAMES[:9] * 20, "name"),
    "three people of a role": ("Sales Rep", [*NAMES[:3]] * 20, "name"),
    "few people, not so called": ("who", NAMES[:9] * 20, "name"),
    "three people, not so called": ("who", NAMES[:3] * 20, "categorical"),
    "initials": ("manager", [f"J. {name.split()[-1]}" for name in NAMES[:9]] * 20, "name"),
    "maiden names": ("Name", [f"Ray, Mrs. {name} (Ann Lee)" for name in NAMES], "name"),
    "few brands": ("product", BRANDS[:9] * 20, "categorical"),
    "streets, so called": (
        "street",
        [f"{n.split()[1]} Mill" for n in NAMES[:60]] * 5,
        "categorical",
    ),
    "products": ("product_name", CITIES * 3, "categorical"),
    "brands, called name": ("name", BRANDS * 9, "categorical"),
    "cities": ("city", CITIES * 3, "categorical"),
    "cities, called name": ("name", CITIES * 3, "categorical"),
    "first of the month": ("first", ["January", "May"] * 30, "categorical"),
    "web addresses": ("web address", [f"10.0.0.{i}" for i in range(40)] * 4, "identifier"),
    "versions": ("version", [f"10.0.0.{i}" for i in range(40)] * 4, "categorical"),
    "phones of one trunk": ("who", [f"030 {10**6 + i * 7}" for i in range(40)] * 4, "phone"),
    "years": ("who", [f"{1950 + i}-{1951 + i}" for i in range(40)] * 4, "categorical"),
    "numbers called phone": ("phone", RNG.integers(0, 9, ROWS), "integer"),
}


@pytest.mark.parametrize(("name", "values", "kind"), COLUMNS.values(), ids=COLUMNS)
def test_people_are_told_from_other_words(name, values, kind):
    column = infer_schema(pd.DataFrame({name: values}))[name]
    assert column.kind == kind, column.why


def test_why_says_what_was_seen():
    table = pd.DataFrame({"who": NAMES[:50] * 4, "customer_name": HUNGARIAN[:50] * 4})
    schema = infer_schema(table)
    assert schema["who"].why == (
        "full names of people, 100% of them known, 50 distinct in 200 rows"
    )
    assert schema["customer_name"].why == (
        "full names of people, named 'customer_name', 50 distinct in 200 rows"
    )


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("firstName", "first_name"),
        ("First Name", "first_name"),
        ("GIVEN_NAME", "first_name"),
        ("forename", "first_name"),
        ("lastname", "last_name"),
        ("family name", "last_name"),
        ("fullname", "people"),
        ("patient_name", "people"),
        ("Manager", "role"),
        ("sales_rep", "role"),
        ("Name", "name"),
        (("person", "name"), "name"),
        ("file_name", ""),
        ("username", ""),
        ("last", ""),
        ("email address", ""),
        ("billing_address", "address"),
        ("phoneNumber", "phone"),
        ("hotel", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_what_a_column_is_called(name, called):
    assert _called(name) == called


def test_names_in_a_dtype_that_would_keep_them():
    table = pd.DataFrame({"customer_name": pd.Categorical(NAMES)})
    with pytest.raises(DataError, match="dtype category holds name values"):
        infer_schema(table)
    assert infer_schema(table, {"customer_name": "categorical"})["customer_name"].kind


ASKED = {
    "mail": ("email", NAMES),
    "where": ("address", NAMES),
    "company": ("company", NAMES),
    "code": (r"regex:[A-Z]{2}-\d{4}", ["AB-1234", "XY-0001", None]),
    "id": ("sequential", [7, 3, 900]),
    "text id": ("sequential", ["7", "3", "900"]),
    "key": ("uuid", ["a", "b"]),
    "account": ("iban", ["DE89 3704 0044 0532 0130 00", ""]),
}


@pytest.mark.parametrize(("kind", "values"), ASKED.values(), ids=ASKED)
def test_asking_for_a_kind(kind, values):
    table = pd.DataFrame({"x": values})
    column = resolve_schema(table, {"x": kind}, "de_DE")["x"]
    assert column.kind == kind
    assert column.is_generated
    assert column.locale == ("de_DE" if kind in ("email", "address", "company") else None)
    schema = Schema.from_json(Schema((column,)).to_json())
    assert resolve_schema(table, schema, "ja_JP")["x"] == column


@pytest.mark.parametrize(
    ("kind", "values", "message"),
    [
        ("emial", ["a", "b"], "Column 'x': kind='emial' is not a kind of column; did you mean "),
        ("email", [1, 2], "Column 'x', row 0: kind='email' does not fit the value 1; a column of "),
        ("sequential", [1.5, 2.5], "Column 'x', row 0: kind='sequential' does not fit the value "),
        ("sequential", ["1", "007"], "Column 'x', row 1: kind='sequential' does not fit the value"),
        ("iban", ["DE8937040044", "Ann"], "Column 'x', row 1: kind='iban' does not fit the value "),
        ("regex:(a", ["a", "b"], "Column 'x': The regular expression '(a' can't be used to make "),
        (
            r"regex:K\d",
            ["K1", "K22"],
            r"Column 'x', row 1: kind='regex:K\\d' does not fit the value 'K22'; a column of this "
            r"kind holds texts that match K\d: choose another kind or change the values",
        ),
    ],
)
def test_a_kind_that_does_not_fit(kind, values, message):
    with pytest.raises(SchemaError) as caught:
        infer_schema(pd.DataFrame({"x": values}), {"x": kind})
    assert str(caught.value).startswith(message)


def test_a_locale_of_a_column_that_there_is_not():
    state = {"columns": [{"name": "x", "kind": "name", "dtype": "object", "locale": "de_XX"}]}
    with pytest.raises(SchemaError) as caught:
        Schema.from_json({"version": 1, **state})
    assert str(caught.value).startswith("Column 'x': locale='de_XX' is not a locale of Faker; did ")


@pytest.mark.parametrize("name", ["CONTACTLASTNAME", "contactfirstname", "surname"])
def test_parts_of_names_are_never_categories_however_few_there_are(name):
    names = np.random.default_rng(0).choice(["Ann", "Lee", "Frick", "Benitez", "King"], 400)
    (column,) = infer_schema(pd.DataFrame({name: names}))
    assert column.kind == ("first_name" if "first" in name else "last_name")


@pytest.mark.parametrize("locale", ["pl_PL", "nl_NL", "pt_BR", "de_DE", "sv_SE"])
@pytest.mark.parametrize(
    "written",
    [
        "{0} {1} {2}",
        "{0} {1[0]}. {2}",
        "{2}, {0}",
        "{0[0]}. {2}",
        "Dr. {0} {2}",
        "{2}, {0} {1[0]}.",
    ],
)
def test_names_of_people_are_told_in_many_languages_and_forms(locale, written):
    fake = Faker(locale)
    fake.seed_instance(3)
    people = [
        written.format(fake.first_name(), fake.first_name(), fake.last_name()) for _ in range(30)
    ]
    for name in ("seen_by", "reviewer"):
        frame = pd.DataFrame({name: people * 6, "x": range(180)})
        assert infer_schema(frame)[name].kind == "name", people[:3]


def test_given_names_alone_are_told_where_the_column_is_one_of_people():
    frame = pd.DataFrame({"salesperson": ["Anna", "Ben", "Carla", "David"] * 20, "x": range(80)})
    assert infer_schema(frame)["salesperson"].kind == "first_name"
    frame = frame.rename(columns={"salesperson": "ship"})
    assert infer_schema(frame)["ship"].kind == "categorical"


def test_what_looks_like_a_name_is_not_always_one():
    for values in (
        ["San Jose", "Santa Clara", "El Paso", "Long Beach", "Saint Paul", "Santa Ana"],
        [
            "Human Resources",
            "Customer Service",
            "Public Relations",
            "Data Science",
            "Legal Affairs",
        ],
        ["Rose Lamp", "Amber Chair", "Ruby Mug", "Olive Table", "Violet Clock", "Iris Bowl"],
        ["Orange County", "Marion County", "Jackson County", "Clay County", "Lake County"],
    ):
        frame = pd.DataFrame({"label": values * 20, "x": range(20 * len(values))})
        assert infer_schema(frame)["label"].kind == "categorical"


def test_texts_with_addresses_of_people_are_never_kept():
    senders = [
        f"{name} <{name.split()[0].lower()}{n}@mill.org>" for n, name in enumerate(NAMES[:12])
    ]
    frame = pd.DataFrame({"sender": senders * 20, "x": range(240)})
    assert infer_schema(frame)["sender"].kind == "identifier"


def test_texts_of_many_words_that_mostly_repeat_are_categories_and_no_free_text():
    rng = np.random.default_rng(0)
    words = np.array([*"abcdefghijklmnop"], object)
    firms = [" ".join(rng.choice(words, 6)) for _ in range(240)]
    repeated = [*np.repeat(firms[:40], 8), *firms[40:]]
    frame = pd.DataFrame({"firm": rng.permutation(np.array(repeated, object))})
    assert infer_schema(frame)["firm"].kind == "categorical"
    comments = frame.replace(dict.fromkeys(firms[:40], "there is nothing to say here"))
    assert infer_schema(comments)["firm"].kind == "text"


@pytest.mark.parametrize("text", ["0" * 20_000, "a" + " " * 20_000 + "b", "a." * 10_000])
def test_long_cells_are_read_in_linear_time(text):
    frame = pd.DataFrame({"note": [f"{text}{i}" for i in range(30)]})
    start = time.process_time()
    assert infer_schema(frame)["note"].kind in ("text", "identifier")
    assert time.process_time() - start < 20  # a search from each character takes minutes


@pytest.mark.parametrize("write", ["OC-{}LV{:05}", "{}{:07}"])
def test_codes_are_said_to_hold_a_date(write):
    rng = np.random.default_rng(0)
    days = (np.datetime64("2024-01-01") + rng.integers(0, 300, 400)).astype(str)
    numbers = rng.permutation(90_000)[:400]
    codes = [write.format(d.replace("-", ""), n) for d, n in zip(days, numbers, strict=True)]
    column = infer_schema(pd.DataFrame({"code": codes}))["code"]
    assert column.kind == "identifier"
    assert column.why.endswith("; they hold a date written %Y%m%d")


FAMILIES = ["SCIOLI", "COBOS", "BOUDOU", "GUINLE", "LÓPEZ ARIAS", "MARINO", "ROMERO", "ZAMORA"]
GIVEN = ["Daniel", "Julio C.C.", "Amado", "Marcelo", "Mónica", "Juan Carlos", "Federico", "Rubén"]


@pytest.mark.parametrize(
    ("column", "written"),
    [("presidente", "{0}, {1}"), ("x", "{0}, {1}"), ("x", "{0} {1}"), ("x", "{1} {0}")],
)
def test_family_names_in_capitals_or_before_a_comma_are_names(column, written):
    people = [written.format(one, two) for one, two in zip(FAMILIES, GIVEN, strict=True)]
    assert infer_schema(pd.DataFrame({column: people * 30}))[column].kind == "name"


def test_towns_and_firms_with_a_word_that_is_a_given_name_are_kept():
    for values in (
        [
            *("Norfolk, Virginia", "Richmond, Virginia", "Jackson, Georgia", "Albany, Georgia"),
            *("Florence, Carolina", "Washington, Virginia", "Charlotte, Carolina"),
        ],
        ["HILTON Paris", "HILTON Austin", "HYATT Paris", "HYATT Florence", "IBIS Milan"],
        ["Martin, S.A. de C.V.", "Grupo Leonardo, S.A.", "Renthor, S.A.", "Victor, S.L.", "Soler"],
    ):
        assert infer_schema(pd.DataFrame({"x": values * 20}))["x"].kind == "categorical", values


@pytest.mark.parametrize("is_turned", [False, True])
@pytest.mark.parametrize("names", ["abc", ["NOMBRE(S)", "APELLIDO \nPATERNO", "APELLIDO MATERNO"]])
def test_names_that_are_spread_over_columns(names, is_turned):
    given = ["Leonardo", "Luis Enrique", "MONICA", "Mónica", "GLORIA ROCÍO", "Raquel"]
    first = ["Martínez", "Junco", "SUAREZ", "Suárez", "CAMAÑO", "Torres"]
    second = ["Cerón", "Ortiz", "Alvarado", "Cortes", "MUNGUIA", "Magaña"]
    parts = dict(zip(names, (given, first, second), strict=True))
    if is_turned:
        parts = dict(reversed(parts.items()))
    schema = infer_schema(pd.DataFrame({name: part * 20 for name, part in parts.items()}))
    assert [schema[name].kind for name in names] == ["first_name", "last_name", "last_name"]
    asked = infer_schema(
        pd.DataFrame({name: part * 20 for name, part in parts.items()}),
        dict.fromkeys(names, "categorical"),
    )
    assert {column.kind for column in asked} == {"categorical"}


def test_words_beside_each_other_are_no_parts_of_names():
    table = {
        "month": ["April", "May", "June", "July", "August", "March"],
        "state": ["Virginia", "Georgia", "Carolina", "Montana", "Dakota", "Washington"],
        "city": ["Jackson", "Austin", "Lincoln", "Madison", "Houston", "Cleveland"],
        "color": ["Rose", "Olive", "Violet", "Black", "White", "Green"],
    }
    schema = infer_schema(pd.DataFrame({name: words * 20 for name, words in table.items()}))
    assert {column.kind for column in schema} <= {"categorical", "datetime"}


def test_names_that_are_kept_as_declared_are_told():
    frame = pd.DataFrame({"who": NAMES[:9] * 20})
    why = infer_schema(frame, {"who": "categorical"})["who"].why
    assert why.endswith("; full names of people, kept as they are")
    assert "kept" not in infer_schema(frame.replace(NAMES[0], "x"), {"who": "text"})["who"].why


def test_people_beside_firms_are_not_kept():
    firms = ["Acme Corp", "Globex Ltd", "Kohl GmbH", "Initech", "Umbrella S.A.", "Delta Pumps Inc"]
    people = ["John Miller", "Anna Schmidt", "Peter Hansen", "Maria Rossi", "Sarah Johnson"]
    people += ["David Brown", "Laura Garcia", "James Wilson", "Robert Clark", "Linda Lewis"]
    brands = [
        "Calvin Klein",
        "Hugo Boss",
        "Paul Smith",
        "Nike",
        "Puma",
        "Zara",
        "Levi Strauss & Co",
    ]
    schema = infer_schema(pd.DataFrame({"vendor": (firms * 3 + people) * 10}))
    assert (schema["vendor"].kind, "firms and people" in schema["vendor"].why) == ("name", True)
    for kept in (firms, brands, firms * 4 + ["John Miller"]):
        assert infer_schema(pd.DataFrame({"vendor": kept * 12}))["vendor"].kind == "categorical"
