"""`confapp data`: one short function a sub-command, no logic.

Imports stand inside the functions, as in `confapp.cli`.
"""

from pathlib import Path
from typing import Annotated, Literal

import typer

from confapp.options import Json, Landmarks
from models.config import DEFAULT_CONFIG

data_app = typer.Typer(no_args_is_help=True, help="Shards to train on.")


@data_app.command("prepare")
def data_prepare(
    videos: Annotated[list[Path], typer.Argument(help="videos, or folders of them")],
    out: Annotated[Path, typer.Option("-o", "--out", help="an empty folder for the shards")],
    part: Annotated[
        str | None, typer.Option(metavar="I/N", help="this machine's share of the videos")
    ] = None,
    processes: Annotated[int | None, typer.Option(min=1, help="default: one a CPU")] = None,
    size: Annotated[int, typer.Option(help="side of the pictures: 256 or 512")] = 256,
    landmarks: Landmarks = None,
    model: Annotated[
        str, typer.Option(help="labels head poses where there is no landmark network")
    ] = DEFAULT_CONFIG,
    fps: Annotated[float, typer.Option(help="most frames a second")] = 6,
    person: Annotated[
        Literal["auto", "file", "folder"],
        typer.Option(help="who is one person; auto: a sub-folder, or else a file"),
    ] = "auto",
    validation: Annotated[
        bool, typer.Option("--validation", help="held-out people, never trained on")
    ] = False,
    as_json: Json = False,
) -> None:
    """Cut videos of talking people into labelled clips to train on."""
    from confapp.dataset.prepare_command import PrepareOptions, prepare_data
    from confapp.dataset.video_file import PersonRule

    options = PrepareOptions(
        videos=tuple(videos),
        out=out,
        part=part,
        processes=processes,
        size=size,
        landmarks=landmarks,
        model=model,
        fps=fps,
        person=PersonRule(person),
        validation=validation,
    )
    prepare_data(options, as_json=as_json)


@data_app.command("label")
def data_label(
    data: Annotated[list[Path], typer.Argument(help="shards, or folders of them")],
    landmarks: Annotated[Path, typer.Option(help="MediaPipe face_landmarker.task")],
    out: Annotated[Path, typer.Option("-o", "--out", help="an empty folder for the copies")],
    as_json: Json = False,
) -> None:
    """Copy training shards with landmarks found anew: lids that close teach blinks."""
    from confapp.dataset.label_command import label_data

    label_data(data, out, landmarks, as_json=as_json)
