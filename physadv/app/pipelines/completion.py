"""``physadv completion``: print the script of a shell, or how to install it. Needs neither torch nor hydra."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from physadv.app.config.completion import completion
from physadv.app.registry import Registry

USAGE = """usage: physadv completion bash|zsh|fish

  bash   echo 'source <(physadv completion bash)' >> ~/.bashrc
  zsh    echo 'source <(physadv completion zsh)' >> ~/.zshrc      (behind compinit)
  fish   physadv completion fish > ~/.config/fish/completions/physadv.fish

The script holds everything, so that a key press starts no program. Make it anew after installing a plugin."""


def completion_command(words: Sequence[str]) -> int:
    """Print the script, or the help where no shell is named."""
    asked = not words or {"-h", "--help"} & set(words)
    sys.stdout.write((USAGE if asked else completion(" ".join(words), Registry()).rstrip()) + "\n")
    return 0
