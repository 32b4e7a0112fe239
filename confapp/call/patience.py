"""How long a session waits for what, in one place."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """Deadlines of a session in seconds. Waiting for the other person to come has none.

    Attributes:
        connect_s: from the moment that both are in the room until the call stands.
        give_up_s: a peer that leaves after so long of connecting has found no way; one that leaves
            earlier only looked in, and the next is waited for.
        quiet_s: of silence until the call counts as degraded; more than two beats.
        lost_s: of silence until a new connection is made.
        return_s: how long a lost call is tried to be held before it ends.
        gone_s: the same once the server has said that the other one is not in the room any more.
    """

    connect_s: float = 20.0
    give_up_s: float = 5.0
    quiet_s: float = 2.5
    lost_s: float = 5.0
    return_s: float = 120.0
    gone_s: float = 30.0
