"""A recogniser whose embedding network lies in an ONNX file."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from physadv.core.errors import BadInput
from physadv.library.faces.alignment import FIVE_POINTS_112
from physadv.library.faces.people import people_in
from physadv.library.faces.yunet import YuNetFinder
from physadv.parts.victims.onnx.victim import network_of
from physadv.parts.victims.options import OnnxConfig
from physadv.parts.victims.recogniser import AlignedNetwork, Recogniser
from physadv.parts.victims.recogniser_options import RecogniserConfig


class _Vectors(nn.Module):
    """The graph's first output, of pixels as the network wants them."""

    def __init__(self, graph: nn.Module, config: RecogniserConfig) -> None:
        super().__init__()
        self.graph, self.mean, self.std, self.bgr = graph, config.mean, config.std, config.bgr

    def forward(self, chips: Tensor) -> Tensor:
        """``(F, 3, h, w)`` sRGB to ``(F, D)``."""
        pixels = (chips - self.mean) / self.std
        first: Tensor = self.graph(pixels.flip(1) if self.bgr else pixels)[0]
        return first.flatten(1)


def build_recogniser(config: RecogniserConfig) -> Recogniser:
    """Read finder, network and gallery. Raises :class:`BadInput` for a network that makes no vectors of faces."""
    people = people_in(Path(config.gallery), "victim.gallery")
    finder = YuNetFinder(Path(config.finder))
    graph, file = network_of(OnnxConfig(path=config.network, size_px=config.size_px))
    if file.input_hw != (config.size_px, config.size_px):
        raise BadInput(
            f"{config.network} takes pictures of {file.input_hw[0]} x {file.input_hw[1]} px, not of "
            f"{config.size_px}: set victim.size_px, if faces are cut out for it as for ArcFace."
        )
    network = _Vectors(graph, config)
    with torch.no_grad():
        made = network(torch.zeros(1, 3, config.size_px, config.size_px))
    if made.shape[1] < 2 or made.shape[1] > 8192:
        raise BadInput(f"{config.network} makes {made.shape[1]} numbers of a face, which is no embedding.")
    template = torch.tensor(FIVE_POINTS_112) * config.size_px / 112
    embedder = AlignedNetwork(network, template, config.size_px, name=Path(config.network).stem)
    return Recogniser(finder, embedder, people, name=f"recogniser/{embedder.name}", threshold=config.threshold)
