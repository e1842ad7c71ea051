"""The dashboard and the alert rules of the page ask for nothing that a scrape does not have."""

import pytest

from cockpit.desk.metrics.catalogue import CATALOGUE, FAMILIES
from tests.support.dashboards import dashboard, expressions, panels_of, problems, read_expression
from tests.support.desk.desk_harness import DeskHarness, World
from tests.support.desk.metrics import samples

LABELS = {name: frozenset(family.sample_labels) for family in FAMILIES for name in family.sample_names}


async def test_every_metric_label_and_value_of_an_expression_is_in_a_scrape() -> None:
    desk = DeskHarness(World())
    await desk.start()
    values: dict[str, set[str]] = {}
    for _, labels in samples(desk):
        for label, value in labels:
            values.setdefault(label, set()).add(value)
    await desk.end(clean=True)
    # A day is known only where history was read.
    values["span"].add("today")
    assert problems(expressions(), LABELS, values) == []


@pytest.mark.parametrize(
    ("text", "legend"),
    [
        ("near_cockpit_no_such_metric", ""),
        ('near_cockpit_rung{rung="LIVE"}', ""),
        ('near_cockpit_rung{near_cockpit_rung="ARMED"}', ""),
        ("sum by (reason) (rate(near_cockpit_requests_total[5m]))", ""),
        ("near_cockpit_balance_tokens", "{{symbol}}"),
        ("histogram_quantile(0.5, sum by (le) (rate(near_cockpit_reaction_seconds[5m])))", ""),
    ],
)
def test_an_expression_that_asks_for_more_is_found(text: str, legend: str) -> None:
    served = {"near_cockpit_rung": {"SAFE", "SHADOW", "LIVE"}}
    assert problems(iter([read_expression(text, legend)]), LABELS, served) != []


def test_an_expression_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot read"):
        read_expression("near_cockpit_rung{near_cockpit_rung=LIVE}")
    with pytest.raises(ValueError, match="no metric"):
        read_expression("vector(1)")


def test_the_dashboard_has_a_row_for_each_part_of_the_catalogue_and_asks_for_most_of_it() -> None:
    board = dashboard()
    rows = [panel["title"] for panel in panels_of(board) if panel["type"] == "row"]
    assert [row.lower() for row in rows] == list(CATALOGUE)
    idents = [panel["id"] for panel in panels_of(board)]
    assert len(set(idents)) == len(idents)
    shown = {asked.metric for one in expressions() for asked in one.asked}
    for row, families in CATALOGUE.items():
        asked = [family for family in families if shown & set(family.sample_names)]
        assert len(asked) >= len(families) // 2, row
    places = [tuple(panel["gridPos"][side] for side in ("x", "y", "w", "h")) for panel in panels_of(board)]
    assert all(x + w <= 24 for x, _, w, _ in places)
    cells = [(x + dx, y + dy) for x, y, w, h in places for dx in range(w) for dy in range(h)]
    assert len(set(cells)) == len(cells), "panels overlap"
