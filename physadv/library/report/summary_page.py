"""One page for a slide deck: the result in a sentence, its numbers, one picture of the median case, and the doubts.

``summary.pdf`` and ``summary.png`` hold the same. All that the page says stands in ``report.html``, too.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.patches import FancyBboxPatch
from matplotlib.textpath import text_to_path
from PIL import Image

from physadv.library.files.atomic import write_bytes
from physadv.library.report.arms import score_named, with_role
from physadv.library.report.pages.run import content, files_of, understood
from physadv.library.report.plain_words import amount
from physadv.library.report.plots.figure import measured, styles
from physadv.library.report.plots.intervals import in_lines

SIZE_IN = (13.333, 7.5)  # a slide of 16:9
PNG_DPI = 144
INK, FAINT, LINE, WARN, WARN_INK = "#1d2025", "#626873", "#dfe1e5", "#fff4d6", "#6b4e00"
MAX_VICTIMS, MAX_CAUTIONS = 8, 3
Content = Mapping[str, Any]
"""The contents of the report's page."""
_LEFT, _RIGHT = 0.035, 0.965  # margins, as shares of the page


def write_summary(folder: Path) -> list[Path]:
    """Write both files from what lies in a run folder; returns where they are."""
    run, scores, grid = files_of(folder)
    with (
        mpl.rc_context({"font.family": "DejaVu Sans", "pdf.fonttype": 42, "text.parse_math": False}),
        understood(folder),
    ):
        figure = _page(folder, content(folder, run, scores, grid), grid)
        FigureCanvasAgg(figure)
        made = []
        for kind, settings in (("pdf", {"metadata": {"CreationDate": None}}), ("png", {"dpi": PNG_DPI})):
            stream = io.BytesIO()
            figure.savefig(stream, format=kind, **settings)
            made.append(write_bytes(folder / f"summary.{kind}", stream.getvalue()))
    return made


def _page(folder: Path, content: Content, grid: Mapping[str, Any]) -> Figure:
    figure = Figure(figsize=SIZE_IN)
    top = _write(figure, _eyebrow(content), 0.965, 10, colour=FAINT)
    top = _write(figure, content["headline"], top - 0.012, 19, bold=True, lines=3)
    floor = _foot(figure, content)
    room = (floor + 0.035, top - 0.03)  # bottom and top of the middle
    if content["victims"]:
        _victims(figure, content, room)
    elif grid:
        _curves(figure, content, grid, room)
    _pictures(figure, folder, content, room)
    return figure


def _eyebrow(content: Content) -> str:
    protocol = content["protocol"]
    parts = [content["name"], f"physadv {content['command']}".strip(), content["made"] and f"{content['made']} UTC"]
    if protocol.get("name"):
        parts.append(f"protocol {protocol['name']}")
    return "  ·  ".join(part for part in parts if part)


def _foot(figure: Figure, content: Content) -> float:
    """Provenance at the bottom and cautions above it; returns where they begin."""
    facts = dict(content["provenance"])
    wanted = ("seed", "physadv", "commit")
    protocol = content["protocol"]
    judged = f"{protocol['objects']} objects judged in {protocol['images']} images" if "objects" in protocol else ""
    parts = [judged, protocol.get("split", ""), *(f"{name} {facts[name]}" for name in wanted if facts.get(name))]
    text = "  ·  ".join(part for part in parts if part)
    lines = _wrapped(text, 8, _RIGHT - _LEFT)[:2]
    for number, line in enumerate(reversed(lines)):
        figure.text(_LEFT, 0.022 + 0.02 * number, line, size=8, color=FAINT)
    floor = 0.022 + 0.02 * len(lines) + 0.012
    cautions = [*content.get("voiding", ()), *content["cautions"]]
    listed = [*cautions[:MAX_CAUTIONS]]
    if len(cautions) > MAX_CAUTIONS:
        listed[-1] = f"{listed[-1]} And {len(cautions) - MAX_CAUTIONS} more in the report."
    rows = [line for text in reversed(listed) for line in reversed(_shortened(_wrapped(f"Caution. {text}", 10, 0.9)))]
    if not rows:
        return floor
    high = 0.026 * len(rows) + 0.016
    figure.add_artist(
        FancyBboxPatch((_LEFT, floor), _RIGHT - _LEFT, high, boxstyle="round,pad=0,rounding_size=0.006",
                       transform=figure.transFigure, facecolor=WARN, edgecolor="none", mutation_aspect=16 / 9)
    )  # fmt: skip
    for number, line in enumerate(rows):
        figure.text(_LEFT + 0.01, floor + 0.015 + 0.026 * number, line, size=10, color=WARN_INK)
    return floor + high


def _shortened(lines: list[str]) -> list[str]:
    """Two lines at most; the report has the rest."""
    return lines if len(lines) <= 2 else [lines[0], f"{lines[1]} …"]


def _victims(figure: Figure, content: Content, room: tuple[float, float]) -> None:
    """Success of every patch and control against every victim, with intervals."""
    victims = content["victims"][:MAX_VICTIMS]
    axes = figure.add_axes((0.2, room[0] + 0.045, 0.32, room[1] - room[0] - 0.045))
    looks = styles(content["conditions"])
    ticks, y = list[tuple[float, str]](), 0.0
    for victim in victims:
        rows = [*with_role(victim, "patch"), *with_role(victim, "control")]
        begin = y
        for arm in rows:
            score = score_named(arm["scores"], "success")
            if score and measured(score):
                _bar(axes, y, score, looks[arm["condition"]].colour, content["minimum_n"])
                axes.text(-2, y, _known(arm["condition"]), size=_size(victims), color=FAINT, ha="right", va="center")
                axes.text(102, y, amount(score), size=_size(victims), color=INK, va="center")
                y += 1
        ticks.append(((begin + y - 1) / 2, victim["name"]))
        y += 0.7
    for middle, name in ticks:
        words = "\n".join(line for part in in_lines(name, 15) for line in _wrapped(part, 10, 0.11, bold=True))
        axes.text(-24, middle, words, size=10, weight="bold", color=INK, ha="right", va="center")
    _across(axes, max(y - 0.7, 1.0))
    more = len(content["victims"]) - len(victims)
    axes.set_xlabel(
        f"success, with 95 % intervals{f'; {more} more in the report' if more else ''}", size=9, color=FAINT
    )


def _size(victims: Sequence[Any]) -> float:
    return 10 if len(victims) <= 4 else 7


def _bar(axes: Axes, y: float, score: Mapping[str, Any], colour: str, minimum_n: int) -> None:
    value, low, high = (
        100 * (score[key] if score[key] is not None else score["value"]) for key in ("value", "low", "high")
    )
    axes.barh(y, value, height=0.72, color=colour, alpha=0.85 if score["n"] >= minimum_n else 0.45)
    axes.plot([low, high], [y, y], color=INK, linewidth=1.4, solid_capstyle="butt")


def _across(axes: Axes, rows: float) -> None:
    axes.set_xlim(0, 100)
    axes.set_ylim(rows - 0.5, -0.6)
    axes.set_yticks([])
    axes.set_xticks([0, 25, 50, 75, 100], ["0 %", "25 %", "50 %", "75 %", "100 %"], size=9, color=FAINT)
    axes.xaxis.grid(visible=True, color=LINE)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)
    for side in axes.spines.values():
        side.set_visible(False)


def _curves(figure: Figure, content: Content, grid: Mapping[str, Any], room: tuple[float, float]) -> None:
    """Success of all arms along the first two axes, against the first victim."""
    known = [c for c in grid.get("curves", ()) if c["score"] == "success"]
    names = [a["name"] for a in grid.get("axes", ()) if any(c["axis"] == a["name"] for c in known)][:2]
    looks = styles([c["condition"] for c in known])
    deep = (room[1] - room[0]) / max(len(names), 1)
    for place, name in enumerate(names):
        along = next(a for a in grid["axes"] if a["name"] == name)
        axes = figure.add_axes((0.075, room[1] - deep * (place + 1) + 0.075, 0.47, deep - 0.09))
        shown = [c for c in known if (c["axis"], c["victim"]) == (name, known[0]["victim"])]
        for number, curve in enumerate(shown):
            aside = 0.008 * (max(curve["at"]) - min(curve["at"])) * (number - (len(shown) - 1) / 2)
            _curve(axes, curve, looks[curve["condition"]].colour, content["minimum_n"], aside)
        axes.set_xticks(sorted({at for curve in shown for at in curve["at"]}))
        axes.set_ylim(-4, 104)
        axes.set_yticks([0, 50, 100], ["0 %", "50 %", "100 %"], size=9, color=FAINT)
        axes.tick_params(length=0, labelcolor=FAINT, labelsize=9)
        axes.yaxis.grid(visible=True, color=LINE)
        unit = f", {along['unit']}" if along.get("unit") else ""
        axes.set_xlabel(f"{along['words']}{unit}", size=9, color=FAINT)
        for side in axes.spines.values():
            side.set_visible(False)
        if not place:
            axes.legend(frameon=False, fontsize=9, ncols=4, loc="lower left", bbox_to_anchor=(0, 0.98), borderpad=0)


def _curve(axes: Axes, curve: Mapping[str, Any], colour: str, minimum_n: int, aside: float) -> None:
    known = [(at, s) for at, s in zip(curve["at"], curve["scores"], strict=True) if measured(s)]
    if not known:
        return
    x, y = [at + aside for at, _ in known], [100 * s["value"] for _, s in known]
    ends = [[100 * (s["value"] if s[end] is None else s[end]) for _, s in known] for end in ("low", "high")]
    error = np.abs(np.array(ends) - np.array(y))
    axes.errorbar(x, y, error, color=colour, linewidth=2, elinewidth=1.2, capsize=2, label=_known(curve["condition"]))
    for at, value, (_, score) in zip(x, y, known, strict=True):
        axes.plot(at, value, "o", color=colour, markerfacecolor="white" if score["n"] < minimum_n else colour)


def _pictures(figure: Figure, folder: Path, content: Content, room: tuple[float, float]) -> None:
    """The median case without and with the patch, and the patch below; on the right."""
    left, width = 0.63, _RIGHT - 0.63
    views = (content["pairs"] or {}).get("pairs", [])
    view = next((v for v in views if v.get("title") == "typical"), views[0] if views else None)
    top = room[1]
    if view:
        top = _view(figure, folder, view, (left, width), top)
    patch = folder / "patch.png"
    if patch.is_file():
        high = max(min(top - room[0] - 0.04, 0.24), 0.08)
        _picture(figure, patch, (left, top - high, width, high), anchor="W")
        facts = content["patch_mm"]
        size = f"{facts[0]:.0f} × {facts[1]:.0f} mm on paper" if len(facts) == 2 else ""
        figure.text(left, top - high - 0.024, f"the patch{', ' if size else ''}{size}", size=9, color=FAINT)


def _view(figure: Figure, folder: Path, view: Mapping[str, Any], across: tuple[float, float], top: float) -> float:
    """Two pictures side by side with the outcome of the object; returns where the next thing may begin."""
    shots = view["pictures"]
    patch = next((shot for shot in shots if shot["role"] == "patch"), shots[-1])
    pair = [shots[0], patch] if patch is not shots[0] else [patch]
    left, width = across
    each = (width - 0.012) / 2
    high = each * (SIZE_IN[0] / SIZE_IN[1]) * 3 / 4
    figure.text(left, top - 0.012, _known(_case(view)), size=9, color=FAINT)
    top -= 0.028
    for place, shot in enumerate(pair):
        x = left + place * (each + 0.012)
        _picture(figure, folder / "pairs" / Path(shot["file"]).name, (x, top - high, each, high), anchor="C")
        for number, line in enumerate(_wrapped(f"{shot['condition']}: {shot['outcome']}", 9, each)[:2]):
            figure.text(x, top - high - 0.024 - 0.022 * number, line, size=9, color=INK)
    return top - high - 0.08


def _case(view: Mapping[str, Any]) -> str:
    """ "typical case, 4 m"; runs of earlier versions have no title of a view."""
    title = str(view.get("title", ""))
    rest = str(view["words"]).removeprefix(title).lstrip(", ")
    named = {"typical": "typical case", "works best": "best case", "fails": "worst case"}.get(title, title)
    return ", ".join(part for part in (named, rest) if part)


def _picture(figure: Figure, path: Path, place: tuple[float, float, float, float], *, anchor: str) -> None:
    axes = figure.add_axes(place, anchor=anchor)
    with Image.open(path) as picture:
        axes.imshow(np.asarray(picture.convert("RGB")), interpolation="antialiased")
    axes.axis("off")


def _write(
    figure: Figure, text: str, top: float, size: float, *, bold: bool = False, colour: str = INK, lines: int = 1
) -> float:
    """Lines from ``top`` downwards, smaller where they would be too many; returns where they end."""
    while len(rows := _wrapped(text, size, _RIGHT - _LEFT, bold=bold)) > lines and size > 9:
        size -= 1
    pitch = 1.3 * size / 72 / SIZE_IN[1]
    for number, line in enumerate(rows):
        figure.text(_LEFT, top - pitch * number, line, size=size, weight="bold" if bold else "normal", color=colour,
                    va="top")  # fmt: skip
    return top - pitch * len(rows)


def _wrapped(text: str, size: float, share: float, *, bold: bool = False) -> list[str]:
    """The text in lines of at most this share of the page's width; a longer word is broken."""
    face = FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal", size=size)
    max_width = share * SIZE_IN[0] * 72

    def wide(line: str) -> float:
        return float(text_to_path.get_text_width_height_descent(line, face, ismath=False)[0])

    lines = [""]
    for word in _known(text).split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and wide(longer) > max_width:
            lines.append(word)
        else:
            lines[-1] = longer
        while len(lines[-1]) > 1 and wide(lines[-1]) > max_width:
            kept = next(n for n in range(len(lines[-1]) - 1, 0, -1) if n == 1 or wide(lines[-1][:n]) <= max_width)
            lines[-1:] = [lines[-1][:kept], lines[-1][kept:]]
    return [line for line in lines if line]


def _known(text: str) -> str:
    """The text without signs that the font lacks: matplotlib would draw boxes, and warn for each."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        font = get_font(findfont("DejaVu Sans"))
    return "".join(sign if sign == "\n" or font.get_char_index(ord(sign)) else "?" for sign in text)
