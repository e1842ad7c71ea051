"""Every heading that a panel shows names a field of its filter."""

from typing import Any

import pytest

from panels.kit.panel import Panel
from panels.kit.rows.filter_line import example
from panels.kit.rows.row_filter import field_names, heading_name, parse
from panels.views.decisions import DecisionsPanel
from panels.views.fills import FillsPanel
from panels.views.health import HealthPanel
from panels.views.interlocks import InterlocksPanel
from panels.views.log import LogPanel
from panels.views.market import MarketPanel
from panels.views.quotes import QuotesPanel
from panels.views.transfers import FundsPanel

EVERY = pytest.mark.parametrize(
    "panel",
    [
        DecisionsPanel,
        FillsPanel,
        HealthPanel,
        InterlocksPanel,
        LogPanel,
        MarketPanel,
        QuotesPanel,
        FundsPanel,
    ],
)


@EVERY
def test_each_heading_is_taken_by_the_filter(panel: type[Panel[Any]]) -> None:
    titles = [heading_name(column.title) for column in panel.COLUMNS if column.title]
    known = {*panel.FIELDS, *panel.HEADINGS}
    assert [title for title in titles if title not in known] == []
    assert set(panel.HEADINGS.values()) <= set(panel.FIELDS)
    assert len(field_names(panel.FIELDS, panel.HEADINGS)) == len(set(field_names(panel.FIELDS, panel.HEADINGS)))


@EVERY
def test_the_example_of_a_panel_is_a_filter_of_it(panel: type[Panel[Any]]) -> None:
    assert parse(example(panel.FIELDS, panel.HEADINGS), panel.FIELDS, panel.HEADINGS).terms
