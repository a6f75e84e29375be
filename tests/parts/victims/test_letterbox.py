import pytest
import torch

from physadv.parts.victims.letterbox import GREY, letterbox, stretch


def white_box(height: int, width: int, box: tuple[int, int, int, int]) -> torch.Tensor:
    image = torch.zeros(1, 3, height, width)
    left, top, right, bottom = box
    image[..., top:bottom, left:right] = 1
    return image


def bright_box(canvas: torch.Tensor) -> torch.Tensor:
    """The box around what is brighter than half, in pixel edges."""
    ys, xs = (canvas[0, 0] > 0.5).nonzero(as_tuple=True)
    return torch.stack([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1]).float()


@pytest.mark.parametrize("centred", [False, True])
@pytest.mark.parametrize(("height", "width"), [(100, 200), (200, 100), (64, 64), (301, 77)])
def test_a_box_seen_on_the_canvas_comes_back_to_its_place(height: int, width: int, centred: bool) -> None:
    box = (10, 20, 60, 52)
    canvas, fit = letterbox(white_box(height, width, box), (416, 416), centred=centred)
    back = fit.boxes_in_image(bright_box(canvas))
    assert canvas.shape == (1, 3, 416, 416)
    assert torch.allclose(back, torch.tensor(box).float(), atol=max(height, width) / 416)


def test_stretching_scales_the_sides_apart() -> None:
    box = (10, 20, 60, 52)
    canvas, fit = stretch(white_box(100, 200, box), (352, 352))
    assert torch.allclose(fit.boxes_in_image(bright_box(canvas)), torch.tensor(box).float(), atol=1)


def test_padding_is_grey_right_and_below_or_all_around() -> None:
    image = torch.ones(1, 3, 50, 100)
    corner, _ = letterbox(image, (100, 100))
    centre, fit = letterbox(image, (100, 100), centred=True)
    assert corner[0, 0, 0, 0] == 1
    assert float(corner[0, 0, 99, 0]) == pytest.approx(GREY)
    assert float(centre[0, 0, 0, 0]) == pytest.approx(GREY)
    assert fit.offset_xy == (0, 25)


def test_shrinking_averages_what_it_cannot_show() -> None:
    stripes = torch.arange(512).remainder(2).float().expand(1, 3, 512, 512)
    canvas, _ = letterbox(stripes, (64, 64))
    assert torch.allclose(canvas, torch.full_like(canvas, 0.5), atol=0.02)


def test_boxes_are_clipped_to_the_image() -> None:
    _, fit = letterbox(torch.zeros(1, 3, 50, 100), (100, 100))
    assert fit.boxes_in_image(torch.tensor([-5.0, -5.0, 300.0, 90.0])).tolist() == [0, 0, 100, 50]


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 4000), (3000, 2)])
def test_one_pixel_and_very_long_images_fit(height: int, width: int) -> None:
    canvas, fit = letterbox(torch.rand(1, 3, height, width), (64, 64))
    assert canvas.shape == (1, 3, 64, 64)
    assert torch.isfinite(fit.boxes_in_image(torch.tensor([0.0, 0.0, 64.0, 64.0]))).all()


def test_gradient_reaches_every_pixel_of_a_shrunk_image() -> None:
    image = torch.rand(1, 3, 90, 130, requires_grad=True)
    letterbox(image, (32, 32))[0].sum().backward()
    assert image.grad is not None
    assert (image.grad > 0).all()
