"""The page of ``physadv study masking``: audits with their figures, verdicts and pictures."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from physadv.core.errors import BadInput
from physadv.library.files.atomic import write_bytes, write_text
from physadv.library.report.pages.html import filled
from physadv.library.report.pictures.audit_picture import audit_picture
from physadv.library.runs import record
from physadv.library.runs.options import expecting, read_object, read_object_if_there

FILE = "masking.json"


@dataclass(frozen=True)
class MaskingPage:
    """All that the page tells besides the audits."""

    name: str
    seed: int
    options: Mapping[str, Any]  # below ``audit.``

    def write(self, audits: Sequence[Mapping[str, Any]], folder: Path) -> Path:
        """Write a picture for every audit, and ``report.html``."""
        shown = []
        for place, one in enumerate(audits):
            picture = audit_picture(one)
            name = "masking.png" if len(audits) == 1 else f"masking-{place}.png"
            write_bytes(folder / name, picture)
            shown.append({**one, "picture": "data:image/png;base64," + base64.b64encode(picture).decode()})
        content = {"name": self.name, "audits": shown, "options": self.options, "seed": self.seed}
        return write_text(folder / "report.html", filled("masking.html.j2", content))


def write_masking_report(folder: Path) -> Path:
    """Make the page again from what lies in the folder. Raises :class:`BadInput` where the study did not finish."""
    run = read_object_if_there(folder / record.FILE)
    if not run:
        raise BadInput(
            f"the study in {str(folder)!r} did not finish: it has no {record.FILE}. Go on with the same command plus "
            "resume=true"
        )
    with expecting(folder):
        audits = read_object(folder / FILE)["audits"]
        page = MaskingPage(str(run["name"]), int(run["seed"]), run["config"]["audit"])
        return page.write(audits, folder)
