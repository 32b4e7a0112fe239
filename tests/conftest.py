"""What the tests of both ends of a call share."""

from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from tiny_models import lively, tiny

from confapp.codec import CodecMode, CodecTables, MotionCodec, PaperCodec
from models.talking_head import TalkingHead

# An example that takes long says that the machine is busy.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

ONE_AT_A_TIME = [Path(__file__).parent / folder for folder in ("e2e", "integration")]


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Calls are held one after the other, beside other tests: each of them needs its share."""
    for item in items:
        if any(folder in item.path.parents for folder in ONE_AT_A_TIME):
            item.add_marker(pytest.mark.xdist_group("calls"))


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
