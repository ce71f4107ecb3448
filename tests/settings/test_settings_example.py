"""`.env.example` is what people copy: it names every setting that the code reads, and none that it does not."""

import re
from pathlib import Path

SET_BY_THE_TEMPLATE = {"VALINE_ENV"}  # which environment it is, for metrics: nobody's to choose in a file


def test_the_example_names_all_settings_and_no_others(root: Path) -> None:
    sources = [path.read_text(encoding="utf-8") for path in (root / "src/valine/settings").glob("*.py")]
    known = {name for text in sources for name in re.findall(r'"((?:DISCORD|GITHUB|VALINE)_[A-Z_]*[A-Z])"', text)}
    example = (root / ".env.example").read_text(encoding="utf-8")
    named = re.findall(r"^(?:# )?([A-Z_]+)=", example, flags=re.MULTILINE)

    assert len(known) > 10
    assert sorted(named) == sorted(known - SET_BY_THE_TEMPLATE)


def test_the_example_holds_no_value_but_defaults(root: Path) -> None:
    example = (root / ".env.example").read_text(encoding="utf-8")

    assert re.findall(r"^[A-Z_]+=.+", example, flags=re.MULTILINE) == []
