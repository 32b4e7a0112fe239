"""What the tests of both ends of a call share."""

import pytest
from tiny_models import lively, tiny

from confapp.codec import CodecMode, CodecTables, MotionCodec, PaperCodec
from models.talking_head import TalkingHead


@pytest.fixture(scope="session")
def head() -> TalkingHead:
    """A small model, K = 5, pictures of 64x64."""
    return lively(tiny("lite-256"))


@pytest.fixture(autouse=True)
def user_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing is kept in, or comes from, the cache of who runs the tests."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture
def tables(head: TalkingHead) -> CodecTables:
    """The tables that go with it."""
    return CodecTables.generic(head.config.keypoints)


@pytest.fixture
def codec(tables: CodecTables) -> PaperCodec:
    """The paper mode's coder, which keeps numbers exactly."""
    return PaperCodec(tables.frequency)


@pytest.fixture
def predictive(tables: CodecTables) -> MotionCodec:
    """The coder of calls."""
    return tables.codec(CodecMode.PREDICTIVE)
