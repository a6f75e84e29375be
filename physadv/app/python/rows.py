"""The numbers of a run as plain rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any, Generic, TypeVar

from physadv.core.errors import MissingExtra
from physadv.library.report.arms import role

Row = TypeVar("Row")
_MAX_ROWS = 60  # rows that a notebook shows


_TYPES: dict[str, tuple[type, ...]] = {
    "str": (str,), "int": (int,), "float": (int, float), "float | None": (int, float, type(None)),
    "int | None": (int, type(None)),
}  # fmt: skip


@dataclass(frozen=True)
class _Row:
    """Fields have the types that they say, also where a file was damaged."""

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, bool) or not isinstance(value, _TYPES[str(one.type)]):
                raise TypeError(f"{one.name} is {value!r}")


@dataclass(frozen=True)
class ScoreRow(_Row):
    """One score of one victim, with its 95 % interval."""

    victim: str
    condition: str  # "clean", "grey", "random", "patch", or the name of a patch it is compared with
    role: str  # "clean", "control" or "patch"
    score: str  # "success", "recall", "AP50", …
    value: float | None  # None: nothing could be measured
    low: float | None
    high: float | None
    n: int  # objects
    higher_is: str  # "safer" or "more attacked"


@dataclass(frozen=True)
class BinRow(ScoreRow):
    """The same within a range of distances or sizes."""

    by: str  # "distance_m", …
    words: str  # "5–10 m"
    above: float | None
    below: float | None


@dataclass(frozen=True)
class CurveRow(ScoreRow):
    """The same where one condition is held at a value."""

    axis: str  # "distance_m", "yaw_deg", …
    at: float


@dataclass(frozen=True)
class UsableRow(_Row):
    """Where along an axis success is at least ``at_least``."""

    victim: str
    condition: str
    role: str
    axis: str
    at_least: float
    low: float | None  # None: nowhere
    high: float | None
    words: str
    surely: str  # where the low end of the interval is at least as high


@dataclass(frozen=True)
class DefenseRow(_Row):
    """One score of one attack on a victim behind a defence, from the table of defences."""

    victim: str  # without the defence
    defense: str  # "none": the bare victim
    kinds: str  # "localising"; of a chain "quantising+localising"
    attack: str  # "no attack", "grey", "random", "unaware", "adaptive" or "black box"
    score: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    of: int  # attacks of which this one was the worst
    evasion: float | None  # its λ
    queries: int | None
    recall_lost: float | None  # by the clean pictures, against the bare victim, paired
    recall_lost_low: float | None
    recall_lost_high: float | None
    time_ratio: float | None  # of a picture, against the bare victim
    flags: str  # "", "incomplete" or "suspect"


class Rows(list[Row], Generic[Row]):
    """A list of rows that can become a table of pandas."""

    def frame(self) -> Any:
        """A ``pandas.DataFrame`` with a column for each field. Raises :class:`MissingExtra` without pandas."""
        try:
            import pandas
        except ImportError as error:
            raise MissingExtra(
                'a frame needs pandas: pip install "physadv[frames]". Without it, every row is a dataclass: '
                "[dataclasses.asdict(row) for row in rows]"
            ) from error
        return pandas.DataFrame(self._dicts())

    def _dicts(self) -> list[dict[str, Any]]:
        rows: list[Any] = list(self)
        return [asdict(row) for row in rows]

    def _repr_html_(self) -> str:
        """A plain table, of the first rows."""
        dicts = self._dicts()
        if not dicts:
            return "<p>no rows</p>"
        lines = [[_shown(value) for value in row.values()] for row in dicts[:_MAX_ROWS]]
        head = "".join(f"<th>{escape(name)}</th>" for name in dicts[0])
        body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in lines)
        more = f"<p>… {len(dicts) - _MAX_ROWS} more rows</p>" if len(dicts) > _MAX_ROWS else ""
        return f"<table><tr>{head}</tr>{body}</table>{more}"


def score_rows(victims: Sequence[Mapping[str, Any]]) -> Rows[ScoreRow]:
    """Of the victims in ``scores.json``."""
    return Rows(ScoreRow(**heading, **_measured(score)) for heading, c in _conditions(victims) for score in c["scores"])


def bin_rows(victims: Sequence[Mapping[str, Any]]) -> Rows[BinRow]:
    """Of the victims in ``scores.json``, by distance or size."""
    return Rows(
        BinRow(**heading, **_measured(score), by=one["by"], words=one["words"], above=one["low"], below=one["high"])
        for heading, condition in _conditions(victims) for one in condition["bins"] for score in one["scores"]
    )  # fmt: skip


def headline_rows(scores: Sequence[Mapping[str, Any]]) -> Rows[ScoreRow]:
    """Of the headlines in ``run.json``."""
    return Rows(
        ScoreRow(one["victim"], one["condition"], role(one), **_measured(score))
        for one in scores for score in one["scores"]
    )  # fmt: skip


def defense_rows(table: Mapping[str, Any]) -> Rows[DefenseRow]:
    """Of ``defenses.json``; attacks that were not made are left out."""
    return Rows(
        DefenseRow(
            **_defense(row), attack=attack, **{k: v for k, v in _measured(score).items() if k != "higher_is"},
            of=cell["of"], evasion=cell["evasion"], queries=cell["queries"],
        )
        for row in table["rows"] for attack, cell in row["cells"].items() if cell for score in cell["scores"].values()
    )  # fmt: skip


def _defense(row: Mapping[str, Any]) -> dict[str, Any]:
    lost = (row["clean_cost"] or {}).get("recall") or dict.fromkeys(("value", "low", "high"))
    incomplete = row["incomplete"] and row["defense"] != "none"
    return {
        "victim": row["victim"], "defense": row["defense"], "kinds": "+".join(row["kinds"]),
        "recall_lost": lost["value"], "recall_lost_low": lost["low"], "recall_lost_high": lost["high"],
        "time_ratio": row["latency_ratio"],
        "flags": "incomplete" if incomplete else "suspect" if row["suspect"] else "",
    }  # fmt: skip


def curve_rows(grid: Mapping[str, Any]) -> Rows[CurveRow]:
    """Of ``grid.json``; points at which nothing was measured are left out."""
    return Rows(
        CurveRow(curve["victim"], curve["condition"], curve["role"], **_measured(score), axis=curve["axis"], at=at)
        for curve in grid["curves"] for at, score in zip(curve["at"], curve["scores"], strict=True) if score
    )  # fmt: skip


def usable_rows(grid: Mapping[str, Any]) -> Rows[UsableRow]:
    """Of ``grid.json``."""
    fields = ("victim", "condition", "role", "axis", "at_least", "low", "high", "words", "surely")
    return Rows(UsableRow(**{name: one[name] for name in fields}) for one in grid["usable"])


def _conditions(victims: Sequence[Mapping[str, Any]]) -> Iterator[tuple[dict[str, Any], Mapping[str, Any]]]:
    for victim in victims:
        for one in victim["conditions"]:
            yield {"victim": victim["name"], "condition": one["condition"], "role": role(one)}, one


def _measured(score: Mapping[str, Any]) -> dict[str, Any]:
    taken = {name: score[name] for name in ("value", "low", "high", "n")}
    return {"score": score["name"], **taken, "higher_is": score.get("higher_is", "")}


def _shown(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
