import pytest

from shared.schemas.documents import SegmenterVersion
from shared.schemas.environment import load
from shared.schemas.settings import (
    BucketSettings,
    LandmarksSettings,
    SegmentationSettings,
    revealed,
)

BUCKETS = {"INPUT_BUCKET": "in-bucket", "OUTPUT_BUCKET": "out-bucket"}
LANDMARKS = {**BUCKETS, "PROMPTS_TOPIC": "projects/p/topics/prompts"}


def _set(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_defaults_need_only_the_buckets_and_the_topic(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **LANDMARKS)
    settings = load(LandmarksSettings)
    assert settings.targets == {"face"}
    assert (settings.pos_points, settings.box_expand) == (16, 0.15)
    assert load(SegmentationSettings).sam2_url is None


@pytest.mark.parametrize("settings", [LandmarksSettings, SegmentationSettings, BucketSettings])
def test_output_that_would_feed_input_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, settings: type[BucketSettings]
) -> None:
    _set(monkeypatch, **{**LANDMARKS, "OUTPUT_BUCKET": "in-bucket"})
    with pytest.raises(SystemExit, match="INPUT_BUCKET and OUTPUT_BUCKET are both in-bucket"):
        load(settings)


def test_targets_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **LANDMARKS, TARGETS="face, hand")
    assert load(LandmarksSettings).targets == {"face", "hand"}


def test_the_parts_of_a_face_change_what_a_result_depends_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, **LANDMARKS)
    skin = load(LandmarksSettings)
    _set(monkeypatch, FACE_PARTS="skin, hair")
    with_hair = load(LandmarksSettings)
    assert skin.face_parts == {"skin"}
    assert with_hair.face_parts == {"skin", "hair"}
    assert skin.config != with_hair.config


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TARGETS", "face,feet"),
        ("TARGETS", ""),
        ("FACE_PARTS", "hair"),
        ("FACE_PARTS", "skin,hat"),
        ("FACE_PARTS", ""),
        ("MAX_INSTANCES", "0"),
        ("MIN_SIZE", "-1"),
        ("MIN_SIZE", "3 px"),
        ("INSTANCE_ORDER", "age"),
        ("POS_POINTS", "many"),
        ("BOX_EXPAND", "-1"),
        ("PROMPTS_TOPIC", "prompts"),
        ("MAX_PIXELS", "-5"),
    ],
)
def test_a_bad_value_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    _set(monkeypatch, **{**LANDMARKS, name: value})
    with pytest.raises(SystemExit, match=name):
        load(LandmarksSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MASK_GROW", "501"),
        ("MASK_GROW", "wide"),
        ("MASK_FEATHER", "-1"),
        ("MASK_FEATHER", "101"),
        ("CUTOUT", "circle"),
        ("CUTOUT_PADDING", "101%"),
    ],
)
def test_a_bad_drawing_option_stops_the_start_and_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    _set(monkeypatch, **BUCKETS, **{name: value})
    with pytest.raises(SystemExit, match=f"{name}: "):
        load(SegmentationSettings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MASK_GROW", "5%"),
        ("MASK_FEATHER", "2"),
        ("CUTOUT", "box"),
        ("CUTOUT_PADDING", "9"),
        ("PREVIEW", "webp"),
    ],
)
def test_how_masks_are_drawn_changes_the_config_but_not_that_of_the_masks(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    def digests() -> tuple[str, str]:
        settings = load(SegmentationSettings)
        segmenters = frozenset({SegmenterVersion("oval")})
        arguments = ("0123456789ab", segmenters)
        return settings.config(*arguments), settings.mask_config(*arguments)

    _set(monkeypatch, **BUCKETS)
    before = digests()
    _set(monkeypatch, **{name: value})
    after = digests()
    assert (after[0] != before[0], after[1]) == (True, before[1])
    _set(monkeypatch, SAM2_FALLBACK="oval")
    assert digests()[1] != before[1]


@pytest.mark.parametrize(("name", "value"), [("MIN_SIZE", "5%"), ("INSTANCE_ORDER", "size")])
def test_which_instances_stay_changes_the_config_of_the_prompts(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    _set(monkeypatch, **LANDMARKS)
    before = load(LandmarksSettings).config
    _set(monkeypatch, **{name: value})
    assert load(LandmarksSettings).config != before


def test_a_missing_value_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **BUCKETS)
    with pytest.raises(SystemExit, match="PROMPTS_TOPIC"):
        load(LandmarksSettings)


def test_an_api_key_is_needed_where_it_is_the_authorisation_and_never_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, **BUCKETS, SAM2_AUTH="api-key", SAM2_API_KEY="")
    with pytest.raises(SystemExit, match="SAM2_API_KEY"):
        load(SegmentationSettings)
    _set(monkeypatch, SAM2_API_KEY="secret-42")
    settings = load(SegmentationSettings)
    assert revealed(settings.sam2_api_key) == "secret-42"
    assert "secret-42" not in repr(settings)


def test_an_error_about_another_variable_does_not_show_the_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, **BUCKETS, SAM2_AUTH="nobody", SAM2_API_KEY="secret-42")
    with pytest.raises(SystemExit) as caught:
        load(SegmentationSettings)
    assert "secret-42" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "audience", "expected"),
    [
        ("https://sam2-x.a.run.app/v1/segment", "", "https://sam2-x.a.run.app"),
        ("http://127.0.0.1:8080/v1/segment", "", "http://127.0.0.1:8080"),
        ("https://masks.example.com/v1", "https://sam2-x.a.run.app", "https://sam2-x.a.run.app"),
    ],
)
def test_the_audience_is_the_services_root_unless_set(
    monkeypatch: pytest.MonkeyPatch, url: str, audience: str, expected: str
) -> None:
    _set(monkeypatch, **BUCKETS, SAM2_URL=url, SAM2_AUDIENCE=audience)
    assert load(SegmentationSettings).audience == expected


def test_the_config_changes_with_what_shapes_the_result_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, **LANDMARKS)
    before = load(LandmarksSettings).config
    _set(monkeypatch, OUTPUT_BUCKET="another-bucket")
    assert load(LandmarksSettings).config == before
    _set(monkeypatch, POS_POINTS="8")
    assert load(LandmarksSettings).config != before


@pytest.mark.parametrize(
    "url",
    [
        "https://user:pass-42@sam2.example.com/v1",
        "https://pass-42@sam2.example.com/v1",
        "https://user:pa/ss-42@sam2.example.com/v1",
        "user:pass-42@sam2.example.com/v1?a=b",
        "ftp://sam2.example.com/v1?key=pass-42",
        "https:// /?pass-42@x",
        "?pass-42",
    ],
)
def test_credentials_in_a_url_stop_the_start_and_are_never_shown(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    _set(monkeypatch, **BUCKETS, SAM2_URL=url)
    with pytest.raises(SystemExit, match="SAM2_URL") as caught:
        load(SegmentationSettings)
    assert "42" not in str(caught.value)


def test_who_puts_a_password_into_the_url_is_told_where_it_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, **BUCKETS, SAM2_URL="https://user:pass@sam2.example.com/v1")
    with pytest.raises(SystemExit, match="put the key into SAM2_API_KEY"):
        load(SegmentationSettings)


def test_a_bad_value_without_end_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, **{**LANDMARKS, "POS_POINTS": "x" * 100_000, "TARGETS": "a," * 100_000})
    with pytest.raises(SystemExit, match="the limit is 100 parts") as caught:
        load(LandmarksSettings)
    assert len(str(caught.value)) < 1_000
