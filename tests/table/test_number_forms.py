import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan.base.errors import SchemaError
from tabgan.table.number_forms import DecimalForm, NumberForm, register_number_form


@pytest.mark.parametrize(
    ("spec", "value", "text"),
    [
        ("0", 1234, "1234"),
        ("0.00", -1234.5, "-1234.50"),
        ("0.##", 1234.5, "1234.5"),
        ("0.0#", 12.0, "12.0"),
        ("#.000", 0.275, ".275"),
        ("#.#", 0.5, ".5"),
        ("#.##", -14.25, "-14.25"),
        ("#.#", 14, "14"),
        ("#.#", 0, "0"),
        ("000", 7, "007"),
        ("#,##0", -1234567, "-1,234,567"),
        ("#.##0,00 €", 1234.5, "1.234,50 €"),
        ("# ##0,00", 1234567.5, "1 234 567,50"),
        ("#\u202f##0,00", 1234.5, "1\u202f234,50"),
        ("#\u00a0##0", 1234, "1\u00a0234"),
        ("#'##0.00", 1234.5, "1'234.50"),
        ("#,##,##0.00", 12345678.9, "1,23,45,678.90"),
        ("$#,##0.00", -1234.5, "-$1,234.50"),
        ("$#,##0.00;$-#,##0.00", -1234.5, "$-1,234.50"),
        ("$#,##0.00;($#,##0.00)", -1234.5, "($1,234.50)"),
        ("0.00;0.00-", -1234.5, "1234.50-"),
        ("0.00;−0.00", -1.5, "−1.50"),
        ("+0.0;-0.0", 1.5, "+1.5"),
        ("+0;-0;0", 0, "0"),
        ("USD 0", 12, "USD 12"),
        ("0.0%", 12.5, "12.5%"),
        ("0 kg", 70, "70 kg"),
        ("0.0  ", 51.1, "51.1  "),
        ("0.0{>8}", 51.1, "    51.1"),
        ("0.0{<6}", -5.1, "-5.1  "),
        ("0.0##E+00", 120000.0, "1.2E+05"),
        ("0.000E-00", 1.275e-06, "1.275E-06"),
        ("0.0e-0", 1.2e5, "1.2e5"),
        ("0,0e+0", 1.2e5, "1,2e+5"),
        ("0.00[k]", 940, "0.94k"),
        ("€0.#[|K|M]", 110_500_000, "€110.5M"),
        ("€0.#[|K|M]", 565_000, "€565K"),
        ("€0.#[|K|M]", 0, "€0"),
        ("0.#[ million| billion]", 1_500_000, "1.5 million"),
        ("0x{04X}", 1275, "0x04FB"),
        ("0x{x}", 255, "0xff"),
        ("{ft}'{in}\"", 71, "5'11\""),
        ("{lb} lb {oz} oz", 115, "7 lb 3 oz"),
        (r"CO\0 0.0", 1.5, "CO0 1.5"),
    ],
)
def test_forms(spec, value, text):
    form = NumberForm.from_spec(spec)
    assert form.spec == spec
    assert form.write(np.array([value])) == [text]
    values, ok = form.parse([text, "", "?", text + "x", "x" + text])
    assert ok.tolist() == [True, False, False, False, False]
    assert values.tolist() == [value, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("0", "007"),
        ("0", "-0"),
        ("0", "1.5"),
        ("0", "٣"),
        ("0", "9" * 19),
        ("0.00", "1.5"),
        ("0.00", "1.500"),
        ("0.00", "1,50"),
        ("0.##", "1.50"),
        ("0.00", "-0.00"),
        ("0.00", "1234567890123456789.01"),  # more digits than a float has
        ("#,##0", "1,23"),
        ("#,##0", "1234"),
        ("#,##0", "0,123"),
        ("#.##0", "192.168.0.1"),
        ("$0.00", "0.50"),
        ("+0.0;-0.0", "+0.0-"),
        ("0.0e-0", "12.0e4"),
        ("0.#[|K|M]", "1000K"),
        ("0.#[|K|M]", "0.5K"),
        ("0x{04X}", "0x4FB"),
        ("0x{04X}", "0x04fb"),
        ("{ft}'{in}\"", "5'12\""),
        ("0.0{>8}", " 51.1"),
    ],
)
def test_texts_that_would_not_go_back_are_not_numbers(spec, text):
    assert not NumberForm.from_spec(spec).parse([text])[1].any()


@pytest.mark.parametrize("spec", ["", "kg", "%d", "0;0", "0.0;0.00-", "0 0", "{ft}", "0;-0;0;0"])
def test_what_is_no_form_of_numbers(spec):
    with pytest.raises(SchemaError, match="is not a form of numbers; write one number's digits"):
        NumberForm.from_spec(spec)


def test_numbers_are_rounded_on_the_way_out():
    assert NumberForm.from_spec("0.00").write(np.array([-0.001, 0.999])) == ["0.00", "1.00"]
    form = NumberForm.from_spec("0.#[|K|M]")
    assert form.write(np.array([999_960.0, 999.96, -1e6])) == ["1M", "1K", "-1M"]
    assert NumberForm.from_spec("0.#################").write(np.array([0.1 + 0.2, 0.1])) == [
        "0.30000000000000004",
        "0.1",
    ]


def test_whole_numbers_keep_all_their_digits():
    form = NumberForm.from_spec("#,##0")
    values, ok = form.parse(["9,223,372,036,854,775,807", "-9,007,199,254,740,993"])
    assert ok.all()
    assert values.dtype == np.int64
    assert values.tolist() == [2**63 - 1, -9007199254740993]
    assert NumberForm.from_spec("0.00[k]").parse(["1.28k"])[0].dtype == np.int64


def test_equal_forms_are_equal():
    assert DecimalForm(decimal=",") == DecimalForm()
    assert DecimalForm(prefix="$", negative=("-$", "")) == DecimalForm(prefix="$")
    assert DecimalForm(most_decimals=2).is_plain
    assert not DecimalForm(group=",").is_plain


@st.composite
def forms(draw):
    """Draw decimal forms."""
    least = draw(st.integers(0, 3))
    group = draw(st.sampled_from(["", "", ",", ".", " ", "'", "\u00a0", "\u202f"]))
    mark = draw(st.sampled_from([mark for mark in ".," if mark != group]))
    prefix = draw(st.sampled_from(["", "$", "€ ", "CHF ", "a\\#"]))
    suffix = draw(st.sampled_from(["", "%", " kg", "{0;}"]))
    negative = draw(st.sampled_from([None, (f"({prefix}", f"{suffix})"), (f"{prefix}-", suffix)]))
    return DecimalForm(
        prefix=prefix,
        suffix=suffix,
        negative=negative,
        group=group,
        decimal=mark,
        indian=group == "," and draw(st.booleans()),
        least_decimals=least,
        most_decimals=least + draw(st.integers(0, 3)),
        width=1 if group else draw(st.integers(0 if least else 1, 3)),
        padding=draw(st.sampled_from(["", "", "<12", ">15"])),
    )


@given(forms(), st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20))
@settings(max_examples=300, deadline=None)
def test_what_a_form_writes_it_reads(form, numbers):
    assert NumberForm.from_spec(form.spec) == form
    texts = form.write(np.array(numbers))
    values, ok = form.parse(texts)
    assert ok.all()
    assert form.write(values) == texts
    np.testing.assert_allclose(values, numbers, atol=0.51 * 10.0**-form.most_decimals, rtol=1e-9)


@given(forms(), st.lists(st.text("0123456789.,-+$€()%kg ' eE", max_size=12), max_size=20))
@settings(max_examples=200, deadline=None)
def test_no_text_is_read_that_does_not_go_back(form, texts):
    values, ok = form.parse(texts)
    assert form.write(values[ok]) == [text for text, fits in zip(texts, ok, strict=True) if fits]


def test_third_parties_add_forms(monkeypatch):
    class Roman(NumberForm):
        spec, decimals = "roman", 0
        words = ("I", "II", "III", "IV", "V")

        def read(self, texts):
            return [self.words.index(t) + 1 if t in self.words else None for t in texts]

        def write(self, values):
            return [self.words[value - 1] for value in values.tolist()]

    monkeypatch.setattr("tabgan.table.number_forms._SPEC_READERS", [])
    register_number_form(lambda spec: Roman() if spec == "roman" else None)
    values, ok = NumberForm.from_spec("roman").parse(["IV", "VI"])
    assert (values.tolist(), ok.tolist()) == ([4, 0], [True, False])
