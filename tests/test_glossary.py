"""The words of the walkthrough name what is in the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| `(\w+)` in `([\w/]+)/` \|$", re.MULTILINE)
WORDS = ROW.findall((ROOT / "docs" / "walkthrough.md").read_text(encoding="utf-8"))


def defined_in(folder: Path) -> list[str]:
    """The classes, functions and constants that stand at the top of the folder's modules."""
    names: list[str] = []
    for file in folder.rglob("*.py"):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                names.append(node.name)
            elif isinstance(node, ast.Assign):
                names += [target.id for target in node.targets if isinstance(target, ast.Name)]
    return names


def test_the_glossary_is_read_whole() -> None:
    assert len(WORDS) >= 30
    assert [word for word, *_ in WORDS] == sorted({word for word, *_ in WORDS})


@pytest.mark.slow
@pytest.mark.parametrize(("word", "name", "folder"), WORDS, ids=[word for word, *_ in WORDS])
def test_every_word_has_one_thing_of_that_name(word: str, name: str, folder: str) -> None:
    assert defined_in(ROOT / "physadv" / folder).count(name) == 1, word
