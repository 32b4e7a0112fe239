"""What `confapp evaluate compress` does."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import av
from rich.console import Console
from rich.progress import Progress

from confapp.clip_files import open_model
from confapp.dataset.video_file import Part
from confapp.errors import ConfappError
from confapp.evaluation.anchor_codec import ANCHOR_CODECS
from confapp.evaluation.clip_records import ClipRecords
from confapp.evaluation.comparison_stream import (
    comparison_rows,
    comparison_sizes,
    pack_rows,
    unpack_rows,
)
from confapp.evaluation.compress_film import write_film
from confapp.evaluation.compress_plot import LABELS, rate_distortion_plot
from confapp.evaluation.compress_report import compress_facts, compress_markdown
from confapp.evaluation.compression import ClipCompression, ClipStreams, measure
from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.evaluation_clip import tracked_clip
from confapp.evaluation.face_region import FacePlace
from confapp.evaluation.folder_clip import ClipFolder, ClipNote
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.report_page import report_page
from confapp.evaluation.results_folder import ResultsFolder
from confapp.evaluation.stream_mode import stream_modes
from confapp.evaluation.stream_rate import RateRule
from confapp.evaluation.wire_rate import MESSAGE_OVERHEAD
from confapp.model_tables import tables_for

RECORD_FORMAT = 1  # raise it when a record of the same recipe would say something else
RECORDS = "records"
FILMS = "films"
PAGE = "report.html"

console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class CompressOptions:
    """What is measured.

    Attributes:
        videos: folder of clips at full rate, one person each.
        out: folder for figures, tables, plots, films and the page.
        lpips, landmarks: files of the helper networks; both are needed.
        identity: of CSIM's network.
        dists: weights.pt of DISTS-pytorch.
        tables: of the codec; None for those of the model.
        clips: only the first so many.
        frames: measured of each clip, evenly spread.
        bundle: frames of motion a message.
        overhead: bytes a datagram besides the message, where they were captured.
        part: only this share of the clips, and no report; None for all.
        films: also write a film of each clip.
    """

    videos: Path
    out: Path
    lpips: Path | None = None
    landmarks: Path | None = None
    identity: Path | None = None
    dists: Path | None = None
    tables: Path | None = None
    clips: int | None = None
    frames: int = 8
    bundle: int = 1
    overhead: int = MESSAGE_OVERHEAD
    part: Part | None = None
    films: bool = True


def evaluate_compression(model: str, options: CompressOptions, *, untrained: bool) -> str:
    """Measure what is not measured yet, write the files, and return the Markdown tables.

    Every clip is kept in a record when it is done. A run that is stopped goes on where it was, and
    parts of a run on several processes leave their records for one that makes the report.

    Raises:
        ConfappError: no data, a model or network that cannot be used, or no place for the results.
    """
    run = _Run(model, options, untrained=untrained)
    complete = True
    try:
        for path in run.paths:
            run.take(path)
            if options.part is None:
                run.write(complete=False)
    except KeyboardInterrupt:
        complete = False
        console.print("[yellow]Interrupted: these are the clips measured so far.[/]")
    if not run.clips:
        reasons = " ".join(f"{note.file}: {note.text}." for note in run.notes)
        raise ConfappError("evaluation-empty", f"No clip was measured. {reasons}".strip())
    if options.part:
        return f"{len(run.clips)} clips measured; without --part the report is made of all parts.\n"
    return run.write(complete=complete, page=True)


class _Run:
    """The clips measured so far.

    Attributes:
        paths: of the clips to measure.
        clips: measured.
        notes: on the files.
    """

    def __init__(self, model: str, options: CompressOptions, *, untrained: bool) -> None:
        if options.lpips is None or options.landmarks is None:
            raise ConfappError(
                "networks-needed",
                "Whether a clip counts is told by LPIPS and by landmarks: give --lpips FILE and "
                "--landmarks FILE.",
            )
        self._options = options
        self._head = open_model(model, untrained=untrained)
        tables = tables_for(self._head, options.tables)
        self._tables = tables.fingerprint
        self._metrics = PictureMetrics.load(
            options.lpips, options.landmarks, options.identity, options.dists
        )
        self._modes = stream_modes(tables)
        self._codecs = [codec for codec in ANCHOR_CODECS if codec.available]
        self._folder = ClipFolder(options.videos, self._head.config.image_size)
        part = options.part
        paths = self._folder.paths[: options.clips]
        self.paths = paths[part.number - 1 :: part.count] if part else paths
        self._results = ResultsFolder(None if part else options.out)
        self._records = ClipRecords(options.out / RECORDS, self._recipe())
        self._rows: dict[str, dict[str, Any]] = {}
        self.clips: list[ClipCompression] = []
        self.notes: list[ClipNote] = []

    def take(self, path: Path) -> None:
        """A clip from its record, or measured and then recorded."""
        facts = self._records.get(path)
        if facts is None:
            facts = self._measure(path)
            self._records.put(path, facts)
        self.notes += [ClipNote(**note) for note in facts["notes"]]
        if facts["compression"] is not None:
            clip = ClipCompression.from_facts(facts["compression"])
            self.clips.append(clip)
            self._rows[clip.name] = facts["rows"]

    def write(self, *, complete: bool, page: bool = False) -> str:
        """Figures and tables, and the page with plots and films; gives back the tables."""
        if not self.clips:
            return ""
        summary = CompressionSummary(
            self.clips, RateRule(self._options.bundle, self._options.overhead)
        )
        facts = compress_facts(
            self._head,
            self._metrics,
            summary,
            self._stream_sizes() if page else {},
            self.notes,
            tables=self._tables,
            missing=[codec.name for codec in ANCHOR_CODECS if codec not in self._codecs],
            complete=complete,
        )
        tables = compress_markdown(facts)
        self._results.write(json.dumps(facts, indent=1) + "\n", tables)
        if page:
            self._write_page(summary, tables)
        return tables

    def _write_page(self, summary: CompressionSummary, tables: str) -> None:
        plots: dict[str, str] = {}
        for distortion in summary.distortions:
            plot = rate_distortion_plot(summary, self.clips, distortion)
            self._results.add_text(f"plot-{distortion}.svg", plot)
            plots[f"{LABELS[distortion]}, mean over {len(self.clips)} clips"] = plot
        films: dict[str, str] = {}
        for clip in self.clips:
            plots[f"{LABELS['lpips']}, {clip.name}"] = rate_distortion_plot(
                summary, [clip], "lpips"
            )
            film = Path(FILMS) / f"{clip.name}.mp4"
            if (self._options.out / film).is_file():
                title = (
                    f"{clip.name}: above, codecs as good as ours by LPIPS; below, at about our bits"
                )
                films[title] = film.as_posix()
        self._results.add_text(PAGE, report_page("Compression", tables, plots, films))

    def _measure(self, path: Path) -> dict[str, Any]:
        """A clip's record; one that cannot be measured has notes alone."""
        before = len(self._folder.notes)
        footage = self._folder.read(path)
        landmarks = self._metrics.landmarks
        clip = (
            tracked_clip(self._folder, footage, landmarks, self._options.frames)
            if footage
            else None
        )
        notes = [note.facts() for note in self._folder.notes[before:]]
        if footage is None or clip is None or landmarks is None:
            return {"notes": notes, "compression": None}
        with Progress(console=console, transient=True) as progress:
            task = progress.add_task(path.name, total=len(self._codecs) + len(clip.frames))

            def advance() -> None:
                progress.advance(task)

            streams = ClipStreams(
                self._head, footage, clip, self._modes, self._codecs, advance=advance
            )
            scores = measure(streams, self._metrics, advance)
            first = FacePlace.of_landmarks(clip.landmarks[0])
            rows = comparison_rows(streams.frames, streams.motions, landmarks, first)
            if self._options.films:
                film = self._options.out / FILMS / f"{clip.name}.mp4"
                film.parent.mkdir(parents=True, exist_ok=True)
                rule = RateRule(self._options.bundle, self._options.overhead)
                write_film(film, streams, scores, rule)
        return {
            "notes": notes,
            "compression": asdict(scores),
            "rows": {stream: pack_rows(of_stream) for stream, of_stream in rows.items()},
        }

    def _stream_sizes(self) -> Mapping[str, Mapping[str, float]]:
        if len(self._rows) < 2:
            return {}
        first = next(iter(self._rows.values()))
        return {
            stream: comparison_sizes(
                {clip: unpack_rows(rows[stream]) for clip, rows in self._rows.items()}
            )
            for stream in first
        }

    def _recipe(self) -> dict[str, Any]:
        """All that a clip's record depends on, besides the clip."""
        return {
            "format": RECORD_FORMAT,
            "model": self._head.fingerprint,
            "tables": self._tables,
            "networks": {name: one.sha256 for name, one in self._metrics.networks.items()},
            "frames": self._options.frames,
            "modes": [mode.name for mode in self._modes],
            "codecs": [
                (codec.name, dict(codec.options), list(codec.crfs.items()))
                for codec in self._codecs
            ],
            "av": av.__version__,
        }
