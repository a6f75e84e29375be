"""The letters of a sheet: DejaVu Sans, measured exactly and embedded, because print shops refuse what they must guess.

The files come with matplotlib. Only the glyphs that a document uses go into it; they keep their numbers, so that a page
can be written before it is known which ones that will be.
"""

from __future__ import annotations

import io
import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pikepdf
from fontTools import subset
from fontTools.ttLib import TTFont
from pikepdf import Array, Dictionary, Name, Object

from physadv.core.errors import MissingExtra

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
MM_A_POINT = 25.4 / 72
_EM = 1000  # units of a PDF's widths
_SYMBOLIC = 4  # flag of a font whose codes are glyphs


class Typeface:
    """One weight of the font."""

    def __init__(self, name: str) -> None:
        self.name = name
        with TTFont(_file(name), lazy=True) as font:
            self._glyphs: dict[int, str] = font.getBestCmap()
            self._number: dict[str, int] = dict(font.getReverseGlyphMap())
            self._advance = {glyph: int(advance) for glyph, (advance, _) in font["hmtx"].metrics.items()}
            head, lines = font["head"], font["hhea"]
            self._em = int(head.unitsPerEm)
            self._boxes = [round(v * _EM / self._em) for v in (head.xMin, head.yMin, head.xMax, head.yMax)]
            self._rise, self._fall = (round(v * _EM / self._em) for v in (lines.ascent, lines.descent))

    def width_mm(self, text: str, size_pt: float) -> float:
        """How long the line is."""
        units = sum(self._advance[self._glyph(sign)] for sign in text)
        return units / self._em * size_pt * MM_A_POINT

    def numbers(self, text: str) -> list[int]:
        """The glyph of every sign; that of ``?`` for one which the font has not."""
        return [self._number[self._glyph(sign)] for sign in text]

    def embedded(self, pdf: pikepdf.Pdf, text: str) -> Dictionary:
        """A font for the glyphs of ``text``, with what is needed to copy the text out of the file again."""
        signs = sorted({sign if ord(sign) in self._glyphs else "?" for sign in text} | {"?"})
        pairs = sorted(zip(self.numbers("".join(signs)), signs, strict=True))
        file = pdf.make_stream(_only(self.name, "".join(signs)))
        name = Name(f"/PHYSAD+{self.name}")
        descriptor = Dictionary(
            Type=Name.FontDescriptor, FontName=name, Flags=_SYMBOLIC, FontBBox=Array(self._boxes), ItalicAngle=0,
            Ascent=self._rise, Descent=self._fall, CapHeight=729, StemV=90, FontFile2=file,
        )  # fmt: skip
        widths: list[Object | int] = []
        for number, sign in pairs:
            widths += [number, Array([round(self._advance[self._glyph(sign)] * _EM / self._em)])]
        inner = Dictionary(
            Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=name, CIDToGIDMap=Name.Identity, W=Array(widths),
            CIDSystemInfo=Dictionary(Registry="Adobe", Ordering="Identity", Supplement=0),
            FontDescriptor=pdf.make_indirect(descriptor),
        )  # fmt: skip
        return Dictionary(
            Type=Name.Font, Subtype=Name.Type0, BaseFont=name, Encoding=Name("/Identity-H"),
            DescendantFonts=Array([pdf.make_indirect(inner)]), ToUnicode=pdf.make_stream(_unicode_map(pairs)),
        )  # fmt: skip

    def _glyph(self, sign: str) -> str:
        return self._glyphs.get(ord(sign)) or self._glyphs[ord("?")]


@cache
def typeface(*, bold: bool = False) -> Typeface:
    """The font in one of its weights."""
    return Typeface(BOLD if bold else REGULAR)


def _file(name: str) -> Path:
    spec = find_spec("matplotlib")  # where it lies; importing it would take longer than writing the sheet
    for place in (spec.submodule_search_locations or []) if spec else []:
        file = Path(place) / "mpl-data" / "fonts" / "ttf" / f"{name}.ttf"
        if file.is_file():
            return file
    raise MissingExtra(f"the font {name}.ttf, which comes with matplotlib, is not there: pip install matplotlib")


def _only(name: str, signs: str) -> bytes:
    """The font file with nothing but these signs."""
    options = subset.Options(retain_gids=True, notdef_outline=True, layout_features=[], hinting=False)
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "GSUB", "kern", "gasp"]
    logging.getLogger("fontTools").setLevel(logging.WARNING)  # or every table is reported to the user
    stream = io.BytesIO()
    with subset.load_font(str(_file(name)), options) as font:
        cutter = subset.Subsetter(options)
        cutter.populate(text=signs)
        cutter.subset(font)
        font.save(stream, reorderTables=True)
    return stream.getvalue()


def _unicode_map(pairs: list[tuple[int, str]]) -> bytes:
    """Glyph → sign, as PDF wants it told (ISO 32000-1, 9.10.3)."""
    lines = [f"<{number:04X}> <{sign.encode('utf-16-be').hex().upper()}>" for number, sign in pairs]
    blocks = [lines[start : start + 100] for start in range(0, len(lines), 100)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
        "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n"
        "1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
        f"{body}\nendcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode()
