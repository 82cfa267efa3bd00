"""How identifiers and telephone numbers are written."""

import re

import numpy as np
import pandas as pd
import pytest

from tabgan.encoding.identifiers.location_forms import is_path, learn_locations
from tabgan.encoding.identifiers.patterns import learn_patterns
from tabgan.encoding.identifiers.personal_names import learn_phones
from tabgan.encoding.identifiers.text_pattern import Pattern

RNG = np.random.default_rng(0)
LETTERS = [*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]


def made(patterns, n=200):
    """Write texts of all patterns."""
    return [text for pattern in patterns for text in pattern.make(np.arange(n), seed=1)]


def number(n):
    return "".join(map(str, RNG.integers(0, 10, n)))


def letters(n):
    return "".join(RNG.choice(LETTERS, n))


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda: f"{letters(2)}{number(2)}{letters(2)}{number(2)}", r"([A-Z]{2}\d{2}){2}"),
        (
            lambda: ":".join(f"{n:02x}" for n in RNG.integers(0, 256, 6)),
            "([0-9a-f]{2}:){5}[0-9a-f]{2}",
        ),
        (
            lambda: "-".join(f"{n:04X}" for n in RNG.integers(0, 2**16, 3)),
            "([0-9A-F]{4}-){2}[0-9A-F]{4}",
        ),
        (lambda: f"INV-{number(6)}", r"INV-\d{6}"),
    ],
)
def test_codes_keep_their_form_beside_a_few_other_texts(write, expression):
    texts = [write() for _ in range(200)]
    for others in ([], ["see note", "unknown"]):
        texts = [*dict.fromkeys([*texts, *others])]
        assert all(re.fullmatch(expression, text) for text in made(learn_patterns(texts)))


def test_the_odd_code_keeps_a_form_of_its_own():
    patterns = learn_patterns([*(f"INV-{number(6)}" for _ in range(99)), "X-12"])
    assert [pattern.parts for pattern in patterns] == [
        ("INV-", ("digit", 6)),
        (("upper", 1), "-", ("digit", 2)),
    ]


def test_words_that_mix_letters_and_digits_anyhow_stay_mixed():
    alphabet = [*LETTERS, *"0123456789"]
    texts = ["".join(RNG.choice(alphabet, 9)) for _ in range(200)]
    assert any(
        part[0].startswith("MIX") for pattern in learn_patterns(texts) for part in pattern.parts
    )


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda: f"030/{number(7)}", r"0\d{2}/\d{7}"),
        (lambda: f"(030) {number(7)}", r"\(0\d{2}\) \d{7}"),
        (lambda: f"1-{number(3)}-{number(4)}", r"1-\d{3}-\d{4}"),
        (lambda: f"+44 20 {number(4)}", r"\+44 \d{2} \d{4}"),
        (lambda: f"9{number(9)}", r"\d{10}"),
    ],
)
def test_telephone_numbers_keep_what_stands_before_the_area(write, expression):
    texts = [*dict.fromkeys([*(write() for _ in range(120)), "unknown"])]
    assert all(re.fullmatch(expression, text) for text in made(learn_phones(texts)))


def test_beginnings_that_many_texts_share_keep_their_shares():
    texts = [
        f"{country}-{year}-{n}"
        for country, size in (("CA", 60), ("US", 20))
        for year in (2015, 2016)
        for n in range(100_000, 100_000 + size)
    ]
    patterns = learn_patterns([*texts, "XX-1999-123456"])
    shares = {pattern.parts: share for pattern, share in patterns.items()}
    assert shares == {
        (f"{country}-{year}-", ("digit", 6)): share
        for country, share in (("CA", 0.375), ("US", 0.125))
        for year in (2015, 2016)
    }


def test_beginnings_of_few_texts_are_not_kept():
    pairs = [f"{a}{b}" for a in "ABCDEFG" for b in "ABCDEFG"]
    texts = [f"{a}-{n}" for a in pairs for n in RNG.permutation(np.arange(10, 100))[:5]]
    assert [own.parts for own in learn_patterns(texts)] == [(("upper", 2), "-", ("digit", 2))]


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda i: f"/api/v1/items/{number(5)}/owners", r"/api/v1/items/\d{5}/owners"),
        (lambda i: f"{number(5)}/{2019 + i % 3}", r"\d{5}/20(19|20|21)"),
        (lambda i: f"{number(5)}/{1951 + i % 70}", r"\d{5}/(19[5-9]\d|20[012]\d)"),
        (
            lambda i: f"F/{2019 + i % 3}{1 + i % 12:02d}/{number(6)}",
            r"F/20(19|20|21)(0[1-9]|1[012])/\d{6}",
        ),
        (
            lambda i: f"x{np.datetime64('2019-01-01') + i * 3}.{number(6)}".replace("-", ""),
            r"x(2019|202\d)(0[1-9]|1[012])([012]\d|3[01])\.\d{6}",
        ),
        (
            lambda i: f"{letters(3)}_{['red', 'blue'][i % 2]}_{number(4)}",
            r"[A-Z]{3}_(red|blue)_\d{4}",
        ),
    ],
)
def test_parts_are_constant_of_few_values_of_a_range_or_free(write, expression):
    texts = [*dict.fromkeys(write(i) for i in range(600))]
    patterns = learn_patterns(texts)
    written = made(patterns)
    assert all(re.fullmatch(expression, text) for text in written)
    assert len({*written}) == len(written)
    assert [Pattern.from_json(own.to_json()) for own in patterns] == [*patterns]


@pytest.mark.parametrize("name", ["12-1", "a-b", "1-20", "%Y%m:2020-01", "%d:2020-01:2020-02", ""])
def test_a_malformed_range_is_refused(name):
    with pytest.raises(ValueError, match=r"range|pattern"):
        Pattern((("digit", 1), (name, 2)))


def word(rng: np.random.Generator, n: int = 7) -> str:
    return "".join(rng.choice(list("abcdefghijklmnopqrstuvwxyz"), n))


class TestLocations:
    def drawn(self, texts: list[str], least: int = 5) -> list[str]:
        forms = learn_locations([*dict.fromkeys(texts)], least)
        assert sum(forms.values()) == pytest.approx(1.0)
        together = [
            text
            for form, share in forms.items()
            for text in form.make(np.arange(round(400 * share)), 3).tolist()
        ]
        assert not {*together} & {*texts}
        assert len({*together}) == len(together)
        return together

    def test_pages_keep_hosts_depths_and_endings(self):
        rng = np.random.default_rng(0)
        hosts = ["www.shop.example", "blog.example.org"]
        texts = [
            f"https://{rng.choice(hosts)}/news/{word(rng)}.html"
            if rng.random() < 0.6
            else f"http://www.{word(rng)}.co.uk/{word(rng)}?id={rng.integers(99)}"
            for _ in range(400)
        ]
        drawn = self.drawn(texts)
        known = r"https://(www\.shop\.example|blog\.example\.org)/news/[a-z]+\.html"
        others = r"http://www\.[a-z]+\.co\.uk/[a-z]+"
        assert all(re.fullmatch(f"{known}|{others}", text) for text in drawn)
        share = np.mean([text.endswith(".html") for text in drawn])
        assert share == pytest.approx(np.mean([".html" in text for text in texts]), abs=0.03)

    def test_a_host_of_few_pages_and_home_pages_are_not_kept(self):
        rng = np.random.default_rng(0)
        texts = [f"https://secret.example/{word(rng)}" for _ in range(4)]
        texts += [f"https://{word(rng)}.com" for _ in range(50)]
        drawn = self.drawn(texts)
        assert not any("secret" in text for text in drawn)
        assert all(re.fullmatch(r"https://[a-z]{8}\.com", text) for text in drawn)
        assert learn_locations(texts[:4], 1) == {
            Pattern(("https://example.com/", ("syll", 5))): 1.0
        }

    @pytest.mark.parametrize(("root", "mark"), [("", "/"), ("C:", "\\"), (".", "/"), ("~", "/")])
    def test_paths_keep_folders_and_endings(self, root, mark):
        rng = np.random.default_rng(0)
        texts = [
            mark.join([root, rng.choice(["home", "var"]), word(rng), "docs", word(rng)])
            + rng.choice([".txt", ".log"])
            for _ in range(300)
        ]
        assert all(map(is_path, texts))
        lead = re.escape(root + mark) + r"(home|var)" + re.escape(mark)
        rest = re.escape(mark) + "docs" + re.escape(mark)
        form = rf"{lead}[a-z]{{6}}{rest}[a-z]{{6}}\.(txt|log)"
        assert all(re.fullmatch(form, text) for text in self.drawn(texts))

    @pytest.mark.parametrize("text", ["and/or", "/", "12/31/2020", "a\\b", "/x", "name@host/x"])
    def test_what_is_no_path(self, text):
        assert not is_path(text)


def test_endings_of_some_codes_stay_where_others_have_none():
    rng = np.random.default_rng(0)
    numbers = rng.choice(np.arange(10_000, 99_999), 300, replace=False)
    endings = rng.choice(["A", "B", ""], 300)
    texts = [f"{number}{ending}" for number, ending in zip(numbers, endings, strict=True)]
    shares = {pattern.parts[1:]: share for pattern, share in learn_patterns(texts, 5).items()}
    assert shares.keys() == {("A",), ("B",), ()}
    assert shares[()] == pytest.approx((endings == "").mean(), abs=1e-9)


def test_codes_of_hexadecimal_digits_keep_them_beside_a_few_that_a_spreadsheet_spoilt():
    rng = np.random.default_rng(5)
    texts = [f"{n:06X}-{16 + n % 2}" for n in rng.integers(0, 16**6, 800)]
    texts += [f"{1 + n % 9}.{n:02d}E-{12 + n % 2}" for n in range(20, 32)]
    patterns = learn_patterns([*dict.fromkeys(texts)])
    ends = r"[0-9A-F]{6}-1[67]|\d\.\d\dE-\d\d"
    assert all(re.fullmatch(ends, text) for text in made(patterns))
    odd = sum(share for own, share in patterns.items() if "." in "".join(map(str, own.parts)))
    assert 0.005 < odd < 0.03


def test_numbers_with_a_last_letter_are_not_hexadecimal():
    texts = [f"R-{n}{'ABC'[n % 3]}" if n % 2 else f"R-{n}" for n in range(100, 500)]
    assert all(re.fullmatch(r"R-\d+[A-Z]?", text) for text in made(learn_patterns(texts)))


def test_a_beginning_that_most_texts_share_stays_beside_plain_numbers():
    texts = [*(f"uid-{n}" for n in range(1000, 1900)), *(str(n) for n in range(700_000, 700_120))]
    patterns = learn_patterns(texts)
    assert all(re.fullmatch(r"uid-\d+|\d+", text) for text in made(patterns))


def test_words_of_codes_in_many_layouts_stay_and_years_are_those_of_the_table():
    rng = np.random.default_rng(2)
    marks = [f"{a}{b}{c}" for a in "/-" for b in ("/", "-", " ", " - ") for c in ("/", "-", " ")]
    texts = []
    for n in range(1500):
        kind, year = ("DAA", "LASP", "CD")[n % 3], ("98", "99", "00", "01", "2004")[n % 5]
        first, second, third = marks[n % 24][0], marks[n % 24][1:-1], marks[n % 24][-1]
        end = f"N\u00b0 {rng.integers(1000, 9999)}{third}{year}"
        texts.append(f"{rng.integers(10, 99)}{first}{kind}{second}{end}")
    patterns = learn_patterns([*dict.fromkeys(texts)])
    form = r"\d+[/-](DAA|LASP|CD)[/ -]+N\u00b0 \d+[/ -](98|99|00|01|2004)"
    assert all(re.fullmatch(form, text) for text in made(patterns, 20))
    parts = made(patterns, 20)
    assert len({*parts}) == len(parts)
    written = re.compile(r".*(DAA|LASP|CD).*N\u00b0.*")
    assert sum(share for own, share in patterns.items() if written.match(str(own.parts))) > 0.9


def test_a_part_stays_if_as_many_texts_share_it_as_there_must_be():
    texts = [f"{'AA' if n < 40 else 'CC'}-{1000 + n}" for n in range(640)]
    assert "AA" in str([own.parts for own in learn_patterns(texts, 40)])
    assert "AA" not in str([own.parts for own in learn_patterns(texts, 41)])


def test_codes_of_many_layouts_keep_offices_and_years():
    rng = np.random.default_rng(5)
    layouts = (
        "{o}-{s}-{n}/{y}",
        "{o} {n}-{y}",
        "{n}/{y}-{s}",
        "{o}/{s}/{y}/{n}",
        "No. {n}/{s} {y}",
    )
    texts = {
        layouts[rng.integers(5)].format(
            o=rng.choice(["LIC", "PER", "CONST"]),
            s=rng.choice(["Norte", "Sur", "Alto"]),
            n=rng.integers(1, 10 ** rng.integers(2, 6)),
            y=rng.integers(2010, 2024),
        )
        for _ in range(1500)
    } | {"x" + "-".join("ab"[: n % 3]) + "#" * (n % 9) + str(n) for n in range(200)}
    texts = sorted(texts)
    patterns = learn_patterns(texts)
    drawn = [
        text
        for pattern, share in patterns.items()
        for text in pattern.make(np.arange(5), seed=1)
        if share > 1e-4 and re.match("No|LIC|PER|CONST", text)
    ]
    told = r"(No\. \d+/(Norte|Sur|Alto) 20[12]\d|(LIC|PER|CONST)[-/ ].*20[12]\d.*)"
    assert np.mean([bool(re.fullmatch(told, text)) for text in drawn]) > 0.98


def moments(n, written):
    """Write moments of three weeks, by day only."""
    seconds = RNG.integers(0, 21 * 24, n) * 3600 + RNG.integers(0, 3600, n)
    start = np.datetime64("2025-03-20T00:00:00")
    times = [(start + np.timedelta64(int(s), "s")).item() for s in seconds]
    return [t.strftime(written) for t in times if 7 <= t.hour < 20]


@pytest.mark.parametrize("written", ["%Y%m%d%H%M%S", "%Y%m%d%H%M", "%Y%m%d", "%d%m%Y", "%y%m%d"])
def test_codes_that_hold_a_moment_hold_possible_ones_of_the_same_days(written):
    codes = [*{f"K-{own}{number(5)}P{RNG.integers(1, 3)}" for own in moments(1000, written)}]
    texts = made(learn_patterns(codes, 5), 500)
    size = len(codes[0]) - 9
    times = pd.to_datetime([text[2 : 2 + size] for text in texts], format=written)
    assert times.min() >= pd.Timestamp("2025-03-20")
    assert times.max() < pd.Timestamp("2025-04-10")
    if "%H" in written:
        assert times.hour.min() >= 7
        assert times.hour.max() < 20
    assert len({*texts}) == len(texts)


def test_months_in_codes_keep_their_shares_and_those_of_few_codes_are_told_of_together():
    months = ["2401"] * 600 + ["2312"] * 200 + ["2311"] * 90 + ["2310"] * 60 + ["2309"] * 40
    months += ["2302", "2304", "2305", "2307", "2306", "2209"]
    (pattern,) = learn_patterns([f"OC-{own}{letters(2)}{number(8)}" for own in months], 5)
    texts = pattern.make(np.arange(10_000), seed=1)
    shares = pd.Series(texts).str[3:7].value_counts(normalize=True)
    assert abs(shares["2401"] - 0.6) < 0.02
    assert abs(shares["2312"] - 0.2) < 0.02
    assert {*shares.index.str[2:]} <= {f"{month:02}" for month in range(1, 13)}
    assert shares.index.min() >= "2302"  # what fewer than five codes reach, nothing tells
    assert Pattern.from_json(pattern.to_json()) == pattern


def test_dates_before_few_digits_stay_and_texts_still_differ():
    codes = [*{f"{own}-{number(3)}" for own in moments(2000, "%Y%m%d")}]
    (pattern,) = learn_patterns(codes, 5)
    texts = pattern.make(np.arange(5 * len(codes)), seed=3)
    assert pattern.space >= 5 * len(codes)
    assert len({*texts}) == len(texts)
    days = pd.Series(texts).str[:8].value_counts(normalize=True)
    assert days.min() > 0.02  # 21 days alike


def test_running_numbers_are_no_dates():
    patterns = learn_patterns([f"A{n:06}B{n % 7}" for n in range(9_000, 13_000)])
    assert not any("%" in part[0] for pattern in patterns for part in pattern.parts)


def test_years_before_numbers_are_no_months():
    patterns = learn_patterns([f"A-{2001 + n % 11}{n // 11:03}-{number(4)}" for n in range(3_000)])
    assert not any("%" in part[0] for pattern in patterns for part in pattern.parts)


@pytest.mark.parametrize(
    ("write", "expression"),
    [
        (lambda n: f"北京第{n % 97}号楼{n}", r"北京第\d{1,2}号楼\d{1,5}|[\u3400-\u9fff\d]+"),
        (lambda n: f"Дом-{'абвгд'[n % 5]}{n * 7919 % 9973}", r"[А-Яа-я]+-[а-я]\d{1,5}"),
        (lambda n: "".join("٠١٢٣٤٥٦٧٨٩"[int(c)] for c in f"{n * 7919 % 99991:05}"), "[٠-٩]{5}"),
        (lambda n: f"№ {n * 7919 % 99991:05}", r"№ \d{5}"),
    ],
)
def test_codes_in_other_scripts_stay_in_these(write, expression):
    texts = [write(n) for n in range(200)]
    assert all(re.fullmatch(expression, text) for text in made(learn_patterns(texts), 100))
