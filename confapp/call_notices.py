"""What a person is told of their call's state."""

from confapp.call.call_handlers import EndReason, StateReason

LIVE_AGAIN = "The call is good again."
SAFETY_CODE = (
    "Safety code: {code}. Read it to each other: where it differs, somebody listens in between."
)
PHOTO_NOT_LIVE = "The other person's picture is made of one from disk: it was not taken just now."
STATE_NOTICES = {
    StateReason.QUIET: "Nothing was heard of the other side for a moment.",
    StateReason.LOSS: "The connection is poor: much of what the other side sends is lost.",
    StateReason.SLOW: "The connection is slow: everything takes more than a second.",
    StateReason.SILENCE: "The connection is lost. Looking for another way to the other person ...",
    StateReason.BROKEN: "The connection broke. Looking for another way to the other person ...",
    StateReason.PEER_ABSENT: "The other person is not in the room any more. Waiting for them ...",
    StateReason.OFFLINE: "The signaling server cannot be reached either: check your network. "
    "Trying again ...",
}
END_NOTICES = {
    EndReason.PEER_LEFT: "The other person has left.",
    EndReason.PEER_LOST: "The other person was lost and did not come back to the room.",
    EndReason.CONNECTION_FAILED: "The connection broke, and no other was found though the other "
    "person is in the room: check both networks and the TURN server.",
    EndReason.NETWORK_LOST: "Neither the other person nor the signaling server can be reached any "
    "more: check your network.",
    EndReason.CLOSED: "The call has ended.",
}
