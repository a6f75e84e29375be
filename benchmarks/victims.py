"""The cost of one attack step in the detector: raw heads with frozen weights against the usual way.

The usual way keeps the weights trainable and goes through the detector's inference path, suppression included. Both
take the gradient of the strongest score down to the pixels. Times are medians of process time, measured in turns.

Run:  OMP_NUM_THREADS=1 python benchmarks/victims.py --onnx yolox_nano_coco_416.onnx
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
from torch import Tensor

from physadv.core.protocols import Victim
from physadv.parts.victims.detections import decide
from physadv.parts.victims.entries import physadv_victims
from physadv.parts.victims.onnx.victim import OnnxNetwork
from physadv.parts.victims.options import OnnxConfig, TorchvisionConfig
from physadv.parts.victims.torchvision_weights import make_model

Step = Callable[[Tensor], Tensor]
SSDLITE = "torchvision/ssdlite320_mobilenet_v3_large"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--onnx", default="", help="a detector from an ONNX file, to measure as well")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--side", type=int, default=416, help="of the square images, in pixels")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()

    images = torch.rand(options.batch, 3, options.side, options.side, generator=torch.Generator().manual_seed(0))
    images = images.to(options.device)
    print(f"| victim ({options.batch} x {options.side} px, {options.device}) | way | ms a step | times faster |")
    print("|---|---|---|---|")
    for name, ways in _contestants(options.onnx, options.device).items():
        times = _measured(ways, images, options.rounds)
        slowest = next(iter(times.values()))
        for way, milliseconds in times.items():
            print(f"| {name} | {way} | {milliseconds:.0f} | {slowest / milliseconds:.2f} |")


def _contestants(onnx_path: str, device: str) -> dict[str, dict[str, Step]]:
    found = {"ssdlite320": _ssdlite(device)}
    if onnx_path:
        found["ONNX file"] = _onnx(onnx_path, device)
    return found


def _ssdlite(device: str) -> dict[str, Step]:
    config = TorchvisionConfig(weights="random")
    usual = make_model(SSDLITE.removeprefix("torchvision/"), config, classes=90).eval().to(device)

    def inference(images: Tensor) -> Tensor:
        return torch.stack([found["scores"].amax() for found in usual(list(images))]).mean()

    frozen = _victim(SSDLITE, config, device)
    quick = _victim(SSDLITE, TorchvisionConfig(weights="random", bf16=True), device)
    return {
        "trainable, inference path": inference,
        "frozen raw heads": lambda images: _strongest(frozen, images),
        "frozen raw heads, bf16": lambda images: _strongest(quick, images),
    }


def _onnx(path: str, device: str) -> dict[str, Step]:
    usual = _victim("onnx", OnnxConfig(path=path), device)
    network = usual.network  # type: ignore[attr-defined]
    assert isinstance(network, OnnxNetwork)
    network.requires_grad_(True).to(memory_format=torch.contiguous_format)

    def inference(images: Tensor) -> Tensor:
        outputs = usual.outputs(images)
        decide(outputs, 0.001, 0.5)
        return outputs.scores.amax(dim=(1, 2)).mean()

    frozen = _victim("onnx", OnnxConfig(path=path), device)
    quick = _victim("onnx", OnnxConfig(path=path, bf16=True), device)
    return {
        "trainable, inference path": inference,
        "frozen raw heads": lambda images: _strongest(frozen, images),
        "frozen raw heads, bf16": lambda images: _strongest(quick, images),
    }


def _victim(name: str, config: object, device: str) -> Victim:
    row = next(row for row in physadv_victims() if row.name == name)
    return row.build(config).to(device)


def _strongest(victim: Victim, images: Tensor) -> Tensor:
    return victim.outputs(images).scores.amax(dim=(1, 2)).mean()


def _measured(ways: dict[str, Step], images: Tensor, rounds: int) -> dict[str, float]:
    """Median milliseconds of forward and backward; the first round warms up and does not count."""
    times: dict[str, list[float]] = {way: [] for way in ways}
    clock = time.perf_counter if images.is_cuda else time.process_time
    for _ in range(rounds + 1):
        for way, step in ways.items():
            leaf = images.clone().requires_grad_()
            start = clock()
            torch.autograd.backward(step(leaf))
            if images.is_cuda:
                torch.cuda.synchronize()
            times[way].append(clock() - start)
    return {way: 1000 * statistics.median(seconds[1:]) for way, seconds in times.items()}


if __name__ == "__main__":
    main()
