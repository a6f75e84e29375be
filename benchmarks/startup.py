"""How long a user waits for an answer that needs no model: wall seconds of fresh processes, median of several.

    python benchmarks/startup.py

Goal: ``physadv --help`` at most 0.2 s over a bare interpreter.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "physadv --help": [sys.executable, "-m", "physadv.cli", "--help"],
    "physadv plugins list": [sys.executable, "-m", "physadv.cli", "plugins", "list"],
    "physadv generate --help": [sys.executable, "-m", "physadv.cli", "generate", "--help"],
    "import torch": [sys.executable, "-c", "import torch"],
}


def seconds(command: list[str], rounds: int = 5) -> float:
    """Median wall time of a fresh process."""
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def main() -> None:
    """Print one row a command."""
    measured = {name: seconds(command) for name, command in COMMANDS.items()}
    bare = measured["python -c pass"]
    for name, value in measured.items():
        print(f"{name:26s} {value:6.3f} s   {value - bare:+6.3f} s over bare Python")


if __name__ == "__main__":
    main()
