"""Which run folders were made on this account: their configuration carries a seal that nobody else can make.

The seal is an HMAC of the noted configuration under a secret of the user. A folder keeps it when it is moved or copied,
and loses it when its options are changed. Without a home folder that can be written nothing is sealed, and every run
counts as foreign.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_text
from physadv.library.files.reading import read_text

FILE = "seal.txt"
_SEALED = ("config.yaml", "choices.yaml")
_BYTES = 32


def seal(config: Path) -> None:
    """Put the seal beside what is noted in ``RUN/config``."""
    if (secret := _secret(make=True)) is not None:
        write_text(config / FILE, _seal_of(config, secret) + "\n")


def own(run: Path) -> bool:
    """Whether the run's options are as this user's physadv noted them."""
    config = run / "config"
    secret = _secret(make=False)
    if secret is None or not (config / FILE).is_file():
        return False
    try:
        return hmac.compare_digest(read_text(config / FILE, 200).strip().encode(), _seal_of(config, secret).encode())
    except (OSError, BadInput):
        return False


def _seal_of(config: Path, secret: bytes) -> str:
    made = hmac.new(secret, digestmod="sha256")
    for name in _SEALED:
        data = (config / name).read_bytes()
        made.update(f"{name} {len(data)}\n".encode() + data)
    return f"physadv-1 {made.hexdigest()}"


def _place() -> Path | None:
    if told := os.environ.get("XDG_STATE_HOME") or os.environ.get("LOCALAPPDATA"):
        return Path(told) / "physadv" / "seal.key"
    try:
        return Path.home() / ".local" / "state" / "physadv" / "seal.key"
    except RuntimeError:  # no home
        return None


def _secret(*, make: bool) -> bytes | None:
    if (place := _place()) is None:
        return None
    try:
        if make and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = place.with_name(f".{secrets.token_hex(8)}")
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
                stream.write(secrets.token_bytes(_BYTES))
            try:
                os.link(draft, place)  # whole, and only the first of two commands that start together
            except FileExistsError:
                pass
            finally:
                draft.unlink()
        secret = place.read_bytes()
    except OSError:
        return None
    return secret if len(secret) == _BYTES else None
