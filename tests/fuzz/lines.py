"""Command lines that cannot be right, made from the commands' own options: each must be refused in one line."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig, OmegaConf

from physadv.app.commands import Command, with_options
from physadv.app.config import store
from physadv.app.config.bounds import bound_of
from physadv.app.config.locate import conf_dir
from physadv.app.registry import Registry

GROUPS = {
    "generate": ("scenes", "patch", "eot", "ink", "victim", "goal", "attack", "protocol", "experiment", "size"),
    "evaluate": ("scenes", "eot", "ink", "victim", "goal", "protocol"),
    "grid": ("scenes", "eot", "victim", "defense"),
    "watch": ("ink", "victim", "defense", "goal"),
    "study masking": ("scenes", "victim", "defense", "goal"),
    "perturb": ("scenes", "victim", "defense", "goal", "attack"),
    "eot preview": ("scenes", "eot", "ink"),
}
PATHS = {
    "generate": (
        "scenes=coco scenes.root={}",
        "scenes=folder scenes.root={} scenes.label=stop",
        "scenes=classes scenes.root={}",
        "victim=onnx victim.path={}",
        "ink=icc ink.path={}",
        "patch.init={}",
        "eot.surface.mesh={}",
        "victims=[{{part: onnx, path: {}}}]",
        "judge.root={} scenes=coco scenes.root=.",
    ),
    "evaluate": (
        "patch={}",
        "patch=p.png width_mm=100 against=[{}]",
        "patch=p.png width_mm=100 victim=onnx victim.path={}",
    ),
    "grid": ("patch={}",),
    "sheet": ("patch={}",),
    "watch": (
        "source={} object=stop board=none",
        "source=p.png board={} object=stop",
        "source=p.png camera={} object=stop board=none",
    ),
    "calibrate colour": ("photos=[{}] board=b.json", "photos=[p.png] board={}"),
    "calibrate camera": ("source={}",),
    "calibrate eot": ("runs=[{}] out=x.yaml",),
    "train detector": ("train.photos={}",),
    "train adversarial": ("train.photos={}", "victim.weights={}"),
    "train defense": ("train.photos={}", "train.photos=photos train.patches={}"),
}
WRONG_FILES = (
    "nowhere",
    "empty.file",
    "text.txt",
    "/dev/null",
    "pipe",
    "folder/none.json",
    "\u0444\u0430\u0439\u043b.png",
)
ODD = (
    ("generate", "=1"),
    ("generate", "seed"),
    ("generate", "seed="),
    ("generate", "+seed=1"),
    ("generate", "~seed"),
    ("generate", "--frob"),
    ("generate", "seed=[1"),
    ("generate", "seed={a:1}"),
    ("generate", "scenes={}"),
    ("generate", "x y=1"),
    ("generate", "seed=1,2"),
    ("generate", "hydra.callbacks={a:1}"),
    ("generate", "hydra.run.dir=x"),
    ("generate", "victims=[1]"),
    ("generate", "victims=[{path: a.onnx}]"),
    ("generate", "victims=[sign-nano,sign-nano]"),
    ("generate", "paper=frob"),
    ("generate", "paper=0x0"),
    ("generate", "device=frob"),
    ("generate", "device=cuda:99"),
    ("generate", "resume=true out=nowhere"),
    ("generate", "patch.width_mm=60cm"),
    ("generate", "patch.width_mm=1e12"),
    ("generate", "scenes.sign=frob"),
    ("generate", "goal=alter goal.to=frob"),
    ("generate", "eot.kornia=[{name: frob}]"),
    ("evaluate", ""),
    ("evaluate", "patch="),
    ("grid", "patch=p.png width_mm=100 axes.yaw_deg=[nan]"),
    ("sheet", ""),
    ("watch", ""),
    ("watch", "source=rtsp://user:secret@"),
    ("watch", "source=99 object=stop board=none"),
    ("watch", "source=p.png object=stop board=none window=frob"),
    ("calibrate colour", ""),
    ("calibrate camera", ""),
    ("calibrate eot", ""),
    ("frob", ""),
    ("generat", ""),
    ("eot", ""),
    ("calibrate", "frob"),
    ("train", ""),
    ("plugins", "frob"),
    ("report", ""),
    ("report", "nowhere"),
    ("report", "compare"),
    ("report", "compare nowhere"),
    ("doctor", "frob"),
)


def bad_lines(count: int, seed: int) -> list[tuple[str, ...]]:
    """``count`` command lines, the same ones for a seed; all kinds are among them."""
    draw = random.Random(seed)
    kinds = [list(_odd()), list(_paths()), list(_choices(draw)), list(_options(draw))]
    for kind in kinds:
        draw.shuffle(kind)
    made: list[tuple[str, ...]] = []
    while len(made) < count and any(kinds):
        made += [kind.pop() for kind in kinds if kind]
    return made[:count]


def _odd() -> Iterator[tuple[str, ...]]:
    for command, rest in ODD:
        words = rest.split() if not rest.startswith(("x y", "victims=[{")) else [rest]
        yield (*command.split(), *words)


def _paths() -> Iterator[tuple[str, ...]]:
    for command, forms in PATHS.items():
        for form in forms:
            for file in WRONG_FILES:
                parts = [form.format(file)] if "{{" in form else form.format(file).split()
                yield (*command.split(), *parts)


def _choices(draw: random.Random) -> Iterator[tuple[str, ...]]:
    for command, groups in GROUPS.items():
        for group in groups:
            yield (*command.split(), f"{group}=frob")
            yield (*command.split(), f"{group}={_misspelt('tshirt_hide_person', draw)}")


def _options(draw: random.Random) -> Iterator[tuple[str, ...]]:
    for command in with_options():
        for name, value in leaves(command):
            words = command.words.split()
            yield (*words, f"{_misspelt(name, draw)}=1")
            if isinstance(value, bool):
                yield (*words, f"{name}=perhaps")
            elif isinstance(value, int | float):
                low, high = bound_of(name)
                yield (*words, f"{name}=abc")
                yield (*words, f"{name}=nan")
                yield (
                    *words,
                    f"{name}={high * 10 + 1:g}" if isinstance(value, float) else f"{name}={int(high * 10 + 1)}",
                )
                yield (*words, f"{name}={low - 1000:g}" if isinstance(value, float) else f"{name}={int(low) - 1000}")
                yield (*words, f"{name}=[1,2]")
            elif isinstance(value, list) and value and all(isinstance(item, float) for item in value):
                yield (*words, f"{name}=[nan,nan]")
                yield (*words, f"{name}=[a,b]")
                yield (*words, f"{name}=7")


def _misspelt(name: str, draw: random.Random) -> str:
    head, _, last = name.rpartition(".")
    place = draw.randrange(len(last))
    wrong = last[:place] + draw.choice("qxzj") + last[place:]
    return f"{head}.{wrong}" if head else wrong


@cache
def leaves(command: Command) -> list[tuple[str, Any]]:
    """Every option of a command's plain configuration, with its default."""
    store.register(Registry(discover=False), command)
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf_dir()), version_base="1.3"):
        whole = compose(command.config_name)
    GlobalHydra.instance().clear()
    return list(_leaves(OmegaConf.to_container(whole, resolve=False), ""))


def _leaves(node: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(node, dict | DictConfig):
        for key, value in node.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    elif name:
        yield name, node
