"""The rendering of documents has a version: what an older one wrote is written again. A change of it must raise it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import msgspec

from core.card_parts import RUNS
from valine.orchestrator.display import documents
from valine.orchestrator.document_facts import facts_of
from valine.view import RENDER_VERSION
from valine.view.cards import render

FINGERPRINTS = Path(__file__).parent / "renderings.json"  # by version; a line is added with each


def fingerprint() -> str:
    """Of all pages of all documents of runs in every state, the lines of threads among them."""
    digest = hashlib.sha256()
    for name, make in RUNS.items():
        run = make()
        for document in documents(run):
            facts = facts_of(run, document)
            assert facts is not None
            for page in render(facts):
                digest.update(name.encode())
                digest.update(msgspec.json.encode(page.body, order="deterministic"))
    return digest.hexdigest()[:20]


def test_a_change_of_what_documents_look_like_raises_the_version_of_the_rendering() -> None:
    recorded = json.loads(FINGERPRINTS.read_text(encoding="utf-8"))

    assert recorded.get(str(RENDER_VERSION)) == fingerprint(), (
        "What documents look like has changed: raise RENDER_VERSION in src/valine/view/__init__.py, so that what is "
        f'posted is written again, and add "{RENDER_VERSION + 1}": "{fingerprint()}" to tests/core/renderings.json.'
    )


def test_every_version_of_the_rendering_is_recorded_once() -> None:
    recorded = json.loads(FINGERPRINTS.read_text(encoding="utf-8"))

    assert list(recorded) == [str(version) for version in range(1, RENDER_VERSION + 1)]
    assert len(set(recorded.values())) == len(recorded)
