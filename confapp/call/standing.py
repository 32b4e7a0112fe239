"""Where a session stands, why, and until when a lost call is tried to be held."""

from collections.abc import Callable

from .call_handlers import CallState, EndReason, StateReason, call_handler
from .patience import Patience

# Whoever loses the peer makes a new connection to the server as well, which takes a moment: only
# a server that stays away tells something of the network.
OFFLINE_S = 2.0


class Standing:
    """The state of one session.

    Args:
        patience: of the session.
        clock: seconds on the session's clock.
        on_state: told of each change between live, degraded and reconnecting.

    Attributes:
        state, reason: as they are now.
    """

    def __init__(
        self,
        patience: Patience,
        clock: Callable[[], float],
        on_state: Callable[[CallState, StateReason], None] | None,
    ) -> None:
        self.state = CallState.CONNECTING
        self.reason = StateReason.NONE
        self._patience = patience
        self._clock = clock
        self._on_state = on_state
        self._lost_for = StateReason.NONE
        self._connected_at = 0.0
        self._give_up_at = 0.0

    def change(self, state: CallState, reason: StateReason) -> None:
        """The call is in this state now, or still."""
        if (state, reason) != (self.state, self.reason):
            self.state, self.reason = state, reason
            call_handler(self._on_state, state, reason)

    def stand(self) -> bool:
        """Everything goes through; whether it did before, in a call that was lost meanwhile."""
        if self.state is CallState.CONNECTING:
            self.state = CallState.LIVE
            return False
        self.change(CallState.LIVE, StateReason.NONE)
        return True

    def lose(self, reason: StateReason, *, can_return: bool) -> None:
        """Nothing goes through any more.

        Args:
            reason: why.
            can_return: another connection may come about.
        """
        patience_s = self._patience.return_s if can_return else self._patience.gone_s
        self._lost_for = reason
        self._connected_at = self._clock()
        self._give_up_at = self._connected_at + patience_s
        self.change(CallState.RECONNECTING, reason)

    def see_peer(self, present: bool) -> None:
        """While reconnecting: whether the peer is in the room."""
        seconds = self._patience.return_s if present else self._patience.gone_s
        self._give_up_at = self._clock() + seconds

    def still_reconnecting(self, *, connected: bool, present: bool) -> EndReason | None:
        """Tell why it takes so long; why the call has ended, once that is too long.

        Args:
            connected: the signaling server can be reached.
            present: the peer is in the room.
        """
        now = self._clock()
        if connected:
            self._connected_at = now
        if now >= self._give_up_at:
            if not connected:
                return EndReason.NETWORK_LOST
            return EndReason.CONNECTION_FAILED if present else EndReason.PEER_LOST
        if now - self._connected_at >= OFFLINE_S:
            reason = StateReason.OFFLINE
        else:
            reason = self._lost_for if present else StateReason.PEER_ABSENT
        self.change(CallState.RECONNECTING, reason)
        return None
