import pytest

from cockpit.model.other_pairs import other_pairs_text
from cockpit.model.snapshot import Counts

CASES = [
    (Counts(other_pairs=1_080), "other pairs 1,080"),
    (Counts(), "other pairs 0"),
    (Counts(others_filtered=True), "other pairs filtered"),
    (Counts(others_filtered=True, other_pairs=3), "other pairs filtered"),
    (
        Counts(others_filtered=True, other_pairs=3, others_counted=1_234, others_over_ms=59_999),
        "other pairs filtered; 1,234 in 1m00s when last counted",
    ),
    (
        Counts(others_left_ms=42_000, others_counted=17, others_over_ms=18_000),
        "other pairs 17, counting 42s more",
    ),
]


@pytest.mark.parametrize(("counts", "text"), CASES, ids=[text for _, text in CASES])
def test_a_filtered_relay_is_never_said_to_have_no_other_pairs(counts: Counts, text: str) -> None:
    assert other_pairs_text(counts) == text
