"""The report in a real browser: nothing fails, nothing is fetched, nothing overflows."""

import os
import shutil
from importlib.resources import files
from pathlib import Path

import pandas as pd
import pytest

from tabgan import evaluate

playwright = pytest.importorskip("playwright.sync_api", reason="needs the package playwright")

CHROMIUM = os.environ.get("TABGAN_CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = pytest.mark.skipif(
    CHROMIUM is None,
    reason="needs Chromium: install it, or name it in the environment variable TABGAN_CHROMIUM",
)
SIGHTS = [(width, scheme) for width in (360, 1280) for scheme in ("light", "dark")]


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser):
    """Open a page and record what it does wrong: errors, dialogs, requests."""
    contexts = []

    def open_page(path: Path, width: int = 1280, scheme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 800}, color_scheme=scheme, reduced_motion="reduce"
        )
        contexts.append(context)
        page = context.new_page()
        page.wrongs = []
        page.on("console", lambda message: page.wrongs.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: page.wrongs.append(f"error: {error}"))
        page.on("dialog", lambda dialog: (page.wrongs.append("dialog"), dialog.dismiss()))

        def allow(route):
            if route.request.url == path.as_uri():
                return route.continue_()
            page.wrongs.append(f"request: {route.request.url}")
            return route.abort()

        page.route("**/*", allow)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def real_report(tmp_path_factory):
    """Give the report of an evaluation of the example table."""
    table = pd.read_csv(str(files("tabgan.cli").joinpath("example_customers.csv")), nrows=800)
    made = table.iloc[400:].reset_index(drop=True)
    number = made.select_dtypes("number").columns[-1]
    made[number] = made[number].sample(frac=1, random_state=0).to_numpy()
    path = tmp_path_factory.mktemp("report") / "report.html"
    evaluate(table.iloc[:400], made).save_html(path)
    return path


@pytest.fixture
def hostile_report(hostile, tmp_path):
    path = tmp_path / "hostile.html"
    hostile.save_html(path)
    return path


def check_page(page) -> None:
    assert page.wrongs == []
    assert page.locator("h1 .grade").is_visible()
    assert page.locator(".headline").is_visible()
    charts = page.locator("svg.chart").all()
    assert charts
    for chart in charts:
        box = chart.bounding_box()
        assert box
        assert min(box["width"], box["height"]) > 20
    assert page.evaluate(
        "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


@pytest.mark.parametrize(("width", "scheme"), SIGHTS)
def test_a_real_table(visit, real_report, width, scheme):
    page = visit(real_report, width, scheme)
    check_page(page)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, dark[4:-1].split(","))) < 200) == (scheme == "dark")


@pytest.mark.parametrize(("width", "scheme"), SIGHTS)
def test_a_hostile_table(visit, hostile_report, width, scheme):
    page = visit(hostile_report, width, scheme)
    check_page(page)
    assert page.evaluate("typeof window.hacked") == "undefined"
    assert page.evaluate("document.scripts.length") == 2
    assert page.get_by_text("<script>window.hacked = 1; alert(1)</script>").first.is_visible()


def test_contrast(visit, real_report):
    """Every text has the contrast that WCAG's level AA asks for, in both schemes."""
    for scheme in ("light", "dark"):
        page = visit(real_report, 1280, scheme)
        assert page.evaluate(CONTRASTS) == []


def test_by_keyboard(visit, real_report):
    page = visit(real_report)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"column-filter", "column-order", "SUMMARY"} <= reached


def test_columns_are_found_and_ordered(visit, real_report):
    page = visit(real_report)
    cards = page.locator("#column-cards > li")
    total = cards.count()
    first = cards.first.get_attribute("data-name")
    page.fill("#column-filter", first)
    assert page.locator("#column-cards > li:visible").count() < total
    assert "of" in page.locator("#column-count").inner_text()
    page.fill("#column-filter", "")
    page.select_option("#column-order", "position")
    places = [int(card.get_attribute("data-position")) for card in cards.all()]
    assert places == sorted(places)
    assert page.wrongs == []


def test_a_pair_is_read_at_the_pointer(visit, real_report):
    page = visit(real_report)
    map_ = page.locator("svg.heat").first
    map_.scroll_into_view_if_needed()
    box = map_.bounding_box()
    page.mouse.move(box["x"] + 0.6 * box["width"], box["y"] + 0.05 * box["height"])
    assert "real 0." in page.locator("#pair-readout").inner_text()


def test_prints(visit, real_report):
    page = visit(real_report)
    assert page.pdf(format="A4").startswith(b"%PDF")
    assert page.evaluate("[...document.querySelectorAll('details')].every((one) => one.open)")


def test_in_a_notebook(visit, plain, tmp_path):
    path = tmp_path / "cell.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{plain._repr_html_()}", encoding="utf-8")
    page = visit(path)
    frame = page.frame_locator("iframe")
    assert frame.locator("h1 .grade").is_visible()
    assert frame.locator("#column-controls").is_visible()
    assert page.wrongs == []


CONTRASTS = """() => {
  const channel = (value) => {
    value /= 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const parse = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
  const luminance = ([r, g, b]) =>
    0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const ground = (element) => {
    for (let node = element; node; node = node.parentElement) {
      const color = parse(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const bad = [];
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const element = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || element.closest("script, title, desc")) continue;
    const style = getComputedStyle(element);
    const color = parse(element.closest("svg") ? style.fill : style.color);
    const [dark, light] = [luminance(color), luminance(ground(element))].sort((a, b) => a - b);
    const contrast = (light + 0.05) / (dark + 0.05);
    if (contrast < 4.5) bad.push(`${contrast.toFixed(2)} ${texts.currentNode.textContent.trim()}`);
  }
  return [...new Set(bad)];
}"""
