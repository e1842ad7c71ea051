"""What the dashboard and the page of metrics ask Prometheus for: expressions, and the metrics and labels in them."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parents[2] / "docs"
DASHBOARD = DOCS / "grafana" / "near-cockpit.json"
ADDED = frozenset({"instance", "job"})
"""Labels that Prometheus adds by itself; ``up`` is its own metric."""
_SELECTOR = re.compile(r"\b((?:near_cockpit|process|up)\w*)\b(?:\{((?:[^}\"]|\"[^\"]*\")*)\})?")
_MATCHER = re.compile(r"\s*(\w+)\s*(=~|!~|!=|=)\s*\"([^\"]*)\"\s*(?:,|$)")
_GROUPED = re.compile(r"\b(?:by|on)\s*\(([^)]*)\)")
_LEGEND = re.compile(r"\{\{(\w+)\}\}")


class Asked(NamedTuple):
    """A metric of an expression, with its matchers: label, operator and value."""

    metric: str
    matchers: tuple[tuple[str, str, str], ...]


class Expression(NamedTuple):
    """An expression with all that it asks for. ``labels``: those that it groups or names its lines by."""

    text: str
    asked: tuple[Asked, ...]
    labels: frozenset[str]


def read_expression(text: str, legend: str = "") -> Expression:
    """Read an expression; ValueError when a selector cannot be read."""
    labels = {label.strip() for group in _GROUPED.findall(text) for label in group.split(",")}
    bare = _GROUPED.sub("", text)
    asked = []
    for metric, selector in _SELECTOR.findall(bare):
        matchers = tuple(_MATCHER.findall(selector))
        if _MATCHER.sub("", selector).strip():
            raise ValueError(f"cannot read {{{selector}}}")
        asked.append(Asked(metric, matchers))
    if not asked:
        raise ValueError(f"no metric in {text}")
    return Expression(text, tuple(asked), frozenset(labels | set(_LEGEND.findall(legend))))


def panels_of(dashboard: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = dashboard["panels"]
    return found


def dashboard() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(DASHBOARD.read_text("utf-8"))
    return found


def expressions() -> Iterator[Expression]:
    """Yield those of the dashboard's panels and annotations, and those of the page's alert rules."""
    board = dashboard()
    for panel in panels_of(board):
        for target in panel.get("targets", ()):
            yield read_expression(target["expr"], target["legendFormat"])
    for annotation in board["annotations"]["list"]:
        yield read_expression(annotation["expr"])
    for text in re.findall(r"^ +expr: (.+)$", (DOCS / "metrics.md").read_text("utf-8"), re.MULTILINE):
        yield read_expression(text)


def problems(
    wanted: Iterator[Expression], labels_of: Mapping[str, frozenset[str]], values_of: Mapping[str, set[str]]
) -> list[str]:
    """Say which expressions ask for what is not served.

    ``labels_of``: by the name of a sample, the labels it may have; ``values_of``: by label, the values that were served
    of any metric: of one there may be no sample yet.
    """
    found = []
    for one in wanted:
        metrics = [asked.metric for asked in one.asked if asked.metric != "up"]
        found += [f"{metric} is not served: {one.text}" for metric in metrics if metric not in labels_of]
        labels = ADDED.union(*(labels_of.get(metric, frozenset()) for metric in metrics))
        found += [f"{label} is no label: {one.text}" for label in one.labels - labels]
        for asked in one.asked:
            known = ADDED | labels_of.get(asked.metric, frozenset())
            for label, operator, value in asked.matchers:
                served = values_of.get(label)
                if label not in known:
                    found.append(f"{label} is no label of {asked.metric}: {one.text}")
                elif operator in ("=", "=~", "!~") and served and label not in ADDED:
                    found += [f"{part} is no {label}: {one.text}" for part in value.split("|") if part not in served]
    return found
