"""The studies as a whole: their rows, and that each finds something."""

from __future__ import annotations

import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest
import torch
import yaml

from physadv.app.commands import COMMANDS
from physadv.app.config.completion import options_of
from physadv.app.config.completion_scripts import Options
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.engines.studies.theories.options import EffortConfig, StudyData, StudySize, merged
from physadv.engines.studies.theories.pictures import sets_of
from physadv.engines.studies.theories.study import Study, StudyTask
from physadv.engines.studies.theories.table import STUDIES

ROOT = Path(__file__).resolve().parents[4]
TINY = EffortConfig(size=StudySize.smoke, seeds=1, train=60, test=12, epochs=1)


@pytest.mark.parametrize("row", STUDIES.values(), ids=list(STUDIES))
def test_a_study_has_all_that_its_row_names(row: Study) -> None:
    assert callable(row.load())
    written = yaml.safe_load((ROOT / "conf" / f"study_{row.name}.yaml").read_text())
    assert (written["study"], written["name"]) == (row.name, row.name)
    assert row.title.endswith(("?", row.title[-1]))
    assert row.claim.endswith(".")
    assert all(command.startswith("physadv ") for command in row.further)


@pytest.mark.parametrize("row", STUDIES.values(), ids=list(STUDIES))
def test_a_study_sends_its_readers_to_commands_that_there_are(row: Study) -> None:
    for line in row.further:
        words = shlex.split(line)[1:]
        command = next(COMMANDS[name] for name in (" ".join(words[:2]), words[0]) if name in COMMANDS)
        known = _options(command.words)
        for key, _, value in (word.partition("=") for word in words[len(command.words.split()) :]):
            assert key in known, line
            assert not known[key] or value in known[key], line


@cache
def _options(command: str) -> Options:
    return options_of(COMMANDS[command], Registry(discover=False))


@pytest.mark.exhaustive  # the commands of the lecture's page run each of them
@pytest.mark.parametrize("row", STUDIES.values(), ids=list(STUDIES))
def test_a_study_finds_something_and_the_same_seed_finds_it_again(row: Study) -> None:
    heard: list[str] = []
    task = StudyTask(TINY, sets_of(StudyData.digits, TINY.train, TINY.test, 0), tell=heard.append)
    found = row.load()(task)
    assert found.words
    assert all(one.rstrip().endswith((".", ":")) for one in found.words)
    assert found.rows
    assert all(len(one) == len(found.columns) for one in found.rows)
    assert found.charts
    assert all(chart.drawn().startswith(b"\x89PNG") and chart.says for chart in found.charts.values())
    assert heard or row.name in ("dimension",)


def test_numbers_that_are_not_typed_are_the_sizes() -> None:
    effort = STUDIES["bugs"].effort(EffortConfig(seeds=2))
    assert (effort.size, effort.seeds, effort.train, effort.epochs) == (StudySize.laptop, 2, 1397, 30)
    assert STUDIES["bugs"].effort(EffortConfig(size=StudySize.smoke)).train == 200
    with pytest.raises(BadOption, match=r"effort.epochs must be at least 1, or 0"):
        merged(EffortConfig(epochs=-1), EffortConfig())


def test_what_is_judged_on_was_not_learnt_and_the_seed_tells_which_pictures() -> None:
    one, same, other = (sets_of(StudyData.digits, 50, 50, seed) for seed in (0, 0, 1))
    assert torch.equal(one.test.images, same.test.images)
    assert not torch.equal(one.test.images, other.test.images)
    apart = (one.train.images[:, None] - one.test.images[None]).abs().flatten(2).amax(2)
    assert bool((apart > 0).all())


def test_reading_the_table_imports_nothing_heavy() -> None:
    code = (
        "import sys, physadv.engines.studies.theories.table; "
        "sys.exit(bool({'torch', 'numpy', 'matplotlib'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
