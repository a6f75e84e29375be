"""A victim's names for its classes: from the user's list, from the model file, or COCO's."""

from __future__ import annotations

from physadv.core.errors import BadInput
from physadv.library.files import label_names
from physadv.parts.victims.coco import COCO_80, COCO_91

IMAGENET = 1000  # classes
_COCO = {80: COCO_80, 90: COCO_91[1:], 91: COCO_91}


def read_names(option: label_names.Names) -> tuple[str, ...] | None:
    """The names that ``victim.labels`` asks for; ``None`` when it is empty and the model shall say."""
    if option == "coco":
        return COCO_80
    return label_names.read_names(option, "victim.labels") or None


def names_for(
    classes: int,
    wanted: tuple[str, ...] | None,
    source: str,
    usual: tuple[str, ...] = (),
    *,
    coco: bool = True,
    by: str = "",
) -> tuple[str, ...]:
    """Exactly ``classes`` names: the wanted, else the usual ones, else class0, …

    With ``coco`` its names stand in where their number fits, as for detectors. ``by`` says who gave the wanted ones.
    Raises :class:`BadInput` where the wanted are not as many.
    """
    if wanted is not None:
        if coco and wanted == COCO_80 and classes in _COCO:
            return _COCO[classes]
        if len(wanted) != classes:
            raise BadInput(
                f"{source} scores {classes} classes, but {len(wanted)} labels are given{by}; mend victim.labels=[…]"
            )
        return wanted
    if len(usual) == classes:
        return usual
    return (_COCO.get(classes) if coco else None) or tuple(f"class{i}" for i in range(classes))
