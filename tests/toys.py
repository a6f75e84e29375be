"""The toys of the battery, for our own tests."""

from physadv.testing.toys import BOX, LABELS, ToyDetector, ToyGoal, ToyPatch, ToyRenderer, ToyScenes, one_scene

__all__ = ["BOX", "LABELS", "ToyDetector", "ToyGoal", "ToyPatch", "ToyRenderer", "ToyScenes", "one_scene"]
