"""Errors, in words a user can act on.

Every message names what was wrong, what was seen and what to do. The command line prints the message alone, without a
traceback, and exits with code 2.
"""


class PhysadvError(Exception):
    """Anything the user can mend. Subclasses say which part of the input is at fault."""

    exit_code = 2  # of the command


class BadOption(PhysadvError):
    """A command-line option, a config key or a part's setting is unknown or out of range."""


class BadInput(PhysadvError):
    """A file or folder the user named cannot be used: missing, corrupt, empty, of the wrong kind."""


class NoCamera(BadInput):
    """There is no such camera, or it gives no picture."""


class DeadFeed(BadInput):
    """A stream cannot be opened, or gives no picture."""


class FeedDied(PhysadvError):
    """A camera or stream gave pictures, was lost, and did not come back. What was measured until then is kept."""

    exit_code = 3


class BadShape(PhysadvError):
    """A tensor does not have the shape, type or range that its place demands."""


class BadOutput(PhysadvError):
    """The result cannot be written: the folder exists, is read-only, or the disk is full."""


class IncompatibleParts(PhysadvError):
    """Two parts that are each fine do not fit together (an attack that needs gradients, a victim that has none)."""


class BudgetSpent(PhysadvError):
    """A victim would have been asked more often than it may be."""


class BrokenPlugin(PhysadvError):
    """A plugin cannot be loaded, or offers something malformed."""


class BrokenPart(BrokenPlugin):
    """A part does not do what its protocol promises."""


class MissingExtra(PhysadvError):
    """An optional dependency is needed; the message names the extra to install."""
