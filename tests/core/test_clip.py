"""A film has so many frames, and conditions move in it no further than it drifts."""

from __future__ import annotations

import pytest

from physadv.core.clip import ClipConfig, FilmClip, clip_of
from physadv.core.errors import BadOption


def test_conditions_arrive_at_the_last_frame_where_the_clip_drifts_to() -> None:
    clip = FilmClip(frames=3, drift=0.4, lead_in=2)
    assert clip.length == 5
    assert [clip.share(index) for index in range(5)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    assert FilmClip(1, 1.0).share(0) == 0


@pytest.mark.parametrize(("frames", "drift"), [(0, 0.2), (3, -0.1), (3, 1.5), (3, float("nan"))])
def test_a_film_of_nothing_or_beyond_its_draws_is_refused(frames: int, drift: float) -> None:
    with pytest.raises(BadOption, match=r"clip\.(frames|drift) must be"):
        clip_of(ClipConfig(frames, drift))
