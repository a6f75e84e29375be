"""``sign-nano``: the road-sign detector that comes with the product, or the user's own training of it."""

from __future__ import annotations

import hashlib
from importlib import resources
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn
from torch.nn import functional as F

from physadv.core.access import AccessLevel, Task
from physadv.core.errors import BadInput
from physadv.core.types import Candidates, Detections
from physadv.parts.victims.detections import decide
from physadv.parts.victims.frozen import fold_norms_, freeze
from physadv.parts.victims.letterbox import GREY, LetterboxFit, resize
from physadv.parts.victims.options import SignNanoConfig
from physadv.parts.victims.sign_nano_net import STRIDES, SignNanoNet

_LARGEST_FILE = 64 * 2**20  # bytes; ours is 2 MB
METADATA_KEY = "physadv sign-nano 1"
"""Of the labels, a name a line. One key only: the order of several is random, and with it the file's hash."""


class SignNano:
    """Frozen weights; images are padded, not resized, unless ``size_px`` limits their longer side."""

    name = "sign-nano"
    task, access = Task.detection, AccessLevel.gradients

    def __init__(self, net: SignNanoNet, labels: tuple[str, ...], digest: str, config: SignNanoConfig) -> None:
        fold_norms_(net.eval())
        self._net, self._labels, self._digest, self._config = freeze(net), labels, digest, config

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names, by index."""
        return self._labels

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """The one network."""
        return (self._net,)

    @property
    def confidence(self) -> float:
        """The operating threshold: whatever scores at least this is reported."""
        return self._config.confidence

    @property
    def digest(self) -> str:
        """SHA-256 of the weights file."""
        return self._digest

    def outputs(self, images: Tensor) -> Candidates:
        """Candidates on ``images`` ``(B,3,H,W)``.

        Scores are sigmoids of the class logits, the very ones that :meth:`decide` thresholds.
        """
        canvas, fit = self._on_canvas(images)
        boxes, logits = self._net(canvas.contiguous(memory_format=torch.channels_last))
        return Candidates(fit.boxes_in_image(boxes), logits.sigmoid())

    def decide(self, outputs: Candidates, confidence: float | None = None) -> tuple[Detections, ...]:
        """Threshold and suppress."""
        return decide(outputs, self.confidence if confidence is None else confidence, self._config.iou)

    def to(self, device: torch.device | str) -> SignNano:
        """The same victim, moved in place."""
        self._net.to(device)
        return self

    def _on_canvas(self, images: Tensor) -> tuple[Tensor, LetterboxFit]:
        """Shrink to the size limit, then pad right and below with grey to multiples of the coarsest stride."""
        height, width = images.shape[-2:]
        limit = self._config.size_px
        scale = min(1.0, limit / max(height, width)) if limit else 1.0
        inner = (max(1, round(height * scale)), max(1, round(width * scale)))
        canvas = resize(images, inner)
        spare_y, spare_x = -inner[0] % STRIDES[-1], -inner[1] % STRIDES[-1]
        if spare_y or spare_x:
            canvas = F.pad(canvas, (0, spare_x, 0, spare_y), value=GREY)
        return canvas, LetterboxFit((height, width), (inner[1] / width, inner[0] / height))


def load_sign_nano(config: SignNanoConfig) -> SignNano:
    """Read the weights of the package, or the user's file; only tensors are read, nothing in it is executed."""
    if config.weights:
        return _load(Path(config.weights), config)
    packaged = resources.files("physadv.parts.victims") / "weights" / "sign-nano.safetensors"
    with resources.as_file(packaged) as path:
        return _load(path, config)


def _load(path: Path, config: SignNanoConfig) -> SignNano:
    if not path.is_file():
        raise BadInput(f"victim sign-nano: no file {path}. Leave victim.weights empty for the built-in weights.")
    if path.stat().st_size > _LARGEST_FILE:
        raise BadInput(f"victim sign-nano: {path} has {path.stat().st_size} bytes; its weights have some 2 MB.")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except SafetensorError as error:
        raise BadInput(f"victim sign-nano: {path} is not a readable safetensors file ({error}).") from error
    labels = tuple(metadata.get(METADATA_KEY, "").split("\n"))
    if not all(labels):
        raise BadInput(f"victim sign-nano: {path} is not of `physadv train detector`: its metadata is missing.")
    net = SignNanoNet(len(labels))
    _fill(net, state, path)
    return SignNano(net, labels, hashlib.sha256(path.read_bytes()).hexdigest(), config)


def _fill(net: SignNanoNet, state: dict[str, Tensor], path: Path) -> None:
    """Copy after checking names, shapes and finiteness, so that the error says which tensor is wrong."""
    wanted = net.state_dict()
    if set(wanted) != set(state):
        odd = sorted(set(wanted) ^ set(state))
        raise BadInput(f"victim sign-nano: {path} holds another network: {len(odd)} names differ, first {odd[0]!r}.")
    for name, value in state.items():
        if value.shape != wanted[name].shape:
            shapes = f"{tuple(value.shape)}, expected {tuple(wanted[name].shape)}"
            raise BadInput(f"victim sign-nano: {path}: tensor {name!r} has shape {shapes}.")
        if not value.isfinite().all():
            raise BadInput(f"victim sign-nano: {path}: tensor {name!r} holds values that are not finite.")
    net.load_state_dict(state)
