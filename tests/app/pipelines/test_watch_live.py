"""Live feeds and the page in the browser: lag stays bounded, buttons work, nobody else gets in."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import pytest

from benchmarks.walk_by import board, boards, face, film, seen, way
from physadv.library.files.boards import save_boards
from physadv.parts.frames.serve import Server
from tests.app.pipelines.test_watch import QUICK, lines, started, texels, wait_for

if TYPE_CHECKING:
    from playwright.sync_api import Browser

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("live")
    film(place / "print.avi", face(texels(), board()))
    save_boards(place / "board.json", boards("0badcafe"))
    return place


def test_with_a_detector_slower_than_the_source_the_lag_stays_below_two_periods(desk: Path) -> None:
    pictures = [seen(face(texels(), board()), *spot)[0] for spot in way(8)]
    sent, stop = 0, threading.Event()
    with Server() as server:
        channel = server.stream("camera.mjpg")

        def send() -> None:
            nonlocal sent
            while not stop.wait(1 / 30):
                channel.publish(pictures[sent % len(pictures)])
                sent += 1

        sender = threading.Thread(target=send)
        sender.start()
        address = f"source={server.url('camera.mjpg')}"
        with started(address, "board=board.json", "max_frames=25", "out=lag", *QUICK, cwd=desk) as process:
            _, said = process.communicate(timeout=300)
        stop.set()
        sender.join()
    assert process.returncode == 0, said
    content = json.loads((desk / "lag" / "summary.json").read_text())
    period_s = (content["times"]["detect_ms"] + content["times"]["rest_ms"]) / 1000
    assert period_s > 1 / 30  # else there is nothing to keep up with
    assert content["dropped"] > 5
    assert content["lag_s"]["median"] < 2 * period_s
    _, frames = lines(desk / "lag")
    indices = [frame["index"] for frame in frames]
    assert indices == sorted(set(indices))
    assert sum(frame["dropped"] for frame in frames) == content["dropped"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("needs chromium, to look at the page")
    sync_api = pytest.importorskip("playwright.sync_api", reason="needs playwright, to drive chromium")
    with sync_api.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield opened
        opened.close()


def soon(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it is."""
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.2)


def address(process: subprocess.Popen[str], word: str) -> str:
    """What the terminal says after a word."""
    assert process.stderr
    for line in process.stderr:
        if line.startswith(word):
            return line.split()[1]
    raise AssertionError(f"no {word!r} on the terminal")


def test_the_page_shows_the_film_and_its_buttons_work(browser: Browser, desk: Path) -> None:
    with started("source=print.avi", "frames.loop=true", "board=board.json", "serve=true", "out=served", *QUICK,
                 cwd=desk) as process:  # fmt: skip
        try_page(browser, desk / "served", process)
    assert json.loads((desk / "served" / "summary.json").read_text())["ended"] == "stopped"
    assert any("confidence" in frame for frame in lines(desk / "served")[1])


def try_page(browser: Browser, run: Path, process: subprocess.Popen[str]) -> None:
    """A visitor looks, presses every kind of button, and ends the run."""
    url = address(process, "page")
    camera = address(process, "camera")
    assert url.startswith("http://127.0.0.1:")
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: said.append(request.url) if not request.url.startswith(url) else None)
    page.goto(url, wait_until="commit")
    page.wait_for_selector("html[data-drawn]", timeout=90_000)
    soon(lambda: page.evaluate("document.getElementById('picture').naturalWidth") >= 480)
    page.wait_for_selector("#distance circle", state="attached", timeout=60_000)
    assert page.locator("#yaw circle").count() >= 1
    assert "stop" not in page.locator("#counters").inner_text()
    page.get_by_role("button", name="Snapshot").click()
    soon(lambda: any(run.glob("snapshots/*.json")))
    snapshot = json.loads(next(run.glob("snapshots/*.json")).read_text())
    assert snapshot["views"]["filmed"]["detections"]
    page.get_by_role("button", name="Raise the threshold").click()
    soon(lambda: "0.55" in page.locator("#counters").inner_text())
    page.get_by_role("button", name="Pause").click()
    page.wait_for_selector("button[data-do=pause][aria-pressed=true]", timeout=60_000)
    time.sleep(1.5)
    before = len((run / "frames.jsonl").read_text().splitlines())
    time.sleep(1.5)
    assert len((run / "frames.jsonl").read_text().splitlines()) == before
    page.get_by_role("button", name="Pause").click()
    wait_for(run / "frames.jsonl", before)
    film = cv2.VideoCapture(camera)  # any program reads it as a camera
    assert film.read()[1].shape == (480, 640, 3)
    film.release()
    for wrong in (url.replace(url.rstrip("/").rpartition("/")[2], "guess"), url.rpartition("/")[0].rpartition("/")[0]):
        with pytest.raises(urllib.error.HTTPError):
            urllib.request.urlopen(wrong)
    assert said == []
    page.get_by_role("button", name="End with summary").click()
    process.communicate(timeout=90)
    assert process.returncode == 0
    page.close()


def test_the_report_of_a_film_is_drawn_without_a_complaint(browser: Browser, desk: Path) -> None:
    with started("source=print.avi", "board=board.json", "out=page", *QUICK, cwd=desk) as process:
        _, told = process.communicate(timeout=200)
    assert process.returncode == 0, told
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((desk / "page" / "report.html").as_uri())
    page.wait_for_selector("html[data-drawn=yes]", timeout=60_000)
    assert page.locator(".plot").count() >= 4
    assert page.locator(".plot .hm image").count() >= 1
    assert said == []
    page.close()
