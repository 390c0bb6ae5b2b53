"""Builders of shapes, and strategies of hypothesis for them."""

import numpy as np
from hypothesis import strategies as st

from shared.detection.detections import Detection
from shared.imaging.geometry import Polygon
from shared.prompting.builder import build_prompts
from shared.schemas.box import Box
from shared.schemas.prompt import Prompt, PromptOptions


def ellipse(cx: float, cy: float, rx: float, ry: float, vertices: int = 36) -> Polygon:
    """Returns an ellipse as a polygon, like a face oval."""
    angles = np.linspace(0, 2 * np.pi, vertices, endpoint=False)
    return np.column_stack([cx + rx * np.cos(angles), cy + ry * np.sin(angles)]).astype(np.float32)


def face(cx: float, cy: float, rx: float, ry: float, score: float = 1.0) -> Detection:
    """Returns the detection of an elliptic face."""
    return Detection("face", score, ellipse(cx, cy, rx, ry))


def prompt_for(polygon: Polygon, image: Box) -> Prompt:
    """Returns the prompt for a single face."""
    (prompt,) = build_prompts([Detection("face", 1.0, polygon)], image, PromptOptions())
    return prompt


ovals = st.builds(
    ellipse,
    st.floats(-40, 340),
    st.floats(-40, 240),
    st.floats(2, 150),
    st.floats(2, 150),
)
IMAGE = Box(0, 0, 300, 200)
