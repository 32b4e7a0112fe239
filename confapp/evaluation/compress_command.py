"""What `confapp evaluate compress` does."""

import json
from collections.abc import Callable, Mapping
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
    OURS,
    comparison_rows,
    comparison_sizes,
    our_rows,
    pack_rows,
    unpack_rows,
)
from confapp.evaluation.compress_film import FILMS, write_films
from confapp.evaluation.compress_plot import LABELS, rate_distortion_plot
from confapp.evaluation.compress_report import compress_facts, compress_markdown
from confapp.evaluation.compression import (
    ClipCompression,
    ClipSample,
    OurScores,
    OurStreams,
    StreamScores,
    encodes_of,
    measure_encodes,
    measure_ours,
)
from confapp.evaluation.compression_summary import CompressionSummary
from confapp.evaluation.evaluation_clip import tracked_clip
from confapp.evaluation.folder_clip import ClipFolder, ClipNote
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.report_page import report_page
from confapp.evaluation.results_folder import ResultsFolder
from confapp.evaluation.stream_mode import BUNDLE_MS, stream_modes
from confapp.evaluation.stream_rate import RateRule
from confapp.evaluation.wire_rate import MESSAGE_OVERHEAD
from confapp.media.still import BUDGET_BYTES
from confapp.model_tables import tables_for
from models.engine_plan import reproducible_plan

RECORD_FORMAT = 1  # raise it when a record of the same recipe would say something else
RECORDS = "records"
PAGE = "report.html"
FILM_TITLE = "above, codecs as good as ours by LPIPS; below, at about our bits"

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
        bundle: frames of motion a message; None: as a call bundles them.
        source_bytes: that the source still may take.
        overhead: bytes a datagram besides the message, where they were captured.
        part: only this share of the clips, and no report; None for all.
        codecs_only: measure the codecs alone, ahead of a model, and make no report.
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
    bundle: int | None = None
    source_bytes: int = BUDGET_BYTES
    overhead: int = MESSAGE_OVERHEAD
    part: Part | None = None
    codecs_only: bool = False
    films: bool = True

    @property
    def reports(self) -> bool:
        """Whether this run makes the report, or another one that goes on from its records."""
        return self.part is None and not self.codecs_only


def evaluate_compression(model: str, options: CompressOptions, *, untrained: bool) -> str:
    """Measure what is not measured yet, write the files, and return the Markdown tables.

    What the codecs do with a clip is kept in a record, and what the model does in another: a run
    that is stopped goes on where it was, another model is measured without the codecs' part, and
    parts of a run on several processes leave their records for one that makes the report.

    Raises:
        ConfappError: no data, a model or network that cannot be used, or no place for the results.
    """
    run = _Run(model, options, untrained=untrained)
    complete = True
    try:
        for path in run.paths:
            run.take(path)
            if options.reports:
                run.write(complete=False)
    except KeyboardInterrupt:
        complete = False
        console.print("[yellow]Interrupted: these are the clips measured so far.[/]")
    if not run.taken and options.part is None:  # a share may be of broken files alone
        reasons = " ".join(f"{note.file}: {note.text}." for note in run.notes)
        raise ConfappError("evaluation-empty", f"No clip was measured. {reasons}".strip())
    if not options.reports:
        return f"{run.taken} clips measured; a run without --part and --codecs-only reports them.\n"
    return run.write(complete=complete, page=True)


class _Run:
    """The clips measured so far.

    Attributes:
        paths: of the clips to measure.
        taken: how many of them were measured, or are known from a record.
        clips: measured in full.
    """

    def __init__(self, model: str, options: CompressOptions, *, untrained: bool) -> None:
        if options.lpips is None or options.landmarks is None:
            raise ConfappError(
                "networks-needed",
                "Whether a clip counts is told by LPIPS and by landmarks: give --lpips FILE and "
                "--landmarks FILE.",
            )
        self._options = options
        self._head = open_model(model, untrained=untrained, plan=reproducible_plan())
        tables = tables_for(self._head, options.tables)
        self._tables = f"{tables.prediction.fingerprint}, {tables.frequency.fingerprint}"
        self._metrics = PictureMetrics.load(
            options.lpips, options.landmarks, options.identity, options.dists
        )
        self._modes = stream_modes(tables, options.bundle)
        self._codecs = [codec for codec in ANCHOR_CODECS if codec.available]
        self._folder = ClipFolder(options.videos, self._head.config.image_size)
        part = options.part
        paths = self._folder.paths[: options.clips]
        self.paths = paths[part.number - 1 :: part.count] if part else paths
        self._results = ResultsFolder(options.out if options.reports else None)
        self._encode_records = ClipRecords(options.out / RECORDS / "codecs", self._codec_recipe())
        self._our_records = ClipRecords(options.out / RECORDS / "ours", self._our_recipe())
        self._rows: dict[str, dict[str, Any]] = {}
        self.taken = 0
        self.clips: list[ClipCompression] = []

    @property
    def notes(self) -> list[ClipNote]:
        """On the files read so far."""
        return self._folder.notes

    def take(self, path: Path) -> None:
        """Measure a clip, as far as it is not recorded."""
        footage = self._folder.read(path)
        landmarks = self._metrics.landmarks
        if footage is None or landmarks is None:
            return
        clip = tracked_clip(self._folder, footage, landmarks, self._options.frames)
        if clip is None:
            return
        sample = ClipSample(footage, clip)
        with Progress(console=console, transient=True) as progress:
            theirs = self._encode_records.get(path)
            if theirs is None:
                task = progress.add_task(f"{path.name}, codecs", total=len(sample.numbers))
                theirs = self._measure_codecs(sample, lambda: progress.advance(task))
                self._encode_records.put(path, theirs)
            self.taken += 1
            if self._options.codecs_only:
                return
            ours = self._our_records.get(path)
            if ours is None:
                task = progress.add_task(f"{path.name}, ours", total=len(sample.numbers))
                streams = OurStreams(self._head, sample, self._modes, self._options.source_bytes)
                scores = measure_ours(streams, self._metrics, lambda: progress.advance(task))
                found = ClipCompression.of(sample, scores, _encodes(theirs))
                if self._options.films:
                    rule = RateRule(self._options.overhead)
                    write_films(self._options.out, streams, found, self._codecs, rule)
                ours = {"scores": asdict(scores), "rows": pack_rows(our_rows(streams.motions))}
                self._our_records.put(path, ours)
        self.clips.append(ClipCompression.of(sample, _ours(ours), _encodes(theirs)))
        self._rows[clip.name] = {OURS: ours["rows"], **theirs["rows"]}

    def write(self, *, complete: bool, page: bool = False) -> str:
        """Figures and tables, and the page with plots and films; gives back the tables."""
        if not self.clips:
            return ""
        summary = CompressionSummary(self.clips, RateRule(self._options.overhead))
        facts = compress_facts(
            self._head,
            self._metrics,
            summary,
            self._stream_sizes() if page else {},
            self.notes,
            tables=self._tables,
            bundle=self._options.bundle,
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
            title = f"{LABELS['lpips']}, {clip.name}"
            plots[title] = rate_distortion_plot(summary, [clip], "lpips")
            film = Path(FILMS) / f"{clip.name}.mp4"
            if (self._options.out / film).is_file():
                films[f"{clip.name}: {FILM_TITLE}"] = film.as_posix()
        self._results.add_text(PAGE, report_page("Compression", tables, plots, films))

    def _measure_codecs(self, sample: ClipSample, advance: Callable[[], None]) -> dict[str, Any]:
        encodes = encodes_of(sample, self._codecs)
        scores = measure_encodes(sample, encodes, self._metrics, advance)
        rows: dict[str, Any] = {}
        if self._metrics.landmarks is not None:
            rows = comparison_rows(sample.frames, self._metrics.landmarks, sample.source_place)
        return {
            "encodes": [asdict(one) for one in scores],
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

    def _sample_recipe(self) -> dict[str, Any]:
        return {
            "format": RECORD_FORMAT,
            "side": self._head.config.image_size,
            "networks": {name: one.sha256 for name, one in self._metrics.networks.items()},
            "frames": self._options.frames,
            "av": av.__version__,
        }

    def _codec_recipe(self) -> dict[str, Any]:
        """All that a clip's encodes depend on, besides the clip: the model is not among it."""
        return self._sample_recipe() | {
            "codecs": [
                (codec.name, dict(codec.options), list(codec.crfs.items()))
                for codec in self._codecs
            ],
        }

    def _our_recipe(self) -> dict[str, Any]:
        return self._sample_recipe() | {
            "model": self._head.fingerprint,
            "tables": self._tables,
            "modes": [mode.name for mode in self._modes],
            "source_bytes": self._options.source_bytes,
            "bundle": self._options.bundle or f"{BUNDLE_MS} ms",
        }


def _encodes(facts: Mapping[str, Any]) -> list[StreamScores]:
    return [StreamScores(**one) for one in facts["encodes"]]


def _ours(facts: Mapping[str, Any]) -> OurScores:
    scores = facts["scores"]
    return OurScores(**scores | {"modes": [StreamScores(**one) for one in scores["modes"]]})
