"""``physadv report``: make the page of a run again, or one page for several runs. Needs neither torch nor hydra."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Sequence
from pathlib import Path

from physadv.core.errors import BadInput, BadOption

USAGE = """usage: physadv report RUN [summary=true]
       physadv report compare RUN RUN [RUN ...] [out=compare.html]

  RUN      what generate, evaluate, grid, watch, perturb, drive or study wrote; for compare also a sweep's folder
  summary  true: one page for a slide deck instead, RUN/summary.pdf and RUN/summary.png
  out      where the comparison goes (compare.html)

examples:
  physadv report runs/first                          write runs/first/report.html again
  physadv report runs/first summary=true             write runs/first/summary.pdf and .png
  physadv report compare runs/first runs/second      one page for both
  physadv report compare runs/sweeps/2026-01-31 out=sweep.html"""


def report_command(args: Sequence[str]) -> int:
    """Run the command; says where the page is.

    Raises :class:`BadOption` for options it does not have, and :class:`BadInput` where there is no such run folder.
    """
    if {"-h", "--help"} & set(args):
        return _say(USAGE)
    flags = [a for a in args if a.startswith("-")]
    if flags:
        raise BadOption(f"physadv report knows no option {flags[0]!r}. See physadv report --help")
    if args[:1] == ["compare"]:
        return _compare(args[1:])
    args, summary = _summary_asked(args)
    _expect_no_options(args, "summary")
    if len(args) != 1:
        raise BadOption(
            f"physadv report takes one run folder, got {' '.join(args) or 'none'}. See physadv report --help"
        )
    folder = Path(args[0]).expanduser()
    if not folder.is_dir():
        raise BadInput(f"no run folder {args[0]!r}. Name the folder that generate or evaluate wrote")
    if summary:
        return _summary(folder)
    if (folder / "summary.json").is_file():
        from physadv.library.report.pages.watch import write_watch_report

        return _say(f"report  {write_watch_report(folder)}")
    if (folder / "masking.json").is_file():
        from physadv.library.report.pages.masking import write_masking_report

        return _say(f"report  {write_masking_report(folder)}")
    if (folder / "drive.json").is_file():
        from physadv.library.report.pages.drive import write_drive_report

        return _say(f"report  {write_drive_report(folder)}")
    if (folder / "perturb.json").is_file():
        from physadv.library.report.pages.perturb import write_perturb_report

        return _say(f"report  {write_perturb_report(folder)}")
    from physadv.library.report.pages.run import write_report

    return _say(f"report  {write_report(folder)}")


def _expect_no_options(args: Sequence[str], known: str) -> None:
    """Refuse what is written as an option but for the one that is ``known``; folders may hold a ``=``."""
    for arg in args:
        key, equals, _ = arg.partition("=")
        if equals and key != known and not Path(arg).expanduser().is_dir():
            near = f" Did you mean {known!r}?" if difflib.get_close_matches(key, [known]) else ""
            raise BadOption(f"physadv report has no option {key!r} here.{near} See physadv report --help")


def _summary_asked(args: Sequence[str]) -> tuple[list[str], bool]:
    """The other arguments, and whether a summary is wanted."""
    asked = [arg.partition("=")[2].lower() for arg in args if arg.startswith("summary=")]
    if len(asked) > 1 or any(value not in ("true", "false") for value in asked):
        raise BadOption(f"summary is true or false, got summary={' summary='.join(asked)}")
    return [arg for arg in args if not arg.startswith("summary=")], asked == ["true"]


def _summary(folder: Path) -> int:
    if (folder / "summary.json").is_file():
        raise BadInput(
            f"{str(folder)!r} was written by watch, whose page has no summary. Name a folder that generate, evaluate "
            "or grid wrote"
        )
    if (folder / "masking.json").is_file():
        raise BadInput(
            f"{str(folder)!r} was written by study masking, whose page has no summary. Name a folder that generate, "
            "evaluate or grid wrote"
        )
    from physadv.library.report.summary_page import write_summary

    pdf, png = write_summary(folder)
    return _say(f"summary {pdf} and {png}")


def _compare(args: Sequence[str]) -> int:
    options = [a for a in args if a.startswith("out=")]
    folders = [Path(a).expanduser() for a in args if not a.startswith("out=")]
    _expect_no_options(args, "out")
    if len(options) > 1 or options == ["out="]:
        raise BadOption(f"out= takes one file, got {' '.join(options)}")
    out = Path(options[0].partition("=")[2] if options else "compare.html").expanduser()
    if out.is_dir():
        raise BadOption(f"out={out} is a folder. Name a file, such as out={out / 'compare.html'}")
    if not folders:
        raise BadOption("physadv report compare takes at least two run folders, got none. See physadv report --help")
    from physadv.library.report.pages.comparison import write_comparison

    return _say(f"report  {write_comparison(folders, out)}")


def _say(text: str) -> int:
    sys.stdout.write(text + "\n")
    return 0
