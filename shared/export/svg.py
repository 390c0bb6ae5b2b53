"""SVG with a path for each instance: https://www.w3.org/TR/SVG2/."""

from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr  # nosec B406 writes XML, reads none

from shared.export.labelled_image import LabelledImage, LabelledInstance
from shared.export.outlines import Part, Ring
from shared.schemas.prompt import Label

_COLOURS: dict[Label, str] = {"face": "#e6007e", "hand": "#009fe3"}
"""Magenta and cyan, which are rare in skin. Chosen by hand."""


def file_text(image: LabelledImage, *, linked: bool) -> str:
    """Returns the SVG of an image, in the image's pixels. Holes are holes: the even-odd rule.

    With `linked`, the image itself lies below the masks, and they are half transparent. The link
    leads from the file's folder to that of the images.
    """
    size = f'width="{image.width}" height="{image.height}"'
    link = f"<image href={quoteattr(_href(image))} {size}/>\n" if linked else ""
    opacity = "0.5" if linked else "1"
    paths = "".join(map(_path, image.instances))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {image.width} {image.height}">\n'
        f"<title>{escape(image.place.name())}</title>\n{link}"
        f'<g fill-rule="evenodd" shape-rendering="crispEdges" opacity="{opacity}">\n'
        f"{paths}</g>\n</svg>\n"
    )


def _href(image: LabelledImage) -> str:
    target = image.place.file(image.subset)
    folders = image.place.file(image.subset, "svg", ".svg").count("/")
    return "../" * folders + quote(target)


def _path(instance: LabelledInstance) -> str:
    outlines = "".join(map(_part, instance.outline.parts))
    return (
        f'<path id="{instance.id}" fill="{_COLOURS[instance.label]}" d="{outlines}">'
        f"<title>{instance.id}, score {instance.score:.2f}</title></path>\n"
    )


def _part(part: Part) -> str:
    return "".join(map(_ring, [part.outer, *(hole.ring for hole in part.holes)]))


def _ring(ring: Ring) -> str:
    """Returns a closed path. Its edges are horizontal and vertical in turn."""
    (left, top), *others = ring.tolist()
    edges = (f"V{y}" if number % 2 else f"H{x}" for number, (x, y) in enumerate(others))
    return f"M{left} {top}{''.join(edges)}Z"
