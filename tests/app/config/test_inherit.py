"""A run hands its conditions to whoever judges its patch, and what it opens or trusts only to its owner."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from physadv.app.commands import COMMANDS
from physadv.app.config.compose import Composer
from physadv.app.config.inherit import run_of, typed_line
from physadv.app.config.seal import own, seal
from physadv.app.registry import Registry
from physadv.core.errors import BadInput, BadOption

CONFIG: dict[str, Any] = {
    "scenes": {"sign": "yield", "distance_m": [4.0, 9.0]},
    "eot": {"quality": "fast", "surface": {"mesh": ""}},
    "ink": {},
    "victim": {"path": "nets/a=1.onnx", "labels": "", "confidence": 0.25},
    "victims": [],
    "goal": {},
    "protocol": {"source": "arXiv:1904.08653", "differs": ["from the paper: a/b"], "iou": 0.45},
}
CHOICES = {"scenes": "road", "eot": "none", "ink": "none", "victim": "onnx", "goal": "hide", "protocol": "thys2019"}


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry(discover=False)


def make(run: Path, config: Any = None, choices: Any = None, *, sealed: bool = True) -> Path:
    folder = run / "config"
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(CONFIG if config is None else config))
    (folder / "choices.yaml").write_text(yaml.safe_dump(CHOICES if choices is None else choices))
    (run / "patch.png").write_bytes(b"")
    if sealed:
        seal(folder)
    return run


def changed(**groups: Any) -> dict[str, Any]:
    return copy.deepcopy(CONFIG) | groups


def made(registry: Registry, *typed: str, command: str = "evaluate", sweep: bool = False) -> Any:
    composer = Composer(COMMANDS[command], registry, sweep=sweep)
    taken = composer.taken(typed, f"physadv {command} {' '.join(typed)}")
    return composer.composed(composer.prepared(typed, taken.overrides))


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}", "'{}'", '"{}"', "{}/", "{}/patch.png"])
def test_however_patch_is_written_its_conditions_come_with_it(form: str, registry: Registry, tmp_path: Path) -> None:
    config = made(registry, f"patch={form.format(make(tmp_path / 'a=1, [b]'))}")
    assert config.scenes.sign == "yield"
    assert config.victim.path == "nets/a=1.onnx"
    assert config.victim.confidence == 0.25


@pytest.mark.slow
def test_what_is_typed_wins(registry: Registry, tmp_path: Path) -> None:
    config = made(registry, f"patch={make(tmp_path / 'run')}", "scenes.sign=stop", "victim=sign-nano")
    assert config.scenes.sign == "stop"
    assert config.scenes.distance_m == [4.0, 9.0]
    assert "path" not in config.victim


def test_a_foreign_run_is_asked_for_what_it_opens_with_the_line_to_type(registry: Registry, tmp_path: Path) -> None:
    run = make(tmp_path / "run", sealed=False)
    with pytest.raises(
        BadOption, match=r"not made on this account.*physadv evaluate patch=.* victim\.path=nets/a=1\.onnx"
    ):
        made(registry, f"patch={run}")
    config = made(registry, f"patch={run}", "victim.path=nets/a=1.onnx")
    assert (config.victim.path, config.victim.confidence, config.scenes.sign) == ("nets/a=1.onnx", 0.25, "yield")


def test_a_seal_breaks_when_an_option_is_changed(tmp_path: Path) -> None:
    run = make(tmp_path / "run")
    assert own(run)
    moved = run.rename(tmp_path / "elsewhere")
    assert own(moved)
    (moved / "config" / "config.yaml").write_text(yaml.safe_dump(changed(victim={"path": "other.onnx"})))
    assert not own(moved)
    (moved / "config" / "seal.txt").write_text("physadv-1 " + "0" * 64)
    assert not own(moved)


def test_a_seal_of_another_account_is_foreign(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = make(tmp_path / "run")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert not own(run)


def test_without_a_place_for_the_secret_nothing_is_sealed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    assert not own(make(tmp_path / "run"))


REACHING: dict[str, tuple[dict[str, Any], dict[str, str]]] = {
    "a folder of photos": ({"scenes": {"root": "photos"}}, {"scenes": "coco"}),
    "a network that is downloaded, not even named": ({"victim": {}}, {"victim": "torchvision/ssd300_vgg16"}),
    "a network that is downloaded": ({"victim": {"weights": ""}}, {"victim": "torchvision/ssd300_vgg16"}),
    "a mesh deep in the conditions": (
        {"eot": {"surface": {"mesh": "/etc/x.obj"}}, "victim": {}},
        {"victim": "sign-nano"},
    ),
    "a path in a harmless option": ({"victim": {"labels": "../../secret.txt", "path": ""}}, {}),
    "a list of victims": ({"victims": [{"part": "onnx", "path": "x.onnx"}]}, {"victim": "sign-nano"}),
    "a victim nobody knows": ({"victims": ["unknown"]}, {"victim": "sign-nano"}),
    "an address": ({"goal": {"to": "http://host/x"}, "victim": {}}, {"victim": "sign-nano", "goal": "alter"}),
}


@pytest.mark.parametrize("case", list(REACHING))
def test_everything_that_reaches_out_is_asked_for(case: str, registry: Registry, tmp_path: Path) -> None:
    groups, choices = REACHING[case]
    victim = {} if choices.get("victim") == "sign-nano" else CONFIG["victim"]
    run = make(tmp_path / "run", changed(**{"victim": victim, **groups}), CHOICES | choices, sealed=False)
    with pytest.raises(BadOption, match="not made on this account"):
        made(registry, f"patch={run}")


def test_numbers_and_words_of_a_foreign_run_are_taken_over(registry: Registry, tmp_path: Path) -> None:
    run = make(tmp_path / "run", changed(victim={"confidence": 0.3}), CHOICES | {"victim": "sign-nano"}, sealed=False)
    config = made(registry, f"patch={run}")
    assert (config.victim.confidence, config.scenes.sign, config.protocol.iou) == (0.3, "yield", 0.45)


def test_nothing_in_a_saved_configuration_is_looked_up(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    secret = "${oc.env:SECRET_TOKEN}"
    groups = {"scenes": {"sign": secret}, "victims": [{"part": "sign-nano", "weights": secret}], "victim": {}}
    run = make(tmp_path / "run", changed(**groups), CHOICES | {"victim": "sign-nano"})
    config = made(registry, f"patch={run}")
    assert config.scenes.sign == secret
    assert config.victims[0].weights == secret


@pytest.mark.slow
def test_trust_is_taken_over_from_no_run(tmp_path: Path) -> None:
    pytest.importorskip("physadv_ultralytics", reason="needs the plugin physadv-ultralytics")
    victim = {"weights": "yolo.pt", "trust": True}
    run = make(tmp_path / "run", changed(victim=victim), CHOICES | {"victim": "ultralytics"})
    known = Registry()
    with pytest.raises(BadOption, match=r"trusts files that could run code \(victim\.trust=true\)"):
        made(known, f"patch={run}")
    assert made(known, f"patch={run}", "victim.trust=true").victim.weights == "yolo.pt"


@pytest.mark.slow
def test_an_address_whose_password_was_hidden_is_asked_for(registry: Registry, tmp_path: Path) -> None:
    run = make(tmp_path / "run", changed(victim={"path": "https://me:***@host/a.onnx"}))
    with pytest.raises(BadOption, match="keeps no passwords"):
        made(registry, f"patch={run}")
    assert made(registry, f"patch={run}", "victim.path=https://me:x@host/a.onnx").victim.path.endswith("x@host/a.onnx")


DAMAGED: dict[str, tuple[str, str]] = {
    "empty": ("config.yaml", ""),
    "empty choices": ("choices.yaml", ""),
    "a list": ("config.yaml", "[1, 2]"),
    "no group": ("config.yaml", "scenes: 5"),
    "a tag": ("config.yaml", "!!python/object/apply:os.system [id]"),
    "aliases": ("config.yaml", "a: &a [1]\nb: [*a, *a]"),
    "deep": ("config.yaml", "a: " + "[" * 500 + "]" * 500),
    "cut": ("config.yaml", "scenes: {sign: "),
    "bytes": ("config.yaml", "\udcff"),
    "a choice that is none": ("choices.yaml", "victim: '+x=1'"),
    "an option that is none": ("config.yaml", "scenes: {'a=1,b': 2}"),
}


@pytest.mark.slow
@pytest.mark.parametrize("case", list(DAMAGED))
def test_a_damaged_configuration_is_one_line(case: str, registry: Registry, tmp_path: Path) -> None:
    name, text = DAMAGED[case]
    run = make(tmp_path / "run")
    (run / "config" / name).write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises((BadInput, BadOption)) as said:
        made(registry, f"patch={run}")
    assert "\n" not in str(said.value)


def test_patches_of_different_conditions_are_not_swept_over(registry: Registry, tmp_path: Path) -> None:
    first, second = make(tmp_path / "a"), make(tmp_path / "b")
    assert made(registry, f"patch={first}", sweep=True).scenes.sign == "yield"
    other = make(tmp_path / "c", changed(scenes={"sign": "stop"}))
    Composer(COMMANDS["evaluate"], registry, sweep=True).taken([f"patch={first},{second}"], "")
    with pytest.raises(BadOption, match="made under different conditions"):
        Composer(COMMANDS["evaluate"], registry, sweep=True).taken([f"patch={first},{other}"], "")


def test_a_patch_that_is_no_run_hands_nothing_over(tmp_path: Path) -> None:
    (tmp_path / "patch.png").write_bytes(b"")
    assert run_of(str(tmp_path / "patch.png")) is None
    assert run_of(str(tmp_path)) is None


def test_a_line_to_type_survives_the_shell() -> None:
    assert typed_line("victim.path", "a b=1.onnx") == "'victim.path=a b=1.onnx'"
    assert (
        typed_line("victims", [{"part": "onnx", "path": "x"}])
        == "'victims=[{part:'\"'\"'onnx'\"'\"',path:'\"'\"'x'\"'\"'}]'"
    )


JUDGED = {"seed": 4, "judge": {"share": 0.4, "root": "", "images": 12, "batch": 3, "draws": 2, "quality": "fast"}}


@pytest.mark.slow
def test_the_pictures_kept_for_judging_come_with_the_run(registry: Registry, tmp_path: Path) -> None:
    run = make(tmp_path / "run", changed(**JUDGED))
    config = made(registry, f"patch={run}")
    assert (config.seed, config.judge.share, config.judge.images, config.judge.draws) == (4, 0.4, 12, 2)
    assert config.judge.batch == 8
    grid = made(registry, f"patch={run}", command="grid")
    assert (grid.judge.share, grid.judge.images) == (0.4, 32)


@pytest.mark.parametrize("typed", ["judge.root=elsewhere", "scenes=road", "judge.share=0"])
def test_other_pictures_are_not_split_as_the_run_was(typed: str, registry: Registry, tmp_path: Path) -> None:
    run = make(tmp_path / "run", changed(**JUDGED))
    assert made(registry, f"patch={run}", typed).judge.share == 0.0
