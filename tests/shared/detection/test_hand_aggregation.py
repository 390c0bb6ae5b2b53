import numpy as np
import pytest

from shared.detection.hand_aggregation import RawHand, aggregate_hands
from shared.detection.windows import Window
from tools.support.shapes import ellipse

WINDOWS = [Window((100, 100), 200), Window((150, 100), 200)]
BLURS = 2


def _raw_hands(count: int, jitter: float = 0.5, cx: float = 120, r: float = 40) -> list[RawHand]:
    shifts = np.linspace(-jitter, jitter, count)
    return [RawHand(ellipse(cx + shift, 100, r, r)) for shift in shifts]


def test_what_every_view_shows_at_the_same_place_is_sure() -> None:
    (one,) = aggregate_hands(_raw_hands(4), WINDOWS, BLURS)
    assert one.score > 0.9
    assert np.abs(one.landmarks - ellipse(120, 100, 40, 40)).max() < 0.5


def test_fewer_views_mean_a_lower_score_and_a_single_one_none() -> None:
    scores = [aggregate_hands(_raw_hands(n), WINDOWS, BLURS)[0].score for n in (1, 2, 3, 4)]
    assert scores[0] == 0
    assert scores == sorted(scores)
    assert scores[1] == pytest.approx(scores[3] / 2, rel=0.1)


def test_an_unsteady_place_means_a_lower_score() -> None:
    (steady,) = aggregate_hands(_raw_hands(4, jitter=1), WINDOWS, BLURS)
    (unsteady,) = aggregate_hands(_raw_hands(4, jitter=12), WINDOWS, BLURS)
    assert unsteady.score < 0.8 * steady.score


def test_views_that_could_not_show_it_do_not_count_against_it() -> None:
    elsewhere = [Window((1100, 1100), 200), Window((120, 100), 2000), Window((120, 100), 60)] * 20
    (one,) = aggregate_hands(_raw_hands(4), WINDOWS, BLURS)
    (other,) = aggregate_hands(_raw_hands(4), WINDOWS + elsewhere, BLURS)
    assert one.score == other.score


def test_one_wild_raw_hand_does_not_move_the_outline() -> None:
    wild = RawHand(ellipse(132, 108, 46, 46))
    (one,) = aggregate_hands([*_raw_hands(6), wild], WINDOWS, BLURS)
    assert np.abs(one.landmarks - ellipse(120, 100, 40, 40)).max() < 1


def test_two_faces_stay_two_and_a_part_of_one_goes() -> None:
    left, right = _raw_hands(4, cx=60), _raw_hands(4, cx=160)
    assert len(aggregate_hands([*left, *right], WINDOWS, BLURS)) == 2
    part = _raw_hands(2, cx=60, r=15)
    assert len(aggregate_hands([*left, *part], WINDOWS, BLURS)) == 1


def test_the_side_of_a_hand_is_that_of_most_views() -> None:
    shape = ellipse(120, 100, 40, 40, vertices=21)
    raw_hands = [RawHand(shape, "left"), RawHand(shape, "right"), RawHand(shape, "left")]
    assert aggregate_hands(raw_hands, WINDOWS, BLURS)[0].side == "left"
