"""The page in a real browser: nothing wider than the window, at the width of a phone and of a desk."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from mesascope.report.views.comparison import compared
from tests.report.battery_examples import report as battery_report
from tests.report.pages.test_objective_page import report as objective_report
from tests.report.pages.test_search_page import report as search_report

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# A frame, because the window of a headless browser cannot be made as narrow as a phone. Only the measuring page has a
# script; the page itself is loaded as it is, and its own policy lets nothing run.
MEASURE = """<!doctype html><body style="margin:0">
<iframe src="report.html" style="border:0;width:{width}px;height:4000px"></iframe><pre></pre><script>
addEventListener("load", () => {{
  const page = document.querySelector("iframe").contentDocument, clipped = [], overlapping = [];
  for (const details of page.querySelectorAll("details")) details.open = true;
  for (const element of page.body.querySelectorAll("*:not(svg *)")) {{
    const box = element.getBoundingClientRect();
    if (box.width && box.right > {width} + 1 && !element.closest("pre")) clipped.push(element.tagName);
  }}
  const texts = [...page.querySelectorAll("h1, h2, h3, p, li, dt, dd, th, td, .chip, figcaption, .drawing")];
  const boxes = texts.map(element => [element, element.getBoundingClientRect()])
    .filter(([element, box]) => box.height > 1 && !(element.closest("thead")?.offsetHeight <= 1));
  for (const [one, a] of boxes) for (const [two, b] of boxes)
    if (one !== two && !one.contains(two) && !two.contains(one) && a.left < b.right - 1 && b.left < a.right - 1
        && a.top < b.bottom - 1 && b.top < a.bottom - 1) overlapping.push(one.tagName + "/" + two.tagName);
  const drawings = [...page.querySelectorAll("svg")].map(svg => svg.getBoundingClientRect().width);
  document.querySelector("pre").textContent = "measured " + JSON.stringify(
    [page.documentElement.scrollWidth, clipped.join(" "), overlapping.join(" "), Math.min(...drawings, 9999) > 200,
     page.title]);
}});
</script></body>"""


def measure(folder, width: int) -> list[str]:
    """What the browser found: width of the content, clipped and overlapping elements, drawings wide enough, title."""
    (folder / "measure.html").write_text(MEASURE.format(width=width), "utf-8")
    flags = [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update", "--allow-file-access-from-files",
        f"--user-data-dir={folder}/profile",
        f"--window-size={max(width, 600)},900", "--virtual-time-budget=10000", "--dump-dom",
    ]  # fmt: skip
    assert CHROMIUM is not None
    result = subprocess.run(
        [CHROMIUM, *flags, (folder / "measure.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search(r"measured \[(\d+),\"(.*?)\",\"(.*?)\",(true|false),\"(.*)\"\]", result.stdout)
    assert found is not None, result.stdout[-500:]
    return list(found.groups())


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, Debian package 'chromium'")
@pytest.mark.parametrize("name", ["pseudo-aligned", "inconclusive", "without-geometry", "hostile"])
@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_is_wider_than_the_window_and_nothing_overlaps(reports, name, width, tmp_path):
    (tmp_path / "report.html").write_text(reports[name].page(), "utf-8")
    content, clipped, overlapping, drawings_wide, title = measure(tmp_path, width)
    assert (clipped, overlapping) == ("", "")
    assert int(content) <= width
    assert drawings_wide == "true"
    assert title != "owned"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, Debian package 'chromium'")
@pytest.mark.parametrize("kind", ["search", "battery", "objective", "comparison"])
@pytest.mark.parametrize("width", [375, 1280])
def test_pages_of_other_kinds_fit_too(reports, kind, width, tmp_path):
    shown = {"search": search_report, "battery": battery_report, "objective": objective_report}.get(kind)
    both = (reports[name].findings for name in ("pseudo-aligned", "robust"))
    (tmp_path / "report.html").write_text((compared(*both, {}) if shown is None else shown()).page(), "utf-8")
    content, clipped, overlapping, drawings_wide, _ = measure(tmp_path, width)
    assert (clipped, overlapping) == ("", "")
    assert int(content) <= width
    assert drawings_wide == "true"
