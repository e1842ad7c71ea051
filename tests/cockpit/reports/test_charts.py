"""Charts as SVG: complete, the same for the same figures, and safe beside each other in one page."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from cockpit.reports.charts import MOST_POINTS, Bars, Line, bar_chart, line_chart, thinned, time_chart

START_NS = 1_790_000_000 * 10**9
RISING = Line("rising", [(float(START_NS + i * 10**9), float(i)) for i in range(10)])


def test_a_chart_is_well_formed_named_and_refers_to_nothing_outside() -> None:
    drawn = time_chart("P&L <EURe>", "EURe", [RISING])
    root = ET.fromstring(drawn)
    assert root.get("role") == "img"
    assert root.get("aria-label") == "P&L <EURe>"
    assert "<script" not in drawn
    assert "<metadata" not in drawn
    for reference in re.findall(r'(?:href="|src="|url\()([^")]*)', drawn):
        assert reference.startswith("#"), reference


def test_the_same_figures_give_the_same_text() -> None:
    assert time_chart("a", "EURe", [RISING]) == time_chart("a", "EURe", [RISING])


def test_two_charts_in_one_page_share_no_id() -> None:
    first, second = (
        set(re.findall(r'\bid="([^"]+)"', time_chart(title, "EURe", [RISING]))) for title in ("P&L", "Held BTC")
    )
    assert first
    assert not first & second


def test_text_from_outside_is_shown_as_it_is() -> None:
    name = '$x^2$ <b> & "quoted" \\frac'
    drawn = bar_chart("Partners", "fills", [name], [Bars("fills", [3])])
    texts = [element.text for element in ET.fromstring(drawn).iter() if element.tag.endswith("}text")]
    assert name in texts


def test_what_is_unknown_is_a_gap() -> None:
    points: list[tuple[float, float | None]] = [(1, 1.0), (2, 2.0), (3, None), (4, 2.0), (5, 1.0)]
    whole = line_chart("a", "y", "x", [Line("one", [point for point in points if point[1] is not None])])
    broken = line_chart("a", "y", "x", [Line("one", points)])
    paths = [re.search(r'<path d="([^"]*)"[^>]*stroke: #0072b2', drawn) for drawn in (whole, broken)]
    assert [path.group(1).count("M ") for path in paths if path is not None] == [1, 2]


def test_thinning_keeps_peaks_and_gaps() -> None:
    points: list[tuple[float, float | None]] = [(float(i), 0.0) for i in range(100_000)]
    points[54_321] = (54_321.0, 9.0)
    points[12_345] = (12_345.0, -9.0)
    points[77_777] = (77_777.0, None)
    kept = thinned(points)
    assert len(kept) <= MOST_POINTS
    assert {points[54_321], points[12_345], points[77_777]} <= set(kept)
    assert kept == sorted(kept, key=lambda point: point[0])


def test_empty_charts_are_drawn() -> None:
    assert "<svg" in time_chart("a", "EURe", [])
    assert "<svg" in bar_chart("b", "fills", [], [])


def test_without_the_extra_the_error_names_it() -> None:
    code = (
        "import sys; sys.modules['matplotlib'] = None\n"
        "from cockpit.reports.charts import Line, time_chart\n"
        "from cockpit.reports.errors import ReportsError\n"
        "try:\n    time_chart('a', 'b', [Line('c', [(1.0, 1.0)])])\n"
        "except ReportsError as exc:\n    print(exc)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert "near-intents-cockpit[charts]" in done.stdout


@pytest.mark.parametrize("days", [1 / 86_400, 1 / 24, 1, 40, 800])
def test_every_length_of_time_has_labels_in_utc(days: float) -> None:
    line = Line("one", [(float(START_NS), 1.0), (START_NS + days * 86_400e9, 2.0)])
    texts = [element.text or "" for element in ET.fromstring(time_chart("a", "y", [line])).iter()]
    assert "UTC" in texts
    labels = [text for text in texts if re.fullmatch(r"\d{4}(-\d\d)?|\d\d-\d\d|\d\d:\d\d(:\d\d)?(\.\d+)?", text)]
    assert len(labels) >= 3, texts
