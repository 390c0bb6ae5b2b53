"""One probability from what MediaPipe, MTCNN and the drawn-face network say."""

from hypothesis import given
from hypothesis import strategies as st

from shared.detection.face_score import Evidence, Opinions

MEDIAPIPE = st.floats(-4, 2)
OPINIONS = st.builds(Opinions, st.floats(-13.8, 13.8), st.floats(-15, 15))


@given(MEDIAPIPE, OPINIONS)
def test_other_models_can_only_raise_a_score(mediapipe: float, others: Opinions) -> None:
    assert Evidence(mediapipe, others).score >= Evidence(mediapipe).score


@given(MEDIAPIPE, MEDIAPIPE, OPINIONS, OPINIONS)
def test_more_evidence_never_lowers_a_score(
    mediapipe: float, more: float, others: Opinions, even_more: Opinions
) -> None:
    weaker = Opinions(
        min(others.mtcnn, even_more.mtcnn), min(others.drawn_face, even_more.drawn_face)
    )
    stronger = Opinions(
        max(others.mtcnn, even_more.mtcnn), max(others.drawn_face, even_more.drawn_face)
    )
    low, high = sorted((mediapipe, more))
    assert Evidence(low, weaker).score <= Evidence(high, stronger).score


@given(MEDIAPIPE)
def test_sure_is_a_high_score_of_mediapipe_alone(mediapipe: float) -> None:
    assert Evidence(mediapipe).is_sure == (Evidence(mediapipe).score >= 0.9)


def test_mtcnn_alone_is_not_enough_where_the_others_see_nothing() -> None:
    assert Evidence(-4, Opinions(10, -6)).score < 0.5 < Evidence(-1, Opinions(10, 0)).score
