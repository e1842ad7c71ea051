from tests.support.cockpit.fake_desk import desk, link
from tests.support.cockpit.parsed_rules import rules_parsed_once
from tests.support.cockpit.settling import quick_keys

__all__ = ["desk", "link", "quick_keys", "rules_parsed_once"]
