"""What is converted beside onnx2torch gives what ONNX Runtime gives, and has gradients."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, defs, helper, numpy_helper
from onnx2torch import convert

from physadv.parts.victims.onnx.normal import normalised
from physadv.parts.victims.onnx.operations import NEWER_NUMBERS, OWN, handed_over

Case = tuple[str, int, dict[str, object], list[np.ndarray]]

IMAGE = np.random.default_rng(0).normal(size=(2, 6, 8, 7)).astype(np.float32)
GRID = np.random.default_rng(1).uniform(-1.2, 1.2, size=(2, 5, 4, 2)).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def floats(*values: float) -> np.ndarray:
    return np.array(values, dtype=np.float32)


NOTHING = np.zeros(0, dtype=np.float32)
CASES: list[Case] = [
    *(
        (name, 18, {"keepdims": keep}, [IMAGE, ints(1, -1)])
        for name in OWN if name.startswith("Reduce") for keep in (0, 1)
    ),
    ("ReduceMax", 20, {}, [IMAGE]),
    ("ReduceMean", 18, {"noop_with_empty_axes": 1}, [IMAGE]),
    ("Pad", 18, {}, [IMAGE, ints(1, 0, 2, 1), floats(0.5).reshape(()), ints(2, -1)]),
    ("Pad", 19, {"mode": "reflect"}, [IMAGE, ints(0, 0, 1, 2, 0, 0, 2, 1)]),
    ("Pad", 13, {"mode": "edge"}, [IMAGE, ints(0, 0, 1, 2, 0, 0, 2, 1)]),
    ("Clip", 13, {}, [IMAGE, floats(-0.5).reshape(()), floats(0.5).reshape(())]),
    ("Flatten", 21, {"axis": 0}, [IMAGE]),
    ("Flatten", 13, {"axis": -1}, [IMAGE]),
    ("Flatten", 13, {"axis": 1}, [IMAGE]),
    *(("GridSample", 16, {"mode": mode, "align_corners": 1}, [IMAGE, GRID]) for mode in ("bilinear", "nearest")),
    ("GridSample", 20, {"padding_mode": "border"}, [IMAGE, GRID]),
    ("AveragePool", 19, {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1]}, [IMAGE]),
    ("AveragePool", 22, {"kernel_shape": [2, 2], "count_include_pad": 1, "pads": [1, 0, 1, 0]}, [IMAGE]),
    ("Gelu", 20, {}, [IMAGE]),
    ("Gelu", 20, {"approximate": "tanh"}, [IMAGE]),
    ("Mish", 18, {}, [IMAGE]),
    ("GlobalMaxPool", 18, {}, [IMAGE]),
    ("Trilu", 14, {"upper": 0}, [IMAGE, ints(1).reshape(())]),
    ("GroupNormalization", 21, {"num_groups": 3}, [IMAGE, floats(1, 2, 3, 4, 5, 6), floats(0, 1, 0, 1, 0, 1)]),
    ("ScatterElements", 18, {"axis": 1}, [IMAGE[0, 0], ints(0, 2, -1).reshape(1, 3), floats(1, 2, 3).reshape(1, 3)]),
    ("Slice", 13, {}, [IMAGE, ints(-1, 1), ints(-9, 6), ints(3, 2), ints(-2, 1)]),
    ("Slice", 9, {"starts": [1, 0], "ends": [3, -1], "axes": [1, 3]}, [IMAGE]),
    *(
        ("Resize", 18, {"mode": "nearest", "coordinate_transformation_mode": c, "nearest_mode": n},
         [IMAGE, NOTHING, floats(1, 1, *factors)])
        for c in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
        for n in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")
        for factors in ((2, 3), (0.5, 1.4))
    ),
    *(
        ("Resize", 19, {"mode": "linear", "coordinate_transformation_mode": c},
         [IMAGE, NOTHING, NOTHING, ints(2, 6, *size)])
        for c in ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel", "half_pixel_symmetric")
        for size in ((16, 21), (5, 4))
    ),
    ("Resize", 18, {"mode": "linear", "axes": [2, 3]}, [IMAGE, NOTHING, floats(1.5, 2)]),
    ("Resize", 13, {"mode": "cubic", "cubic_coeff_a": -0.75}, [IMAGE, NOTHING, floats(1, 1, 2, 2)]),
]  # fmt: skip


def model_of(
    name: str, opset: int, options: dict[str, object], inputs: list[np.ndarray], outputs: int = 1
) -> onnx.ModelProto:
    """One node; its first input is the graph's, the others are weights."""
    names = [f"in{index}" if array.size else "" for index, array in enumerate(inputs)]
    node = helper.make_node(name, names, [f"out{index}" for index in range(outputs)], **options)
    graph = helper.make_graph(
        [node],
        "one",
        [helper.make_tensor_value_info("in0", TensorProto.FLOAT, inputs[0].shape)],
        [helper.make_tensor_value_info(f"out{index}", TensorProto.FLOAT, None) for index in range(outputs)],
        [numpy_helper.from_array(array, called) for called, array in zip(names[1:], inputs[1:], strict=True) if called],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)


def runtime(model: onnx.ModelProto, image: np.ndarray) -> list[np.ndarray]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    outputs: list[np.ndarray] = session.run(None, {"in0": image})
    return outputs


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c[0]}-{c[1]}-{'-'.join(map(str, c[2].values()))}")
def test_an_operation_gives_what_onnx_runtime_gives_and_has_a_gradient(case: Case) -> None:
    model = model_of(*case)
    image = torch.tensor(case[3][0], requires_grad=True)
    if case[0] in ("ReduceLogSum",):
        image = torch.tensor(np.abs(case[3][0]) + 0.1, requires_grad=True)
    output = convert(handed_over(normalised(model)))(image)
    (wanted,) = runtime(model, image.detach().numpy())
    assert tuple(output.shape) == wanted.shape
    assert np.allclose(output.detach().numpy(), wanted, atol=2e-5)
    output.sum().backward()
    assert image.grad is not None
    assert bool(torch.isfinite(image.grad).all())


@pytest.mark.parametrize(("parts", "options", "split"), [(3, {"num_outputs": 3}, None), (2, {}, ints(2, 4))])
def test_split_divides_as_told(parts: int, options: dict[str, object], split: np.ndarray | None) -> None:
    model = model_of("Split", 18, {"axis": 1, **options}, [IMAGE, *([] if split is None else [split])], outputs=parts)
    outputs = convert(handed_over(normalised(model)))(torch.tensor(IMAGE))
    for output, wanted in zip(outputs, runtime(model, IMAGE), strict=True):
        assert np.array_equal(output.numpy(), wanted)


def test_newer_numbers_are_only_claimed_where_inputs_and_attributes_are_the_same() -> None:
    history: dict[str, dict[int, defs.OpSchema]] = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "":
            history.setdefault(schema.name, {})[schema.since_version] = schema
    for name, numbers in NEWER_NUMBERS.items():
        before = history[name][max(number for number in history[name] if number < numbers[0])]
        for number in numbers:
            now = history[name][number]
            assert [value.name for value in now.inputs] == [value.name for value in before.inputs], name
            # these two say how to round into 8-bit floats, which no detector computes in
            assert set(now.attributes) - {"saturate", "round_mode"} == set(before.attributes), name


@pytest.mark.parametrize(
    ("name", "opset", "options", "inputs", "word"),
    [
        ("Resize", 18, {"mode": "linear", "antialias": 1}, [IMAGE, NOTHING, floats(1, 1, 0.5, 0.5)], "antialias"),
        (
            "Resize", 18, {"coordinate_transformation_mode": "tf_crop_and_resize"},
            [IMAGE, NOTHING, floats(1, 1, 2, 2)], "tf_crop",
        ),
        ("AveragePool", 19, {"kernel_shape": [2, 2], "dilations": [2, 2]}, [IMAGE], "dilation"),
        ("AveragePool", 19, {"kernel_shape": [2, 2], "auto_pad": "SAME_UPPER"}, [IMAGE], "automatic"),
        (
            "ScatterElements", 18, {"reduction": "add"},
            [IMAGE[0, 0], ints(0).reshape(1, 1), floats(1).reshape(1, 1)], "reduction",
        ),
    ],
)  # fmt: skip
def test_what_is_not_computed_exactly_is_refused(
    name: str, opset: int, options: dict[str, object], inputs: list[np.ndarray], word: str
) -> None:
    with pytest.raises(NotImplementedError, match=word):
        convert(handed_over(normalised(model_of(name, opset, options, inputs))))
