from hypothesis import given
from hypothesis import strategies as st

from cockpit.model.bounded_set import BoundedSet


@given(st.lists(st.sampled_from("abcdef")), st.integers(1, 4))
def test_the_newest_members_are_kept_and_no_more(members: list[str], limit: int) -> None:
    kept = BoundedSet(limit)
    model: list[str] = []
    for member in members:
        assert kept.add(member) is (member not in model)
        if member not in model:
            model = [*model, member][-limit:]
    assert len(kept) == len(model)
    assert [member for member in "abcdef" if member in kept] == sorted(model)
