"""The ``physadv`` command. Help and lists answer at once: hydra is imported when a command runs, torch after that."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from physadv import __version__, terminal
from physadv.errors import BadOption, PhysadvError

if TYPE_CHECKING:
    from physadv.registry import Registry

COMMANDS = {
    "generate": "optimise a patch, print it, judge it: the main job",
    "evaluate": "judge a patch file against one or several victims, beside clean, grey and random controls",
    "grid": "robustness curves and maps: judge a patch at each distance, angle, blur, light, ... alone",
    "sheet": "make a print-ready PDF at true size from a patch",
    "calibrate colour": "measure what your printer and camera make of colours, from photos of the printed chart",
    "calibrate camera": "measure the camera's focal length and distortion; print=true makes the board for it",
    "calibrate eot": "turn films of a printed board into a preset of conditions; hold forecasts against them",
    "eot preview": "see the conditions a patch is optimised under: draws, and each stage alone",
    "watch": "film a print and measure what it does: camera, stream, file or folder of images",
    "report": "make the page of a run again, or one page for several: report compare RUN RUN",
    "train detector": "train the traffic-sign detector sign-nano",
    "plugins list": "list all parts that can be chosen, and who offers them (--json)",
    "doctor": "check whether this machine is ready (--json)",
}

EXAMPLES = """examples:
  physadv generate                                       a sticker that hides a stop sign from the built-in detector
  physadv generate experiment=stop_sign_hide size=smoke  the same in seconds, to try things out
  physadv generate -m seed=0,1,2                         several runs
  physadv generate scenes=coco scenes.root=photos victim=onnx victim.path=mine.onnx
  physadv evaluate patch=runs/my-run victims=[sign-nano,mine.onnx]
  physadv watch source=0 patch=runs/my-run               the printed patch before a camera, beside the digital one
  physadv COMMAND --help                                 all options of a command
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
        sys.stderr.write(f"physadv: {text}\n")


def _dispatch(args: list[str]) -> int:
    if "--no-plugins" in args:  # in the environment, because a sweep's jobs may be other processes
        os.environ["PHYSADV_NO_PLUGINS"] = "1"
        args = [arg for arg in args if arg != "--no-plugins"]
    if not args or args[0] in ("-h", "--help", "help"):
        return _say(_usage())
    if args[0] == "--version":
        return _say(f"physadv {__version__}")
    two = " ".join(args[:2])
    if two == "plugins list":
        return _list_plugins(args[2:])
    if args[0] == "doctor":
        from physadv.doctor import doctor

        return doctor(as_json=_only_json("doctor", args[1:]))
    if args[0] == "report":
        from physadv.pipelines.report_command import report_command

        return report_command(args[1:])
    for command in ("generate", "evaluate", "grid", "sheet", "watch"):
        if args[0] == command:
            return _hydra(command, args[1:])
    if two in ("train detector", "eot preview", "calibrate colour", "calibrate camera", "calibrate eot"):
        return _hydra(two.replace(" ", "_"), args[2:])
    if args[0] in ("train", "plugins", "eot", "calibrate"):
        rest = " or ".join(f"'physadv {c}'" for c in COMMANDS if c.startswith(args[0]))
        raise BadOption(f"{two!r} is not a command. Use {rest}")
    import difflib

    near = difflib.get_close_matches(args[0], [c.split()[0] for c in COMMANDS], n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise BadOption(f"there is no command {args[0]!r}.{hint} See physadv --help")


def _usage() -> str:
    rows = "\n".join(f"  {name:16s} {what}" for name, what in COMMANDS.items())
    return f"usage: physadv COMMAND [key=value ...]\n\ncommands:\n{rows}\n\n{EXAMPLES}"


def _say(text: str) -> int:
    sys.stdout.write(text + "\n")
    return 0


def _only_json(command: str, args: list[str]) -> bool:
    if args not in ([], ["--json"]):
        raise BadOption(f"physadv {command} takes only --json, got {' '.join(args)}")
    return bool(args)


def _list_plugins(args: list[str]) -> int:
    from physadv.registry import KINDS, Registry

    as_json = _only_json("plugins list", args)
    registry = Registry()
    rows = [
        {
            "kind": kind,
            "name": o.entry.name,
            "offered_by": o.owner,
            "summary": o.entry.summary,
            "source": o.entry.source,
        }
        for kind in KINDS
        for o in registry.offered(kind)
    ]
    plugins = [vars(record) for record in registry.records]
    if as_json:
        return _say(json.dumps({"parts": rows, "plugins": plugins}, indent=2))
    for kind in KINDS:
        _say(f"{kind}:")
        for row in rows:
            if row["kind"] == kind:
                source = f"  [{row['source']}]" if row["source"] else ""
                owner = "" if row["offered_by"].startswith("physadv.") else f"  (from {row['offered_by']})"
                _say(f"  {row['name']:48s} {row['summary']}{source}{owner}")
    _warn_broken(registry)
    return 0


def _warn_broken(registry: Registry) -> None:
    for record in registry.records:
        if record.error:
            sys.stderr.write(
                f"physadv: plugin {record.name!r} is left out: {record.error}. "
                f"Silence this with PHYSADV_BLOCK={record.name}\n"
            )
        elif record.warning:
            sys.stderr.write(f"physadv: plugin {record.name!r}: {record.warning}\n")


def _hydra(command: str, args: list[str]) -> int:
    import hydra
    from omegaconf import DictConfig

    from physadv.config import compose, locate, store
    from physadv.config.wearer import carried_over
    from physadv.registry import Registry

    registry = Registry(strict="strict=true" in args)
    _warn_broken(registry)
    store.register(registry, command)
    if command in compose.INHERITED:
        args = [*_from_run(args, partial(compose.inherited, groups=compose.INHERITED[command])), *args]
    flags, typed = _flags_apart(args)
    typed = [*carried_over(command, typed), *typed]
    if {"--help", "-h"} & set(flags):
        from physadv.config.help import text

        return _say(text(command, typed))
    presets = next((flags[i + 1] for i, f in enumerate(flags[:-1]) if f in ("--config-dir", "-cd")), "")
    compose.check(command, typed, sweep=bool({"-m", "--multirun"} & set(flags)), presets=presets)
    complaints = Path(tempfile.mkdtemp(prefix="physadv-"))  # a folder, because a sweep's jobs may be other processes

    def task(config: DictConfig) -> float | None:
        from physadv.pipelines.run import run_command

        try:
            return run_command(command, config)
        except PhysadvError as error:  # hydra would print a traceback; the siblings of a sweep go on
            complaints.mkdir(exist_ok=True)
            (complaints / secrets.token_hex(8)).write_text(
                f"{error.exit_code} {error}", encoding="utf-8", errors="backslashreplace"
            )
            return None

    sys.argv = [f"physadv {command.replace('_', ' ')}", *flags, *typed]  # argparse refuses options after a flag
    try:
        hydra.main(version_base="1.3", config_path=str(locate.conf_dir()), config_name=command)(task)()
        if heard := sorted(complaints.iterdir(), key=lambda file: file.stat().st_mtime):
            code, _, said = heard[0].read_text(encoding="utf-8").partition(" ")
            first = PhysadvError(said)
            first.exit_code = int(code)
            raise first
    finally:
        shutil.rmtree(complaints, ignore_errors=True)
    return 0


def _from_run(args: list[str], inherited: Callable[[Path, Sequence[str]], list[str]]) -> list[str]:
    run = next((a.partition("=")[2] for a in args if a.startswith("patch=")), "")
    return inherited(Path(run).expanduser(), args) if run else []


_VALUED = {"--cfg", "-c", "--package", "-p", "--info", "-i", "--config-dir", "-cd", "--config-name", "-cn"}


def _flags_apart(args: list[str]) -> tuple[list[str], list[str]]:
    flags, typed, skip = [], [], False
    for arg in args:
        if skip:
            flags.append(arg)
            skip = False
        elif arg.startswith("-") and "=" not in arg:
            flags.append(arg)
            skip = arg in _VALUED
        else:
            typed.append(arg)
    return flags, typed


if __name__ == "__main__":
    sys.exit(main())
