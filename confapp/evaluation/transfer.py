"""People who do what another person does (the paper's cross-identity motion transfer)."""

from collections.abc import Callable, Sequence

from confapp.evaluation.driver_frames import spread_frames
from confapp.evaluation.expression import Expression
from confapp.evaluation.head_angle import head_rotation
from confapp.evaluation.performer import Performer
from confapp.evaluation.picture_metrics import PictureMetrics
from confapp.evaluation.rendering_grid import FaceFinder, GridRow, RenderingGrid, score
from models.relative_motion import RelativeMotion
from models.talking_head import TalkingHead

COLUMNS = 8


def transfer(
    head: TalkingHead,
    metrics: PictureMetrics,
    driver: Performer,
    people: Sequence[Performer],
    *,
    relative: bool,
    advance: Callable[[], None] = lambda: None,
) -> RenderingGrid:
    """One driver's frames, spread over pose and expression, over everybody else's picture.

    Args:
        people: the driver may be among them.
        relative: add the driver's movements to the source's own pose and expression.
        advance: called after each row.
    """
    clip = driver.clip
    chosen = spread_frames(clip.landmarks, COLUMNS)
    motions = [head.encode_motion(frame) for frame in clip.frames]
    seen = [metrics.look(clip.frames[i], driver.place(i)).landmarks for i in chosen]
    way = "relative" if relative else "absolute"
    grid = RenderingGrid(
        name=f"transfer-{clip.name}",
        title=f"transfer, {way} motion, driver {clip.name}",
        columns=[f"frame {clip.numbers[i]}" for i in chosen],
        drivers=[clip.frames[i] for i in chosen],
    )
    finder = FaceFinder()
    for source in people:
        if source.person == driver.person:
            continue
        asked = [motions[i] for i in chosen]
        if relative:
            own = source.appearance.motion
            to_source = RelativeMotion.to_nearest(own, motions)
            asked = [to_source.apply(motion) for motion in asked]
        cells = []
        for index, motion in zip(chosen, asked, strict=True):
            rendering = head.render(source.appearance, motion)
            expected = source.place() if relative else driver.place(index)
            look = metrics.look(rendering, finder.place(rendering, expected))
            asked_pose = head_rotation(motion)
            cells.append(score(head, look, asked_pose, source=source, people=people, driver=driver))
        found = [cell.look.landmarks for cell in cells]
        both = [(a, b) for a, b in zip(found, seen, strict=True) if a is not None and b is not None]
        expression = Expression.between(*map(list, zip(*both, strict=True))) if both else None
        grid.rows.append(GridRow(source, cells, expression, driver.likeness(source.look.embedding)))
        advance()
    return grid
