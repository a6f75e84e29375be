"""Calls into a stranger's part: whatever goes wrong there comes back as one line with plugin, part and method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

import torch
from torch import Tensor

from physadv.app.guards.failures import failure_text
from physadv.core.errors import BadShape, BrokenPart, MissingExtra, PhysadvError

R = TypeVar("R")

EVERY = 10  # on a device other than the CPU, values are looked at on every tenth call: each look waits for the device
SLACK = 1e-3  # by which a share may leave [0, 1]: half an 8-bit code is .002


@dataclass
class Owner:
    """Whose part it is, and how often each of its methods was called."""

    kind: str  # "victim"
    name: str  # "acme/net"
    plugin: str  # "acme_net"
    calls: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.kind} {self.name!r} (plugin {self.plugin})"

    def broken(self, method: str, what: str) -> BrokenPart:
        """The error that says what a method of the part did wrong."""
        return BrokenPart(f"{self}: {method} {what}. Mend the plugin, or leave it out with PHYSADV_BLOCK={self.plugin}")

    def call(self, method: str, function: Callable[..., R], *args: Any, **named: Any) -> R:
        """Call the function. Raises :class:`BrokenPart` for anything it raises but a user's mistake."""
        try:
            return function(*args, **named)
        except BadShape as error:
            raise self.broken(method, f"makes a value that cannot be: {error}") from error
        except MissingExtra as error:
            raise MissingExtra(f"{self} needs what is not installed: {error}") from error
        except PhysadvError:
            raise  # a user's mistake, or another part's, said already
        except MemoryError as error:
            raise self.broken(method, "ran out of memory") from error
        except (KeyboardInterrupt, GeneratorExit):  # the user's, and Python's own
            raise
        except BaseException as error:  # SystemExit too: a part that ends the process would pass for a run that is done
            raise self.broken(method, f"raised {failure_text(error)}") from error

    def due(self, method: str, value: Tensor) -> bool:
        """Whether the values of this call are to be looked at."""
        count = self.calls[method] = self.calls.get(method, -1) + 1
        return value.device.type == "cpu" or count % EVERY == 0

    def require(self, true: bool, method: str, what: str) -> None:
        """Raise :class:`BrokenPart` unless ``true``."""
        if not true:
            raise self.broken(method, what)

    def check_tensor(self, method: str, what: str, value: Any, shape: tuple[int | str, ...], like: Tensor) -> None:
        """``value`` is a float32 tensor of ``shape`` (strings are free sizes) on the device of ``like``."""
        self.require(isinstance(value, Tensor), method, f"gives {type(value).__name__} as {what}, not a tensor")
        fits = len(shape) == value.ndim and all(
            isinstance(want, str) or want == got for want, got in zip(shape, value.shape, strict=True)
        )
        wanted = ", ".join(map(str, shape))
        self.require(fits, method, f"gives {what} of shape {tuple(value.shape)} where ({wanted}) is due")
        self.require(value.dtype == torch.float32, method, f"gives {what} as {value.dtype} where float32 is due")
        same = value.device.type == like.device.type
        self.require(same, method, f"gives {what} on {value.device}, though its input was on {like.device}")

    def check_share(self, method: str, what: str, value: Tensor) -> None:
        """``value`` is finite and lies within 0 and 1."""
        if value.numel():
            low, high = float(value.min()), float(value.max())  # nan passes through both
            fine = -SLACK <= low <= high <= 1 + SLACK
            self.require(fine, method, f"gives {what} from {low:.4g} to {high:.4g} where 0 to 1 is due")

    def check_finite(self, method: str, what: str, value: Tensor) -> None:
        """``value`` holds neither nan nor infinity."""
        self.require(bool(torch.isfinite(value).all()), method, f"gives {what} that are not finite (nan or inf)")
