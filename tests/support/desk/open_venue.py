"""A venue that shuts nothing, for desks whose tests are about something else."""

from cockpit.desk.risk.venue_access import Known, VenueAccess, VenueFacts

YES = Known(value=True, age_ms=1_000)
NO = Known(value=False, age_ms=1_000)
NONE: Known[tuple[str, ...]] = Known(value=(), age_ms=1_000)
OPEN_VENUE = VenueFacts(locked=NO, predecessor=YES, paused=NONE, key_accepted=YES, unlisted=NONE, max_age_ms=185_000)


def answer_open(access: VenueAccess, at_ns: int) -> None:
    """Let every question have been answered at this time (monotonic) in the account's favour."""
    for question, value in (
        (access._locked, False),
        (access._predecessor, True),
        (access._paused, ()),
        (access._key, True),
        (access._unlisted, ()),
    ):
        question._value = value
        question._read_ns, question._problem = at_ns, ""
