"""Every command that the docs show is run, small, in a folder that looks like the reader's."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from physadv.engines.judging.grid.axes import AXES
from tests.desk import make_desk
from tests.running import forked, physadv
from tests.runs import once
from tests.small import LITTLE_ATTACKED, LITTLE_JUDGED, SMALL_ROAD, SMALLEST

ROOT = Path(__file__).resolve().parents[1]
OF_ITS_OWN = ("writing-plugins.md",)  # pages whose commands need what the page makes: another test runs them
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NO_OTHER_AXES = [f"axes.{name}=[]" for name in AXES if name not in ("distance_m", "yaw_deg")]
LITTLE_LEARNT = ["size=smoke", "effort.train=60", "effort.test=12", "effort.epochs=1", "progress=false"]
LITTLE_DRIVEN = ["size=smoke", "episodes=1", "batch=1", "practice=1", "moments=4", "rounds=1", "budget.steps=1",
                 "budget.batch=2", "budget.held_out=2", "shown=0", "progress=false"]  # fmt: skip
SHORT_ROAD = ["world.distance_m=[12,13]", "world.speed_m_s=[8,9]"]
SMALL = {
    "generate": SMALLEST,
    "evaluate": [*LITTLE_JUDGED, "progress=false"],
    "grid": [*LITTLE_JUDGED, "axes.distance_m=[5]", "axes.yaw_deg=[0]", *NO_OTHER_AXES, "progress=false"],
    "eot": ["draws=2", "distances_m=[5]", "progress=false"],
    "watch": ["max_frames=3", "window=false", "progress=false"],
    "study": LITTLE_LEARNT,
    "study all": [*LITTLE_LEARNT, "only=[slices]"],
    "study masking": [
        "audit.images=1",
        "audit.batch=1",
        "audit.steps=4",
        "audit.queries=3",
        "audit.tries=1",
        "audit.directions=2",
        "progress=false",
    ],
    "drive": LITTLE_DRIVEN,
    "drive experiment=brake": [*LITTLE_DRIVEN, *SHORT_ROAD],
    "drive experiment=sign": [*LITTLE_DRIVEN, *SHORT_ROAD],
    "perturb": ["size=smoke", "images=4", "progress=false"],
    "train detector": ["train.epochs=1", "train.renders=16", "train.held_out_renders=4", "progress=false"],
    "train adversarial": ["train.epochs=1", "train.renders=16", "train.held_out_renders=4", "progress=false"],
    "train adversarial victim=digits": ["robust.epochs=1", "robust.judged=20", "progress=false"],
    "train policy": [
        "train.rounds=1",
        "train.episodes=4",
        "train.steps=2",
        "train.last_steps=1",
        "train.judged=2",
        "train.attacked=1",
        "train.sticker_steps=1",
        "world.height_px=24",
        "world.width_px=32",
        "progress=false",
    ],
    "train defense": ["train.steps=2", "train.renders=2", "progress=false"],
}
SMALL_TWIN = ["scenes.width_px=192", "scenes.height_px=144", "scenes.samples=1", "scenes.surface_samples=4"]
SMALL_WORLDS = {"gymnasium": ["world.max_steps=3"]}
SMALL_SCENES = {
    "road": SMALL_ROAD,
    "street": SMALL_ROAD,
    "street-cloth": SMALL_ROAD,
    "twin": SMALL_TWIN,
    "world": ["scenes.height_px=96", "scenes.width_px=160"],
}


def commands(page: Path) -> list[str]:
    """The ``physadv`` lines of a page's shell blocks; lines ending in a backslash are joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [line.strip() for line in lines if line.strip().startswith("physadv ")]


def shown_once() -> dict[str, list[str]]:
    """The lines of every page, each on the first page that shows it."""
    already: set[tuple[str, ...]] = set()
    shown: dict[str, list[str]] = {}
    for page in (page for page in PAGES if page.name not in OF_ITS_OWN):
        for line in commands(page):
            words = tuple(shlex.split(line, comments=True))
            if words not in already:
                already.add(words)
                shown.setdefault(page.name, []).append(line)
    return shown


SHOWN = shown_once()
HALO = {"PHYSADV_PLUGINS": "physadv_halo", "PYTHONPATH": str(ROOT / "plugins" / "physadv-halo")}
NAMES = "{part: onnx, path: detector.onnx, labels: names.txt"


@pytest.fixture
def desk(tmp_path_factory: pytest.TempPathFactory, finished_run: Path, tmp_path: Path) -> Path:
    """The reader's folder, new for every page: ``photos/``, ``yolo-photos/`` and ``runs/first``."""
    place = shutil.copytree(once(tmp_path_factory, "desk", make_desk), tmp_path / "desk")
    shutil.copytree(finished_run, place / "runs" / "first")
    (place / "docs" / "images").mkdir(parents=True)
    shutil.copy(ROOT / "docs" / "images" / "sunflower.png", place / "docs" / "images")
    return place


@pytest.mark.slow
@pytest.mark.parametrize("page", list(SHOWN))
def test_the_commands_of_a_page_work_in_their_order(page: str, desk: Path, request: pytest.FixtureRequest) -> None:
    for line in SHOWN[page]:
        if "detector.onnx" in line and not (desk / "detector.onnx").exists():
            shared: Path = request.getfixturevalue("shared")
            shutil.copy(shared / "weights" / "yolox_nano_roadsign4_416.onnx", desk / "detector.onnx")
            (desk / "names.txt").write_text("speedlimit\nstop\ncrosswalk\ntrafficlight\n")
        done = forked(*_small(line), cwd=desk, env=HALO) if "halo" in line else physadv(*_small(line), cwd=desk)
        assert done.returncode == 0, f"{line}\n{done.stderr[-2000:]}"
        assert "Traceback" not in done.stderr


def _small(line: str) -> list[str]:
    """The command with the least work, and with the class names of the detector that stands in for the reader's."""
    args = shlex.split(line, comments=True)[1:]
    if "victim.path=detector.onnx" in args:
        args.append("victim.labels=names.txt")
    for part in ("opencv-dnn", "onnxruntime", "onnx"):
        args = [a.replace(f"{{part: {part}, path: detector.onnx", NAMES.replace("onnx,", f"{part},", 1)) for a in args]
    args = [a.replace(",detector.onnx]", f",{NAMES}}}]") for a in args]
    if {"--help", "--cfg"} & set(args):
        return args
    world = next((SMALL_WORLDS.get(a.partition("=")[2], ()) for a in args if a.startswith("world=")), ())
    args = [a for a in args if a.partition("=")[0] not in {b.partition("=")[0] for b in world}] + [*world]
    typed = {a.partition("=")[0] for a in args}
    scenes = SMALL_SCENES.get(_scenes_of(args), ())
    words = next((" ".join(args[:n]) for n in (3, 2) if " ".join(args[:n]) in SMALL), args[0])
    attacks = LITTLE_ATTACKED if "adaptive=true" in args else ()
    return args + [
        small for small in [*SMALL.get(words, ()), *attacks, *scenes] if small.partition("=")[0] not in typed
    ]


def _scenes_of(args: list[str]) -> str:
    """The part that ``scenes.`` options belong to."""
    named = [a.removeprefix("scenes=") for a in args if a.startswith("scenes=")]
    drawn = args[0] in ("generate", "eot") or args[:2] == ["study", "masking"]
    return named[-1] if named else "road" if drawn else ""


@pytest.mark.slow
@pytest.mark.parametrize("page", ["README.md", "python.md"])
def test_the_python_of_a_page_works_in_its_order(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (path,) = (one for one in PAGES if one.name == page)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"SMALL": {"judge.images": 2, "judge.quality": "fast", "budget.steps": 1}}
    for source in re.findall(r"```python\n(.*?)```", path.read_text(), re.S):
        exec(compile(source.replace('size="smoke"', 'size="smoke", **SMALL'), page, "exec"), names)
    said = capsys.readouterr().out
    assert "The patch hides" in said or "ScoreRow" in said
    assert page != "python.md" or "Did you mean" in said


def test_every_page_is_linked_from_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    assert [page.name for page in PAGES[1:] if f"docs/{page.name}" not in readme] == []


def test_links_between_pages_lead_somewhere() -> None:
    dead = []
    for page in PAGES:
        for target in re.findall(r"\]\((?!http)([^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                dead.append(f"{page.name}: {target}")
    assert dead == []


def test_the_attack_of_the_plugins_page_passes_the_battery() -> None:
    from physadv.testing import check_attack

    page = (ROOT / "docs" / "plugins.md").read_text()
    (source,) = (block for block in re.findall(r"```python\n(.*?)```", page, re.S) if "class RandomSearch" in block)
    module = ModuleType("page")
    sys.modules["page"] = module  # dataclasses look their module up
    exec(source, module.__dict__)
    check_attack(module.RandomSearch(), steps=60)
    del sys.modules["page"]
