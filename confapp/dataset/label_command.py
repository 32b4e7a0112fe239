"""What `confapp data label` does."""

import dataclasses
import json
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from confapp.dataset.head_pose_label import open_labeller
from confapp.dataset.output_folder import open_output_folder
from confapp.dataset.relabelling import Relabelling
from confapp.media.face_detector import FaceDetector
from models.config import DEFAULT_CONFIG
from models.training.data.shard import find_shards

console = Console(stderr=True)


def label_data(data: list[Path], out: Path, landmarks: Path, *, as_json: bool) -> None:
    """Copy the training shards in `data` with new landmarks, and print what was found.

    A folder of a shard becomes a tar of its name. Ctrl-C leaves the shards done so far.

    Raises:
        ConfappError: no shard, a network that cannot be used, or no place for the copies.
    """
    shards = find_shards(data)
    relabelling = Relabelling(open_labeller(landmarks, DEFAULT_CONFIG), FaceDetector())
    open_output_folder(out, None)
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task("shards", total=len(shards))
        for shard in shards:
            relabelling.copy(
                shard,
                out / f"{shard.stem}.tar",
                lambda _pictures: progress.update(
                    task, description=f"{relabelling.counts.found} pictures labelled"
                ),
            )
            progress.advance(task)
    counts = dataclasses.asdict(relabelling.counts)
    if as_json:
        print(json.dumps({"out": str(out), "shards": len(shards), **counts}))
    else:
        print(
            f"{len(shards)} shards in {out}: {counts['found']} pictures labelled, "
            f"{counts['kept']} with their old landmarks, {counts['without']} without, "
            f"{counts['unread']} entries unreadable"
        )
