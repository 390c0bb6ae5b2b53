"""Writes an evaluation as Markdown, and into docs/quality.md."""

from collections.abc import Sequence
from pathlib import Path

from tools.evaluation.details import Summary
from tools.evaluation.scoring import Row, Scores

_HEAD = (
    "| | images | faces | recall | IoU | boundary F | of drawn edges | plain: recall | IoU "
    "| boundary F |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n"
)


def report(
    scores: Scores, plain: Scores, details: Summary | None, curve: Sequence[tuple[float, Scores]]
) -> str:
    """Returns the tables of one evaluation."""
    parts = [
        _HEAD + "".join(_row(kind, row, plain.rows[kind]) for kind, row in scores.rows.items()),
        f"Extra boxes per image {scores.extra_boxes_per_image:.3f} (plain recipe "
        f"{plain.extra_boxes_per_image:.3f}); false alarms on {scores.negatives} images without a "
        f"face {scores.false_positive_rate:.3f} ({plain.false_positive_rate:.3f}).\n",
    ]
    if details:
        parts.append(_details(details))
    parts.append(_curve(curve))
    return "\n".join(parts)


def write_into(file: Path, text: str, mark: str) -> None:
    """Replaces the text between `<!-- mark -->` and `<!-- /mark -->` in a file.

    Raises:
        ValueError: the file has no such marks.
    """
    begin_mark, end_mark = f"<!-- {mark} -->", f"<!-- /{mark} -->"
    before, begin, rest = file.read_text().partition(begin_mark)
    _, end, after = rest.partition(end_mark)
    if not begin or not end:
        raise ValueError(f"{file} has no {begin_mark} … {end_mark}")
    file.write_text(f"{before}{begin}\n\n{text}\n{end}{after}")


def _row(kind: str, row: Row, plain: Row) -> str:
    ours = row.recall, row.iou, row.boundary_f, row.drawn_boundary_f
    figures = *ours, plain.recall, plain.iou, plain.boundary_f
    cells = [kind, str(row.images), str(row.faces), *(f"{figure:.2f}" for figure in figures)]
    return f"| {' | '.join(cells)} |\n"


def _details(details: Summary) -> str:
    rows = [
        ("positive points inside the true face", f"{details.positive_inside:.2%}"),
        ("negative points inside any true face", f"{details.negative_inside:.2%}"),
        ("share of the true face's box inside the prompt's box", f"{details.box_cover:.2f}"),
        ("area of the prompt's box relative to the true face's box", f"{details.box_area:.2f}"),
        ("masks with more than 5% of their area below the chin", f"{details.leaks_below_chin:.2%}"),
        ("masks with a hole inside the face", f"{details.has_hole:.2%}"),
        ("masks with more than 5% of hair or background", f"{details.takes_hair:.2%}"),
    ]
    head = f"| over {details.faces} found faces | |\n| --- | ---: |\n"
    return head + "".join(f"| {name} | {value} |\n" for name, value in rows)


def _curve(curve: Sequence[tuple[float, Scores]]) -> str:
    head = "| `MIN_SCORE` | recall | extra boxes per image | false alarms |\n"
    rows = [
        f"| {threshold} | {scores.rows['ALL'].recall:.3f} | {scores.extra_boxes_per_image:.3f} | "
        f"{scores.false_positive_rate:.3f} |\n"
        for threshold, scores in curve
    ]
    return head + "| ---: | ---: | ---: | ---: |\n" + "".join(rows)
