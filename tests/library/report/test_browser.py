"""What a reader sees and does: plots are drawn, tables sort, pictures slide, on screen and on paper."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pikepdf
import pytest
from PIL import Image

from physadv.library.report.pages.comparison import write_comparison
from physadv.library.report.pages.run import write_report
from tests.library.report.folders import save_run, scores

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not CHROMIUM, reason="needs chromium, to look at pages")]


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_report(save_run(tmp_path_factory.mktemp("run")))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive chromium")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def opened(browser: Browser, path: Path, *, scheme: str = "light", width: int = 1000) -> tuple[Page, list[str]]:
    """The page once everything is drawn, and what the console complained about."""
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)  # type: ignore[arg-type]
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    page.goto(path.as_uri())
    page.wait_for_selector("html[data-drawn]", timeout=60_000)
    return page, said


def test_every_plot_is_drawn_without_a_complaint_and_nothing_is_fetched(browser: Browser, report: Path) -> None:
    page, said = opened(browser, report)
    assert page.get_attribute("html", "data-drawn") == "yes"
    assert page.locator(".plot").count() > 10
    assert page.locator(".plot").count() == page.locator(".plot .main-svg:first-of-type .cartesianlayer").count()
    assert page.locator(".plot .errorbar").count() > 30
    assert page.locator(".plot .hm image").count() >= 3
    assert page.locator(".modebar").count() == 0
    assert said == []
    page.close()


def test_only_the_scripts_of_the_page_may_run(browser: Browser, report: Path, tmp_path: Path) -> None:
    smuggled = tmp_path / "smuggled.html"
    smuggled.write_text(report.read_text().replace("</main>", "<script>document.title = 'taken'</script></main>", 1))
    page, said = opened(browser, smuggled)
    assert page.title() != "taken"
    assert any("Content Security Policy" in words for words in said)
    page.close()


def test_pictures_slide_by_keyboard_and_change_view_and_condition(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    slider, says = page.locator("[data-part=split]"), page.locator("[data-part=says]")
    before = slider.input_value()
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert int(slider.input_value()) == int(before) + 2
    shown = page.locator("[data-part=over]").evaluate("picture => getComputedStyle(picture).clipPath")
    assert f"{100 - int(before) - 2}%" in shown or f"100% - {int(before) + 2}%" in shown
    assert says.inner_text().startswith("1 of 2: works best")
    first = page.locator("[data-part=under]").get_attribute("src")
    page.locator("[data-part=next]").focus()
    page.keyboard.press("Enter")
    assert says.inner_text().startswith("2 of 2: fails")
    assert page.locator("[data-part=under]").get_attribute("src") != first
    page.locator("[data-part=right]").select_option("seed-1")
    assert "Right, seed-1:" in says.inner_text()
    page.close()


def test_tables_sort_by_keyboard_and_say_so(browser: Browser, tmp_path: Path) -> None:
    runs = [save_run(tmp_path / name, content=scores(n=n), sweep=False) for name, n in (("a", 40), ("b", 200))]
    page, said = opened(browser, write_comparison(runs, tmp_path / "compare.html"))
    table = page.get_by_role("region", name="Scores", exact=True).locator("table")
    head = table.locator("thead th", has_text="success")
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    column = "rows => rows.map(row => row.cells[4].dataset.value)"
    values = table.locator("tbody tr").evaluate_all(column)
    numbers = [float(value) for value in values if value]
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 2
    assert values[-1] == ""  # what was not measured comes last
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    values = table.locator("tbody tr").evaluate_all(column)
    assert [float(value) for value in values if value] == numbers[::-1]
    assert values[-1] == ""
    assert said == []
    page.close()


@pytest.mark.parametrize(("scheme", "ink"), [("light", "rgb(29, 32, 37)"), ("dark", "rgb(233, 235, 238)")])
def test_labels_can_be_read_in_light_and_dark(browser: Browser, report: Path, scheme: str, ink: str) -> None:
    page, _ = opened(browser, report, scheme=scheme)
    assert page.locator(".plot .xtick text").first.evaluate("text => getComputedStyle(text).fill") == ink
    page.close()


def test_a_narrow_screen_scrolls_only_downwards(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report, width=360)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    page.close()


def test_without_scripts_everything_is_told(browser: Browser, report: Path) -> None:
    page = browser.new_page(java_script_enabled=False)
    page.goto(report.as_uri())
    assert page.locator(".shot img").first.is_visible()
    assert page.locator("noscript").is_visible() or "Scripts are off" in page.content()
    page.locator("details.data summary").first.click()
    assert page.locator("details.data table").first.is_visible()
    page.close()


def test_the_download_holds_the_numbers(browser: Browser, report: Path) -> None:
    page, _ = opened(browser, report)
    page.locator("details.data summary").first.click()
    with page.expect_download() as waiting:
        page.locator("details.data a[download]").first.click()
    assert waiting.value.suggested_filename == "success-against-sign-nano.csv"
    assert Path(waiting.value.path()).read_text().startswith("condition,value,low,high,n\npatch,0.86,")
    page.close()


def test_paper_has_the_plots_and_every_part(browser: Browser, report: Path, tmp_path: Path) -> None:
    page, _ = opened(browser, report, scheme="dark")
    page.pdf(path=tmp_path / "report.pdf", format="A4")
    page.close()
    with pikepdf.open(tmp_path / "report.pdf") as paper:
        assert len(paper.pages) > 5
    if not shutil.which("pdftotext"):
        pytest.skip("needs pdftotext, to read the pages")
    text = subprocess.run(
        ["pdftotext", tmp_path / "report.pdf", "-"], capture_output=True, text=True, check=True
    ).stdout
    assert "judged on" in text  # an axis of the transfer matrix
    assert "seed-1: stop sign" in text  # pictures side by side instead of the slider
    assert "Download as CSV" not in text


def test_chromium_alone_draws_the_page(report: Path, tmp_path: Path) -> None:
    common = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
              "--disable-background-networking", "--disable-component-update", "--virtual-time-budget=20000",
              f"--user-data-dir={tmp_path / 'profile'}"]  # fmt: skip
    picture = tmp_path / "page.png"
    shot = [*common, f"--screenshot={picture}", "--window-size=1000,2400", report.as_uri()]
    subprocess.run(shot, capture_output=True, check=True, timeout=120)
    with Image.open(picture) as seen:
        assert seen.size == (1000, 2400)
        assert len(seen.convert("RGB").getcolors(2**24) or []) > 500
    dom = subprocess.run(
        [*common, "--dump-dom", report.as_uri()], capture_output=True, text=True, check=True, timeout=120
    )
    assert 'data-drawn="yes"' in dom.stdout
    assert dom.stdout.count("main-svg") > 20
