"""Detectors of Hugging Face transformers as victims. Importing this imports neither torch nor transformers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from physadv.api import OPENS, BadOption, Entry, hookimpl

if TYPE_CHECKING:  # it would import torch
    from physadv.api import Victim

physadv_api = 2
physadv_permissions = ("network", "downloads")  # where victim.model is a name on the hub


@dataclass
class TransformersConfig:
    model: str = field(
        default="", metadata=OPENS
    )  # a hub id, a local folder, or random:detr for a small untrained network of a family
    queries: list[str] = field(default_factory=list)  # what OWL-ViT and OWLv2 look for; these are its labels
    prompt: str = "a photo of a {}"  # how a query is put to OWL-ViT and OWLv2
    revision: str = field(
        default="main", metadata=OPENS
    )  # branch, tag or commit on the hub; name a commit to get the same weights for ever
    confidence: float = 0.5  # scores above this are reported; for OWL-ViT and OWLv2 0.1 is usual
    seed: int = 0  # of random weights


def _build(config: TransformersConfig) -> Victim:
    if not 0 <= config.confidence <= 1:
        raise BadOption(f"victim.confidence must be within 0 and 1, got {config.confidence}")
    if not config.model:
        raise BadOption("victim transformers needs victim.model=: a hub id, a local folder, or random:detr")
    if "{}" not in config.prompt:
        raise BadOption(f"victim.prompt must have a place {{}} for the query, got {config.prompt!r}")
    from physadv_transformers.victim import build

    return build(config)


@hookimpl
def physadv_victims() -> Iterable[Entry[Any, Victim]]:
    """Offer the victim as ``victim=transformers``."""
    summary = "DETR and its kin, RT-DETR, D-FINE, YOLOS, OWL-ViT and OWLv2 of Hugging Face, from the hub or a folder"
    return [Entry("transformers", TransformersConfig, _build, summary, "github.com/huggingface/transformers")]
