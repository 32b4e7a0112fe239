"""The other person as the page shows them: pictures, the photo behind them, how they are turned."""

import asyncio
import dataclasses

from confapp.page.frontal_turn import frontal_turn
from confapp.page.messages import Offset
from confapp.page.page_board import PageBoard
from confapp.page.page_session import PageSession
from confapp.page.picture_stream import PictureKind, PictureStream
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.rendered_frame import RenderedFrame


class OtherSide:
    """The other person of a call; belongs to the event loop, but for what it says.

    Args:
        head: the model.
        board: what the page shows.
        pictures: where pictures go.
    """

    def __init__(self, head: TalkingHead, board: PageBoard, pictures: PictureStream) -> None:
        self._head = head
        self._board = board
        self._pictures = pictures
        self._session: PageSession | None = None
        self._newest: RenderedFrame | None = None

    def begin(self, session: PageSession) -> None:
        """This call brings them."""
        self._session = session

    def end(self) -> None:
        """They are gone."""
        self._session = self._newest = None
        for kind in (PictureKind.REMOTE, PictureKind.PEER_PHOTO):
            self._pictures.forget(kind)

    def show(self, frame: RenderedFrame) -> None:
        """Show a picture, from any thread."""
        self._newest = frame
        self._pictures.offer(PictureKind.REMOTE, frame.rgb, frame.timestamp_ms)

    def show_photo(self, still: bytes, *, live: bool) -> None:
        """Show the photo that the pictures are made of, and whether it was taken for this call."""
        self._pictures.offer_still(PictureKind.PEER_PHOTO, still)
        self._board.set(peer_source=True, peer_live=live)

    def turn(self, offset: PoseOffset) -> None:
        """Turn and move their head."""
        if self._session is not None:
            self._session.offset = offset

    async def face_me(self) -> None:
        """Turn their head so that it looks straight out of the picture now."""
        session, newest = self._session, self._newest
        if session is None or newest is None:
            return
        session.offset = await asyncio.to_thread(
            frontal_turn, self._head, newest.rgb, session.offset
        )
        self.tell_offset()

    def tell_offset(self) -> None:
        """Tell the page how they are turned."""
        offset = self._session.offset if self._session is not None else PoseOffset()
        told = dataclasses.asdict(offset)
        del told["z"]
        self._board.tell(Offset(**told))
