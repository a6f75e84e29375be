"""Files of run folders that are damaged or not ours are one line with the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

from physadv.core.errors import BadInput
from physadv.library.runs.options import expecting, read_object, read_options

DAMAGED = {
    "empty": b"", "cut": b'{"a": [1, 2', "list": b"[1]", "nested": b"[" * 20_000, "bytes": b'{"a": "\xff"}',
    "number": b"5", "digits": b'{"a": ' + b"1" * 5000 + b"}",
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("case", list(DAMAGED))
def test_a_damaged_file_is_one_line_with_a_remedy(case: str, tmp_path: Path) -> None:
    file = tmp_path / "run.json"
    file.write_bytes(DAMAGED[case])
    for read in (read_object, read_options):
        if read is read_options and case == "digits":
            continue  # YAML reads the number as text or as a number, either is plain
        with pytest.raises(BadInput, match=r"run\.json.*Make the run again\.") as said:
            read(file)
        assert "\n" not in str(said.value)


def test_a_pointer_in_options_is_text(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("source: 'http://host/${oc.env:HOME}'\n")
    assert read_options(tmp_path / "config.yaml") == {"source": "http://host/${oc.env:HOME}"}


def test_what_a_reader_did_not_expect_is_told_as_the_files_fault() -> None:
    said = r"x\.json does not hold what physadv writes there \(no 'pose'\)\. Watch again\."
    with pytest.raises(BadInput, match=said), expecting("x.json", "Watch again"):
        {}["pose"]
    with pytest.raises(BadInput, match="TypeError"), expecting("x.json"):
        len(5)  # type: ignore[arg-type]
