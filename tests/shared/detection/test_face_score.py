"""One probability from what MediaPipe, MTCNN and the drawn-face network say."""

from hypothesis import given
from hypothesis import strategies as st

from shared.detection.face_score import Evidence

MEDIAPIPE = st.floats(-4, 2)
MTCNN = st.floats(-13.8, 13.8)
DRAWN_FACE = st.floats(-15, 5)
EVIDENCE = st.builds(Evidence, MEDIAPIPE, MTCNN, DRAWN_FACE)


@given(MEDIAPIPE, MTCNN, DRAWN_FACE)
def test_other_models_can_only_raise_a_score(
    mediapipe: float, mtcnn: float, drawn_face: float
) -> None:
    with_mtcnn = Evidence(mediapipe, mtcnn).score
    assert Evidence(mediapipe).score <= with_mtcnn
    assert with_mtcnn <= Evidence(mediapipe, mtcnn, drawn_face).score


@given(EVIDENCE, st.floats(0, 3), st.floats(0, 9), st.floats(0, 9))
def test_more_evidence_never_lowers_a_score(
    evidence: Evidence, mediapipe: float, mtcnn: float, drawn_face: float
) -> None:
    assert evidence.mtcnn is not None
    assert evidence.drawn_face is not None
    stronger = Evidence(
        evidence.mediapipe + mediapipe, evidence.mtcnn + mtcnn, evidence.drawn_face + drawn_face
    )
    assert evidence.score <= stronger.score


@given(MEDIAPIPE, MTCNN, DRAWN_FACE)
def test_what_is_decided_stays_so(mediapipe: float, mtcnn: float, drawn_face: float) -> None:
    complete = Evidence(mediapipe, mtcnn, drawn_face)
    for evidence in (Evidence(mediapipe), Evidence(mediapipe, mtcnn)):
        if evidence.is_decided:
            assert (complete.score >= 0.5) == (evidence.score >= 0.5)
    assert complete.is_decided


def test_mtcnn_alone_is_not_enough_where_the_others_see_nothing() -> None:
    assert Evidence(-4, 10, -6).score < 0.5 < Evidence(-1, 10, 0).score


def test_a_hopeless_proposal_is_decided_without_the_drawn_face_network() -> None:
    assert Evidence(-2.5, -7).is_decided
    assert not Evidence(-1, -3).is_decided
    assert not Evidence(-2.5).is_decided
