"""Reads files that may come from anybody: with a limit on size and depth, and never from a device or a pipe.

A file that cannot be right is a :class:`BadInput` that names it. Nothing in a file is executed, no reference in it is
followed, and nothing is allocated because a file says so.
"""

from __future__ import annotations

import io
import json
import stat
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from physadv.core.errors import BadInput

KB, MB = 1_000, 1_000_000
TEXT_LIMIT = 64 * MB
SETTINGS_LIMIT = 1 * MB  # of a file that people write by hand
MAX_DEPTH = 64  # of lists and mappings in one another; ours have 8 at most

ARCHIVE_ERRORS = (
    OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, IndexError, OverflowError, MemoryError,
    NotImplementedError, RuntimeError, SyntaxError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip
"""Errors of numpy, zipfile and zlib on archives that are damaged or made to mislead."""

Arrays = dict[str, npt.NDArray[Any]]


def check_file(path: Path, limit: int = TEXT_LIMIT) -> int:
    """The size in bytes. Raises :class:`BadInput` unless ``path`` is a regular file of at most ``limit`` bytes."""
    try:
        about = path.stat()
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise BadInput(f"cannot read {str(path)!r}: {reason}") from error
    if stat.S_ISDIR(about.st_mode):
        raise BadInput(f"{str(path)!r} is a folder, not a file. Name a file in it")
    if not stat.S_ISREG(about.st_mode):
        raise BadInput(f"{str(path)!r} is a device or a pipe, not a file. Copy its content into a file")
    if about.st_size > limit:
        has, allowed = f"{about.st_size / MB:.1f} MB", f"{limit / MB:g} MB"
        raise BadInput(f"{str(path)!r} has {has}; such a file has at most {allowed}. Is it the right one?")
    return about.st_size


def read_bytes(path: Path, limit: int = TEXT_LIMIT) -> bytes:
    """All bytes. Raises :class:`BadInput` for what is no file, too large, or cannot be read."""
    check_file(path, limit)
    try:
        with path.open("rb") as stream:
            return stream.read(limit)
    except OSError as error:
        raise BadInput(f"cannot read {str(path)!r}: {error.strerror or error}. Check its permissions") from error


def read_text(path: Path, limit: int = TEXT_LIMIT) -> str:
    """UTF-8 text. Raises :class:`BadInput` for what is not."""
    try:
        return read_bytes(path, limit).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{str(path)!r} is not text in UTF-8 (byte {error.start})") from error


def read_json(path: Path, limit: int = TEXT_LIMIT) -> Any:
    """The value of a JSON file. Raises :class:`BadInput` for what is not JSON, or nested too deeply."""
    return json_of(read_text(path, limit), str(path))


def json_of(text: str, source: str) -> Any:
    """The value of JSON text; ``source`` names it in the error. Raises :class:`BadInput` for text that is no JSON."""
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise BadInput(f"{source!r} is nested too deeply to be read") from error
    except ValueError as error:  # JSONDecodeError; a number of thousands of digits
        raise BadInput(f"{source!r} is not valid JSON: {str(error)[:120]}") from error
    _check_depth(value, source)
    return value


def read_yaml(path: Path, limit: int = SETTINGS_LIMIT, *, typed: bool = True) -> Any:
    """The value of a YAML file, as plain text: tags, aliases and ``${…}`` are not followed. Not ``typed``, all is text.

    Raises :class:`BadInput` for what is not YAML, has aliases (a few bytes of them can stand for gigabytes), or is
    nested too deeply.
    """
    text = read_text(path, limit)
    try:
        value = yaml.load(text, _Plain if typed else _Text)
    except RecursionError as error:
        raise BadInput(f"{str(path)!r} is nested too deeply to be read") from error
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, KeyError, AttributeError, IndexError) as error:
        reason = " ".join(str(error).split())[:160]
        raise BadInput(f"{str(path)!r} is not valid YAML: {reason}") from error
    _check_depth(value, str(path))
    return value


class _Plain(yaml.SafeLoader):
    """YAML without aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it has aliases (*name), which are not read here")
        return super().compose_node(parent, index)


class _Text(_Plain):
    """Scalars as they are written: a class may be called "no"."""

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        kinds = {yaml.ScalarNode: "str", yaml.SequenceNode: "seq", yaml.MappingNode: "map"}
        return f"tag:yaml.org,2002:{kinds[kind]}"


def _check_depth(value: Any, source: str) -> None:
    """Deep values are read, but whoever walks them later would run out of stack."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for one in level if isinstance(one, dict | list) for item in _items(one)]
        if not level:
            return
    raise BadInput(f"{source!r} is nested too deeply to be read")


def _items(value: dict[Any, Any] | list[Any]) -> list[Any]:
    return [item for item in (value.values() if isinstance(value, dict) else value) if isinstance(item, dict | list)]


def read_arrays(path: Path, limit: int) -> Arrays:
    """The arrays of a ``.npz``, no objects among them; ``limit`` bounds their size in memory, in bytes.

    Sizes are read from the headers and held against the archive before anything is allocated. Raises
    :class:`BadInput` for everything else.
    """
    check_file(path, limit + MB)
    try:
        with zipfile.ZipFile(path) as archive:
            _check_sizes(archive, path, limit)
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except ARCHIVE_ERRORS as error:
        reason = " ".join(str(error).split())[:120] or type(error).__name__
        raise BadInput(f"{str(path)!r} is not a .npz of plain arrays: {reason}. Save it with numpy.savez") from error


def _check_sizes(archive: zipfile.ZipFile, path: Path, limit: int) -> None:
    members = archive.infolist()
    if (total := sum(member.file_size for member in members)) > limit:
        raise BadInput(
            f"{str(path)!r} unpacks to {total / MB:.0f} MB; here it may be {limit / MB:.0f} MB at most. "
            "Make it smaller, or raise the limit where there is an option for it"
        )
    for member in members:
        with archive.open(member) as stream:
            head = io.BytesIO(stream.read(min(member.file_size, 70_000)))
        version = np.lib.format.read_magic(head)
        reader = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, kind = reader(head)
        promised = int(np.prod(np.array(shape, dtype=object), initial=1)) * kind.itemsize
        if kind.hasobject or promised != member.file_size - head.tell():
            raise ValueError(f"{member.filename} promises {promised} bytes of {kind} and has {member.file_size}")
