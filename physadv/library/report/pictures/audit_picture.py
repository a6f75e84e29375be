"""One picture of an audit of gradient masking: how far each attack came, and the way of those that go step by step."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

ASKS, FOLLOWS, ELSEWHERE = "#3d9bd6", "#d55e00", "#cc79a7"
_COLOURS = {"no attack": "#8a8f98", "noise": "#8a8f98", "black box": ASKS, "transfer": ELSEWHERE}
_LINES = {"half the steps": ":", "iterative": "-", "unbounded": "--", "transfer": "-."}


def audit_picture(audit: Mapping[str, Any]) -> bytes:
    """A PNG made from an audit as it stands in ``masking.json``."""
    figure = Figure(figsize=(12, 4.4), dpi=100, layout="constrained")
    figure.suptitle(f"{audit['victim']}: {audit['objects']} objects in {audit['pictures']} pictures", parse_math=False)
    left, middle, right = figure.subplots(1, 3, width_ratios=(1.3, 1.3, 1.4))
    _success(left, audit)
    _left(middle, audit)
    _ways(right, audit)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _success(axes: Axes, audit: Mapping[str, Any]) -> None:
    attacks = audit["attacks"]
    for row, attack in enumerate(attacks):
        score = attack["success"]
        reach = np.array([[max(score["value"] - score["low"], 0)], [max(score["high"] - score["value"], 0)]])
        axes.barh(row, score["value"], color=_COLOURS.get(attack["name"], FOLLOWS), height=0.65)
        axes.errorbar([score["value"]], [row], xerr=reach, color="#1d2025", capsize=3, fmt="none")
    axes.set_yticks(range(len(attacks)), [attack["name"] for attack in attacks])
    axes.set_ylim(len(attacks) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel("success, with 95 % intervals")


def _left(axes: Axes, audit: Mapping[str, Any]) -> None:
    attacks = audit["attacks"]
    for row, attack in enumerate(attacks):
        axes.barh(row, attack["loss_left"] or 0, color=_COLOURS.get(attack["name"], FOLLOWS), height=0.65)
    axes.set_yticks(range(len(attacks)), [])
    axes.set_ylim(len(attacks) - 0.5, -0.5)
    axes.axvline(1, color="#626873", linewidth=1)
    axes.set_xlabel("loss left, of that without attack")


def _ways(axes: Axes, audit: Mapping[str, Any]) -> None:
    for attack in audit["attacks"]:
        if trace := attack["trace"]:
            colour = _COLOURS.get(attack["name"], FOLLOWS)
            axes.plot(range(len(trace)), trace, _LINES.get(attack["name"], "-"), color=colour, label=attack["name"])
    axes.set_xlabel("step")
    axes.set_ylabel("loss of what was attacked")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=8)
