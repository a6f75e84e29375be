"""The studies, a row each, in the order of the lecture. Imports no torch."""

from __future__ import annotations

from physadv.engines.studies.theories.options import EffortConfig, StudySize
from physadv.engines.studies.theories.study import Study

_ROWS = (
    Study(
        "origin", "How it began: a 7 that is a 3",
        "how it began: the smallest change that makes a 3 of a 7",
        "A change that nobody sees makes a net take a 7 for a 3. It is not found by chance: one has to look for the "
        "smallest change that is enough (Szegedy et al. 2014).",
        "origin", seconds=5,
        further=("physadv perturb attack=lbfgs victim=digits scenes=digits norm=l2 targets=3 size=smoke",),
    ),
    Study(
        "distances", "How far is it from one picture to another?",
        "how far is it from one picture to another? L0, L1, L2 and Linf, and the smallest change by each",
        "The attack is a problem of optimisation: as small a change as possible, such that the net errs. What small "
        "means is a choice: how many pixels, how much in all, how long, or how much at most.",
        "distances", seconds=5,
        further=("physadv perturb attack=fmn victim=digits scenes=digits norm=l0 size=smoke",),
    ),
    Study(
        "fgsm", "One step is enough",
        "one step is enough: the error over the size of one step along the gradient's sign",
        "A single step along the sign of the loss's gradient makes nets err, and they are sure of their answer "
        "(Goodfellow et al. 2015).",
        "fast_gradient", seconds=5,
        further=("physadv perturb attack=fgsm victim=digits scenes=digits eps=0.15 size=smoke",),
    ),
    Study(
        "pgd", "Many steps are stronger",
        "many steps are stronger: FGSM, PGD and APGD over eps",
        "Projected gradient descent repeats the step and stays within the bound. It is at least as strong, and ends at "
        "about the same loss wherever it begins (Madry et al. 2018).",
        "many_steps", seconds=15,
        further=("physadv perturb attack=pgd victim=digits scenes=digits eps=0.1 size=smoke",),
    ),
    Study(
        "one-pixel", "One pixel can be enough",
        "one pixel can be enough: differential evolution looks for few pixels, and is only told scores",
        "Who may change a single pixel as much as he likes, and only hears the net's scores, can fool it (Su et al. "
        "2019).",
        "few_pixels", seconds=5,
        further=("physadv perturb attack=one-pixel victim=digits scenes=digits norm=l0 eps=1 size=smoke",),
    ),
    Study(
        "boxes", "White box, black box",
        "white box, black box: what who sees gradients, scores, decisions or nothing needs to ask",
        "The less an attacker sees of a net the more he has to ask: with gradients a few questions, with scores "
        "hundreds, with decisions alone still more, and with a net of his own perhaps none.",
        "boxes", seconds=8,
        further=("physadv perturb attack=square victim=digits scenes=digits eps=0.15 threat=scores size=smoke",),
    ),
    Study(
        "masked", "A net that looks robust and is not",
        "a net that looks robust and is not: gradient masking",
        "A defence that only hides the gradient makes attacks fail that follow it, and nothing else. Stronger checks "
        "tell (Athalye et al. 2018).",
        "masked_net", seconds=6,
        further=("physadv study masking defense=bits audit.images=1 audit.steps=4",),
    ),
    Study(
        "adversarial-training", "Training against attacks",
        "training against attacks: what it gives and costs, with one step, several, and all at once",
        "What holds is to learn from attacked pictures. It costs time, and some of the clean accuracy (Madry et al. "
        "2018).",
        "adversarial_training", seconds=60,
        further=("physadv study adversarial-training effort.seeds=5",),
    ),
    Study(
        "overfitting", "Is it overfitting?",
        "is it overfitting? robustness against the gap between learnt and new pictures",
        "A net that has learnt its pictures by heart leaves room for mistakes elsewhere, so examples that fool it "
        "would be a symptom of overfitting. Then nets without a gap between learnt and new pictures would be safe, and "
        "different nets would err at different places.",
        "overfitting", seconds=30,
        further=("physadv study overfitting effort.train=600", "physadv study bugs"),
    ),
    Study(
        "linearity", "Are nets too linear?",
        "are nets too linear? logits along the FGSM ray, and robustness by activation",
        "Nets are built of parts that behave like straight lines, because those learn easily. Then many small changes "
        "add up, and one step along the gradient's sign suffices (Goodfellow et al. 2015).",
        "linearity", seconds=20,
        further=("physadv study linearity seed=10", "physadv study slices"),
    ),
    Study(
        "dimension", "Is it the number of pixels?",
        "is it the number of pixels? the eps that suffices over the size of the input",
        "In a linear model a change of eps in each of n inputs moves the answer by eps times n times the mean size of "
        "its weights: with many pixels a change that nobody sees suffices.",
        "dimension", seconds=20,
        further=("physadv study dimension effort.seeds=5",),
    ),
    Study(
        "slices", "How near is the border?",
        "how near is the border? slices through what nets say around a picture",
        "Around a picture there is room in nearly every direction, but in the attack's direction the border between "
        "classes is near.",
        "slices", seconds=15,
        further=("physadv study slices seed=3",),
    ),
    Study(
        "bugs", "Are they bugs of one net?",
        "are they bugs of one net? what fools one net shown to others that learnt apart",
        "If adversarial examples were bugs of one net's training, other nets, with another shape and other pictures to "
        "learn from, would not share them (Szegedy et al. 2014 found that they do).",
        "bugs", seconds=12, sizes={StudySize.laptop: EffortConfig(train=1397)},
        further=("physadv study bugs seed=1",),
    ),
    Study(
        "features", "Or are they features?",
        "or are they features? nets that learn from mislabelled adversarial pictures alone",
        "Adversarial examples are not bugs but features: nets use whatever tells classes apart, also what we do not "
        "see, and that is what the attack changes (Ilyas et al. 2019).",
        "features", seconds=45,
        further=("physadv study features seed=1", "physadv study gradients"),
    ),
    Study(
        "gradients", "What do robust nets look at?",
        "what do robust nets look at? gradients that people can read",
        "Nets that are trained against attacks give up what we cannot see: their gradients follow strokes and edges, "
        "and people can read them (Tsipras et al. 2019).",
        "gradients", seconds=65,
        further=("physadv study gradients effort.seeds=5",),
    ),
    Study(
        "really-learn", "Do models learn what we think?",
        "do models learn what we think? signs that keep one cue, shown to the sign detector",
        "We think that a detector knows a stop sign as we do: an octagon, red, with a word. It may as well go by one "
        "of these alone, or by pieces of it.",
        "really_learn", seconds=12,
        further=("physadv study really-learn seed=1", "physadv generate experiment=stop_sign_hide size=smoke"),
    ),
    Study(
        "physical", "Out of the computer",
        "out of the computer: attacks on pictures, and on photos of their prints",
        "An attack that was printed and photographed still works in part, and one that was made for the mean over "
        "photos works better (Kurakin et al. 2017, Athalye et al. 2018).",
        "filmed", seconds=8,
        further=("physadv generate experiment=stop_sign_hide size=smoke out=runs/sticker",
                 "physadv sheet patch=runs/sticker",
                 "physadv evaluate patch=runs/sticker judge.images=4"),
    ),
    Study(
        "bald-head", "The bald head",
        "an automatic camera follows the ball: how often a bald head, and what makes it worse or better",
        "An automatic camera that followed a football match took the head of a bald linesman for the ball. Nobody had "
        "attacked it: what looks like the ball to a net is not up to us.",
        "bald_head", seconds=42,
        further=("physadv study bald-head out=runs/bald-head",
                 "physadv watch source=runs/bald-head/match.avi victim=onnx "
                 "victim.path=runs/bald-head/ball-finder.onnx victim.labels=[ball] object=ball board=none"),
    ),
)  # fmt: skip

STUDIES = {row.name: row for row in _ROWS}
"""Name → row, in the order of the lecture."""
