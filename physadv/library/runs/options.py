"""The files of a run folder, read back: they may be damaged, cut short, or made by someone else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput, PhysadvError
from physadv.library.files.reading import SETTINGS_LIMIT, TEXT_LIMIT, read_json, read_yaml

AGAIN = "Make the run again"
_FAULTS = (KeyError, IndexError, TypeError, AttributeError, ValueError, ArithmeticError, RecursionError, AssertionError)


def read_object(path: Path, *, remedy: str = AGAIN, limit: int = 4 * TEXT_LIMIT) -> dict[str, Any]:
    """A JSON object. Raises :class:`BadInput` for another file."""
    with _with_remedy(remedy):
        content = read_json(path, limit)
    if not isinstance(content, dict):
        raise BadInput(f"{path} does not hold a JSON object. {remedy}.")
    return content


def read_object_if_there(path: Path) -> dict[str, Any]:
    """A JSON object; empty where there is no such file."""
    return read_object(path) if path.is_file() else {}


def read_options(path: Path, *, remedy: str = AGAIN) -> dict[str, Any]:
    """Options as a run notes them, as plain values: ``${...}`` in them is text.

    Raises :class:`BadInput` for a file without options.
    """
    with _with_remedy(remedy):
        content = read_yaml(path, 4 * SETTINGS_LIMIT)
    if not isinstance(content, dict) or not all(isinstance(key, str) for key in content):
        raise BadInput(f"{path} {'is empty' if content is None else 'does not hold options'}. {remedy}.")
    return content


@contextmanager
def _with_remedy(remedy: str) -> Iterator[None]:
    try:
        yield
    except BadInput as error:
        raise BadInput(f"{error}. {remedy}.") from error


@contextmanager
def expecting(what: object, remedy: str = AGAIN) -> Iterator[None]:
    """Tell what a file holds that its reader did not expect as a fault of the file.

    For the code between the file and values that check themselves: keys that are missing, lists where numbers belong.
    """
    try:
        yield
    except PhysadvError:
        raise
    except _FAULTS as error:
        said = f"no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
        reason = " ".join(said.split())[:160]
        raise BadInput(f"{what} does not hold what physadv writes there ({reason}). {remedy}.") from error
