"""`models` runs on any machine with torch, numpy, safetensors and Pillow."""

import subprocess
import sys

NOT_NEEDED = ("aiortc", "av", "fastapi", "pydantic", "typer", "constriction", "sender", "receiver")


def test_networks_import_little() -> None:
    program = (
        "import sys, models.talking_head, models.relative_motion, models.summary;"
        f"print([name for name in {NOT_NEEDED} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
