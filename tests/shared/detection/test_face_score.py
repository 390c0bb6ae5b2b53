"""One probability from what MediaPipe and MTCNN say."""

from hypothesis import given
from hypothesis import strategies as st

from shared.detection.face_score import Evidence

MEDIAPIPE = st.floats(-4, 2)
MTCNN = st.floats(-13.8, 13.8)


@given(MEDIAPIPE, MTCNN)
def test_mtcnn_can_only_raise_a_score(mediapipe: float, mtcnn: float) -> None:
    assert Evidence(mediapipe, mtcnn).score >= Evidence(mediapipe).score


@given(MEDIAPIPE, MEDIAPIPE, MTCNN, MTCNN)
def test_more_evidence_never_lowers_a_score(
    mediapipe: float, more: float, mtcnn: float, even_more: float
) -> None:
    weaker = Evidence(min(mediapipe, more), min(mtcnn, even_more))
    stronger = Evidence(max(mediapipe, more), max(mtcnn, even_more))
    assert weaker.score <= stronger.score


@given(MEDIAPIPE)
def test_sure_is_a_high_score_of_mediapipe_alone(mediapipe: float) -> None:
    assert Evidence(mediapipe).is_sure == (Evidence(mediapipe).score >= 0.9)


def test_mtcnn_alone_is_not_enough_where_mediapipe_sees_nothing() -> None:
    assert Evidence(-4, 10).score < 0.5 < Evidence(-1, 10).score
