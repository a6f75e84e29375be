"""``python -m physadv_maite`` lists what installed packages advertise to MAITE."""

from __future__ import annotations

import sys

from physadv_maite.advertised import advertised

for one in advertised():
    sys.stdout.write(f"{one.group:32s} {one.name:36s} {one.value} ({one.package})\n")
