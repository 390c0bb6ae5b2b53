"""One probability from what the models say, and from the area of one colour in flat art."""

from hypothesis import given
from hypothesis import strategies as st

from shared.detection.face_score import Evidence

MEDIAPIPE = st.floats(-4, 2)
MTCNN = st.floats(-13.8, 13.8)
DRAWN_FACE = st.floats(-15, 5)
FLAT_SKIN = st.floats(0, 2.5)
EVIDENCE = st.tuples(MEDIAPIPE, MTCNN, DRAWN_FACE, FLAT_SKIN)


@given(EVIDENCE)
def test_other_evidence_can_only_raise_a_score(evidence: tuple[float, ...]) -> None:
    scores = [Evidence(*evidence[:count]).score for count in range(1, 5)]
    assert scores == sorted(scores)


@given(EVIDENCE, EVIDENCE)
def test_more_evidence_never_lowers_a_score(
    one: tuple[float, ...], other: tuple[float, ...]
) -> None:
    stronger = Evidence(*map(max, one, other))
    assert max(Evidence(*one).score, Evidence(*other).score) <= stronger.score


@given(EVIDENCE)
def test_what_is_decided_stays_so(evidence: tuple[float, ...]) -> None:
    # what flat skin could add is not considered before the network has been asked
    for known, complete in ((1, 3), (2, 3), (3, 4)):
        partial = Evidence(*evidence[:known])
        if partial.is_decided:
            assert (Evidence(*evidence[:complete]).score >= 0.5) == (partial.score >= 0.5)
    assert Evidence(*evidence).is_decided


def test_mtcnn_alone_is_not_enough_where_the_others_see_nothing() -> None:
    assert Evidence(-4, 10, -6).score < 0.5 < Evidence(-1, 10, 0).score


def test_an_area_of_one_colour_decides_what_the_models_leave_open() -> None:
    open_result = Evidence(-0.6, -5, 1.8)
    assert not open_result.is_decided
    assert open_result.score < 0.5
    assert Evidence(-0.6, -5, 1.8, 1.5).score > 0.5
    assert Evidence(-0.6, -5, 1.8, 0).score < 0.5


def test_a_hopeless_proposal_is_decided_without_the_drawn_face_network() -> None:
    assert Evidence(-2.5, -7).is_decided
    assert not Evidence(-1, -3).is_decided
    assert not Evidence(-2.5).is_decided
