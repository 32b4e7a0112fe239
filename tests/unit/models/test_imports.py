"""`models` and the GPU's benchmark run on any machine with torch, numpy, OpenCV, safetensors."""

import subprocess
import sys

import pytest

NOT_NEEDED = (
    *("aiortc", "av", "constriction", "fastapi", "pydantic", "rich", "typer"),
    *("sender", "receiver"),
)


@pytest.mark.parametrize(
    "modules",
    ["models.talking_head, models.relative_motion, models.summary", "benchmarks.gpu.__main__"],
)
def test_they_import_little(modules: str) -> None:
    program = f"import sys, {modules};print([name for name in {NOT_NEEDED} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
