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
    # seven digits: an error of at most 0.005 pixels in an image of 100,000 pixels a side
    points = (f"{x / width:.7f} {y / height:.7f}" for x, y in polygon.tolist())
    return f"{CLASSES.index(instance.label)} {' '.join(points)}\n"
