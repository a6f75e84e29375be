"""The drawn match, and the cameras that follow its ball."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import torch

from physadv.engines.studies.theories import ball_camera, pitch
from physadv.engines.studies.theories.bald_head import optimised
from physadv.engines.studies.theories.match_files import as_film, as_onnx
from physadv.engines.studies.theories.pitch import HEAD_PX, Head, MatchFilm, film, rendered
from physadv.parts.victims.onnx.victim import build as build_onnx
from physadv.parts.victims.options import OnnxConfig


@pytest.fixture(scope="module")
def match() -> MatchFilm:
    return film(3, 4)


def test_matches_differ_in_nothing_but_the_linesmans_head(match: MatchFilm) -> None:
    changed = (rendered(match, Head(1.0)) - rendered(match, Head())).abs().amax(1)
    y, x = torch.meshgrid(torch.arange(pitch.HEIGHT), torch.arange(pitch.WIDTH), indexing="ij")
    for frame, at in zip(changed, match.head, strict=True):
        away = (x - at[0]).square() + (y - at[1]).square() > (HEAD_PX + 2.5) ** 2
        assert float(frame[away].max()) < 0.02
        assert float(frame.max()) > 0.3


def test_gradient_reaches_every_texel_of_a_cap_and_none_is_needed(match: MatchFilm) -> None:
    cap = torch.full((3, 4, 4), 0.5, requires_grad=True)
    rendered(match, Head(cap=cap)).sum().backward()
    assert cap.grad is not None
    assert bool((cap.grad != 0).all())


def test_scattered_moments_lie_apart_and_a_film_is_smooth() -> None:
    apart, smooth = film(0, 40, scattered=True), film(0, 40)
    steps = [(one.ball[1:] - one.ball[:-1]).norm(dim=1).mean() for one in (apart, smooth)]
    assert steps[0] > 5 * steps[1]
    assert bool((apart.ball[:, 1] < pitch.LINE_Y).all())


class Brightest(ball_camera.BallFinder):
    """The ball is where the picture is brightest."""

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        bright = torch.nn.functional.avg_pool2d(images.mean(1, keepdim=True), 5, 1, 2)
        return 20 * (bright[:, 0, ::2, ::2] - 0.6)


def test_a_camera_that_remembers_does_not_jump(match: MatchFilm) -> None:
    frames = torch.full((3, 3, pitch.HEIGHT, pitch.WIDTH), 0.2)
    frames[:, :, 20:26, 20:26] = 0.9
    frames[1, :, 50:58, 100:108] = 1.0
    start = torch.tensor([22.0, 22.0])
    assert ball_camera.looks_at(Brightest(), frames)[:, 0].tolist()[1] > 90
    assert ball_camera.follows(Brightest(), frames, start)[:, 0].max() < 30


def test_a_print_that_is_made_to_draw_a_camera_gets_brighter_for_one_that_likes_light() -> None:
    cap = optimised(Brightest(), 0, 4)
    assert cap.shape == (3, 6, 6)
    assert float(cap.mean()) > 0.8


def test_the_finder_as_a_file_scores_what_the_net_scores(tmp_path: Path, match: MatchFilm) -> None:
    net = ball_camera.BallFinder()
    (tmp_path / "ball.onnx").write_bytes(as_onnx(net))
    victim = build_onnx(OnnxConfig(path=str(tmp_path / "ball.onnx"), labels=["ball"]))
    frames = rendered(match, Head())
    found = victim.outputs(frames)
    wanted = net(frames).sigmoid().flatten(1)
    torch.testing.assert_close(found.scores[..., 0], wanted, atol=1e-4, rtol=0)
    inside = found.boxes_xyxy_px[0, 10 * (pitch.WIDTH // ball_camera.STRIDE) + 20]  # of row 10, column 20
    assert ((inside[:2] + inside[2:]) / 2).tolist() == pytest.approx([40.5, 20.5])


def test_a_match_becomes_a_film_that_can_be_read(tmp_path: Path, match: MatchFilm) -> None:
    (tmp_path / "match.avi").write_bytes(as_film(rendered(match, Head(1.0))))
    film_read = cv2.VideoCapture(str(tmp_path / "match.avi"))
    assert int(film_read.get(cv2.CAP_PROP_FRAME_COUNT)) == len(match)
    assert film_read.read()[1].shape == (5 * pitch.HEIGHT, 5 * pitch.WIDTH, 3)
