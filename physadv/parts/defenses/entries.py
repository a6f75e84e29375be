"""Rows of defences."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from physadv.core.defense_kind import DefenseKind
from physadv.core.errors import BadOption
from physadv.core.hookspecs import Entry, hookimpl
from physadv.core.nearest import did_you_mean
from physadv.parts.defenses.alarms.options import AlarmConfig, check_alarm
from physadv.parts.defenses.options import (
    BitsConfig,
    ChromaConfig,
    EntropyConfig,
    JpegConfig,
    LgsConfig,
    MedianConfig,
    NoDefenseConfig,
    ReconstructConfig,
    ResizePadConfig,
    SegmentConfig,
    TvConfig,
    check_bits,
    check_lgs,
    check_median,
    check_resize_pad,
    check_thresholds,
    check_tv,
)

if TYPE_CHECKING:
    from physadv.core.protocols import Defense
    from physadv.parts.defenses.localisation.localised import Localiser
    from physadv.parts.defenses.localisation.masks import Thresholds

    LocaliserConfig = ChromaConfig | EntropyConfig | ReconstructConfig | SegmentConfig


def _none(config: NoDefenseConfig) -> Defense:
    from physadv.parts.defenses.none import Undefended

    return Undefended()


def _jpeg(config: JpegConfig) -> Defense:
    from physadv.parts.defenses.purification.jpeg import Jpeg

    return Jpeg(config)


def _bits(config: BitsConfig) -> Defense:
    check_bits(config)
    from physadv.parts.defenses.filtered import FilterDefense
    from physadv.parts.defenses.purification.bits import reduced_bits

    filter = reduced_bits(config.bits)
    return FilterDefense(f"bits-{config.bits}", DefenseKind.quantising, filter, asdict(config))


def _median(config: MedianConfig) -> Defense:
    check_median(config)
    from physadv.parts.defenses.filtered import FilterDefense
    from physadv.parts.defenses.purification.median import median

    return FilterDefense(f"median-{config.size_px}", DefenseKind.smooth, median(config.size_px), asdict(config))


def _tv(config: TvConfig) -> Defense:
    check_tv(config)
    from physadv.parts.defenses.filtered import FilterDefense
    from physadv.parts.defenses.purification.tv import total_variation

    filter = total_variation(config.weight, config.steps)
    return FilterDefense(f"tv-{config.weight:g}", DefenseKind.smooth, filter, asdict(config))


def _lgs(config: LgsConfig) -> Defense:
    check_lgs(config)
    from physadv.parts.defenses.filtered import FilterDefense
    from physadv.parts.defenses.purification.lgs import gradients_smoothed

    filter = gradients_smoothed(config.threshold, config.strength)
    return FilterDefense(f"lgs-{config.strength:g}", DefenseKind.smooth, filter, asdict(config))


def _resize_pad(config: ResizePadConfig) -> Defense:
    check_resize_pad(config)
    from physadv.parts.defenses.purification.resize_pad import ResizePad

    return ResizePad(config)


def _chroma(config: ChromaConfig) -> Defense:
    from physadv.parts.defenses.localisation.chroma import ChromaLocaliser
    from physadv.parts.defenses.localisation.masks import Thresholds

    return _localising("chroma", ChromaLocaliser(), config, Thresholds(ChromaConfig.low, ChromaConfig.high))


def _entropy(config: EntropyConfig) -> Defense:
    from physadv.parts.defenses.localisation.entropy import EntropyLocaliser
    from physadv.parts.defenses.localisation.masks import Thresholds

    return _localising("entropy", EntropyLocaliser(), config, Thresholds(EntropyConfig.low, EntropyConfig.high))


def _reconstruct(config: ReconstructConfig) -> Defense:
    from physadv.parts.defenses.localisation.learned import fill_, read_learned
    from physadv.parts.defenses.localisation.reconstruct import BlockAutoencoder, ReconstructLocaliser

    learned, net = read_learned("reconstruct", config.weights), BlockAutoencoder()
    fill_(net, learned, "reconstruct")
    return _localising("reconstruct", ReconstructLocaliser(net, learned.digest), config, learned.thresholds)


def _segment(config: SegmentConfig) -> Defense:
    from physadv.parts.defenses.localisation.learned import fill_, read_learned
    from physadv.parts.defenses.localisation.segment import SegmentLocaliser, SmallUnet

    learned, net = read_learned("segment", config.weights), SmallUnet()
    fill_(net, learned, "segment")
    return _localising("segment", SegmentLocaliser(net, learned.digest), config, learned.thresholds)


def _localising(name: str, localiser: Localiser, config: LocaliserConfig, usual: Thresholds) -> Defense:
    """The defence; thresholds and weights other than the usual ones are in its name, so that tables can hold both."""
    from physadv.parts.defenses.localisation.clean_pictures import thresholds_from
    from physadv.parts.defenses.localisation.localised import LocalisingDefense

    low = usual.low if config.low is None else config.low
    high = usual.high if config.high is None else config.high
    check_thresholds(name, low, high, config.clean_px)
    thresholds = (
        thresholds_from(config.clean, config.clean_px, localiser)
        if config.clean
        else replace(usual, low=low, high=high)
    )
    if isinstance(config, ReconstructConfig | SegmentConfig) and config.weights:
        name = f"{name}-{localiser.weights[:8]}"
    named = name if thresholds == usual else f"{name}-{thresholds.low:.3g}-{thresholds.high:.3g}"
    return LocalisingDefense(named, localiser, thresholds, {})


def _alarm(config: AlarmConfig) -> Defense:
    check_alarm(config)
    from physadv.parts.defenses.alarms.alarm import Alarm, threshold_from
    from physadv.parts.defenses.localisation.localised import LocalisingDefense

    rows = {row.name: row for row in physadv_defenses() if row.name != "alarm"}
    if config.of not in rows:
        raise BadOption(f"defense.of of alarm names no defense: {config.of!r}{did_you_mean(config.of, rows)}")
    search = rows[config.of].build(rows[config.of].config())
    if not isinstance(search, LocalisingDefense):
        raise BadOption(
            f"defense.of of alarm must be a defense that searches for patches, as chroma and entropy do; {config.of} "
            "does not"
        )
    threshold = config.threshold or threshold_from(config.clean, config.clean_px, search.localiser, config.rate)
    return Alarm(config.of, search.localiser, threshold)


@hookimpl
def physadv_defenses() -> list[Entry[Any, Defense]]:
    return [
        Entry("none", NoDefenseConfig, _none, "the bare victim"),
        Entry(
            "jpeg", JpegConfig, _jpeg, "pictures as they come back from a JPEG file",
            "Dziugaite et al. 2016, arXiv:1608.00853",
        ),
        Entry("bits", BitsConfig, _bits, "fewer bits a colour", "Xu, Evans and Qi, NDSS 2018, arXiv:1704.01155"),
        Entry(
            "median", MedianConfig, _median, "each value is the median of its neighbourhood",
            "Xu, Evans and Qi, NDSS 2018, arXiv:1704.01155",
        ),
        Entry(
            "tv", TvConfig, _tv, "total variation minimisation: smooths what is not an edge",
            "Guo et al., ICLR 2018, arXiv:1711.00117",
        ),
        Entry(
            "lgs", LgsConfig, _lgs, "local gradients smoothing: darkens what is busy",
            "Naseer et al., WACV 2019, arXiv:1807.01216",
        ),
        Entry(
            "resize-pad", ResizePadConfig, _resize_pad, "random size and place on a larger canvas",
            "Xie et al., ICLR 2018, arXiv:1711.01991",
        ),
        Entry("chroma", ChromaConfig, _chroma, "paints over what changes colour fast: nothing is trained"),
        Entry(
            "entropy", EntropyConfig, _entropy, "paints over what has high local entropy (Jedi's localiser)",
            "Tarchoun et al., CVPR 2023, arXiv:2304.10029",
        ),
        Entry(
            "reconstruct", ReconstructConfig, _reconstruct,
            "paints over colours that an autoencoder of clean pictures cannot remember (NutNet's idea)",
            "Lin et al., CCS 2024, arXiv:2406.10285",
        ),
        Entry(
            "segment", SegmentConfig, _segment,
            "paints over what a small U-Net takes for a patch (in the manner of SAC)",
            "Liu et al., CVPR 2022, arXiv:2112.04532",
        ),
        Entry("alarm", AlarmConfig, _alarm, "tells pictures in which a localiser finds a patch, and changes none"),
    ]  # fmt: skip
