"""A network's input: channel order, range, size. The differentiable way there, and the boxes' way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import torch
from torch import Tensor

from physadv.parts.victims.letterbox import GREY, LetterboxFit, letterbox, stretch
from physadv.parts.victims.options import OnnxConfig


class ResizeMode(Enum):
    """How an image is brought to the network's size."""

    LETTERBOX = "letterbox"
    CENTRED = "letterbox-centred"
    STRETCH = "stretch"


@dataclass(frozen=True, slots=True)
class Conventions:
    """network input = (channels · white - mean) / std, on a canvas of the network's size."""

    bgr: bool = False
    white: float = 1.0
    mean: tuple[float, ...] = ()  # three in the network's channel order, or none
    std: tuple[float, ...] = ()
    resize: ResizeMode = ResizeMode.CENTRED
    pad: float = GREY  # sRGB code around a letterboxed image

    def prepare(self, images: Tensor, canvas_hw: tuple[int, int]) -> tuple[Tensor, LetterboxFit]:
        """``(B,3,H,W)`` sRGB → the network's input, channels-last, and where the image lies on it."""
        if self.resize is ResizeMode.STRETCH:
            canvas, fit = stretch(images, canvas_hw)
        else:
            canvas, fit = letterbox(images, canvas_hw, pad=self.pad, centred=self.resize is ResizeMode.CENTRED)
        channels = list(canvas.unbind(1))
        if self.bgr:
            channels.reverse()
        # per channel with plain numbers: no constant has to follow the images to their device
        scaled = [self._scaled(channel, index) for index, channel in enumerate(channels)]
        return torch.stack(scaled, dim=1).contiguous(memory_format=torch.channels_last), fit

    def _scaled(self, channel: Tensor, index: int) -> Tensor:
        if self.white != 1:
            channel = channel * self.white
        if self.mean:
            channel = channel - self.mean[index]
        return channel / self.std[index] if self.std else channel


def overridden(conventions: Conventions, config: OnnxConfig) -> Conventions:
    """The layout's conventions with what the user states differently."""
    return replace(
        conventions,
        bgr=conventions.bgr if config.channels == "auto" else config.channels == "bgr",
        white=config.value_range or conventions.white,
        mean=_three(config.mean) or conventions.mean,
        std=_three(config.std) or conventions.std,
        resize=conventions.resize if config.resize == "auto" else ResizeMode(config.resize),
    )


def _three(values: Sequence[float]) -> tuple[float, ...]:
    """One number stands for all channels."""
    return tuple(values) * 3 if len(values) == 1 else tuple(values)
