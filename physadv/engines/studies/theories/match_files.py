"""The ball finder and a match as files, so that ``watch`` can look at the one with the other."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from physadv.engines.studies.theories.ball_camera import STRIDE, BallFinder
from physadv.engines.studies.theories.pitch import BALL_PX, HEIGHT, WIDTH
from physadv.parts.frames.record import Recorder

CELLS, ENLARGED, FPS = (HEIGHT // STRIDE) * (WIDTH // STRIDE), 5, 15.0


def as_onnx(net: BallFinder) -> bytes:
    """A detector of one label: a box of the ball's size round every cell, scored by the net."""
    nodes, weights, last = [], [], "images"
    for place, layer in enumerate(net.layers):
        name = f"after_{place}"
        if isinstance(layer, nn.Conv2d):
            assert layer.bias is not None
            for what, value in (("weight", layer.weight), ("bias", layer.bias)):
                weights.append(numpy_helper.from_array(value.detach().numpy(), f"{what}_{place}"))
            pads = [int(side) for side in layer.padding] * 2
            takes, shape = [last, f"weight_{place}", f"bias_{place}"], list(layer.kernel_size)
            nodes.append(
                helper.make_node("Conv", takes, [name], pads=pads, strides=list(layer.stride), kernel_shape=shape)
            )
        else:
            nodes.append(helper.make_node("Relu", [last], [name]))
        last = name
    weights += [numpy_helper.from_array(np.array([0, CELLS, 1], np.int64), "table"),
                numpy_helper.from_array(np.zeros(1, np.float32), "zero"),
                numpy_helper.from_array(_boxes().numpy(), "cells")]  # fmt: skip
    nodes += [
        helper.make_node("Sigmoid", [last], ["heat"]), helper.make_node("Reshape", ["heat", "table"], ["scores"]),
        helper.make_node("Mul", ["scores", "zero"], ["nothing"]),
        helper.make_node("Add", ["nothing", "cells"], ["boxes"]),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "ball finder",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, ["batch", 3, HEIGHT, WIDTH])],
        [helper.make_tensor_value_info("boxes", TensorProto.FLOAT, ["batch", CELLS, 4]),
         helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", CELLS, 1])], weights,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    said: bytes = model.SerializeToString()
    return said


def _boxes() -> Tensor:
    """``(1, CELLS, 4)`` corners in pixels, row by row."""
    y, x = torch.meshgrid(torch.arange(0, HEIGHT, STRIDE), torch.arange(0, WIDTH, STRIDE), indexing="ij")
    centre = torch.stack([x, y], -1).reshape(1, -1, 2) + 0.5
    return torch.cat([centre - BALL_PX - 1, centre + BALL_PX + 1], 2).float()


def as_film(frames: Tensor) -> bytes:
    """``(T, 3, H, W)`` sRGB as a film, enlarged so that people see something."""
    large = frames.repeat_interleave(ENLARGED, 2).repeat_interleave(ENLARGED, 3)
    rgb = (large * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
    with tempfile.TemporaryDirectory(prefix="physadv-") as place:
        path = Path(place) / "match.avi"
        recorder = Recorder(path, fps=FPS)
        for one in rgb:
            recorder.write(np.ascontiguousarray(one[..., ::-1]))
        recorder.close()
        return path.read_bytes()
