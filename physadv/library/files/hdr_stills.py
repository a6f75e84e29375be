"""HDR pictures: their codes stand for other light than sRGB's, and no decoder says so."""

from __future__ import annotations

PQ, HLG = 16, 18  # curves of ITU-T H.273
_HEAD = 2**20  # bytes in which a picture says what it is
COMMAND = (
    "ffmpeg -i FILE -vf zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709:t=iec61966-2-1:m=gbr:r=pc,format=gbrp "
    "sdr.png"
)


def hdr_curve(data: bytes) -> str:
    """PQ or HLG, if a PNG (chunk cICP) or an AVIF or HEIC (box colr) says so; else nothing.

    A picture with a gain map (tmap) is an ordinary one that carries its HDR form beside itself.
    """
    head = data[:_HEAD]
    curve = 0
    if head.startswith(b"\x89PNG"):
        at = head.find(b"cICP")
        curve = head[at + 5] if 0 < at < len(head) - 8 else 0
    elif head[4:8] == b"ftyp" and b"tmap" not in head:
        at = head.find(b"colrnclx")
        curve = int.from_bytes(head[at + 10 : at + 12], "big") if at > 0 else 0
    return {PQ: "PQ", HLG: "HLG"}.get(curve, "")
