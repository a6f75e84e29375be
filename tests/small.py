"""Options with which a command still does all that it does, with the least work."""

LITTLE_JUDGED = ("judge.images=2", "judge.quality=fast")
SHORT_FILMS = ("clip.frames=2",)
LITTLE_ATTACKED = (
    "adaptive.steps=1", "adaptive.restarts=1", "adaptive.lambdas=[1]", "adaptive.queries=40", *SHORT_FILMS,
)  # fmt: skip
SMALLEST = ("size=smoke", "budget.steps=1", *LITTLE_JUDGED, "progress=false")
SMALL_ROAD = ("scenes.width_px=320", "scenes.height_px=224")
