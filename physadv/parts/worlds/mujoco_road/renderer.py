"""MuJoCo's classic renderer without a window: over EGL, or OSMesa where ``MUJOCO_GL=osmesa`` says so."""

from __future__ import annotations

import logging
import os
import weakref
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from physadv.core.errors import MissingExtra
from physadv.library.roads.sign_canvas import U8
from physadv.parts.worlds.mujoco_road.drawing_thread import DrawingThread

_HEADLESS = ("egl", "osmesa")
_PACKAGE = {"egl": "libegl1 and libgl1-mesa-dri", "osmesa": "libosmesa6"}


class MujocoRenderer:
    """A model and the context in which it is drawn; any thread may use it."""

    def __init__(self, xml: str, height_px: int, width_px: int) -> None:
        """Raises :class:`MissingExtra` where MuJoCo or its libraries are not there."""
        self._mujoco = mujoco = _imported()
        self.model = mujoco.MjModel.from_xml_string(xml)
        self.data = mujoco.MjData(self.model)
        self._thread, model = DrawingThread(), self.model
        try:
            self._renderer = self._thread.do(lambda: mujoco.Renderer(model, height_px, width_px))
        except Exception as error:  # drivers raise what they like: GLError, RuntimeError, AttributeError
            raise _no_context(os.environ["MUJOCO_GL"], error) from error
        weakref.finalize(self, self._thread.do, self._renderer.close)

    def mocap(self, body: str) -> int:
        """The place of a body in ``data.mocap_pos``."""
        return int(self.model.body(body).mocapid[0])

    def write_(self, texture: str, codes: U8) -> None:
        """Exchange a texture for ``(h, w, 3)`` uint8 of its size, the top row first."""
        number = self.model.texture(texture).id
        start = int(self.model.tex_adr[number])
        rows = codes if texture == "sky" else codes[::-1]  # the first row of a 2-D texture is the lowest
        self.model.tex_data[start : start + codes.size] = np.ascontiguousarray(rows).ravel()

        def upload() -> None:
            # the only place that reaches into the renderer: MuJoCo has no public way to its context
            self._renderer._gl_context.make_current()
            self._mujoco.mjr_uploadTexture(self.model, self._renderer._mjr_context, number)

        self._thread.do(upload)

    def picture(self) -> U8:
        """``(H, W, 3)`` of the model as its data say."""
        self._mujoco.mj_forward(self.model, self.data)
        self._renderer.update_scene(self.data, "eye")
        return np.asarray(self._thread.do(self._renderer.render))


def _imported() -> Any:
    if os.environ.setdefault("MUJOCO_GL", "egl").lower() not in _HEADLESS and not os.environ.get("DISPLAY"):
        os.environ["MUJOCO_GL"] = "egl"  # what needs a screen finds none
    where = os.environ["MUJOCO_GL"]
    if find_spec("triton"):  # brings an LLVM, and Mesa another: in this order both live, in the other Python dies
        import_module("triton")
    logging.getLogger("OpenGL.acceleratesupport").setLevel(logging.WARNING)  # misses what nobody needs
    try:
        import mujoco
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mujoco":
            raise _no_context(where, error) from error
        raise MissingExtra("world=mujoco-road needs MuJoCo: pip install 'physadv[mujoco]'") from error
    except Exception as error:  # PyOpenGL raises AttributeError where a library is missing
        raise _no_context(where, error) from error
    return mujoco


def _no_context(where: str, error: Exception) -> MissingExtra:
    if type(error).__name__ == "GLFWError":  # imported by somebody else before, with a window in mind
        return MissingExtra(f"world=mujoco-road cannot draw: {error}. Start again with MUJOCO_GL=egl set")
    package = _PACKAGE.get(where.lower(), _PACKAGE["egl"])
    return MissingExtra(
        f"world=mujoco-road cannot draw with MUJOCO_GL={where}: {type(error).__name__}: {error}. "
        f"On Debian and Ubuntu: apt install {package}; or try MUJOCO_GL={'osmesa' if where == 'egl' else 'egl'}"
    )
