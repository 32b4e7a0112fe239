"""What the tests of both ends of a call share."""

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from one_call_at_a_time import OneCallAtATime
from tiny_models import lively, tiny

from confapp.codec import CodecMode, CodecTables, MotionCodec, PaperCodec
from models.talking_head import TalkingHead

# An example that takes long says that the machine is busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


@pytest.hookimpl(optionalhook=True)  # without pytest-xdist nobody asks
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> OneCallAtATime:
    """Deals the tests out to processes."""
    return OneCallAtATime(config, log)


@pytest.fixture(scope="session")
def head() -> TalkingHead:
    """A small model, K = 5, pictures of 64x64."""
    return lively(tiny("lite-256"))


@pytest.fixture(scope="session", autouse=True)
def nobodys_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept in, or comes from, the cache of who runs the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(autouse=True)
def user_cache(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each test begins with an empty one."""
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
