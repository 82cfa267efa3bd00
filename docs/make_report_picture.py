"""Make `pictures/report.png`: the top of a report on the example table, as a browser shows it.

Run it as ``python docs/make_report_picture.py``; it needs Playwright's package and a Chromium.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

PLACE = Path(__file__).parent / "pictures" / "report.png"
SIZE = {"width": 1240, "height": 1180}


def main() -> None:
    """Learn the example table, and picture the report on its synthetic rows."""
    with tempfile.TemporaryDirectory() as folder:
        run = [sys.executable, "-m", "tabgan"]
        subprocess.run([*run, "example", "-o", "customers.csv"], cwd=folder, check=True)
        synth = [*run, "synth", "customers.csv", "--seed", "0"]
        subprocess.run([*synth, "--report", "report.html"], cwd=folder, check=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=["--no-sandbox"]
            )
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            page.goto(Path(folder, "report.html").as_uri())
            page.screenshot(path=PLACE)
            browser.close()


if __name__ == "__main__":
    main()
