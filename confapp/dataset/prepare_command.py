"""What `confapp data prepare` does."""

import json
import os
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from confapp.dataset.contact_sheet import ContactSheet
from confapp.dataset.head_pose_label import open_labeller
from confapp.dataset.output_folder import contact_sheet_name, open_output_folder
from confapp.dataset.preparation_pool import PreparationRecipe, prepare_videos
from confapp.dataset.preparation_report import PreparationReport
from confapp.dataset.video_file import Part, PersonRule, VideoFile, find_videos
from confapp.errors import ConfappError
from confapp.whole_file import whole_file
from models.config import DEFAULT_CONFIG
from models.training.data.shard_writer import ShardWriter

SIZES = (256, 512)
FPS = 6.0
MOST_FPS = 240.0

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class PrepareOptions:
    """The choices of a person who prepares videos.

    Attributes:
        videos: files, or folders of them.
        out: folder for shards and contact sheet; empty, or with other parts in it.
        part: such as `2/8`: only this share of the videos; None for all.
        processes: None for one a CPU.
        size: side of the pictures, 256 or 512 pixels.
        landmarks: MediaPipe's face_landmarker.task.
        model: labels head poses where there is no landmark network.
        fps: most frames a second.
        person: how people are named.
        validation: for held-out people.
    """

    videos: tuple[Path, ...]
    out: Path
    part: str | None = None
    processes: int | None = None
    size: int = SIZES[0]
    landmarks: Path | None = None
    model: str = DEFAULT_CONFIG
    fps: float = FPS
    person: PersonRule = PersonRule.AUTO
    validation: bool = False


def prepare_data(options: PrepareOptions, *, as_json: bool) -> None:
    """Make shards, print the summary on stdout, and warn of what cannot be read on stderr.

    Ctrl-C ends the run with the videos done so far; the summary then says so.

    Raises:
        ConfappError: an option that cannot be followed, an output that cannot be written, or
            `data-empty` where no clip is left.
        KeyboardInterrupt: after the summary.
    """
    run = _Run(options)
    stopped: BaseException | None = None
    try:
        run.prepare_all()
    except (KeyboardInterrupt, ConfappError) as error:
        stopped = error
        run.report.complete = False
    run.finish()
    print(json.dumps(run.report.facts()) if as_json else run.report.text())
    if stopped is not None:
        raise stopped
    if not run.report.clips:
        raise ConfappError(
            "data-empty", "No clip is left of these videos; the summary says what was dropped."
        )


class _Run:
    """The clips made so far; an interruption keeps them."""

    def __init__(self, options: PrepareOptions) -> None:
        if options.size not in SIZES:
            sizes = " or ".join(map(str, SIZES))
            raise ConfappError("size-unknown", f"Pictures are {sizes} pixels wide; give --size.")
        if not 0 < options.fps <= MOST_FPS:
            raise ConfappError("fps-unknown", f"--fps is more than 0 and at most {MOST_FPS:g}.")
        part = None if options.part is None else Part.of(options.part)
        videos = find_videos(options.videos, options.person)
        self.videos: list[VideoFile] = videos if part is None else part.share(videos)
        self._recipe = PreparationRecipe(
            options.size, options.fps, options.landmarks, options.model
        )
        # Here too, and first: what is wrong with it is one sentence, not one of each process.
        labeller = open_labeller(options.landmarks, options.model)
        number = None if part is None else part.number
        open_output_folder(options.out, number)
        self._writer = ShardWriter(options.out, part=number, validation=options.validation)
        self._sheet = ContactSheet()
        self._sheet_path = options.out / contact_sheet_name(number)
        self._processes = min(options.processes or os.cpu_count() or 1, max(len(self.videos), 1))
        self.report = PreparationReport(str(options.out), labeller.name, len(self.videos))

    def prepare_all(self) -> None:
        """Video after video into the shards."""
        results = prepare_videos(self.videos, self._recipe, self._processes)
        with closing(results), _progress() as progress:
            task = progress.add_task("", total=len(self.videos))
            for video in results:
                for clip in video.clips:
                    self._writer.write(clip)
                    self._sheet.add(clip)
                self.report.add(video)
                if video.unreadable:
                    # A name may look like markup, and a sentence is one line also in a log.
                    said = f"left out: {video.unreadable}"
                    console.print(
                        said, style="yellow", highlight=False, markup=False, soft_wrap=True
                    )
                what = f"{self.report.clips} clips, {self.report.frames} frames"
                progress.update(task, advance=1, description=what)

    def finish(self) -> None:
        """Write the last shard and the sheet.

        Raises:
            ConfappError: `shard-unwritable`, `sheet-unwritable`.
        """
        self._writer.close()
        self.report.shards = [path.name for path in self._writer.shards]
        picture = self._sheet.picture()
        if picture is None:
            return
        try:
            with whole_file(self._sheet_path) as part:
                picture.save(part, "PNG")
        except OSError as error:
            raise ConfappError(
                "sheet-unwritable",
                f"{self._sheet_path} cannot be written ({error.strerror}); the shards are whole.",
            ) from error


def _progress() -> Progress:
    return Progress(
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("videos: {task.description}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )
