"""A small network, trained on first use and kept in the cache."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping

from physadv.core.errors import BadInput, BadOption, BadOutput
from physadv.library.datasets.digits import digits
from physadv.library.datasets.labelled import DataSplit, LabelledArrays
from physadv.library.datasets.mnist import mnist
from physadv.library.files.cache_folder import cache_folder
from physadv.library.small_nets.fitting import BATCH, fitted
from physadv.library.small_nets.networks import MODELS
from physadv.library.small_nets.weights import SmallNet, read_net, write_net

logger = logging.getLogger(__name__)

DATA: Mapping[str, Callable[[], LabelledArrays]] = {"digits": digits, "mnist": mnist}
_RECIPE = 1  # counts up whenever a network or its training changes, so that old ones in the cache are left alone


def ready_net(data: str, model: str, seed: int = 0) -> SmallNet:
    """The plainly trained network of that name. Training takes some seconds, the first time.

    Raises :class:`BadOption` for a model that there is not.
    """
    if model not in MODELS:
        raise BadOption(f"there is no small network {model!r}. There are: {', '.join(MODELS)}")
    pictures, row = DATA[data](), MODELS[model]
    told = f"{_RECIPE} {row.steps} {row.learning_rate} {BATCH}".encode()
    fingerprint = hashlib.sha256(told + pictures.grey_u8.tobytes() + pictures.judged.tobytes()).hexdigest()[:12]
    folder = cache_folder()
    path = folder / f"{data}-{model}-seed{seed}-{fingerprint}.safetensors" if folder else None
    if path and path.is_file():
        try:
            return read_net(path)
        except BadInput as error:
            logger.warning("%s; it is trained again", error)
    images, classes = pictures.tensors(DataSplit.train, row.only)
    labels = row.only or pictures.names
    logger.info("training %s on %d pictures of %s, this once; it takes some seconds", model, len(images), data)
    net = fitted(row, images, classes, count=len(labels), seed=seed)
    made = SmallNet(net, data, model, images.shape[-1], labels)
    if path:
        try:
            write_net(path, made)
        except BadOutput as error:
            logger.warning("%s It is trained again next time", error)
    return made
