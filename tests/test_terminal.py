"""Closed and full streams, and signals other than Ctrl-C's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from physadv import cli
from physadv.core import terminal
from physadv.core.errors import BadOutput
from tests.running import ROOT

SHORT = [sys.executable, "-c", "import sys; from physadv.cli import main; sys.exit(main(['--version']))"]


def _run(redirection: str) -> subprocess.CompletedProcess[str]:
    """The command with a shell's redirection."""
    return subprocess.run(
        ["bash", "-c", f'"$@" {redirection}', "bash", *SHORT], capture_output=True, text=True, cwd=ROOT
    )


@pytest.mark.parametrize(
    ("redirection", "reason"), [(">&-", "Bad file descriptor"), (">/dev/full", "No space left on device")]
)
def test_what_cannot_be_printed_is_one_line(redirection: str, reason: str) -> None:
    done = _run(redirection)
    assert done.returncode == 2
    assert done.stderr == f"physadv: error: cannot write to the standard output: {reason}\n"


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_messages_that_cannot_be_told_stop_nothing(redirection: str) -> None:
    done = _run(redirection)
    assert done.returncode == 0
    assert done.stdout.startswith("physadv ")


def test_a_reader_that_leaves_is_no_mistake() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(SHORT, stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGHUP", 129), ("SIGINT", 130)])
def test_a_signal_ends_the_command_with_the_line_how_to_go_on(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    number = getattr(signal, name)
    before = signal.getsignal(number)

    def killed(args: list[str]) -> int:
        os.kill(os.getpid(), number)
        raise AssertionError("the signal came to nothing")

    monkeypatch.setattr(cli, "_dispatch", killed)
    assert cli.main(["generate"]) == code
    assert capsys.readouterr().err == "physadv: stopped\n"
    assert signal.getsignal(number) == before


@pytest.mark.parametrize(("name", "code"), [("SIGTERM", 143), ("SIGINT", 130)])
def test_a_signal_that_comes_while_an_object_is_deleted_is_not_lost(
    name: str, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Deleted:
        def __del__(self) -> None:
            os.kill(os.getpid(), getattr(signal, name))
            time.sleep(0)  # Python hears of it here, and cannot raise it

    def working(args: list[str]) -> int:
        thing = Deleted()
        del thing
        time.sleep(10)
        raise AssertionError("the signal came to nothing")

    monkeypatch.setattr(cli, "_dispatch", working)
    assert cli.main(["generate"]) == code


def test_what_nohup_ignores_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with terminal.ending_politely():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_full_disk_is_told_once_the_command_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(BadOutput, match="No space left"), terminal.sound_streams():
            sys.stdout.write("x" * 100_000)
