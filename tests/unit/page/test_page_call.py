"""The lobby and the call as the page steers them, with a call that only listens."""

import asyncio
import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from page_stage import BEN, DEADLINE_S, FRAME_S, ROOM, Stage
from page_visitor import Visitor

from confapp.call.call_handlers import EndReason
from confapp.demo import PEOPLE
from confapp.errors import ConfappError
from confapp.media.clip import Clip
from confapp.page.messages import HangUp, Join
from confapp.page.picture_stream import PictureKind
from confapp.page.source_guide import Hint
from confapp.pose_offset import PoseOffset
from models.talking_head import TalkingHead
from receiver.rendered_frame import RenderedFrame
from sender.source_photo import SourcePhoto


@pytest.fixture
def photo(head: TalkingHead) -> SourcePhoto:
    return SourcePhoto.of_file(PEOPLE / "ada.png", head.config.image_size)


@pytest.fixture
async def stage(head: TalkingHead, photo: SourcePhoto, tmp_path: Path) -> AsyncIterator[Stage]:
    stage = Stage(head, tmp_path, photo)
    await stage.start()
    yield stage
    await stage.stop()


@pytest.fixture
async def bare(head: TalkingHead, tmp_path: Path) -> AsyncIterator[Stage]:
    """A stage without a photo."""
    stage = Stage(head, tmp_path, None)
    await stage.start()
    yield stage
    await stage.stop()


async def test_without_a_photo_the_lobby_guides_to_one(bare: Stage) -> None:
    assert bare.visitor.view["guiding"]
    await bare.visitor.until(lambda: bare.visitor.told("hints"))
    await bare.visitor.until(lambda: bare.visitor.pictures.get(PictureKind.CAMERA))
    await bare.visitor.command("take-source")
    await bare.until(guiding=False, source={"live": True, "quality": ""})
    for kind in (PictureKind.OWN_PHOTO, PictureKind.PREVIEW):
        await bare.visitor.until(lambda kind=kind: bare.visitor.pictures.get(kind))  # type: ignore[misc]
    assert bare.visitor.told("hints")[-1]["hint"] == "taken"


async def test_a_wall_makes_no_photo(bare: Stage) -> None:
    await bare.visitor.command("choose-camera", id="wall")
    await bare.until(camera="wall")
    bare.visitor.events = [bare.visitor.view]
    await bare.visitor.until(
        lambda: [hint for hint in bare.visitor.told("hints") if hint["hint"] == "no-face"]
    )
    await bare.visitor.command("take-source")
    await bare.visitor.command("choose-camera", id="ben")  # then it is taken
    await bare.until(guiding=False)


async def test_a_file_is_labelled_as_not_live(stage: Stage) -> None:
    assert stage.visitor.view["source"]["live"] is False
    await stage.visitor.command("guide", on=True)
    await stage.until(guiding=True)
    await stage.visitor.command("take-source")
    await stage.until(guiding=False)
    assert stage.visitor.view["source"]["live"] is True
    data = (PEOPLE / "ada.png").read_bytes()
    assert (await upload(stage, data)).status_code == 204
    await stage.visitor.until(lambda: stage.visitor.view["source"]["live"] is False)


async def test_a_shot_that_comes_after_the_choice_of_a_file_is_let_go(
    stage: Stage, photo: SourcePhoto
) -> None:
    shot = dataclasses.replace(photo, live=True)
    stage.page.own.on_shot(shot, Hint.HOLD)  # the guide was at work when the file came
    await asyncio.sleep(0)
    assert stage.page.own.photo is photo


async def upload(stage: Stage, data: bytes) -> httpx.Response:
    link = stage.page.server.link
    headers = {"authorization": f"Bearer {link.token}", "origin": link.origin}
    async with httpx.AsyncClient() as client:
        return await client.post(f"{link.origin}/photo", content=data, headers=headers)


@pytest.mark.parametrize("data", [b"", b"no picture", (PEOPLE / "ada.png").read_bytes()[:5000]])
async def test_a_file_that_is_no_photo_is_said(stage: Stage, data: bytes) -> None:
    await upload(stage, data)
    await stage.visitor.until(lambda: stage.visitor.told("notice"))
    assert stage.visitor.told("notice")[0]["error_id"] == "photo-unreadable"
    assert stage.visitor.view["source"]["live"] is False  # the old one is kept


async def test_a_broken_camera_is_said_and_another_can_be_chosen(stage: Stage) -> None:
    await stage.visitor.command("choose-camera", id="broken")
    await stage.until(camera_on=False)
    await stage.visitor.until(lambda: stage.visitor.told("notice"))
    assert stage.visitor.told("notice")[-1]["error_id"] == "camera-not-found"
    await stage.visitor.command("choose-camera", id="ben")
    await stage.until(camera_on=True, camera="ben")


async def test_a_camera_that_is_not_listed_is_not_opened(stage: Stage) -> None:
    await stage.visitor.command("choose-camera", id="/etc/passwd")
    await stage.visitor.command("camera", on=False)
    await stage.until(camera_on=False)
    assert stage.visitor.view["camera"] == "ben"


async def test_a_wrong_link_is_said_in_the_lobby(stage: Stage) -> None:
    await stage.visitor.command("join", room="http://elsewhere/", name="")
    await stage.visitor.until(lambda: stage.visitor.told("notice"))
    assert stage.visitor.told("notice")[0]["error_id"] == "bad-room-url"
    assert not stage.sessions


async def test_what_was_chosen_goes_into_the_call(stage: Stage, photo: SourcePhoto) -> None:
    session = await stage.call()
    assert session.room == ROOM
    assert session.wish.name == "Ada"
    assert session.wish.photo is photo
    assert next(session.wish.frames.frames()).rgb.shape == BEN.shape


async def test_a_call_that_fails_leads_back_to_the_lobby(stage: Stage) -> None:
    await stage.visitor.command("join", room=ROOM, name="")
    await stage.until(phase="joining", muted=False)
    stage.sessions[0].ending.set_exception(ConfappError("room-full", "The room is full."))
    await stage.until(phase="lobby", banner="The room is full.", urgent=True)
    assert stage.sessions[0].closed
    await stage.call()
    assert len(stage.sessions) == 2


async def test_sliders_turn_the_head(stage: Stage) -> None:
    session = await stage.call()
    await stage.visitor.command("turn", yaw=20, pitch=-5, x=0.1)
    await stage.visitor.command("side-by-side", on=True)  # comes after it
    await stage.until(side_by_side=True)
    assert session.offset == PoseOffset(20, -5, 0, 0.1, 0)


async def test_face_me_turns_by_what_is_seen(stage: Stage, head: TalkingHead) -> None:
    session = await stage.call()
    size = head.config.image_size
    picture = RenderedFrame(np.ascontiguousarray(BEN[:size, :size]), 0)
    session.wish.audience.on_picture(picture)
    await stage.visitor.command("face-me")
    await stage.visitor.until(lambda: stage.visitor.told("offset")[1:])
    told = stage.visitor.told("offset")[-1]
    assert told["yaw"] == session.offset.yaw != 0


async def test_pictures_name_and_photo_of_the_other_side(stage: Stage) -> None:
    session = await stage.call()
    session.wish.audience.on_peer("Ben")
    session.wish.audience.on_peer_photo(b"a picture file", live=False)
    session.wish.audience.on_picture(RenderedFrame(np.zeros((64, 64, 3), np.uint8), 40))
    await stage.until(peer_name="Ben", peer_source=True, peer_live=False)
    for kind in (PictureKind.REMOTE, PictureKind.PEER_PHOTO):
        await stage.visitor.until(lambda kind=kind: stage.visitor.pictures.get(kind))  # type: ignore[misc]


async def test_a_retake_in_the_call_reaches_it(stage: Stage, photo: SourcePhoto) -> None:
    session = await stage.call()
    await stage.visitor.command("guide", on=True)
    await stage.until(guiding=True)
    await stage.visitor.command("take-source")
    await stage.until(guiding=False)
    assert len(session.photos) == 1
    assert session.photos[0].still != photo.still


async def test_camera_off_sends_nothing(stage: Stage) -> None:
    session = await stage.call()
    await stage.visitor.command("camera", on=False)
    await stage.until(camera_on=False)
    frames = session.wish.frames.frames()
    for _ in range(3):  # some may be on their way, or none
        waiting = asyncio.ensure_future(asyncio.to_thread(next, frames, None))
        done, _ = await asyncio.wait({waiting}, timeout=5 * FRAME_S)
        if not done:
            break
    assert not done
    await stage.visitor.command("camera", on=True)
    assert await asyncio.wait_for(waiting, DEADLINE_S) is not None


async def test_the_lobby_shows_how_loud_the_microphone_is(stage: Stage) -> None:
    await stage.visitor.until(lambda: stage.visitor.told("level"))
    assert stage.visitor.told("level")[-1]["dbfs"] == pytest.approx(-6.0, abs=0.1)
    await stage.visitor.command("choose-microphone", id="1")  # cannot be opened
    await stage.until(microphone="1")
    session = await stage.call()
    assert session.wish.microphone == "1"
    await stage.visitor.until(lambda: stage.visitor.told("level")[-1]["dbfs"] == -40.0)


async def test_mute_reaches_the_microphone(stage: Stage) -> None:
    session = await stage.call()
    assert session.microphone is not None
    await stage.until(muted=False)
    await stage.visitor.command("mute", on=True)
    await stage.until(muted=True)
    assert session.microphone.muted
    await stage.visitor.command("mute", on=False)
    await stage.until(muted=False)
    assert not session.microphone.muted


async def test_the_safety_code_is_shown_for_the_length_of_the_call(stage: Stage) -> None:
    session = await stage.call()
    session.wish.audience.on_safety_code("river stone lamp")
    await stage.until(safety_code="river stone lamp")
    session.ending.set_result(EndReason.PEER_LEFT)
    await stage.until(phase="ended", safety_code="")


async def test_trouble_is_urgent_and_passes(stage: Stage) -> None:
    session = await stage.call()
    session.wish.audience.on_state("The connection is lost.", standing=True, urgent=True)
    await stage.until(phase="call", banner="The connection is lost.", urgent=True)
    session.wish.audience.on_state("The call is good again.", standing=True, urgent=False)
    await stage.until(phase="call", banner="The call is good again.", urgent=False)


async def test_recording_begins_when_the_other_side_agrees(stage: Stage) -> None:
    session = await stage.call()
    await stage.visitor.command("record", on=True)
    await stage.until(recording="asked")
    assert session.steps == ["ask"]
    session.wish.audience.on_recording("agree")
    await stage.until(recording="on")
    for number in range(5):
        picture = np.full((64, 64, 3), 40 * number, np.uint8)
        session.wish.audience.on_picture(RenderedFrame(picture, 40 * number))
    await stage.visitor.command("record", on=False)
    await stage.until(recording="off")
    film = Path(stage.visitor.view["recording_file"])
    async with asyncio.timeout(DEADLINE_S):
        while not film.exists():  # noqa: ASYNC110, ASYNC240 - it is written by a thread
            await asyncio.sleep(0.01)
    assert len(list(Clip(film).frames())) == 5
    assert session.steps == ["ask", "stop"]


async def test_without_consent_nothing_is_recorded(stage: Stage, tmp_path: Path) -> None:
    session = await stage.call()
    await stage.visitor.command("record", on=True)
    await stage.until(recording="asked")
    session.wish.audience.on_recording("refuse")
    await stage.until(recording="off")
    session.wish.audience.on_picture(RenderedFrame(np.zeros((64, 64, 3), np.uint8), 0))
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - a folder of the test's own


async def test_an_agreement_that_nobody_asked_for_records_nothing(
    stage: Stage, tmp_path: Path
) -> None:
    session = await stage.call()
    session.wish.audience.on_recording("agree")
    session.wish.audience.on_peer("Ben")
    await stage.until(peer_name="Ben")
    assert stage.visitor.view["recording"] == "off"
    assert not list(tmp_path.iterdir())  # noqa: ASYNC240 - a folder of the test's own


@pytest.mark.parametrize(("yes", "step"), [(True, "agree"), (False, "refuse")])
async def test_being_recorded_is_asked(stage: Stage, yes: bool, step: str) -> None:
    session = await stage.call()
    session.wish.audience.on_recording("ask")
    await stage.until(question="recording")
    await stage.visitor.command("answer", question="recording", yes=yes)
    await stage.until(question="")
    assert session.steps == [step]


async def test_a_knock_is_asked(stage: Stage) -> None:
    session = await stage.call()
    knock = asyncio.ensure_future(session.wish.audience.on_knock())
    await stage.until(question="knock")
    await stage.visitor.command("answer", question="recording", yes=True)  # another question
    await stage.visitor.command("answer", question="knock", yes=True)
    assert await asyncio.wait_for(knock, DEADLINE_S)


async def test_when_the_other_side_leaves_one_may_join_again(stage: Stage) -> None:
    session = await stage.call()
    session.wish.audience.on_state("The other person has left.", standing=False, urgent=False)
    session.ending.set_result(EndReason.PEER_LEFT)
    await stage.until(phase="ended", banner="The other person has left.")
    assert stage.visitor.view["account"]
    await stage.call()


async def test_leaving_before_anybody_came_leads_back_to_the_lobby(stage: Stage) -> None:
    stage.page.on_command(Join(room=ROOM, name=""))
    stage.page.on_command(HangUp())  # before the call is even opened
    await stage.until(phase="lobby", banner="You have left the room.")
    await stage.call()


async def test_hanging_up_ends_the_program(
    head: TalkingHead, photo: SourcePhoto, tmp_path: Path
) -> None:
    stage = Stage(head, tmp_path, photo)
    await stage.start()
    session = await stage.call()
    await stage.visitor.command("hang-up")
    summary = await asyncio.wait_for(stage.running, DEADLINE_S)
    assert summary is not None
    assert summary.end is EndReason.CLOSED
    assert session.closed
    await stage.visitor.closed()
    assert stage.visitor.view["phase"] == "ended"  # it was told before the page went
    await stage.visitor.__aexit__(None, None, None)


async def test_a_new_tab_sees_where_things_stand(stage: Stage) -> None:
    await stage.call()
    async with Visitor(stage.page.server.link) as second:
        await second.until(lambda: second.view)
        assert second.view["phase"] == "call"
        await second.until(lambda: second.pictures.get(PictureKind.OWN_PHOTO))


async def test_side_by_side_has_all_three(stage: Stage) -> None:
    await stage.call()
    await stage.visitor.command("side-by-side", on=True)
    for kind in (PictureKind.CAMERA, PictureKind.H264, PictureKind.PREVIEW):
        await stage.visitor.until(lambda kind=kind: stage.visitor.pictures.get(kind))  # type: ignore[misc]
    numbers = stage.visitor
    await numbers.until(lambda: [n for n in numbers.told("numbers") if n["h264_kbps"]])
    await stage.visitor.command("side-by-side", on=False)
    await stage.until(side_by_side=False)
