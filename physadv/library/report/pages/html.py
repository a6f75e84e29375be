"""Fills a template: what is common to the pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from physadv.library.report.pages.scripts import scripts
from physadv.library.report.plain_words import amount, difference, rounded, shown


def filled(template: str, content: Mapping[str, Any]) -> str:
    """The page as text. Whatever comes from a run is escaped."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["amount"] = amount
    environment.filters["shown"] = shown
    environment.filters["difference"] = difference
    environment.filters["size"] = rounded
    environment.globals["scripts"] = scripts()
    return environment.get_template(template).render(content)
