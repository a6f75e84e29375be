"""No half of a password is shown, wherever an address appears."""

from __future__ import annotations

import logging

import pytest

from physadv.core.masking import MaskedFormatter, masked, masked_in

SHOWN = {
    "rtsp://admin:secret@10.0.0.2:554/live": "rtsp://admin:***@10.0.0.2:554/live",
    "rtsp://admin:p@ss/w@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:p#ss@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:p/w@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:12/34@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:a b@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:a?b&c=d@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "rtsp://admin:@10.0.0.2/x": "rtsp://admin:***@10.0.0.2/x",
    "http://token@host/x": "http://***@host/x",
    "http://u:it's@host/x": "http://u:***@host/x",
    "http://cam/video?user=a&password=hunter2&fps=10": "http://cam/video?user=a&password=***&fps=10",
    "http://cam/video?access_token=x.y#end": "http://cam/video?access_token=***",
    "postgresql://u:p@db/x": "postgresql://u:***@db/x",
    "http://host:8080/live": "http://host:8080/live",
    "http://host/live?channel=1&subtype=0": "http://host/live?channel=1&subtype=0",
    "udp://0.0.0.0:5000": "udp://0.0.0.0:5000",
    "mail me@host": "mail me@host",
    "runs/a@b": "runs/a@b",
    "'rtsp://a:b@h/x' is no URL": "'rtsp://a:***@h/x' is no URL",
    "films=[http://a:b@h,http://c:d@i]": "films=[http://a:***@h,http://c:***@i]",
    "source='rtsp://a:b@h/x' seed=1": "source='rtsp://a:***@h/x' seed=1",
}


@pytest.mark.parametrize("text", list(SHOWN))
def test_the_password_is_hidden_and_nothing_else_is(text: str) -> None:
    assert masked(text) == SHOWN[text]


def test_masking_twice_is_masking_once() -> None:
    for text in SHOWN:
        assert masked(masked(text)) == masked(text)


def test_nested_values_are_masked() -> None:
    assert masked_in({"a": ["http://u:p@h", 1, None]}) == {"a": ["http://u:***@h", 1, None]}


def test_a_log_line_is_masked_whatever_its_parts() -> None:
    record = logging.LogRecord("x", logging.INFO, "f", 1, "watching %s", ("rtsp://a:b@h",), None)
    assert MaskedFormatter("%(message)s").format(record) == "watching rtsp://a:***@h"
