"""A film that is made of one picture, for defences that remember frames. Imports no torch: options name it."""

from __future__ import annotations

from dataclasses import dataclass

from physadv.core.errors import BadOption


@dataclass
class ClipConfig:
    """How a picture becomes a film."""

    frames: int = 6  # that count, of the film which is made of each picture
    drift: float = 0.2  # how far conditions move in it: 0 stays at one draw of them, 1 arrives at another


@dataclass(frozen=True, slots=True)
class FilmClip:
    """A film of one picture: ``lead_in`` frames fill the memory, the ``frames`` after them count."""

    frames: int
    drift: float
    lead_in: int = 0

    @property
    def length(self) -> int:
        """Of the whole film, in frames."""
        return self.lead_in + self.frames

    def share(self, index: int) -> float:
        """How far on its way from one draw to the other the film's frame ``index`` is, from 0 to ``drift``."""
        return self.drift * index / max(self.length - 1, 1)


def clip_of(config: ClipConfig, lead_in: int = 0) -> FilmClip:
    """The film that the options ask for.

    Raises :class:`BadOption` where it is none.
    """
    if config.frames < 1:
        raise BadOption(f"clip.frames must be at least 1, got {config.frames}")
    if not 0 <= config.drift <= 1:
        raise BadOption(f"clip.drift must be from 0 to 1, got {config.drift:g}")
    return FilmClip(config.frames, config.drift, lead_in)
