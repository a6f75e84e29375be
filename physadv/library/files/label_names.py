"""Class names as a user gives them: a list, some words with commas, or a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from physadv.core.errors import BadInput, BadOption
from physadv.core.labels import on_one_line
from physadv.library.files.reading import SETTINGS_LIMIT, json_of, read_text

_FILES = (".txt", ".json", ".names")

Names = str | Sequence[object]


def read_names(option: Names, where: str) -> tuple[str, ...]:
    """Names in the order of the classes; ``where`` is the option's name, for messages. Empty when nothing is asked.

    ``"face"`` and ``"stop,yield"`` are names; what ends in .txt (a name a line) or .json (a list) is a file. Raises
    :class:`BadOption` for an empty name, and :class:`BadInput` for a file without names.
    """
    if not isinstance(option, str):
        names = tuple(on_one_line(str(name)) for name in option)
    elif Path(option).suffix.lower() in _FILES or "/" in option or (option and Path(option).is_file()):
        names = _read_file(Path(option), where)
        if not names:
            raise BadInput(f"{option} names no class; write one a line, or a JSON list of strings")
    else:
        names = tuple(name.strip() for name in option.split(",")) if option else ()
    if not all(names):
        raise BadOption(f"{where} has an empty name: {', '.join(map(repr, names))}. Write {where}=[stop,yield]")
    return names


def _read_file(path: Path, where: str) -> tuple[str, ...]:
    try:
        text = read_text(path, SETTINGS_LIMIT)
        if path.suffix.lower() != ".json":
            return tuple(name for line in text.splitlines() if (name := on_one_line(line)))
        value = json_of(text, str(path))
    except BadInput as error:
        raise BadInput(f"{where}={path} cannot be read: {error}; give a .txt or .json file") from error
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadInput(f"{where}={path} must hold a list of strings")
    return tuple(map(on_one_line, value))
