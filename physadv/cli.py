"""The ``physadv`` command. Help and lists answer at once: hydra is imported when a command runs, torch after that."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from physadv.core import terminal
from physadv.core.errors import BadOption, PhysadvError
from physadv.core.masking import masked
from physadv.core.version import __version__

if TYPE_CHECKING:
    from omegaconf import DictConfig

    from physadv.app.registry import Registry

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
    "completion": "make the shell complete commands, options and choices: completion bash|zsh|fish",
    "doctor": "check whether this machine is ready (--json)",
}

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


COMPLETION = """usage: physadv completion bash|zsh|fish

  bash   echo 'source <(physadv completion bash)' >> ~/.bashrc
  zsh    echo 'source <(physadv completion zsh)' >> ~/.zshrc      (behind compinit)
  fish   physadv completion fish > ~/.config/fish/completions/physadv.fish

The script holds everything, so that a key press starts no program. Make it anew after installing a plugin."""


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
    two = " ".join(args[:2])
    for name in ("plugins list", "doctor"):
        if f"{two} ".startswith(f"{name} ") and {"-h", "--help"} & set(args):
            return _say(f"usage: physadv {name} [--json]\n\n  {COMMANDS[name]}")
    if two == "plugins list":
        return _list_plugins(args[2:])
    if args[0] == "completion":
        return _completion(args[1:])
    if args[0] == "doctor":
        from physadv.app.pipelines.doctor import doctor

        return doctor(as_json=_only_json("doctor", args[1:]))
    if args[0] == "report":
        from physadv.app.pipelines.report import report_command

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


def _completion(args: list[str]) -> int:
    from physadv.app.config.completion import completion
    from physadv.app.registry import Registry

    if not args or {"-h", "--help"} & set(args):
        return _say(COMPLETION)
    return _say(completion(" ".join(args), list(COMMANDS), Registry()).rstrip())


def _only_json(command: str, args: list[str]) -> bool:
    if args not in ([], ["--json"]):
        raise BadOption(f"physadv {command} takes only --json, got {' '.join(args)}")
    return bool(args)


def _list_plugins(args: list[str]) -> int:
    from physadv.app.registry import KINDS, Registry

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
    from physadv.app.config.axes_shorthand import only_these_axes
    from physadv.app.config.flags import read_flags
    from physadv.app.registry import Registry

    flags = read_flags(only_these_axes(command, args))
    registry = Registry(strict="strict=true" in flags.typed)
    _warn_broken(registry)
    from physadv.app.config.compose import Composer

    composer = Composer(command, registry, presets=flags.presets, sweep=flags.multirun)
    if flags.help:
        from physadv.app.config.help import text

        return _say(text(composer, flags.typed))
    from physadv.app.config.inherit import typed_line
    from physadv.app.config.launch import launch
    from physadv.app.config.wearer import carried_over

    def job(config: DictConfig) -> float | None:
        from physadv.app.pipelines.run import run_command

        return run_command(command, config)

    typed = [*carried_over(composer, flags.typed), *flags.typed]
    taken = composer.taken(typed, shlex.join(["physadv", *command.split("_"), *args]))
    ready = composer.prepared(typed, taken.overrides)
    if taken.reach and not flags.shown:
        told = " ".join(typed_line(r.key, r.value) for r in taken.reach)
        sys.stderr.write(masked(f"of the patch's run: {told}\n"))
    launch(command, flags, ready, job)
    return 0


if __name__ == "__main__":
    sys.exit(main())
