"""Writes PDF pages in millimetres, origin top left, y down: pikepdf keeps the objects, we write the operators."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import pikepdf
from pikepdf import Array, Dictionary, Name, Object, Stream

from physadv.library.colour.conversion import U8
from physadv.library.files.images import srgb_profile
from physadv.parts.printing.layout import Box
from physadv.parts.printing.typeface import typeface

POINTS = 72 / 25.4
"""Points in a millimetre."""


class PdfCanvas:
    """Collects the operators of one page."""

    def __init__(self, paper_mm: tuple[float, float]) -> None:
        self.paper_mm = paper_mm
        self._operators: list[str] = []
        self._written: dict[bool, list[str]] = {False: [], True: []}

    def content(self) -> bytes:
        """The page's content stream."""
        return "\n".join(self._operators).encode("ascii")

    @property
    def written(self) -> dict[bool, str]:
        """All text of the page, by whether it is bold."""
        return {bold: "".join(parts) for bold, parts in self._written.items()}

    def image(self, name: str, box: Box) -> None:
        """Stretch the image resource ``name`` over ``box``."""
        x, y = self._point(box.x, box.y + box.height)
        self._add(f"q {_number(box.width)} 0 0 {_number(box.height)} {x} {y} cm /{name} Do Q")

    def clip(self, box: Box) -> None:
        """Show only what is inside ``box``, until :meth:`restore`."""
        self._add(f"q {self._rectangle(box)} W n")

    def mirror(self, about_x: float) -> None:
        """Draw left what is right of ``about_x``, until :meth:`restore`."""
        self._add(f"q -1 0 0 1 {_number(2 * about_x)} 0 cm")

    def restore(self) -> None:
        """Undo the last :meth:`clip` or :meth:`mirror`."""
        self._add("Q")

    def fill(self, box: Box, grey: float = 0.0) -> None:
        """A filled rectangle, exactly as large as ``box``."""
        self._add(f"{grey:g} g {self._rectangle(box)} f")

    def fill_all(self, boxes: Iterable[Box]) -> None:
        """Black rectangles as one shape: a renderer leaves no hairline where two of them meet."""
        self._add(" ".join(("0 g", *map(self._rectangle, boxes), "f")))

    def colour(self, box: Box, srgb: tuple[float, float, float]) -> None:
        """A rectangle of one sRGB colour, by the same profile as the images."""
        self._add(f"/CS0 cs {' '.join(f'{value:.5g}' for value in srgb)} sc {self._rectangle(box)} f")

    def line(self, points: Sequence[tuple[float, float]], width_mm: float, grey: float = 0.0) -> None:
        """A line through ``points``."""
        path = [f"{' '.join(self._point(*point))} {'l' if index else 'm'}" for index, point in enumerate(points)]
        self._add(f"{grey:g} G {_number(width_mm)} w {' '.join(path)} S")

    def polygon(self, points: Sequence[tuple[float, float]]) -> None:
        """A filled shape."""
        path = [f"{' '.join(self._point(*point))} {'l' if index else 'm'}" for index, point in enumerate(points)]
        self._add(f"0 g {' '.join(path)} f")

    def text(self, x: float, y: float, text: str, size_pt: float, *, bold: bool = False, grey: float = 0.0) -> None:
        """One line on the baseline ``y``. A sign that the font has not becomes ``?``."""
        line = "".join(sign for sign in text if sign.isprintable())
        self._written[bold].append(line)
        glyphs = "".join(f"{number:04X}" for number in typeface(bold=bold).numbers(line))
        font = "F2" if bold else "F1"
        self._add(f"BT {grey:g} g /{font} {size_pt:g} Tf {' '.join(self._point(x, y))} Td <{glyphs}> Tj ET")

    def _add(self, operator: str) -> None:
        self._operators.append(operator)

    def _point(self, x: float, y: float) -> tuple[str, str]:
        return _number(x), _number(self.paper_mm[1] - y)

    def _rectangle(self, box: Box) -> str:
        x, y = self._point(box.x, box.y + box.height)
        return f"{x} {y} {_number(box.width)} {_number(box.height)} re"


class Document:
    """Pages that share their images. The same content makes the same bytes."""

    def __init__(self, title: str, creator: str) -> None:
        self._pdf = pikepdf.new()
        self._profile = self._pdf.make_stream(srgb_profile(), N=3, Alternate=Name.DeviceRGB)
        self._colours = Array([Name.ICCBased, self._profile])
        self._images = Dictionary()
        self._fonts = self._pdf.make_indirect(Dictionary())  # filled when all text is known
        self._written = {False: "", True: ""}
        self._pdf.docinfo.update({"/Title": title, "/Creator": creator, "/Trapped": Name("/False")})
        # without it viewers shrink the page to the printer's margins
        self._pdf.Root.ViewerPreferences = Dictionary(
            PrintScaling=Name("/None"),
            PickTrayByPDFSize=True,
            Duplex=Name.Simplex,  # or tiles land back to back
        )
        intent = Dictionary(
            Type=Name.OutputIntent, S=Name.GTS_PDFA1, DestOutputProfile=self._profile,
            OutputConditionIdentifier="sRGB IEC61966-2.1", Info="sRGB IEC61966-2.1",
        )  # fmt: skip
        self._pdf.Root.OutputIntents = Array([intent])

    def add_image(self, rgb_u8: U8, alpha_u8: U8 | None, *, smooth: bool = False) -> str:
        """Store ``(H,W,3)`` sRGB codes losslessly, with ``(H,W)`` opacity; returns the name to draw it by.

        A ``smooth`` one may be interpolated where the printer has more dots than it has pixels.
        """
        if (rgb_u8[0] == rgb_u8[0, 0]).all() and (rgb_u8 == rgb_u8[0, 0]).all():
            rgb_u8 = rgb_u8[:1, :1]  # one pixel of a single colour stretches as far as it must
        image = self._image_stream(rgb_u8, self._colours, smooth=smooth)
        if alpha_u8 is not None:
            image.SMask = self._image_stream(alpha_u8[..., None], Name.DeviceGray, smooth=smooth)
        name = f"Im{len(self._images)}"
        self._images[f"/{name}"] = image
        return name

    def add_page(self, canvas: PdfCanvas, trim: Box, bleed: Box) -> None:
        """Add a page whose finished size, after cutting, is ``trim``."""
        width_mm, height_mm = canvas.paper_mm
        page = self._pdf.add_blank_page(page_size=(width_mm * POINTS, height_mm * POINTS))
        page.TrimBox, page.BleedBox = (_corners(box, height_mm) for box in (trim, bleed))
        for bold, text in canvas.written.items():
            self._written[bold] += text
        colours = Dictionary(CS0=self._colours)
        page.Resources = Dictionary(XObject=self._images, Font=self._fonts, ColorSpace=colours)
        page.Contents = self._pdf.make_stream(canvas.content())

    def to_bytes(self) -> bytes:
        """The finished file."""
        for bold, text in self._written.items():
            if text:
                self._fonts[f"/F{1 + bold}"] = self._pdf.make_indirect(typeface(bold=bold).embedded(self._pdf, text))
        stream = io.BytesIO()
        self._pdf.save(stream, deterministic_id=True, min_version="1.7")
        return stream.getvalue()

    def _image_stream(self, codes: U8, colour_space: Object, *, smooth: bool) -> Stream:
        height, width, channels = codes.shape
        parameters = Dictionary(Predictor=15, Colors=channels, BitsPerComponent=8, Columns=width)
        return self._pdf.make_stream(
            _deflated(codes.reshape(height, width * channels), channels),
            Type=Name.XObject, Subtype=Name.Image, Width=width, Height=height, BitsPerComponent=8,
            ColorSpace=colour_space, Interpolate=smooth, Filter=Name.FlateDecode, DecodeParms=parameters,
        )  # fmt: skip


def _deflated(rows: U8, channels: int) -> bytes:
    """Compress rows after PNG's Sub filter (each byte minus its left neighbour's), a block of rows at a time."""
    compressor, parts = zlib.compressobj(6), []
    for block in np.array_split(rows, range(256, len(rows), 256)):
        filtered = block.copy()
        filtered[:, channels:] -= block[:, :-channels]  # wraps round, as the filter is defined
        parts.append(compressor.compress(np.pad(filtered, ((0, 0), (1, 0)), constant_values=1).tobytes()))
    return b"".join((*parts, compressor.flush()))


def _corners(box: Box, page_height_mm: float) -> Array:
    """PDF's rectangle: left, bottom, right, top in points."""
    top = page_height_mm - box.y
    edges = (box.x, top - box.height, box.x + box.width, top)
    return Array([round(edge * POINTS, 4) for edge in edges])


def _number(length_mm: float) -> str:
    """Millimetres as points; the rounding is 0.00004 mm."""
    return f"{length_mm * POINTS:.4f}"
