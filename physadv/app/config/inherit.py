"""Inheritance of ``evaluate patch=RUN`` and its kin from the run that made the patch: its conditions, not its reach."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.app.config.seal import own
from physadv.app.config.spelling import spelled, unquoted
from physadv.core.errors import BadInput, BadOption
from physadv.core.masking import HIDDEN
from physadv.core.reach import Reach, reaching
from physadv.library.runs.options import read_options

_APART = ("judge.share", "judge.root")
"""Options by which a run kept pictures apart for judging."""

_OTHER_PHOTOS = {"scenes", "scenes.root", "scenes.annotations", "scenes.images", "scenes.split", "judge.root"}
_SCALARS = (bool, int, float, str)

OptionsOf = Callable[[str, str], type | None]
"""The options' class of a group's choice."""

_PATCHES = ("patch.safetensors", "patch.png")
_REMEDY = "Make the run again, or copy its patch.safetensors elsewhere and judge that"


@dataclass(frozen=True)
class Taken:
    """Choices and options that a run hands over."""

    overrides: tuple[str, ...] = ()  # in Hydra's grammar
    reach: tuple[Reach, ...] = ()  # those that open or fetch something


def run_of(patch: str) -> Path | None:
    """The run folder that ``patch=`` names, by itself or by the patch file in it."""
    place = Path(patch).expanduser()
    if place.name in _PATCHES and place.is_file():
        place = place.parent
    return place if (place / "config").is_dir() else None


def inherited(
    run: Path, typed: Set[str], groups: Sequence[str], options_of: OptionsOf, line: str, options: Sequence[str] = ()
) -> Taken:
    """The choices and options a run was made with, so that its patch is judged under the same conditions.

    Whatever was typed wins; choosing another part drops the old one's options. Options that open files or addresses are
    taken over from runs of this account only, those that trust a file from none: they are asked for, with the ``line``
    to type. Raises :class:`BadOption` where the run asks for what must be typed, and :class:`BadInput` where its
    options are damaged.
    """
    choices, config = (read_options(run / "config" / f"{name}.yaml", remedy=_REMEDY) for name in ("choices", "config"))
    overrides: list[str] = []
    reach: list[Reach] = []
    for group in groups:
        if group in typed or group not in choices:
            continue
        choice, own_options = str(choices[group]), config.get(group)
        if not re.fullmatch(r"[A-Za-z0-9_][\w./-]*", choice) or not isinstance(own_options, dict):
            raise BadInput(f"{run / 'config'} is damaged: {group} is no part with options. {_REMEDY}")
        overrides.append(f"{group}={choice}")
        overrides += [f"{_name(group, key)}={spelled(value)}" for key, value in own_options.items()]
        reach += [r for r in reaching(options_of(group, choice), own_options, group) if r.key not in typed]
    single = _single(config, typed, options)
    overrides += [f"{name}={spelled(value)}" for name, value in single.items()]
    reach += [Reach(name, value, trusts=False) for name, value in single.items() if name == "judge.root" and value]
    victims = config.get("victims")
    if victims and not {"victim", "victims"} & typed:
        if not isinstance(victims, list):
            raise BadInput(f"{run / 'config'} is damaged: victims is no list. {_REMEDY}")
        kept = [_unweighted(item) for item in victims]
        overrides.append(f"victims={spelled(kept)}")
        reach += _of_list(kept, options_of)
    if asked := reach if not own(run) else [r for r in reach if r.trusts or _cut(r.value)]:
        raise BadOption(_question(run, asked, line))
    return Taken(tuple(overrides), tuple(reach))


def _single(config: Mapping[str, Any], typed: Set[str], wanted: Sequence[str]) -> dict[str, Any]:
    """Single options as the run had them; other photos than the run's are not split as they were."""
    found = {}
    for name in wanted:
        group, _, key = name.rpartition(".")
        owner = config.get(group) if group else config
        value = owner.get(key) if isinstance(owner, dict) else None
        apart = name in _APART and _OTHER_PHOTOS & typed
        if isinstance(value, _SCALARS) and name not in typed and not apart:
            found[name] = value
    return found


def _name(group: str, key: Any) -> str:
    if not re.fullmatch(r"[A-Za-z_]\w*", str(key)):
        raise BadInput(f"the run's configuration is damaged: {str(key)!r} cannot be an option of {group}. {_REMEDY}")
    return f"{group}.{key}"


def _unweighted(item: Any) -> Any:
    """A victim without its weight in the loss, which means nothing to a judge."""
    return {k: v for k, v in item.items() if k != "weight"} if isinstance(item, dict) else item


def _of_list(victims: list[Any], options_of: OptionsOf) -> Iterator[Reach]:
    """The whole list reaches out as soon as one of its victims does: it is typed as a whole."""
    found = []
    for item in victims:
        options = item if isinstance(item, dict) else {"part": str(item)}
        name = str(options.get("part", ""))
        owner = options_of("victim", name)
        if owner is None:
            found.append(Reach("victims", item, trusts=False))
        else:
            own_options = {field: value for field, value in options.items() if field != "part"}
            found += reaching(owner, {**_defaults(owner), **own_options}, "victims")
    if found:
        yield Reach("victims", victims, any(r.trusts for r in found))


def _defaults(owner: type) -> dict[str, Any]:
    from omegaconf import OmegaConf

    made = OmegaConf.to_container(OmegaConf.structured(owner))
    return {str(key): value for key, value in made.items()} if isinstance(made, dict) else {}


def _cut(value: Any) -> bool:
    """Whether a password was hidden in it when it was noted."""
    return "://" in str(value) and HIDDEN in str(value)


def _question(run: Path, asked: Sequence[Reach], line: str) -> str:
    told = " ".join(typed_line(r.key, r.value) for r in asked)
    if own(run) and not any(r.trusts for r in asked):
        why = f"{run} keeps no passwords ({told})"
    elif own(run):
        why = f"{run} trusts files that could run code ({told})"
    else:
        why = f"{run} was not made on this account, and its options load files, addresses or code ({told})"
    return (
        f"{why}. Nothing of that is taken over unasked. If you want it, type it: {line} {told}   "
        "or choose your own part instead, such as victim=sign-nano"
    )


def typed_line(key: str, value: Any) -> str:
    """An option as it is typed in a shell."""
    if isinstance(value, str):
        return shlex.quote(f"{key}={spelled(value) if unquoted(value) is not None or value == 'null' else value}")
    return shlex.quote(f"{key}={spelled(value)}")
