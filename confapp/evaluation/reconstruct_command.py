"""What `confapp evaluate reconstruct` does."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from confapp.clip_files import open_model
from confapp.errors import ConfappError
from confapp.evaluation.evaluation_clip import EvaluationClip, shard_clips, video_clips
from confapp.evaluation.fid import installed_inception
from confapp.evaluation.folder_clip import ClipFolder
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.reconstruction import ClipScores, reconstruct
from confapp.evaluation.reconstruction_sheet import reconstruction_sheet
from confapp.evaluation.report import markdown, report
from confapp.evaluation.results_folder import ResultsFolder
from models.engine_plan import reproducible_plan
from models.talking_head import TalkingHead

SHARDS = "shards"
VIDEOS = "videos"

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class ReconstructOptions:
    """What is measured.

    Attributes:
        data: validation shards, or folders of them.
        videos: folder of videos at full rate; needs the landmark network.
        lpips, landmarks, identity, inception: files of the helper networks.
        json_file: where the figures go besides.
        out: folder for results.json, results.md and a sheet of each set.
        clips: how many of each set, None for all.
        frames: drivers of a clip, evenly spread; None for all.
        every: measure each n-th frame of a video; expression and smoothness are followed over all.
        calibrate: correct renderings by what the drivers before told, as in a call.
    """

    data: tuple[Path, ...] = ()
    videos: Path | None = None
    lpips: Path | None = None
    landmarks: Path | None = None
    identity: Path | None = None
    inception: Path | None = None
    json_file: Path | None = None
    out: Path | None = None
    clips: int | None = None
    frames: int | None = None
    every: int = 1
    calibrate: bool = False


def evaluate_reconstruction(model: str, options: ReconstructOptions, *, untrained: bool) -> str:
    """Measure, write the files asked for, and return the Markdown tables.

    Ctrl-C ends the run with what is measured; the results then say so. Figures and tables are
    written after each clip, so that a run that is killed leaves the same.

    Raises:
        ConfappError: no data, a model or network that cannot be used, or no place for the results.
    """
    run = _Run(open_model(model, untrained=untrained, plan=reproducible_plan()), options)
    folder = ResultsFolder(options.out, options.json_file)
    for reason in run.metrics.left_out:
        console.print(f"left out, {reason}", highlight=False)
    complete = True
    try:
        run.measure_all(lambda: folder.write(*run.results(complete=False)))
    except KeyboardInterrupt:
        complete = False
        console.print("[yellow]Interrupted: these are the clips measured so far.[/]")
    if not any(run.sets.values()):
        raise ConfappError("evaluation-empty", "No clip was measured, so there are no results.")
    figures, tables = run.results(complete=complete)
    folder.write(figures, tables)
    for name, clips in run.sets.items():
        if clips and options.out:
            folder.add_sheet(f"sheet-{name}", reconstruction_sheet(clips))
    return tables


class _Run:
    """The clips measured so far; an interruption keeps them.

    Attributes:
        head: the model.
        metrics: with the networks given.
        sets: scores by where the clips are from.
    """

    def __init__(self, head: TalkingHead, options: ReconstructOptions) -> None:
        if not options.data and options.videos is None:
            raise ConfappError(
                "data-not-found", "Give shards with --data, or a folder with --videos."
            )
        if options.videos is not None and options.landmarks is None:
            raise ConfappError(
                "landmarks-needed",
                "Videos have no landmarks with them; give the network with --landmarks FILE.",
            )
        self.metrics = PictureMetrics.load(
            options.lpips,
            options.landmarks,
            options.identity,
            None,  # DISTS
            options.inception or installed_inception(),
        )
        self.sets: dict[str, list[ClipScores]] = {}
        self.head = head
        self._options = options
        side = head.config.image_size
        self._folder = ClipFolder(options.videos, side) if options.videos is not None else None

    def results(self, *, complete: bool) -> tuple[str, str]:
        """The figures as JSON, and the tables as Markdown."""
        sets = {name: clips for name, clips in self.sets.items() if clips}
        notes = self._folder.notes if self._folder else []
        facts = report(self.head, self.metrics, sets, notes, complete=complete)
        return json.dumps(facts, indent=1) + "\n", markdown(facts)

    def measure_all(self, after_clip: Callable[[], None]) -> None:
        """The shards, then the videos."""
        options, side = self._options, self.head.config.image_size
        if options.data:
            self._measure(SHARDS, shard_clips(options.data, side, options.frames), after_clip)
        if self._folder is not None:
            videos = video_clips(self._folder, self.metrics.landmarks, options.frames)
            self._measure(VIDEOS, videos, after_clip)

    def _measure(
        self, name: str, clips: Iterator[EvaluationClip], after_clip: Callable[[], None]
    ) -> None:
        full_rate = name == VIDEOS
        done = self.sets.setdefault(name, [])
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(name, total=None)
            for clip in islice(clips, self._options.clips):
                what = f"{name}, clip {len(done) + 1}"
                progress.reset(task, total=len(clip.frames) - 1, description=what)
                scores = reconstruct(
                    self.head,
                    self.metrics,
                    clip,
                    every=self._options.every if full_rate else 1,
                    calibrate=self._options.calibrate,
                    tracker=self.metrics.landmarks if full_rate else None,
                    advance=lambda: progress.advance(task),
                )
                done.append(scores)
                after_clip()
