"""YOLO segmentation of Ultralytics: https://docs.ultralytics.com/datasets/segment."""

from shared.export.bridges import chained, with_bridges
from shared.export.labelled_image import CLASSES, LabelledImage, LabelledInstance
from shared.export.places import subsets


def label_text(image: LabelledImage) -> str:
    """Returns the label file of an image: a line for each instance, nothing for none.

    A line has the number of the class and one polygon. Its parts and holes are joined by bridges.
    """
    return "".join(_line(instance, image.width, image.height) for instance in image.instances)


def data_yaml(share: float) -> str:
    """Returns data.yaml. If there is one subset, it is both `train` and `val`: both are required.

    It has no `path`, so paths are relative to the folder of data.yaml.
    """
    first, *_, last = [f"images/{subset}" for subset in subsets(share) * 2]
    names = "".join(f"  {number}: {name}\n" for number, name in enumerate(CLASSES))
    return f"train: {first}\nval: {last}\nnames:\n{names}"


def _line(instance: LabelledInstance, width: int, height: int) -> str:
    polygon = chained([with_bridges(part) for part in instance.outline.parts])
    points = (f"{_share(x, width)} {_share(y, height)}" for x, y in polygon.tolist())
    return f"{CLASSES.index(instance.label)} {' '.join(points)}\n"


def _share(pixels: int, size: int) -> str:
    """Returns pixels / size with seven digits, rounded up, but at most 1.

    Ultralytics multiplies by the size again and drops the fraction. Where the digits are less than
    the share, it would get the pixel before. The error is 0.01 pixels in 100,000.
    """
    digits = pixels * 10**7 // size + 1 if pixels else 0
    return f"{min(digits, 10**7) / 10**7:.7f}"
