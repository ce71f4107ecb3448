"""The pictures that the README shows, taken of the page as it is.

`VALINE_PICTURES=docs/images ./dev prove tests/play/page/test_pictures.py` writes them anew; they are not compared.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import Any

import pytest

from play.page.house import House, a_page, be, planned, reads, tab, types, unfold

pytestmark = pytest.mark.proof
DESK: dict[str, Any] = {"viewport": {"width": 1360, "height": 850}}
MOST = 200 * 1024  # bytes of a picture


@pytest.fixture
def folder(tmp_path: Path, root: Path) -> Path:
    wanted = os.environ.get("VALINE_PICTURES")
    return root / wanted if wanted else tmp_path


def begin(page: Any, house: House) -> None:
    """A run whose pull requests stand at different points."""
    planned(page)
    page.get_by_role("button", name="Approve").click()
    page.locator("#item-14").wait_for()
    reads(page, "Run r1 · tracking")
    pulls = house.scene("github")["repositories"]["acme/rocket"]["pull_requests"]
    for pull in pulls[:5]:
        number, who = pull["number"], pull["assignees"][0]
        house.act(
            "github",
            "push",
            branch=pull["head"],
            files={f"src/{number}.py": f"DONE = {number}\n"},
            message=f"Work on {pull['title']}",
            by=who,
        )
        conclusion = "failure" if number == 9 else "success"
        house.act(
            "github", "set_check", name="test", workflow="ci", number=number, status="completed", conclusion=conclusion
        )
        house.act("github", "ready_for_review", number=number, by=who)
    house.act("github", "review", number=8, by="ben", verdict="approve")


def take(page: Any, path: Path, part: str = "body") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.mouse.move(0, 0)
    taken: bytes = page.locator(part).screenshot(animations="disabled", caret="hide")
    path.write_bytes(smaller(taken))
    assert path.stat().st_size <= MOST


def smaller(png: bytes) -> bytes:
    """The same picture, its pixels compressed as far as zlib can: Chromium is in a hurry."""
    head, at, pixels, rest = png[:8], 8, b"", []
    while at < len(png):
        (size,) = struct.unpack(">I", png[at : at + 4])
        kind, body = png[at + 4 : at + 8], png[at + 8 : at + 8 + size]
        at += size + 12
        if kind == b"IDAT":
            pixels += body
        else:
            rest.append((kind, body))
    packed = zlib.compress(zlib.decompress(pixels), 9)
    parts = [*rest[:-1], (b"IDAT", packed), rest[-1]]
    return head + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in parts
    )


def test_the_pictures_of_the_page_are_taken(house: House, browser: Any, folder: Path) -> None:
    with a_page(browser, house, color_scheme="light", **DESK) as page:
        begin(page, house)
        reads(page, "1 held · 4 ready")
        take(page, folder / "page-light.png")

    with a_page(browser, house, color_scheme="dark", **DESK) as page:
        be(page, "Ben")
        page.locator(".entry", has_text="Run r1").click()
        reads(page, "Notified Ben")
        unfold(page, 9)
        page.locator("#item-9").scroll_into_view_if_needed()
        take(page, folder / "page-dark.png")

    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 1.5}
    with a_page(browser, house, color_scheme="light", **phone) as page:
        types(page, "/ship")
        reads(page, "Only you can see this").locator(".btn.success").wait_for()
        take(page, folder / "page-phone.png")

    with a_page(browser, house, color_scheme="dark", **DESK) as page:
        tab(page, "Commits")
        page.locator(".commits li").nth(12).wait_for()
        take(page, folder / "page-commits.png", "#repository")
