"""Options that a finished run noted, read back as the dataclass they were."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar, cast

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from physadv.app.config.spelling import literal_in
from physadv.core.errors import BadInput
from physadv.library.runs.options import read_options

T = TypeVar("T")


def noted_options(file: Path, schema: type[T], command: str, remedy: str) -> T:
    """The options of ``command`` in the file; ``${...}`` in them is text, and unknown ones are left out.

    Raises :class:`BadInput` where they are not such options.
    """
    noted = read_options(file, remedy=remedy)
    known = OmegaConf.structured(schema)
    try:
        made = OmegaConf.merge(known, {key: literal_in(value) for key, value in noted.items() if key in known})
        return cast(T, OmegaConf.to_object(made))
    except OmegaConfBaseException as error:
        raise BadInput(f"{file} does not hold the options of {command}: {str(error).splitlines()[0]}") from error
