"""The row of a study, what it is given, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any

from physadv.engines.studies.theories.options import SIZES, EffortConfig, StudySize, merged

if TYPE_CHECKING:
    from physadv.engines.studies.theories.pictures import Sets
    from physadv.library.report.pictures.charts import Chart

Cell = str | int | float | None
FINDINGS = "findings.json"
SMOKE_S = 5
"""Of a study that is only to be seen to work."""


class ClaimVerdict(StrEnum):
    """What became of the claim here."""

    seen = "seen"
    mixed = "mixed"
    unseen = "not seen"
    shown = "shown"
    """There was nothing to be refuted: an example was made."""


@dataclass(frozen=True)
class Study:
    """One claim: its row. Reading rows imports no torch."""

    name: str
    title: str  # the question, as the page puts it
    summary: str  # one line, for --help
    claim: str  # what is said, and by whom
    module: str  # of this package; its function ``study`` does the work
    seconds: int  # on one core, at size=laptop
    sizes: Mapping[StudySize, EffortConfig] = field(default_factory=dict)  # where it differs from SIZES
    further: Sequence[str] = ()  # commands with which a reader goes on

    def effort(self, typed: EffortConfig) -> EffortConfig:
        """What it does: as typed, else as its own size says, else as all do."""
        return merged(typed, merged(self.sizes.get(typed.size, EffortConfig()), SIZES[typed.size]))

    def seconds_at(self, size: StudySize) -> float:
        """About how long it takes on one core."""
        return SMOKE_S if size is StudySize.smoke else float(self.seconds)

    def load(self) -> Callable[[StudyTask], StudyFindings]:
        """Import the work."""
        found: Any = import_module(f"physadv.engines.studies.theories.{self.module}").study
        loaded: Callable[[StudyTask], StudyFindings] = found
        return loaded


@dataclass(frozen=True)
class StudyTask:
    """What a study is given."""

    effort: EffortConfig
    sets: Sets  # pictures to learn from, and to judge on
    seed: int = 0
    tell: Callable[[str], object] = lambda _: None  # hears of every part before it begins

    @property
    def seeds(self) -> range:
        """Of the nets."""
        return range(self.seed, self.seed + self.effort.seeds)

    @property
    def quick(self) -> bool:
        """Whether it is only to be seen to work."""
        return self.effort.size is StudySize.smoke

    def some(self, values: Sequence[Any]) -> list[Any]:
        """All of them; for a quick look the first and the last."""
        return list(values) if not self.quick or len(values) < 3 else [values[0], values[-1]]


@dataclass(frozen=True)
class StudyFindings:
    """What a study found."""

    verdict: ClaimVerdict
    words: Sequence[str]  # sentences; the first is the finding
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    charts: Mapping[str, Chart]  # by name, which becomes that of its file
    caveats: Sequence[str] = ()  # what the figures do not say
    files: Mapping[str, bytes] = field(default_factory=dict)  # what a reader can go on with, by name
