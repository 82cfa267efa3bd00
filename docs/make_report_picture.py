"""Make the picture of a quality report's top: that of the example table, learned by default.

Run it as ``python docs/make_report_picture.py``; it takes a minute on one core, and Chromium.
"""

import shutil
import tempfile
from importlib.resources import files
from pathlib import Path

import pandas as pd
from playwright.sync_api import sync_playwright

from tabgan import TabGAN

PICTURE = Path(__file__).parent / "pictures" / "report.png"
VIEW = {"width": 1000, "height": 720}


def main() -> None:
    """Fit, evaluate, and photograph the page in its light scheme."""
    table = pd.read_csv(str(files("tabgan").joinpath("example", "customers.csv")))
    found = TabGAN(random_state=7, verbose=False).fit(table).evaluate(table)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as started:
        page_file = Path(folder) / "report.html"
        found.save_html(page_file)
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = started.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEW, color_scheme="light")
        page.goto(page_file.as_uri())
        page.locator("#decision").screenshot(path=PICTURE)
        browser.close()
    print(f"{PICTURE}: {PICTURE.stat().st_size / 1000:.0f} kB, score {found.verdict.score:.3f}")


if __name__ == "__main__":
    main()
