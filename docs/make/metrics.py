"""The table of metrics, from the catalogue that a scrape is made of."""

from cockpit.desk.metrics.catalogue import CATALOGUE
from cockpit.desk.metrics.family import MetricFamily


def metric_table() -> str:
    """Every metric in the rows of the dashboard, with its kind, labels and meaning."""
    parts = []
    for row, families in CATALOGUE.items():
        lines = "".join(_line(family) for family in families)
        parts.append(f"### {row.capitalize()}\n\n| metric | kind | labels | meaning |\n|---|---|---|---|\n{lines}")
    return "\n".join(parts)


def _line(family: MetricFamily) -> str:
    labels = ", ".join(f"`{label}`" for label in family.sample_labels if label != "le") or "–"
    return f"| `{family.name}` | {family.kind} | {labels} | {family.about} |\n"
