"""`confapp evaluate`: one short function a task, no logic.

Imports stand inside the functions, as in `confapp.cli`.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from confapp.errors import ConfappError
from confapp.media.still import BUDGET_BYTES
from confapp.options import Landmarks, Model, Tables, Untrained
from models.config import DEFAULT_CONFIG

evaluate_app = typer.Typer(no_args_is_help=True, help="Measure a model on clips.")
study_app = typer.Typer(no_args_is_help=True, help="Ask people which of two videos looks better.")

Shards = Annotated[
    list[Path] | None, typer.Option(help="validation shards or folders of them (repeatable)")
]
Lpips = Annotated[Path | None, typer.Option(help="VGG16 with LPIPS heads, safetensors")]
Identity = Annotated[Path | None, typer.Option(help="ArcFace network, ONNX")]
Inception = Annotated[
    Path | None, typer.Option(help="TorchScript of Inception v3, for FID; default: confapp[fid]'s")
]
Videos = Annotated[Path | None, typer.Option(help="folder of square videos, one person each")]
People = Annotated[int, typer.Option("--clips", min=1, max=24, help="so many people at most")]
Part = Annotated[
    str | None, typer.Option(metavar="I/N", help="this process's share of the clips, no report")
]
Results = Annotated[Path, typer.Option("-o", "--out", help="folder for figures, tables and sheets")]


@evaluate_app.command("reconstruct")
def evaluate_reconstruct(
    data: Shards = None,
    videos: Annotated[
        Path | None,
        typer.Option(help="folder of clips at full rate: expression and smoothness as well"),
    ] = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    lpips: Lpips = None,
    landmarks: Landmarks = None,
    identity: Identity = None,
    inception: Inception = None,
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures")] = None,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="folder for figures, tables and sheets")
    ] = None,
    clips: Annotated[int | None, typer.Option(min=1, help="only the first clips")] = None,
    frames: Annotated[int | None, typer.Option(min=1, help="only so many frames a clip")] = None,
    every: Annotated[int, typer.Option(min=1, help="score every n-th frame of the videos")] = 1,
    calibrate: Annotated[
        bool, typer.Option("--calibrate", help="learn where things belong, as a sender does")
    ] = False,
) -> None:
    """Render clips from their first frame, beside the frozen and the shifted source."""
    from confapp.evaluation.reconstruct_command import ReconstructOptions, evaluate_reconstruction

    options = ReconstructOptions(
        data=tuple(data or ()),
        videos=videos,
        lpips=lpips,
        landmarks=landmarks,
        identity=identity,
        inception=inception,
        json_file=json_file,
        out=out,
        clips=clips,
        frames=frames,
        every=every,
        calibrate=calibrate,
    )
    print(evaluate_reconstruction(model, options, untrained=untrained), end="")


@evaluate_app.command("transfer")
def evaluate_transfer(
    out: Results,
    data: Shards = None,
    videos: Videos = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    landmarks: Landmarks = None,
    identity: Identity = None,
    clips: People = 12,
    drivers: Annotated[int, typer.Option(min=1, help="so many people drive, a sheet each")] = 2,
    relative: Annotated[
        bool, typer.Option("--relative", help="add the movements to the source's own pose")
    ] = False,
) -> None:
    """Let people do what another person does: sheets, and whether each stays themselves."""
    from confapp.evaluation import grid_command

    options = grid_command.GridOptions(out, tuple(data or ()), videos, landmarks, identity, clips)
    tables = grid_command.evaluate_transfer(
        model, options, untrained=untrained, drivers=drivers, relative=relative
    )
    print(tables, end="")


@evaluate_app.command("turn")
def evaluate_turn(
    out: Results,
    data: Shards = None,
    videos: Videos = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    landmarks: Landmarks = None,
    identity: Identity = None,
    clips: People = 12,
) -> None:
    """Turn people by yaw offsets from -30 to 30 degrees: a sheet, and CSIM with the source."""
    from confapp.evaluation import grid_command

    options = grid_command.GridOptions(out, tuple(data or ()), videos, landmarks, identity, clips)
    print(grid_command.evaluate_turn(model, options, untrained=untrained), end="")


@evaluate_app.command("redirect")
def evaluate_redirect(
    out: Results,
    data: Shards = None,
    videos: Videos = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    landmarks: Landmarks = None,
    identity: Identity = None,
    clips: People = 12,
) -> None:
    """Turn heads to the front and over yaw and pitch: how many stay themselves and arrive."""
    from confapp.evaluation import grid_command

    options = grid_command.GridOptions(out, tuple(data or ()), videos, landmarks, identity, clips)
    print(grid_command.evaluate_redirection(model, options, untrained=untrained), end="")


@evaluate_app.command("recognise")
def evaluate_recognise(
    out: Results,
    data: Shards = None,
    videos: Videos = None,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    landmarks: Landmarks = None,
    clips: People = 12,
) -> None:
    """Tell people by their canonical keypoints, beside landmarks and chance."""
    from confapp.evaluation import grid_command

    options = grid_command.GridOptions(out, tuple(data or ()), videos, landmarks, None, clips)
    print(grid_command.evaluate_recognition(model, options, untrained=untrained), end="")


@evaluate_app.command("ablate")
def evaluate_ablate(
    out: Results,
    data: Annotated[
        list[Path], typer.Option(help="training and validation shards, or folders (repeatable)")
    ],
    config: Annotated[
        str, typer.Option(help="the configuration: lite-128, paper-256")
    ] = "lite-128",
    weights: Annotated[
        Path | None, typer.Option(help="folder with NAME.safetensors, in place of training")
    ] = None,
    steps: Annotated[int | None, typer.Option(min=1, help="of training each variant")] = None,
    minutes: Annotated[float | None, typer.Option(help="the same by time")] = None,
    batch: Annotated[int | None, typer.Option(min=1, help="pairs a step")] = None,
    seed: Annotated[int | None, typer.Option(help="of weights and sampling")] = None,
    features: Annotated[
        Path | None, typer.Option(help="VGG16 or VGG19 as safetensors, for the perceptual loss")
    ] = None,
    lpips: Lpips = None,
    landmarks: Landmarks = None,
    identity: Identity = None,
    inception: Inception = None,
    frames: Annotated[int, typer.Option(min=1, help="measured of each clip")] = 8,
) -> None:
    """Train variants that leave something out, all alike, and measure them side by side."""
    from confapp.evaluation.ablate_command import AblateOptions, evaluate_ablation

    options = AblateOptions(
        out=out,
        data=tuple(data),
        config=config,
        weights=weights,
        steps=steps,
        minutes=minutes,
        batch=batch,
        seed=seed,
        features=features,
        lpips=lpips,
        landmarks=landmarks,
        identity=identity,
        inception=inception,
        frames=frames,
    )
    print(evaluate_ablation(options), end="")


@evaluate_app.command("document")
def evaluate_document(
    work: Annotated[Path, typer.Argument(help="folder with a folder of results of each task")],
    out: Annotated[Path, typer.Option("-o", "--out", help="the Markdown file to write")],
) -> None:
    """Put the results of all tasks into one document, beside the paper's."""
    from confapp.evaluation.results_document import write_document

    write_document(work, out)


@evaluate_app.command("compress")
def evaluate_compress(
    videos: Annotated[Path, typer.Option(help="folder of clips at full rate, one person each")],
    out: Results,
    model: Model = DEFAULT_CONFIG,
    untrained: Untrained = False,
    tables: Tables = None,
    lpips: Lpips = None,
    landmarks: Landmarks = None,
    identity: Identity = None,
    dists: Annotated[
        Path | None, typer.Option(help="weights.pt of the package DISTS-pytorch")
    ] = None,
    clips: Annotated[int | None, typer.Option(min=1, help="only the first clips")] = None,
    frames: Annotated[int, typer.Option(min=1, help="so many of each clip are measured")] = 8,
    bundle: Annotated[
        int | None,
        typer.Option(min=1, max=6, help="frames a message, in place of a call's bundles"),
    ] = None,
    source_bytes: Annotated[
        int, typer.Option(min=1000, help="that the source still may take")
    ] = BUDGET_BYTES,
    overhead: Annotated[
        int | None, typer.Option(min=0, help="captured bytes a datagram besides the message")
    ] = None,
    part: Part = None,
    codecs_only: Annotated[
        bool, typer.Option("--codecs-only", help="the part that needs no model, ahead of the rest")
    ] = False,
    films: Annotated[
        bool, typer.Option(help="a film of each clip, all ways beside each other")
    ] = True,
) -> None:
    """Our bits beside those of x264, x265 and SVT-AV1 at equal quality, on the same frames."""
    _need_extra("matplotlib", "scipy")
    from confapp.dataset.video_file import Part as ClipPart
    from confapp.evaluation.compress_command import CompressOptions, evaluate_compression
    from confapp.evaluation.wire_rate import MESSAGE_OVERHEAD

    options = CompressOptions(
        videos=videos,
        out=out,
        lpips=lpips,
        landmarks=landmarks,
        identity=identity,
        dists=dists,
        tables=tables,
        clips=clips,
        frames=frames,
        bundle=bundle,
        source_bytes=source_bytes,
        overhead=MESSAGE_OVERHEAD if overhead is None else overhead,
        part=None if part is None else ClipPart.of(part),
        codecs_only=codecs_only,
        films=films,
    )
    print(evaluate_compression(model, options, untrained=untrained), end="")


@study_app.command("make")
def study_make(
    first: Annotated[str, typer.Option(metavar="NAME=FOLDER", help="clips of one method")],
    second: Annotated[str, typer.Option(metavar="NAME=FOLDER", help="of another, same file names")],
    out: Annotated[Path, typer.Option("-o", "--out", help="an empty folder for page and key")],
    seed: Annotated[int, typer.Option(help="of the clips' names and the attention checks")] = 0,
) -> None:
    """Make a page that shows pairs of clips, and the key that says what they are."""
    from confapp.evaluation.study_folder import make_study

    pairs, checks = make_study(dict(_named(text) for text in (first, second)), out, seed)
    print(
        f"{pairs} pairs and {checks} attention checks. Hand out {out / 'page'} and keep "
        f"{out / 'key.json'} to yourself."
    )


@study_app.command("score")
def study_score(
    key: Annotated[Path, typer.Argument(help="key.json of the study")],
    answers: Annotated[list[Path], typer.Argument(help="answers-....json of the participants")],
    json_file: Annotated[Path | None, typer.Option("--json", help="write the figures")] = None,
    seed: Annotated[int, typer.Option(help="of the bootstrap")] = 0,
) -> None:
    """Preference rates with confidence intervals."""
    import json

    from confapp.evaluation.results_folder import ResultsFolder
    from confapp.evaluation.study_score import StudyKey, score_study, study_markdown

    facts = score_study(StudyKey.load(key), answers, seed)
    tables = study_markdown(facts)
    ResultsFolder(None, json_file).write(json.dumps(facts, indent=1) + "\n", tables)
    print(tables, end="")


def _named(text: str) -> tuple[str, Path]:
    name, found, folder = text.partition("=")
    if not name or not found or not Path(folder).is_dir():
        raise ConfappError("folder-not-found", f"{text} is no NAME=FOLDER with a folder of clips.")
    return name, Path(folder)


def _need_extra(*packages: str) -> None:
    missing = [name for name in packages if find_spec(name) is None]
    if missing:
        raise ConfappError(
            "extra-missing",
            f"This needs {' and '.join(missing)}: pip install 'confapp[eval]'.",
        )
