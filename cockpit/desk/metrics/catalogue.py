"""Every metric, by the rows of the dashboard."""

from cockpit.desk.metrics.family import MetricFamily
from cockpit.desk.metrics.health import HEALTH
from cockpit.desk.metrics.limits import LIMITS
from cockpit.desk.metrics.money import MONEY
from cockpit.desk.metrics.quotes import QUOTES

CATALOGUE: dict[str, tuple[MetricFamily, ...]] = {
    "money": MONEY,
    "quotes": QUOTES,
    "limits": LIMITS,
    "health": HEALTH,
}
FAMILIES: tuple[MetricFamily, ...] = tuple(family for row in CATALOGUE.values() for family in row)
