"""No number that is not one, or that would fill the machine, reaches a part."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from omegaconf import OmegaConf

from physadv.app.commands import with_options
from physadv.app.config.bounds import bound_of, check_numbers
from physadv.app.registry import Registry
from physadv.core.errors import BadOption
from physadv.core.hookspecs import KINDS


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scenes": {"blur_px": [float("nan"), 1.0]}}, r"scenes\.blur_px=nan is not a number"),
        ({"goal": {"push_below": float("nan")}}, r"goal\.push_below=nan"),
        ({"attack": {"lr": float("inf")}}, r"attack\.lr=inf"),
        ({"attack": {"lr": 1e12}}, r"attack\.lr must be from 0 to 10"),
        ({"scenes": {"width_px": 1_000_000}}, r"scenes\.width_px must be from 64 to 8192, got 1e\+06"),
        ({"draws": 100_000_000}, "draws must be from 1 to 1000"),
        ({"train": {"workers": -1}}, r"train\.workers must be from 0"),
        ({"victims": [{"part": "onnx", "size_px": float("inf")}]}, r"victims\.size_px=inf"),
        (
            {"eot": {"kornia": [{"name": "RandomBlur", "args": {"p": 7.0}}]}},
            r"eot\.kornia\.args\.p must be from 0 to 1",
        ),
        ({"penalties": {"tv": {"weight": 1e30}}}, r"penalties\.tv\.weight must be from 0"),
        ({"board_at_mm": [float("nan"), 0.0]}, "board_at_mm=nan"),
        ({"scenes": {"memory_mb": -1}}, r"scenes\.memory_mb must be from 0"),
    ],
)
def test_numbers_out_of_bounds_are_refused_by_name(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BadOption, match=message):
        check_numbers(options)


def test_every_default_lies_within_its_bounds() -> None:
    for command in with_options():
        check_numbers(OmegaConf.to_container(OmegaConf.structured(command.options), resolve=False))
    registry = Registry(discover=False)
    for kind in KINDS:
        for offered in registry.offered(kind.plural):
            node = OmegaConf.to_container(OmegaConf.structured(offered.entry.config))
            check_numbers({kind.group or kind.plural: node})


def test_truth_values_and_text_are_no_numbers() -> None:
    check_numbers({"resume": True, "scenes": {"width_px": "??", "images": "photos"}, "board_at_mm": None})


def test_every_number_of_a_schema_has_bounds() -> None:
    unbounded = [
        f"{command.words}: {field.name}"
        for command in with_options()
        for field in dataclasses.fields(command.options)
        if field.type in ("int", "float") and bound_of(field.name) == (-1e12, 1e12)
    ]
    assert unbounded == []
