"""What the documents say leads somewhere: their links and pictures, and the sections that links name."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").rglob("*.md")])
FENCED, CODE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL), re.compile(r"`[^`\n]*`")
INLINE, NAMED, TAG = r"\]\(([^)\s]+)\)", r"^\[[^\]]+\]: (\S+)", r"(?:src|href)=\"([^\"]+)\""


def links(page: Path) -> set[str]:
    text = CODE.sub("", FENCED.sub("", page.read_text()))
    found = {link for form in (INLINE, NAMED, TAG) for link in re.findall(form, text, re.MULTILINE)}
    return {link for link in found if not re.match(r"[a-z]+:", link)}


def anchors(page: Path) -> set[str]:
    """Of its headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", FENCED.sub("", page.read_text()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = unquote(link).partition("#")
    target = page.parent / path if path else page
    return target.exists() and (not anchor or anchor in anchors(target))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    assert {link for link in links(page) if not leads_somewhere(page, link)} == set()


def test_links_are_found_and_a_wrong_one_is_seen() -> None:
    found = {(page, link) for page in PAGES for link in links(page)}
    assert (ROOT / "README.md", "docs/images/viewer.webp") in found
    assert (ROOT / "docs" / "protocol.md", "#codes") in found
    assert not leads_somewhere(ROOT / "README.md", "docs/nowhere.md")
    assert not leads_somewhere(ROOT / "README.md", "docs/protocol.md#nowhere")
