"""The way to the page: opened, an address, or a code for a phone."""

from __future__ import annotations

import webbrowser

import pytest

from physadv.engines.watch import invitation as module
from physadv.engines.watch.invitation import invitation, qr

URL = "http://192.168.1.20:40127/vb3WpQh1q7kW6tUk/"


def test_a_phone_on_the_network_gets_a_code_and_everybody_is_told_who_may_look() -> None:
    said = invitation(URL, network=True, unasked=False)
    assert "▀" in said
    assert said.splitlines()[-1].startswith("whoever has this address")


def test_a_code_is_as_small_as_the_address_allows() -> None:
    rows = qr(URL).splitlines()
    assert len(rows) <= 20  # of a terminal's 24


@pytest.mark.parametrize(("screen", "opened"), [(True, [URL]), (False, [])])
def test_a_page_that_nobody_asked_for_opens_where_there_is_a_screen(
    *, screen: bool, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[str] = []
    monkeypatch.setattr(module, "has_screen", lambda: screen)
    monkeypatch.setattr(webbrowser, "open", lambda url: bool(calls.append(url) or True))
    said = invitation(URL, network=False, unasked=True)
    assert calls == opened
    assert ("opened" in said) is screen
    assert not screen or "serve=false" in said


def test_a_page_that_was_asked_for_does_not_open_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("opened"))
    assert "serve=network" in invitation(URL, network=False, unasked=False)
