"""Tiny ONNX detectors whose outputs are known: fixed tables, and a little of the image's mean to give a gradient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MEAN_SHARE = 0.01  # of the image's mean, added to one column


def write_detector(
    path: Path,
    tables: list[np.ndarray],
    *,
    side: int | str = 64,
    reshape_to: tuple[int, ...] = (-1, 1, 1),
    half: bool = False,
    names: tuple[str, ...] = (),
    column: int = -1,
    output_names: tuple[str, ...] = (),
    said: dict[str, str] | None = None,
    channels: int = 3,
) -> Path:
    """Outputs ``table + 0.01 * mean(image)`` in one column of each ``(1, rows, columns)`` table.

    ``said`` becomes the file's metadata.

    ``reshape_to`` (1, 1, 1) freezes the batch at one; (1, -1, 1) merges a batch silently, as real exports do.
    """
    kind, dtype = (TensorProto.FLOAT16, np.float16) if half else (TensorProto.FLOAT, np.float32)
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], axes=[1, 2, 3], keepdims=0),
        helper.make_node("Reshape", ["mean", "shape"], ["shaped"]),
    ]
    called = output_names or tuple(f"out{index}" for index in range(len(tables)))
    weights = [numpy_helper.from_array(np.array(reshape_to, dtype=np.int64), "shape")]
    for index, table in enumerate(tables):
        touched = np.zeros_like(table, dtype=dtype)
        touched[..., column] = MEAN_SHARE
        weights += [
            numpy_helper.from_array(table.astype(dtype), f"table{index}"),
            numpy_helper.from_array(touched, f"touched{index}"),
        ]
        nodes += [
            helper.make_node("Mul", ["shaped", f"touched{index}"], [f"share{index}"]),
            helper.make_node("Add", [f"table{index}", f"share{index}"], [called[index]]),
        ]
    graph = helper.make_graph(
        nodes,
        "detector",
        [helper.make_tensor_value_info("images", kind, ["N", channels, side, side])],
        [
            helper.make_tensor_value_info(name, kind, ["N", *table.shape[1:]])
            for name, table in zip(called, tables, strict=True)
        ],
        weights,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    if names:
        said = {"names": repr(dict(enumerate(names))), **(said or {})}
    if said:
        helper.set_model_props(model, said)
    onnx.save(model, str(path))
    return path


def rows_at(side: int, per_cell: int = 1) -> int:
    """How many rows a three-stride head has on a square canvas."""
    return per_cell * sum((side // stride) ** 2 for stride in (8, 16, 32))


def grid_centres(side: int) -> np.ndarray:
    """``(rows, 2)`` centres of the cells of strides 8, 16 and 32, in pixels."""
    parts = []
    for stride in (8, 16, 32):
        y, x = np.mgrid[: side // stride, : side // stride]
        parts.append((np.stack([x, y], -1).reshape(-1, 2) + 0.5) * stride)
    return np.concatenate(parts).astype(np.float32)
