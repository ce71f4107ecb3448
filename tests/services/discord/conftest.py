from collections.abc import AsyncIterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import pytest

from services.discord.place import Place


@pytest.fixture(scope="session")
def judge(root: Path) -> Any:
    """The oracle beside the project; None where there is none."""
    path = root.parent / "shared" / "oracles" / "judge.py"
    spec = spec_from_file_location("judge", path) if path.is_file() else None
    if spec is None or spec.loader is None:
        return None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.DiscordJudge()


@pytest.fixture
async def place(judge: Any) -> AsyncIterator[Place]:
    """The place; everything that was sent is held against Discord's own description afterwards."""
    place = Place()
    async with place.client:
        yield place
    if judge is not None:
        problems = {f"{method} {path}": judge.request(method, path, body) for method, path, body in place.sent}
        assert {request: found for request, found in problems.items() if found} == {}
