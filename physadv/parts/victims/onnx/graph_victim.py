"""A detector made of a network and its layout, whatever runs the network."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadInput, BadOption
from physadv.core.types import Candidates, Detections, expect
from physadv.parts.victims.class_names import names_for, read_names
from physadv.parts.victims.classifier import Classifier
from physadv.parts.victims.conventions import Conventions, overridden
from physadv.parts.victims.detections import decide
from physadv.parts.victims.onnx.file import OnnxFile
from physadv.parts.victims.onnx.graph_classifier import classifier_of, is_classifier
from physadv.parts.victims.onnx.graph_layouts import detect_layout
from physadv.parts.victims.onnx.graph_probe import GraphLayout, Probe, suppressions
from physadv.parts.victims.options import OnnxConfig

logger = logging.getLogger(__name__)

CONFIDENCE = 0.4  # from which a detector reports, unless the user says


@dataclass(frozen=True)
class Operation:
    """A victim's identity when it reports: its name, its classes and its operating point."""

    name: str
    labels: tuple[str, ...]
    confidence: float
    iou: float
    digest: str


class GraphVictim(nn.Module):
    """Images are brought to the network's canvas, its outputs decoded, the boxes brought back to the images.

    ``network`` maps ``(B, 3, h, w)`` to the graph's outputs; where it has a gradient, so has the victim.
    """

    task = Task.detection

    def __init__(
        self,
        *,
        operation: Operation,
        network: nn.Module,
        access: AccessLevel,
        canvas_hw: tuple[int, int],
        layout: GraphLayout,
        conventions: Conventions,
    ) -> None:
        super().__init__()
        self.operation, self.canvas_hw, self.conventions = operation, canvas_hw, conventions
        self.layout_name, self.access = layout.name, access
        self.network, self.decoder = network, layout.decoder
        self.eval().requires_grad_(False)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        return (self,)

    @property
    def name(self) -> str:
        return self.operation.name

    @property
    def labels(self) -> tuple[str, ...]:
        return self.operation.labels

    @property
    def confidence(self) -> float:
        return self.operation.confidence

    @property
    def digest(self) -> str:
        return self.operation.digest

    def outputs(self, images: Tensor) -> Candidates:
        """Every row of the network's output for ``images`` ``(B,3,H,W)``, decoded; no threshold and no suppression."""
        expect("images", images, ("B", 3, "H", "W"))
        pixels, fit = self.conventions.prepare(images, self.canvas_hw)
        boxes, scores = self.decoder(self.network(pixels))
        return Candidates(fit.boxes_in_image(boxes), scores)

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """Each candidate as its best class; see :func:`physadv.parts.victims.detections.decide`."""
        return decide(outputs, self.confidence if confidence is None else confidence, self.operation.iou)


def assemble(
    file: OnnxFile, config: OnnxConfig, network: nn.Module, *, backend: str, access: AccessLevel
) -> GraphVictim | Classifier:
    """Probe the network once, recognise its layout and name its classes.

    Raises :class:`BadOption` for options that do not fit the graph, and :class:`BadInput` where its scores cannot be.
    """
    wanted, name = read_names(config.labels) or file.class_names, f"{backend}/{file.path.stem}"
    if file.grey and config.channels == "bgr":
        raise BadOption(f"victim.channels=bgr: {file.path} takes one channel, grey; leave it out")
    outputs = run_probe(network, file)
    if config.layout in ("auto", "classifier") and is_classifier(outputs, file):
        return classifier_of(file, config, network, outputs[0], wanted, name=name, access=access)
    if config.resize == "crop":
        raise BadOption("victim.resize=crop is for classifiers; a detector takes letterbox or stretch")
    probe = _probe(outputs, file, config, None if wanted is None else len(wanted))
    try:
        layout = detect_layout(probe, config.layout, str(file.path))
    except BadInput as error:
        named = str(file.path) in str(error)
        raise error if named else BadInput(f"{file.path}: {error}") from error
    logger.info("%s: layout %s: %s", file.path.name, layout.name, layout.reason)
    if layout.doubt:
        logger.warning("victim %s: %s", name, layout.doubt)
    _check_scores(layout, probe, file)
    return GraphVictim(
        operation=Operation(
            name=name,
            labels=names_for(layout.classes, wanted, str(file.path), layout.usual_names, by=_by(config)),
            confidence=CONFIDENCE if config.confidence is None else config.confidence,
            iou=config.iou,
            digest=file.digest,
        ),
        network=network,
        access=access,
        canvas_hw=file.input_hw,
        layout=layout,
        conventions=overridden(_as_said(layout.conventions, file), config),
    )


def _check_scores(layout: GraphLayout, probe: Probe, file: OnnxFile) -> None:
    """Raise :class:`BadInput` unless the layout makes scores of the graph's outputs."""
    _, scores = layout.decoder(probe.outputs)
    low, high = (float(scores.min()), float(scores.max())) if scores.numel() else (0.0, 0.0)
    if low < -1e-3 or high > 1 + 1e-3:
        raise BadInput(
            f"{file.path} read as {layout.name} gives scores from {low:.3g} to {high:.3g}, not within 0 and 1; "
            "name another victim.layout, or export it with its final activation"
        )


def _by(config: OnnxConfig) -> str:
    return "" if config.labels else " by the file itself or the configuration beside it"


def _probe(outputs: tuple[Tensor, ...], file: OnnxFile, config: OnnxConfig, names: int | None) -> Probe:
    task = file.facts.task if config.task == "auto" else config.task
    return Probe(
        outputs, file.input_hw, names, output_names=file.output_names, facts=file.facts, operations=file.operations,
        constants=frozenset(file.constants), chosen=bool(config.outputs), task=task, boxes=config.boxes,
    )  # fmt: skip


def _as_said(conventions: Conventions, file: OnnxFile) -> Conventions:
    """With the mean and std that a configuration beside the file states, for values in [0, 1]."""
    if file.grey:
        conventions = replace(conventions, bgr=False)
    if not file.facts.mean or not file.facts.std:
        return conventions
    logger.info("%s: mean and std are those of %s", file.path.name, file.facts.fed)
    return replace(conventions, bgr=False, white=1.0, mean=file.facts.mean, std=file.facts.std)


class Grey(nn.Module):
    """For networks that take one channel: luma of the three (ITU-R BT.601), as Pillow's mode L."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """``(B,3,H,W)`` as luma ``(B,1,H,W)`` through the network."""
        red, green, blue = pixels[:, :1], pixels[:, 1:2], pixels[:, 2:]
        outputs: tuple[Tensor, ...] = self.network(0.299 * red + 0.587 * green + 0.114 * blue)
        return outputs


def as_taken(network: nn.Module, file: OnnxFile) -> nn.Module:
    """The network for three channels, red first, whatever it takes."""
    return Grey(network) if file.grey else network


def probe_images(count: int, canvas_hw: tuple[int, int]) -> Tensor:
    """``(count, 3, h, w)`` images around mid grey that differ from one another and from place to place."""
    noise = torch.rand(count, 3, 7, 7, generator=torch.Generator().manual_seed(0)) * 0.5 + 0.25
    return nn.functional.interpolate(noise, size=canvas_hw, mode="bilinear", align_corners=False)


@torch.no_grad()
def run_probe(network: nn.Module, file: OnnxFile, advice: str = "") -> tuple[Tensor, ...]:
    """The outputs for one image, a batch of 1 ``(1, …)`` each; a graph that cannot run says so here, with ``advice``.

    Where suppression is inside, for the first of some images in which it finds anything.
    """
    for image in _pictures(file.input_hw):
        outputs = _run(network, image, file, advice)
        if not suppressions(file.operations) or any(bool(output.any()) for output in outputs):
            return outputs
    return outputs


def _pictures(canvas_hw: tuple[int, int]) -> Iterator[Tensor]:
    yield probe_images(1, canvas_hw)
    noise = torch.rand(6, 3, *canvas_hw, generator=torch.Generator().manual_seed(0))
    for index, picture in enumerate(noise):
        yield picture[None] * (255 if index % 2 else 1)


def _run(network: nn.Module, image: Tensor, file: OnnxFile, advice: str) -> tuple[Tensor, ...]:
    height, width = file.input_hw
    try:
        outputs: Sequence[Tensor] = network(image)
    except RUN_ERRORS as error:
        line = str(error).strip().split("\n", 1)[0][:200]
        hint = "" if height % 32 == width % 32 == 0 else " Most graphs want multiples of 32: set victim.size_px."
        raise BadInput(f"{file.path} cannot be run on a {width} x {height} image: {line}.{hint}{advice}") from error
    if not outputs or any(output.ndim < 2 or output.shape[0] != 1 for output in outputs):
        names = (
            f". If some of them are a detector's, name those: victim.outputs=[{','.join(file.output_names[:2])}]"
            if len(outputs) > 1
            else ""
        )
        raise BadInput(
            f"{file.path} does not look like a detector that physadv can read: "
            f"its outputs are {', '.join(str(tuple(output.shape)) for output in outputs)}{names}"
        )
    if not all(bool(torch.isfinite(output).all()) for output in outputs):
        raise BadInput(f"{file.path} puts out values that are not finite on a grey image; export it again")
    return tuple(outputs)


RUN_ERRORS = (
    RuntimeError,  # torch: shapes that do not fit, memory; NotImplementedError is one
    ValueError,
    TypeError,
    IndexError,
    KeyError,
    AttributeError,
    AssertionError,
    ZeroDivisionError,
    OverflowError,
)
"""Errors of libraries that meet a graph they cannot handle."""
