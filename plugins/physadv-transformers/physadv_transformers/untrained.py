"""Small untrained networks of every family, for dry runs and tests: a second a step, no download."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel
from torch import nn
from torchvision.models.detection import FasterRCNN_ResNet50_FPN_Weights

SIDE_PX = 96
WIDTH, QUERIES = 32, 20
COCO = FasterRCNN_ResNet50_FPN_Weights.COCO_V1.meta["categories"]

FIXED = {"height": SIDE_PX, "width": SIDE_PX}
SHORTER = {"shortest_edge": SIDE_PX, "longest_edge": 2 * SIDE_PX}


def make(family: str, seed: int) -> tuple[Any, Any, Any]:
    """Network, image processor and tokenizer (None where classes are not text)."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network, processor = MAKERS[family]()
        _enliven_(network)
    return network.eval(), processor, _tokenizer() if family.startswith("owl") else None


@torch.no_grad()
def _enliven_(network: nn.Module) -> None:
    """Weights that keep the size of a signal: those that transformers starts from let it fade to nothing."""
    for module in network.modules():
        if isinstance(module, nn.Embedding):
            module.weight.normal_()
        elif isinstance(module, nn.Linear | nn.Conv2d):
            module.weight.normal_(std=module.weight[0].numel() ** -0.5)
    for parameter in network.parameters():
        if parameter.ndim == 3:  # tokens and places of vision transformers, which start at zero
            parameter.normal_()


def _resnet(levels: list[str]) -> Any:
    return transformers.ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic", out_features=levels
    )


def _named() -> dict[str, dict[Any, Any]]:
    return {"id2label": dict(enumerate(COCO)), "label2id": {name: i for i, name in enumerate(COCO)}}


def _transformer() -> dict[str, Any]:
    return {
        "d_model": WIDTH, "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 2,
        "decoder_attention_heads": 2, "encoder_ffn_dim": WIDTH, "decoder_ffn_dim": WIDTH, "num_queries": QUERIES,
        **_named(),
    }  # fmt: skip


def _detr() -> tuple[Any, Any]:
    description = transformers.DetrConfig(backbone_config=_resnet(["stage4"]), **_transformer())
    return transformers.DetrForObjectDetection(description), transformers.DetrImageProcessor(size=SHORTER)


def _conditional_detr() -> tuple[Any, Any]:
    description = transformers.ConditionalDetrConfig(backbone_config=_resnet(["stage4"]), **_transformer())
    processor = transformers.ConditionalDetrImageProcessor(size=SHORTER)
    return transformers.ConditionalDetrForObjectDetection(description), processor


def _deformable_detr() -> tuple[Any, Any]:
    description = transformers.DeformableDetrConfig(
        backbone_config=_resnet(["stage2", "stage3", "stage4"]), num_feature_levels=3, **_transformer()
    )
    processor = transformers.DeformableDetrImageProcessor(size=SHORTER)
    return transformers.DeformableDetrForObjectDetection(description), processor


def _real_time() -> dict[str, Any]:
    return {
        **_transformer(), "encoder_hidden_dim": WIDTH, "encoder_in_channels": [16, 24, 32],
        "decoder_in_channels": [WIDTH] * 3, "hidden_expansion": 0.5,
        "backbone_config": transformers.RTDetrResNetConfig(
            embedding_size=8, hidden_sizes=[8, 16, 24, 32], depths=[1, 1, 1, 1], layer_type="basic",
            out_features=["stage2", "stage3", "stage4"],
        ),
    }  # fmt: skip


def _rt_detr() -> tuple[Any, Any]:
    network = transformers.RTDetrForObjectDetection(transformers.RTDetrConfig(**_real_time()))
    return network, transformers.RTDetrImageProcessor(size=FIXED)


def _rt_detr_v2() -> tuple[Any, Any]:
    network = transformers.RTDetrV2ForObjectDetection(transformers.RTDetrV2Config(**_real_time()))
    return network, transformers.RTDetrImageProcessor(size=FIXED)


def _d_fine() -> tuple[Any, Any]:
    network = transformers.DFineForObjectDetection(transformers.DFineConfig(**_real_time()))
    return network, transformers.RTDetrImageProcessor(size=FIXED)


def _tower() -> dict[str, int]:
    return {"hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": WIDTH}


def _yolos() -> tuple[Any, Any]:
    description = transformers.YolosConfig(
        **_tower(), image_size=[SIDE_PX, SIDE_PX], patch_size=16, num_detection_tokens=QUERIES, **_named()
    )
    return transformers.YolosForObjectDetection(description), transformers.YolosImageProcessor(size=SHORTER)


def _towers() -> dict[str, Any]:
    return {
        "vision_config": {**_tower(), "image_size": SIDE_PX, "patch_size": 16},
        "text_config": {**_tower(), "vocab_size": len(_vocabulary()), "max_position_embeddings": 77},
        "projection_dim": WIDTH,
    }


def _owlvit() -> tuple[Any, Any]:
    network = transformers.OwlViTForObjectDetection(transformers.OwlViTConfig(**_towers()))
    return network, transformers.OwlViTImageProcessor(size=FIXED)


def _owlv2() -> tuple[Any, Any]:
    network = transformers.Owlv2ForObjectDetection(transformers.Owlv2Config(**_towers()))
    return network, transformers.Owlv2ImageProcessor(size=FIXED)


def _vocabulary() -> dict[str, int]:
    """Every byte, inside a word and at its end: enough to spell any query."""
    letters = sorted(ByteLevel.alphabet())
    words = ["<pad>", *letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    return {word: number for number, word in enumerate(words)}


def _tokenizer() -> Any:
    return transformers.CLIPTokenizer(vocab=_vocabulary(), merges=[], model_max_length=77, pad_token="<pad>")


MAKERS: dict[str, Callable[[], tuple[Any, Any]]] = {
    "detr": _detr,
    "conditional_detr": _conditional_detr,
    "deformable_detr": _deformable_detr,
    "rt_detr": _rt_detr,
    "rt_detr_v2": _rt_detr_v2,
    "d_fine": _d_fine,
    "yolos": _yolos,
    "owlvit": _owlvit,
    "owlv2": _owlv2,
}
