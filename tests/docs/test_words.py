"""The pages keep to the glossary; names that stay are written as code, which is not looked at."""

import re
from pathlib import Path

import pytest

from docs.make.pictures import DOCS
from tests.docs.pages import IDS, PAGES, text_of

AVOIDED = (
    r"promis\w+",
    r"demands?",
    r"alive",
    r"dying",
    r"dead(?! man's switch)",
    r"bur(?:y|ied)",
    r"former",
    r"remainders?",
    r"obstacles?",
    r"on (?:its|their) way",
    r"beg(?:in|ins|an|un)",
    r"dialogues?",
    r"heard",
    r"(?<!-)life",
)
_CODE = re.compile(r"`[^`\n]*`")
_LINKS = re.compile(r"\]\([^)]*\)")


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_a_page_keeps_to_the_glossary(page: Path) -> None:
    prose = _CODE.sub("", _LINKS.sub("]", text_of(page)))
    found = re.findall(rf"\b(?:{'|'.join(AVOIDED)})\b", prose, re.IGNORECASE)
    assert found == []


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_a_page_names_its_subject_first(page: Path) -> None:
    title, empty, subject, *_ = [line for line in page.read_text("utf-8").splitlines() if not line.startswith("<!--")]
    assert title.startswith("# ")
    assert empty == ""
    assert subject
