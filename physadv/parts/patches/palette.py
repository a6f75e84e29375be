"""A patch of a few inks, as vinyl or screen print has them: which ink, texel by texel, is what is optimised."""

from __future__ import annotations

import re

import torch
from torch import Tensor, nn

from physadv.core.errors import BadOption
from physadv.core.seeding import generator
from physadv.core.types import PatchImage
from physadv.library.colour.print_proof import ProofLut, requests_for_inks
from physadv.parts.patches.grid import mask, size_px, start
from physadv.parts.patches.options import MAX_INKS, PaletteConfig, check_palette

_NEARNESS = 10.0  # logits lost per squared distance between the start's colour and an ink
_GAIN = 4.0  # logits per unit of the parameters, so that an attack's step in sRGB units gets somewhere


class Palette(nn.Module):
    """Scores of the inks on every texel, a fraction of their logits.

    While gradients are recorded, an ink is drawn from them and the gradient is that of the relaxed draw: the
    straight-through Gumbel-softmax of Jang et al. 2017 (arXiv:1611.01144). Otherwise the likeliest ink is there. So
    every colour is one of the inks, always. The noise is the same within a step; it depends on the seed and on how
    many steps were taken, which the state holds, so that a resumed run goes on exactly.
    """

    alpha: Tensor
    inks: Tensor
    count: Tensor

    def __init__(
        self, logits: Tensor, inks: Tensor, alpha: Tensor, width_mm: float, *,
        temperature: tuple[float, float], temperature_steps: int, seed: int,
    ) -> None:  # fmt: skip
        """Start from ``logits`` ``(k,h,w)`` of the ``inks`` ``(k,3)`` sRGB; the temperature falls geometrically."""
        super().__init__()
        self.scores = nn.Parameter(logits / _GAIN)
        self.register_buffer("inks", inks)
        self.register_buffer("alpha", alpha)
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))  # steps taken
        self.width_mm, self.seed = width_mm, seed
        self._span, self._steps = temperature, temperature_steps
        self._noise: tuple[int, Tensor] | None = None  # of which step, and what

    def forward(self) -> PatchImage:
        """The patch as it stands: drawn while gradients are recorded, else the likeliest inks."""
        if not torch.is_grad_enabled():
            return PatchImage(self._coloured(self.scores), self.alpha, self.width_mm)
        step = int(self.count)
        noisy = (_GAIN * self.scores + self._gumbel(step)) / self.temperature(step)
        share = noisy.softmax(0)
        relaxed = (share[:, None] * self.inks[:, :, None, None]).sum(0)
        # added zero has the gradient, and leaves the ink exactly as it is
        return PatchImage(self._coloured(noisy) + (relaxed - relaxed.detach()), self.alpha, self.width_mm)

    def temperature(self, step: int) -> float:
        """From hot, where all inks share the gradient, to cold, where the draws are what will be printed."""
        first, last = self._span
        return float(first * (last / first) ** min(step / self._steps, 1.0))

    @torch.no_grad()
    def project_(self) -> None:
        """Nothing can leave the inks; the step is counted, so that the next one draws anew."""
        self.count += 1

    def _coloured(self, scores: Tensor) -> Tensor:
        return self.inks[scores.detach().argmax(0)].permute(2, 0, 1)

    def _gumbel(self, step: int) -> Tensor:
        if self._noise is None or self._noise[0] != step or self._noise[1].device != self.scores.device:
            random = generator(self.seed, f"palette {step}", self.scores.device)
            uniform = torch.rand(self.scores.shape, generator=random, device=self.scores.device)
            self._noise = step, -(-uniform.clamp_min(1e-9).log()).log()  # several times faster than exponential_
        return self._noise[1]


def build_palette(config: PaletteConfig) -> Palette:
    """Make the palette that the options describe; wrong ones are refused one by one."""
    check_palette(config)
    height_px, width_px = size_px(config.width_mm, config.height_mm, config.px_per_100mm)
    alpha = mask(config.shape, height_px, width_px, config.width_mm)
    seed = config.seed or 0
    inks = _parsed(list(config.colours)) if config.colours else requests_for_inks(ProofLut.load(), config.inks)
    colours = start(config.init, seed, height_px, width_px)
    distance = (colours[None] - inks[:, :, None, None]).square().sum(1)
    first, last = (float(value) for value in config.temperature)
    return Palette(
        -_NEARNESS * distance, inks, alpha, float(config.width_mm), temperature=(first, last),
        temperature_steps=config.temperature_steps, seed=seed,
    )  # fmt: skip


def _parsed(colours: list[str]) -> Tensor:
    """Hex colours as ``(k,3)`` sRGB."""
    if not 2 <= len(colours) <= MAX_INKS or len({colour.lower() for colour in colours}) < len(colours):
        raise BadOption(f"patch.colours must be 2 to {MAX_INKS} different colours, got {', '.join(colours)}.")
    for colour in colours:
        if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour):
            raise BadOption(f"patch.colours must be hex colours such as '#c81e1e', got {colour!r}.")
    return torch.tensor([[int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)] for colour in colours])
