import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tabgan import TableFileError
from tabgan.evaluation.audit_results import PrivacyAudit, Risk
from tabgan.evaluation.evaluation_parts import Detector, Figure, LevelsChart, Pairs
from tabgan.evaluation.report.report_page import render
from tabgan.evaluation.report.report_texts import short_apart
from tabgan.evaluation.results import Run, Use, WeakPoint

from .conftest import column, evaluation, levels, numbers


class Structure(HTMLParser):
    """Collects the elements of a page with the names of their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.open: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, tuple(name for name, _ in attrs)))


class Texts(Structure):
    """Collects the texts, too."""

    def __init__(self, page: str) -> None:
        self.texts: list[str] = []
        super().__init__(page)

    def handle_data(self, data):
        self.texts.append(data)


def structure(page: str) -> list[tuple[str, tuple[str, ...]]]:
    return Structure(page).elements


def figures(page: str) -> dict:
    text = re.search(r'<script type="application/json" id="figures">(.*?)</script>', page)[1]
    assert not re.search("[<>&\u2028\u2029]", text)
    return json.loads(text)


def of_names(names: list[str]):
    rng = np.random.default_rng(0)
    columns = [column(names[0], numbers(rng)), column(names[1], levels(rng, names))]
    return evaluation(
        [*columns, column(names[2], None)], run=Run({names[0]: names[1]}, (), (names[2],))
    )


@cache
def plain_structure():
    return structure(render(of_names(["a", "b", "c"])))


class TestEscaping:
    @given(st.lists(st.text(), min_size=3, max_size=3, unique=True))
    @settings(max_examples=40)
    def test_no_text_becomes_an_element(self, names):
        assert structure(render(of_names(names))) == plain_structure()

    @given(
        st.lists(
            st.text(st.sampled_from("<>&\"'/!-=`{}%#\\\u2028\x00 abscript")),
            min_size=3,
            max_size=3,
            unique=True,
        )
    )
    @settings(max_examples=60)
    def test_no_markup_becomes_an_element(self, names):
        assert structure(render(of_names(names))) == plain_structure()

    def test_a_hostile_table(self, hostile):
        page = render(hostile)
        page.encode()
        kinds = [tag for tag, _ in structure(page)]
        assert kinds.count("script") == 2
        assert "img" not in kinds
        assert "<script>window.hacked = 1; alert(1)</script>" in Texts(page).texts
        assert "{{ 7 * 7 }}{% raw %} ${window.hacked=1}" in Texts(page).texts
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", page)

    def test_long_texts_are_cut(self, hostile):
        page = render(hostile)
        assert "x" * 79 + "…" in page
        assert "x" * 1000 not in page
        assert len(page.encode()) < 500_000

    def test_names_stand_apart_from_the_text_direction(self, hostile):
        assert "<bdi>شارع الملك \u202eevil\u202c فهد</bdi>" in render(hostile)


class TestPage:
    def test_needs_nothing_beside_it(self, plain):
        page = render(plain)
        assert not re.findall(r'(?:src|href)="(?!#|data:,)', page)
        assert "url(" not in page
        assert "@import" not in page
        assert "default-src 'none'" in page

    def test_the_decision_comes_first(self, plain):
        texts = " ".join(" ".join(Texts(render(plain)).texts).split())
        order = [
            texts.index(part) for part in ("Good", "0.95", "Scores of the parts", "What to do:")
        ]
        assert texts.index("The table can stand in for the real one") < order[2] < order[3]
        assert order[3] < texts.index("The columns that are furthest off come first")

    def test_the_worst_columns_come_first(self, plain):
        names = re.findall(r'<li class="card".*?data-name="(.*?)"', render(plain))
        assert names[:2] == ["country", "balance"]
        assert len(names) == 7

    def test_one_main_heading_and_no_level_left_out(self, plain):
        ranks = [int(tag[1]) for tag, _ in structure(render(plain)) if re.fullmatch("h[1-6]", tag)]
        assert ranks.count(1) == 1
        assert ranks[0] == 1
        assert all(after <= before + 1 for before, after in pairwise(ranks))

    def test_tables_have_captions_and_headers(self, plain):
        page = render(plain)
        for table in re.findall("<table>.*?</table>", page, re.DOTALL):
            assert "<caption" in table
            assert not re.search(r"<th(?! scope)(?!ead)", table)

    def test_the_same_evaluation_gives_the_same_page(self, plain):
        assert render(plain) == render(plain)

    def test_links_lead_somewhere(self, plain):
        page = render(plain)
        anchors = re.findall(r'href="#(.*?)"', page)
        assert set(anchors) <= set(re.findall(r' id="(.*?)"', page))

    def test_notebooks_get_a_frame(self, plain):
        frame = plain._repr_html_()
        assert [tag for tag, _ in structure(frame)] == ["iframe"]
        assert 'sandbox="allow-scripts"' in frame


class TestCharts:
    @pytest.mark.parametrize("which", ["plain", "hostile"])
    def test_svg_is_well_formed_and_named(self, which, request):
        pictures = re.findall("<svg.*?</svg>", render(request.getfixturevalue(which)), re.DOTALL)
        assert len(pictures) > 20
        for picture in pictures:
            root = ET.fromstring(picture)
            assert root.get("aria-hidden") == "true" or root.get("aria-label")
            assert "nan" not in picture
            assert "inf" not in re.sub(">.*?<", "", picture)

    def test_heat_maps_of_many_columns_show_the_worst(self):
        rng = np.random.default_rng(0)
        page = render(evaluation([column(f"c{i}", numbers(rng)) for i in range(70)]))
        assert "The 60 columns with the largest errors of 70 are shown." in page
        assert len(page.encode()) < 800_000

    def test_very_many_columns_stay_small(self):
        rng = np.random.default_rng(0)
        names = [f"{i} " + "<&'" * 30 for i in range(1500)]
        columns = [column(name, levels(rng, names[:12])) for name in names]
        pairs = Pairs(tuple(names[:2]), *(np.full((2, 2), 0.1) for _ in range(3)), np.eye(2) == 1)
        found = evaluation(columns[:2])
        page = render(
            replace(found, fidelity=replace(found.fidelity, columns=tuple(columns), pairs=pairs))
        )
        assert len(page.encode()) < 2_000_000
        assert "further columns are not shown here" in page


class TestWhatIsNotThere:
    def test_parts_that_are_missing(self, plain):
        bare = replace(
            plain,
            verdict=replace(plain.verdict, weak_points=(), parts={"shapes": 1.0}),
            fidelity=replace(plain.fidelity, pairs=None, trend_error=Figure(float("nan"))),
            utility=None,
            nearness=replace(plain.nearness, nearer_to_real=None),
            detection=replace(plain.detection, telling_features=()),
            validity=replace(plain.validity, violations=()),
            coverage=replace(plain.coverage, lost_levels=()),
            tables=replace(plain.tables, holdout_rows=0),
            run=None,
        )
        page = render(bare)
        assert "None: nothing stands out" in page
        assert "Nothing in particular: boosted trees do no better than a coin." in page
        assert 'id="utility"' not in page
        assert 'id="pairs"' not in page
        assert 'id="run"' not in page
        assert "held-out ones, " not in page

    def test_figures_that_are_not_known(self, plain):
        nan = float("nan")
        unknown = Figure(nan, nan)
        empty = LevelsChart((), np.array([]), np.array([]))
        odd = numbers(np.random.default_rng(0), low=5, high=5)
        columns = (
            replace(column("x", empty), shape_error=unknown, missing=unknown, detection=None),
            column("y", odd, error=nan),
            column("z", None),
        )
        pairs = Pairs(("x", "y"), *(np.full((2, 2), nan) for _ in range(3)), np.zeros((2, 2), bool))
        found = replace(
            plain,
            fidelity=replace(plain.fidelity, columns=columns, pairs=pairs, trend_error=unknown),
            detection=replace(plain.detection, trees=Detector(nan, nan, nan, nan)),
            coverage=replace(plain.coverage, levels=unknown),
        )
        page = render(found)
        assert "not known" in page
        assert not re.search(r"\bnan\b", re.sub("<script.*", "", page, flags=re.DOTALL))
        for picture in re.findall("<svg.*?</svg>", page, re.DOTALL):
            ET.fromstring(picture)

    def test_a_short_history_has_no_curves(self, plain):
        run = Run({"seed": "7"}, ({"step": 1.0, "generator_loss": 0.5},), ())
        assert "The course of the training" not in render(replace(plain, run=run))

    def test_a_long_history_is_averaged(self, plain):
        history = tuple(
            {"step": float(i), "generator_loss": float("nan") if i == 3 else i / 9}
            for i in range(5000)
        )
        page = render(replace(plain, run=Run({}, history, ())))
        assert len(page) < len(render(plain)) + 10_000


class TestFile:
    def test_is_written_and_not_replaced(self, plain, tmp_path):
        path = tmp_path / "report.html"
        plain.save_html(path)
        assert path.read_text(encoding="utf-8") == plain.to_html()
        with pytest.raises(
            TableFileError,
            match=r"report\.html already exists; name another file, or set force=True",
        ):
            plain.save_html(path)
        plain.save_html(path, force=True)

    def test_no_folder(self, plain, tmp_path):
        with pytest.raises(TableFileError, match=r"there is no folder .*; create it"):
            plain.save_html(tmp_path / "none" / "report.html")


def risk(about: str, outcome: str, low: float) -> Risk:
    return Risk(
        attack="singling_out",
        about=about,
        threat="Someone finds a person.",
        value=0.2,
        low=low,
        high=0.3,
        outcome=outcome,
        main=0.25,
        control=0.05 if outcome != "no holdout" else None,
        naive=None,
        targets=400,
        controls=100,
        finding="It was found.",
    )


class TestPrivacy:
    def test_there_is_no_section_without_attacks(self, plain):
        assert 'id="privacy"' not in render(plain)

    def test_risks_stand_beside_their_intervals(self, plain):
        audit = PrivacyAudit(
            (risk("<b>&", "leak", 0.1), risk("others", "no holdout", 0.0)),
            {"real": 9, "synthetic": 9, "holdout": 9},
            0,
            notes=("'inference' was left out",),
        )
        page = render(replace(plain, privacy=audit))
        texts = " ".join(" ".join(Texts(page).texts).split())
        assert "singling out: <b>& 0.200 (0.100 to 0.300) 25.0 % 5.00 %" in texts
        assert "1 of 2 questions show a leak" in texts
        assert "Someone finds a person. It was found." in texts
        assert "'inference' was left out" in texts
        assert figures(page)["privacy"]["risks"][0]["standing"] == "leak"
        assert 'href="#privacy"' in page


def test_the_json_has_whole_sentences():
    found = of_names(["a", "b", "c"])
    what = f"'a' is off by {'much and ' * 20}more."
    point = WeakPoint("fidelity", ("a",), what, what, 0.5)
    told = replace(found.verdict, weak_points=(point,), uses=(Use("analysis", "no", what),))
    verdict = figures(render(replace(found, verdict=told)))["verdict"]
    assert verdict["weak_points"][0]["what"] == verdict["weak_points"][0]["remedy"] == what
    assert verdict["uses"][0]["evidence"] == what


def test_names_that_start_alike_are_cut_where_they_differ():
    names = [f"number of the bridge, side {side}" for side in ("east", "west")]
    cut = short_apart([*names, "date"], 12)
    assert len({*cut}) == 3
    assert all(len(text) <= 12 for text in cut)


def test_of_columns_that_chance_explains_the_larger_error_comes_first():
    rng = np.random.default_rng(0)
    columns = [
        replace(column(name, numbers(rng)), shape_error=Figure(*error), detection=Figure(auc, 0.5))
        for name, error, auc in (("x", (0.4, 0.4), 0.54), ("y", (1.0, 0.2), 0.5))
    ]
    page = render(evaluation(columns))
    assert page.index('data-name="y"') < page.index('data-name="x"')
    assert "visibly off" not in re.search(r'data-name="x".*?<dl', page, re.S)[0]
