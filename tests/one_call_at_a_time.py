"""How tests are dealt out to processes: see `OneCallAtATime`."""

from xdist.scheduler import LoadScopeScheduling

CALLS = ("tests/e2e/", "tests/integration/")


class OneCallAtATime(LoadScopeScheduling):  # type: ignore[misc]
    """One process holds all calls, one after the other, since each of them needs its share.

    Every other test goes to whoever has time. (pytest-xdist's own groups do nothing under
    pytest 9.2.)
    """

    def _split_scope(self, nodeid: str) -> str:
        return "calls" if nodeid.startswith(CALLS) else nodeid
