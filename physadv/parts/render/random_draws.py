"""Random numbers for the renderer: as few calls as possible, none that waits for a device."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from physadv.core.types import Draws

Spans = Mapping[str, tuple[float, float]]

WIDTHS = {"shift_mm": 2, "white_balance": 2, "stretch": 2, "shadow_lies": 2, "arms_lie": 3}
"""Options with several numbers each: x and y, red and blue, where a shadow or an arm lies."""

PER_PICTURE = ("crop", "seed")
"""Options of which a call of ``sample`` draws one, however many objects there are."""


def table(
    spans: Mapping[str, Spans], rows: int, generator: torch.Generator, device: torch.device
) -> dict[str, dict[str, Tensor]]:
    """A uniform number for every row and option, all from one call; pairs are ``(rows,2)``, triples ``(rows,3)``."""
    widths = {option: WIDTHS.get(option, 1) for group in spans.values() for option in group}
    limits = [span for group in spans.values() for option, span in group.items() for _ in range(widths[option])]
    low, high = torch.tensor(limits, device=generator.device).unbind(1)
    unit = torch.rand(rows, len(limits), generator=generator, device=generator.device)
    values = (unit * (high - low) + low).to(device).T.contiguous()
    columns = iter(torch.split(values, list(widths.values())))
    return {
        name: {option: next(columns).T if widths[option] > 1 else next(columns)[0] for option in group}
        for name, group in spans.items()
    }


def seeds(count: int, generator: torch.Generator) -> Tensor:
    """``(count,)`` int64 on the CPU, where reading them waits for no device."""
    return torch.randint(2**62, (count,), generator=generator, device=generator.device).cpu()


def together(draws: Sequence[Draws], image_of: Tensor) -> Draws:
    """The draws of single pictures as those of their batch, whose objects lie in the pictures ``image_of`` ``(N,)``.

    The seed of the noise stays one a picture, so that a picture looks the same in any batch.
    """
    order = image_of.argsort(stable=True)
    back = torch.empty_like(order).index_copy_(0, order, torch.arange(len(order), device=order.device))
    made: dict[str, dict[str, Tensor]] = {}
    for stage, first in draws[0].stages.items():
        columns = {name: torch.cat([each.stages[stage][name] for each in draws]) for name in first}
        whole = stage == "camera"
        made[stage] = {
            name: values if whole or name in PER_PICTURE else values.index_select(0, back.to(values.device))
            for name, values in columns.items()
        }
    return Draws(made)
