"""Where the YAML presets are: in the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from physadv.core.errors import BadInput

_PACKAGE = Path(__file__).resolve().parents[2]
PLACES = (_PACKAGE / "conf", _PACKAGE.parent / "conf")


def conf_dir() -> Path:
    """Absolute folder of ``conf/``. Absolute, because ``pkg://`` paths fail from the checkout's own root.

    Raises :class:`BadInput` where the presets are missing.
    """
    for folder in PLACES:
        if (folder / "generate.yaml").is_file():
            return folder
    raise BadInput(f"the presets are missing: neither {' nor '.join(map(str, PLACES))}. Reinstall physadv")
