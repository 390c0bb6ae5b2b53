"""The score of a face: a probability from what the models say about a proposal."""

from dataclasses import dataclass, replace

from shared.networks.logistic import probability
from shared.schemas.prompt import MIN_SCORE

_ALONE = 3.0, -0.3
"""Slope and offset for MediaPipe's evidence alone. They were set by their effect on generated
avatars, drawings by people and faceless images composed of emoji."""

_WITH_MTCNN = 2.2, 0.6, -0.5
"""Slopes for MediaPipe's evidence and MTCNN's log-odds, and the offset. On 252 drawings by people
the best fit was 2.57, 0.55 and 1.18; the offset is lower because a false face costs people more
than a missed one."""

_TOGETHER = 1.4, 0.4, 1.3, -1.8
"""Slopes for MediaPipe's evidence and the log-odds of MTCNN and of the drawn-face network, and the
offset. `python -m tools.evaluation.calibration`, with the truth of 513 drawings by people, fits
1.25, 0.36, 1.47 and -1.51; the offset is lower for the same reason."""

_IN_FLAT_ART = 1.12, 0.35, 1.19, 0.82, -1.5
"""Slopes for all of these and for the log-odds of flat skin, and the offset. They were fitted to
674 pictures, of which 161 are generated; `python -m tools.evaluation.calibration` fits 1.28, 0.38,
1.31, 0.81 and -1.53 to the 513 drawings by people among them. Between -1.3 and -1.6 hardly a result
changes."""

_LEAST_MTCNN = -3.0
"""In flat art, lower log-odds of MTCNN count as this: it takes flat avatars for no faces."""

_SURE, _HOPELESS = 0.9, 0.2
"""Between these scores, further models are asked: a face that can get at most _HOPELESS is not even
a near miss. Narrower limits save time. Chosen by hand."""

_HIGHEST_DRAWN_FACE = 4.3
"""About the highest log-odds that the drawn-face network gives: on 1,700 proposals, 99% are lower.
The highest are 5.0."""

_HIGHEST_FLAT_SKIN = 2.5
"""About the highest log-odds of flat skin: of 1,153 proposals, 99% have less."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the models say, as log-odds: `mediapipe` is the mean over its views plus a prior.

    MTCNN's output network, the drawn-face network and the flat skin are None where they were not
    asked for.
    """

    mediapipe: float
    mtcnn: float | None = None
    drawn_face: float | None = None
    flat_skin: float | None = None

    @property
    def score(self) -> float:
        """The probability of a face, 0..1.

        It is the highest of MediaPipe's alone, with MTCNN, with both other models, and in flat art.
        So each model only adds faces. MTCNN and the drawn-face network are each blind to some that
        the others see: flat avatars the one, paintings the other.
        """
        score = probability(_ALONE, self.mediapipe)
        if self.mtcnn is None:
            return score
        score = max(score, probability(_WITH_MTCNN, self.mediapipe, self.mtcnn))
        if self.drawn_face is None:
            return score
        together = self.mediapipe, self.mtcnn, self.drawn_face
        score = max(score, probability(_TOGETHER, *together))
        if self.flat_skin is None:
            return score
        mtcnn = max(self.mtcnn, _LEAST_MTCNN)
        evidence = self.mediapipe, mtcnn, self.drawn_face, self.flat_skin
        return max(score, probability(_IN_FLAT_ART, *evidence))

    @property
    def is_decided(self) -> bool:
        """Whether a further model would hardly change the decision."""
        if self.score >= _SURE or self.flat_skin is not None:
            return True
        if self.mtcnn is None:
            return False
        if self.drawn_face is None:
            return replace(self, drawn_face=_HIGHEST_DRAWN_FACE).score < _HOPELESS
        # flat skin costs most, so it is only asked for where it can make the difference
        highest = replace(self, flat_skin=_HIGHEST_FLAT_SKIN).score
        return self.score >= MIN_SCORE or highest < MIN_SCORE
