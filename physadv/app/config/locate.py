"""Where the YAML presets are: in the installed package, else in the checkout."""

from __future__ import annotations

from pathlib import Path

from physadv.core.errors import BadInput


def conf_dir() -> Path:
    """Absolute folder of ``conf/``. Absolute, because ``pkg://`` paths fail from the checkout's own root."""
    package = Path(__file__).resolve().parents[2]
    for folder in (package / "conf", package.parent / "conf"):
        if (folder / "generate.yaml").is_file():
            return folder
    raise BadInput(
        f"the presets are missing: neither {package / 'conf'} nor {package.parent / 'conf'}. Reinstall physadv"
    )
