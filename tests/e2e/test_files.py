"""encode, decode, inspect, reenact, tables fit and ranges, as a person runs them."""

import json
import shutil
from pathlib import Path

import av
import numpy as np
import pytest
from confapp_process import Process, Start

from confapp.codec import CodecTables, FvcReader, FvcWriter
from confapp.demo import PEOPLE
from confapp.media.clip import Clip
from confapp.media.still import decode_still, encode_still
from confapp.pose_offset import PoseOffset
from models.checkpoints.activation_ranges import ranges_file
from models.engine_plan import choose_plan
from models.talking_head import TalkingHead
from receiver.clip_decoder import ClipDecoder
from sender.clip_encoder import DrivingClip

FRAMES = 20


@pytest.fixture(scope="module")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first frames of ada, copied packet by packet."""
    path = tmp_path_factory.mktemp("clip") / "short.mp4"
    with av.open(str(PEOPLE / "ada.mp4")) as given, av.open(str(path), "w") as kept:
        stream = kept.add_stream("libx264", rate=25)
        stream.width = stream.height = 256
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(given.decode(video=0)):
            if index == FRAMES:
                break
            kept.mux(stream.encode(frame.reformat(256, 256)))
        kept.mux(stream.encode())
    return path


def done(process: Process) -> str:
    status, output = process.result()
    assert status == 0, process.said
    text: str = output
    return text


@pytest.fixture
def coded(start: Start, model: Path, short_clip: Path, tmp_path: Path) -> Path:
    path: Path = tmp_path / "ada.fvc"
    done(start("encode", short_clip, path, "--model", model))
    return path


def test_inspect_tells_what_encode_wrote(start: Start, coded: Path) -> None:
    summary = json.loads(done(start("inspect", coded, "--json")))
    assert summary["frames"] == FRAMES
    assert summary["fps"] == 25
    assert summary["keypoints"] == {"model": 5, "min": 5, "max": 5}
    assert summary["payload_bytes"]["min"] <= summary["payload_bytes"]["mean"]
    assert 0 < summary["source_bytes"] <= 12_000
    assert summary["break_reason"] is None
    assert "frames" in done(start("inspect", coded))


def test_decode_is_rendering_without_the_codec(
    start: Start, model: Path, short_clip: Path, tmp_path: Path
) -> None:
    """The file's pictures are what the encoder's own motion renders to, on every run."""
    head = TalkingHead.open(str(model))
    tables = CodecTables.generic(5)
    exact = tmp_path / "exact.fvc"
    done(start("encode", short_clip, exact, "--model", model, "--codec", "paper"))
    with exact.open("rb") as file:
        appearance = head.encode_source(decode_still(FvcReader(file).source_still))
    motions = [frame.motion for frame in DrivingClip(head, Clip(short_clip))]
    assert len(motions) == FRAMES
    for _ in range(2):
        frames = ClipDecoder(exact, head, tables).frames(PoseOffset())
        for frame, motion in zip(frames, motions, strict=True):
            assert frame.timestamp_ms == motion.timestamp_ms
            assert np.array_equal(frame.rgb, head.render(appearance, motion))


def test_decode_turns_the_head(start: Start, model: Path, coded: Path, tmp_path: Path) -> None:
    straight, turned = tmp_path / "straight.mp4", tmp_path / "turned.mp4"
    done(start("decode", coded, straight, "--model", model))
    done(start("decode", coded, turned, "--model", model, "--yaw", 30))
    one, other = (list(Clip(path).frames()) for path in (straight, turned))
    assert len(one) == len(other) == FRAMES
    assert not np.array_equal(one[5].rgb, other[5].rgb)


def test_a_truncated_file_decodes_up_to_the_break(
    start: Start, model: Path, coded: Path, tmp_path: Path
) -> None:
    cut, film = tmp_path / "cut.fvc", tmp_path / "cut.mp4"
    cut.write_bytes(coded.read_bytes()[:-20])
    decode = start("decode", cut, film, "--model", model)
    done(decode)
    assert "The file ends in the middle of a packet after" in decode.said
    shown = sum(1 for _ in Clip(film).frames())
    assert 0 < shown < FRAMES
    summary = json.loads(done(start("inspect", cut, "--json")))
    assert summary["frames"] == shown
    assert summary["break_reason"]


def rewritten(path: Path, out: Path, still: bytes) -> Path:
    """The file with another still, its checksums right."""
    with path.open("rb") as given, out.open("wb") as file:
        reader = FvcReader(given)
        writer = FvcWriter(file, reader.header, still)
        for packet in reader:
            writer.write(packet)
        writer.close()
    return out


def test_a_file_cut_before_its_first_frame(
    start: Start, model: Path, coded: Path, tmp_path: Path
) -> None:
    with coded.open("rb") as file:
        FvcReader(file)
        start_of_packets = file.tell()
    cut, film = tmp_path / "cut.fvc", tmp_path / "cut.mp4"
    cut.write_bytes(coded.read_bytes()[: start_of_packets + 5])
    said = start("decode", cut, film, "--model", model).refusal()
    assert "cut.fvc" in said
    assert "after 0 packets" in said
    assert not list(tmp_path.glob("cut.mp4*"))


def test_a_file_with_a_damaged_photo(
    start: Start, model: Path, coded: Path, tmp_path: Path
) -> None:
    damaged = rewritten(coded, tmp_path / "damaged.fvc", b"RIFF, and no picture")
    said = start("decode", damaged, tmp_path / "no.mp4", "--model", model).refusal()
    assert "photo in damaged.fvc" in said
    assert "ask them" not in said
    assert not (tmp_path / "no.mp4").exists()


def test_a_file_with_a_photo_of_another_size(
    start: Start, model: Path, coded: Path, tmp_path: Path
) -> None:
    still = encode_still(np.full((48, 32, 3), 90, np.uint8))
    other = rewritten(coded, tmp_path / "other.fvc", still)
    said = start("decode", other, tmp_path / "no.mp4", "--model", model).refusal()
    assert "32x48" in said
    assert "64x64" in said
    assert not (tmp_path / "no.mp4").exists()


def test_another_model_cannot_decode(
    start: Start, other_model: Path, coded: Path, tmp_path: Path
) -> None:
    decode = start("decode", coded, tmp_path / "no.mp4", "--model", other_model)
    assert decode.result()[0] == 1
    assert "--model" in decode.said


def test_learned_tables_make_the_stream_smaller(
    start: Start, model: Path, short_clip: Path, tmp_path: Path
) -> None:
    tables, plain, small = tmp_path / "t.json", tmp_path / "plain.fvc", tmp_path / "small.fvc"
    done(start("tables", "fit", short_clip, "-o", tables, "--model", model))
    done(start("encode", short_clip, plain, "--model", model))
    done(start("encode", short_clip, small, "--model", model, "--tables", tables))
    sizes = [
        json.loads(done(start("inspect", path, "--json")))["payload_bytes"]["mean"]
        for path in (plain, small)
    ]
    assert sizes[1] < sizes[0]
    decode = start("decode", small, tmp_path / "no.mp4", "--model", model)
    assert decode.result()[0] == 1
    assert "--tables" in decode.said
    done(start("decode", small, tmp_path / "yes.mp4", "--model", model, "--tables", tables))


def test_ranges_lie_beside_the_weights_that_they_were_measured_with(
    start: Start, model: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "mine.safetensors"
    shutil.copy(model, weights)
    ranges = ranges_file(weights)
    ranges.write_text("of others")
    done(start("ranges", PEOPLE / "ada.mp4", "-o", ranges, "--model", weights))
    head = TalkingHead.open(str(weights))
    assert json.loads(ranges.read_text())["fingerprint"] == head.fingerprint
    assert head.plan.compiled == choose_plan(compiles=True).compiled


def test_ranges_want_a_face_twice(
    start: Start, model: Path, short_clip: Path, tmp_path: Path
) -> None:
    process = start("ranges", short_clip, "-o", tmp_path / "r.json", "--model", model)
    assert process.result()[0] == 1
    assert "something longer" in process.said


@pytest.mark.parametrize("relative", [(), ("--relative",)])
def test_reenact(
    start: Start, model: Path, short_clip: Path, tmp_path: Path, relative: tuple[str, ...]
) -> None:
    film = tmp_path / "ben.mp4"
    options = ("--source", PEOPLE / "ben.png", "--driving", short_clip, "-o", film)
    done(start("reenact", *options, "--model", model, *relative))
    assert sum(1 for _ in Clip(film).frames()) == FRAMES


def test_a_clip_without_a_face(start: Start, model: Path, tmp_path: Path) -> None:
    clip = tmp_path / "wall.mp4"
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 128
        stream.pix_fmt = "yuv420p"
        for _ in range(5):
            wall = np.full((128, 128, 3), 90, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(wall, format="rgb24")))
        container.mux(stream.encode())
    out = tmp_path / "wall.fvc"
    encode = start("encode", clip, out, "--model", model)
    assert encode.result()[0] == 1
    assert "No face was found in wall.mp4" in encode.said
    assert not list(tmp_path.glob("wall.fvc*"))
