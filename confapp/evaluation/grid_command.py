"""What `confapp evaluate transfer`, `turn`, `redirect` and `recognise` do."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from confapp.clip_files import open_model
from confapp.errors import ConfappError
from confapp.evaluation.driver_frames import spread_frames, variety
from confapp.evaluation.evaluation_clip import EvaluationClip, shard_clips, video_clips
from confapp.evaluation.folder_clip import ClipFolder, ClipNote
from confapp.evaluation.grid_report import grid_markdown, grid_report
from confapp.evaluation.performer import Performer, one_each
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.recognise import recognise
from confapp.evaluation.recognise_report import recognition_facts, recognition_markdown
from confapp.evaluation.redirect import (
    calibrate,
    frontalise,
    good_rates,
    most_turned_first,
    redirect,
)
from confapp.evaluation.redirect_remarks import redirect_remarks
from confapp.evaluation.rendering_grid import RenderingGrid
from confapp.evaluation.results_folder import ResultsFolder
from confapp.evaluation.summary import DIGITS
from confapp.evaluation.transfer import COLUMNS, transfer
from confapp.evaluation.turn import turn
from models.engine_plan import reproducible_plan
from models.talking_head import TalkingHead

CANDIDATES = 40  # frames of a clip, evenly spread, of which a driver's columns are taken

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class GridOptions:
    """Whom a sheet shows.

    Attributes:
        out: folder for results.json, results.md and the sheets.
        data: validation shards, or folders of them.
        videos: folder of square videos.
        landmarks, identity: files of the helper networks.
        clips: this many people at most, each with their first clip.
    """

    out: Path
    data: tuple[Path, ...] = ()
    videos: Path | None = None
    landmarks: Path | None = None
    identity: Path | None = None
    clips: int = 12


def evaluate_transfer(
    model: str, options: GridOptions, *, untrained: bool, drivers: int = 2, relative: bool = False
) -> str:
    """A sheet for each of the drivers, who are the people that show the most.

    Returns:
        The Markdown tables.

    Raises:
        ConfappError: no data, one person alone, or a model or network that cannot be used.
    """
    run = _Run(model, options, untrained=untrained)
    people = run.people(CANDIDATES)
    if len(people) < 2:
        raise ConfappError(
            "people-needed",
            "Transfer needs clips of two people at least; name whom each video shows in clips.json "
            "if these are several.",
        )
    shown = sorted(people, key=lambda one: _shows(one.clip), reverse=True)[:drivers]
    grids = [
        transfer(run.head, run.metrics, driver, people, relative=relative)
        for driver in track(shown, "rendering", console=console, transient=True)
    ]
    return run.write("transfer", grids, motion="relative" if relative else "absolute")


def evaluate_turn(model: str, options: GridOptions, *, untrained: bool) -> str:
    """A sheet of people turned by yaw offsets.

    Returns:
        The Markdown tables.

    Raises:
        ConfappError: no data, or a model or network that cannot be used.
    """
    run = _Run(model, options, untrained=untrained)
    people = run.people(candidates=1)
    return run.write("turn", [turn(run.head, run.metrics, people)])


def evaluate_redirection(model: str, options: GridOptions, *, untrained: bool) -> str:
    """Heads turned to the front and over a grid, and how many of the renderings are good.

    Returns:
        The Markdown tables.

    Raises:
        ConfappError: no data, or a model or network that cannot be used.
    """
    run = _Run(model, options, untrained=untrained)
    clips = run.clips(CANDIDATES)
    threshold = calibrate(clips, run.metrics)
    turned, as_filmed = (
        [Performer.of(clip, run.head, run.metrics) for clip in chosen]
        for chosen in ([most_turned_first(clip, run.head) for clip in clips], clips)
    )
    grids = [
        frontalise(run.head, run.metrics, turned, threshold),
        redirect(run.head, run.metrics, as_filmed, threshold),
    ]
    rates = {grid.name: good_rates(grid) for grid in grids}
    return run.write(
        "redirect",
        grids,
        redirect_remarks(threshold, rates),
        threshold=threshold.facts() if threshold else None,
        rates={
            name: {key: round(rate, DIGITS) for key, rate in of_grid.items()}
            for name, of_grid in rates.items()
        },
    )


def evaluate_recognition(model: str, options: GridOptions, *, untrained: bool) -> str:
    """Who is who by canonical keypoints, by landmarks and by chance.

    Returns:
        The Markdown table.

    Raises:
        ConfappError: no data, one person alone, or a model that cannot be used.
    """
    run = _Run(model, options, untrained=untrained)
    clips = run.clips(CANDIDATES)
    if len(clips) < 2:
        raise ConfappError("people-needed", "Recognition needs clips of two people at least.")
    return run.write_facts(recognition_facts(run.head, recognise(run.head, clips), run.notes))


def _shows(clip: EvaluationClip) -> float:
    """How much a clip's face does."""
    return variety(clip.landmarks, spread_frames(clip.landmarks, COLUMNS))


class _Run:
    """What both commands begin and end with."""

    def __init__(self, model: str, options: GridOptions, *, untrained: bool) -> None:
        if not options.data and options.videos is None:
            raise ConfappError(
                "data-not-found", "Give shards with --data, or a folder with --videos."
            )
        self.head: TalkingHead = open_model(model, untrained=untrained, plan=reproducible_plan())
        self.metrics = PictureMetrics.load(None, options.landmarks, options.identity)
        self._folder = ResultsFolder(options.out)
        self._options = options
        side = self.head.config.image_size
        self._videos = ClipFolder(options.videos, side) if options.videos is not None else None

    @property
    def notes(self) -> list[ClipNote]:
        """On the files read so far."""
        return self._videos.notes if self._videos else []

    def write_facts(self, facts: dict[str, Any]) -> str:
        """Figures and table of a task without renderings; gives back the table."""
        table = recognition_markdown(facts)
        self._folder.write(json.dumps(facts, indent=1) + "\n", table)
        return table

    def people(self, candidates: int) -> list[Performer]:
        """One at least, each with the first frame of a clip and so many others."""
        return [Performer.of(clip, self.head, self.metrics) for clip in self.clips(candidates)]

    def clips(self, candidates: int) -> list[EvaluationClip]:
        """One of each person, one at least, with so many frames besides the first."""
        clips = track(self._clips(candidates), "reading", console=console, transient=True)
        chosen = one_each(clips, self._options.clips)
        if not chosen:
            raise ConfappError("evaluation-empty", "No clip shows a face, so there are no results.")
        return chosen

    def write(
        self,
        task: str,
        grids: Sequence[RenderingGrid],
        remarks: Sequence[str] = (),
        **settings: object,
    ) -> str:
        """The figures, the tables and the sheets; gives back the tables."""
        facts = grid_report(
            task, self.head, self.metrics, grids, notes=self.notes, remarks=remarks, **settings
        )
        tables = grid_markdown(facts)
        self._folder.write(json.dumps(facts, indent=1) + "\n", tables)
        for grid in grids:
            self._folder.add_sheet(grid.name, grid.sheet())
        return tables

    def _clips(self, candidates: int) -> Iterator[EvaluationClip]:
        options, side = self._options, self.head.config.image_size
        shards = shard_clips(options.data, side, candidates) if options.data else ()
        videos = (
            video_clips(self._videos, self.metrics.landmarks, candidates) if self._videos else ()
        )
        return chain(shards, videos)
