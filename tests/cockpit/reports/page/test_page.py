"""The page of a report: complete in itself, safe whatever names come from outside, and the same for the same report."""

import asyncio
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from cockpit.reports.errors import PageFileError
from cockpit.reports.figures import TradingReport
from cockpit.reports.page.file import write_page
from cockpit.reports.page.page import POLICY, REHEARSAL, page
from cockpit.reports.trading_report import trading_report
from storage.reader import find_run
from storage.sqlite.reader import SqliteReader
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS

VOID = {"meta", "br", "link", "img"}
HOSTILE = '<script>alert(1)</script><img src="http://evil" onerror=x>&"\'\u202e\x1b[31m$x$'


class Outline(HTMLParser):
    """Tags that are open, attributes that were seen and all text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> TradingReport:
    path = asyncio.run(small.write(tmp_path_factory.mktemp("page") / "history.sqlite"))
    with SqliteReader(path) as reader:
        return trading_report(reader, find_run(reader, "last").span, DEFAULT_TOKENS)


@pytest.fixture(scope="module")
def made(report: TradingReport) -> str:
    return page(report)


def with_partners(report: TradingReport, *names: str) -> TradingReport:
    group = next(group for group in report.groups if group.by == "partner")
    renamed = tuple(msgspec.structs.replace(group, bucket=name) for name in names)
    return msgspec.structs.replace(report, groups=renamed)


def test_the_page_is_complete_and_refers_to_nothing_outside(made: str) -> None:
    outline = Outline(made)
    assert outline.open == []
    assert not {"script", "link", "iframe", "object", "img", "form", "a", "base"} & set(outline.tags)
    for name, value in outline.attributes:
        assert not name.startswith("on")
        if name in ("href", "xlink:href", "src"):
            assert value.startswith("#")
    for reference in re.findall(r"url\(([^)]*)\)", made):
        assert reference.startswith("#"), reference
    assert "@import" not in made
    assert POLICY in [value for name, value in outline.attributes if name == "content"]
    assert POLICY.startswith("default-src 'none'")


def test_no_id_occurs_twice_and_each_reference_has_its_target(made: str) -> None:
    outline = Outline(made)
    ids = [value for name, value in outline.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    used = {value[1:] for name, value in outline.attributes if name == "xlink:href"}
    used |= set(re.findall(r"url\(#([^)]*)\)", made))
    assert used <= set(ids)


def test_the_page_names_account_range_and_mode(made: str, report: TradingReport) -> None:
    text = " ".join(Outline(made).text)
    assert "maker.near" in text
    assert REHEARSAL in text
    live = page(msgspec.structs.replace(report, modes=("LIVE",)))
    assert REHEARSAL not in live


def test_the_page_has_figures_tables_and_charts(made: str) -> None:
    outline = Outline(made)
    text = " ".join(outline.text)
    for words in ("Trading P&L, EURe", "-0.30", "Hit ratio, %", "66.7", "By partner", "BTC/EURe", "Inventory, BTC"):
        assert words in text
    assert outline.tags.count("svg") == outline.tags.count("figure") >= 4
    assert "@media print" in made


def test_the_same_report_gives_the_same_page(made: str, report: TradingReport) -> None:
    assert page(report) == made


def test_names_from_outside_are_text(report: TradingReport) -> None:
    """A partner's name goes into a table and a chart, an operator's reason and an account into sentences."""
    hostile = msgspec.structs.replace(
        with_partners(report, HOSTILE, "other", HOSTILE[::-1]), accounts=(HOSTILE,), modes=(HOSTILE,)
    )
    made = page(hostile)
    outline = Outline(made)
    assert outline.open == []
    assert not {"script", "img"} & set(outline.tags)
    assert not [name for name, _ in outline.attributes if name.startswith("on")]
    assert "\x1b" not in made
    assert "\u202e" not in made
    shown = HOSTILE.replace("\u202e", "\ufffd").replace("\x1b", "\ufffd")
    assert "".join(outline.text).count(shown) >= 3


def test_a_report_without_figures_is_a_page_too(report: TradingReport) -> None:
    empty = msgspec.structs.replace(
        report, profit=None, profit_unknown="no mid was recorded", capital=None, curve=(), groups=(), markouts=(),
        hits=None, latency=None, adverse=(), accounts=(), modes=(),
    )  # fmt: skip
    outline = Outline(page(empty))
    assert "svg" not in outline.tags
    assert "no mid was recorded" in " ".join(outline.text)


def test_a_page_of_a_long_range_stays_small(report: TradingReport) -> None:
    """However long the range: so many points and partners, and no more."""
    group = next(group for group in report.groups if group.by == "partner")
    groups = tuple(msgspec.structs.replace(group, bucket=f"partner {number}") for number in range(21))
    point = report.curve[0]
    curve = tuple(
        msgspec.structs.replace(point, at_ns=point.at_ns + second * 10**9, base=Decimal(second % 7))
        for second in range(202)
    )
    assert len(page(msgspec.structs.replace(report, groups=groups, curve=curve))) < 400_000


def test_the_file_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    write_page(target, "old")
    write_page(target, "new é")
    assert target.read_text("utf-8") == "new é"
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(UnicodeEncodeError):
        write_page(target, "\ud800")
    assert target.read_text("utf-8") == "new é"
    for place in (tmp_path, tmp_path / "missing" / "report.html"):
        with pytest.raises(PageFileError, match="cannot be written"):
            write_page(place, "new")
    assert [one.name for one in tmp_path.iterdir()] == ["report.html"]
