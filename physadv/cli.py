"""The ``physadv`` command. Help and lists answer at once: hydra is imported when a command runs, torch after that."""

from __future__ import annotations

import os
import sys
import textwrap
from collections.abc import Sequence
from contextlib import suppress

from physadv.app.commands import COMMANDS, Command
from physadv.core import terminal
from physadv.core.errors import BadOption, PhysadvError
from physadv.core.masking import masked
from physadv.core.version import __version__

FEW = 5  # commands with one first word that an error writes out in full

EXAMPLES = """examples:
  physadv generate                                       a sticker that hides a stop sign from the built-in detector
  physadv generate experiment=stop_sign_hide size=smoke  the same in seconds, to try things out
  physadv generate -m seed=0,1,2                         several runs
  physadv generate scenes=coco scenes.root=photos victim=onnx victim.path=mine.onnx
  physadv evaluate patch=runs/my-run victims=[sign-nano,mine.onnx]
  physadv watch source=0 patch=runs/my-run               the printed patch before a camera, beside the digital one
  physadv evaluate -m patch=runs/my-run seed=1,2         a sweep: a folder for each
  physadv COMMAND --help                                 all options of a command, as physadv help COMMAND
  physadv COMMAND --cfg job                              the configuration, without running it
  physadv COMMAND --no-plugins                           with the built-in parts alone"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Exit code 0: done; 2: the input must be mended; 3: a feed died; 130, 143, 129: stopped with Ctrl-C, SIGTERM, SIGHUP.
    """
    args = list(sys.argv[1:] if argv is None else argv)
    try:
        with terminal.sound_streams(), terminal.ending_politely():
            return _answered(args)
    except PhysadvError as error:  # of the streams
        _complain(f"error: {error}")
        return error.exit_code


def _answered(args: list[str]) -> int:
    try:
        return _dispatch(args)
    except PhysadvError as error:
        _complain(f"error: {error}")
        return error.exit_code
    except KeyboardInterrupt as stop:
        _complain(str(stop) or "stopped")
        return terminal.exit_code(stop)


def _complain(text: str) -> None:
    with suppress(OSError, ValueError, AttributeError):  # no standard error: the exit code tells it
        sys.stderr.write(masked(f"physadv: {text}\n"))


def _dispatch(args: list[str]) -> int:
    if "--no-plugins" in args:  # in the environment, because a sweep's jobs may be other processes
        os.environ["PHYSADV_NO_PLUGINS"] = "1"
        args = [arg for arg in args if arg != "--no-plugins"]
    if args[:1] == ["help"]:
        args = [*args[1:], "--help"]
    if not args or args[0] in ("-h", "--help"):
        return _say(_usage())
    if args[0] == "--version":
        return _say(f"physadv {__version__}")
    command = _named(args)
    return _started(command, args[len(command.words.split()) :])


def _named(args: Sequence[str]) -> Command:
    """The command whose words come first."""
    for words in (" ".join(args[:2]), args[0]):
        if words in COMMANDS:
            return COMMANDS[words]
    if begun := [words for words in COMMANDS if words.startswith(f"{args[0]} ")]:
        raise BadOption(f"{' '.join(args[:2])!r} is not a command.{_advice(begun, args)}")

    from physadv.core.nearest import did_you_mean

    hint = did_you_mean(args[0], [words.split()[0] for words in COMMANDS])
    raise BadOption(f"there is no command {args[0]!r}{hint or '.'} See physadv --help")


def _advice(begun: Sequence[str], args: Sequence[str]) -> str:
    """What to type in the place of words with which several commands begin."""
    if len(args) > 1 and args[1].startswith("-"):
        return f" Put {args[1]} behind its second word: physadv {begun[0]} {args[1]}"
    if len(begun) <= FEW:
        return " Use " + " or ".join(f"'physadv {words}'" for words in begun)
    from physadv.core.nearest import did_you_mean

    names = [words.split()[1] for words in begun]
    return f"{did_you_mean(args[1], names).lstrip('.') if args[1:] else ''} There are: {', '.join(names)}"


def _started(command: Command, words: list[str]) -> int:
    if command.schema:
        from physadv.app.jobs import start

        start(command, words)
        return 0
    if command.only_json:
        if {"-h", "--help"} & set(words):
            return _say(f"usage: physadv {command.words} [--json]\n\n  {command.summary}")
        if words not in ([], ["--json"]):
            raise BadOption(f"physadv {command.words} takes only --json, got {' '.join(words)}")
    code: int = command.load()(words)
    return code


def _usage() -> str:
    families: dict[str, list[str]] = {}
    for words, row in COMMANDS.items():
        families.setdefault(row.family or f"{words}: {row.summary}", []).append(words)
    rows = "\n".join(_listed(family, members) for family, members in families.items())
    return f"usage: physadv COMMAND [key=value ...]\n\ncommands:\n{rows}\n\n{EXAMPLES}"


def _listed(family: str, members: list[str]) -> str:
    """A line of the usage; of one that stands for several commands, also the last words of each."""
    words, _, summary = family.partition(": ")
    if len(members) > 1:
        summary += ": " + ", ".join(member.split()[-1] for member in members)
    return textwrap.fill(f"  {words:16s} {summary}", 118, subsequent_indent=19 * " ", break_on_hyphens=False)


def _say(text: str) -> int:
    sys.stdout.write(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
