"""Lengths in pixels or in per cent."""

import re
from typing import Annotated

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from shared.schemas.amounts import Amount, Limits
from shared.schemas.drawing import CutoutPadding, MaskGrow


@given(st.integers(-99_999_999, 99_999_999), st.booleans())
def test_an_amount_is_read_as_it_is_written(hundredths: int, is_percent: bool) -> None:
    amount = Amount(hundredths / 100, is_percent)
    assert Amount.parse(str(amount)) == amount


@pytest.mark.parametrize(
    ("text", "pixels"), [("3", 3), ("-2", -2), ("1.5", 1.5), ("5%", 10), ("-2.5%", -5), ("-0", 0)]
)
def test_per_cent_are_of_a_length(text: str, pixels: float) -> None:
    assert Amount.parse(text).pixels(200) == pixels


def test_nothing_has_one_notation() -> None:
    assert [str(Amount.parse(text)) for text in ("0", "-0", "0.00")] == ["0"] * 3


@pytest.mark.parametrize(
    "value",
    [
        "",
        "%",
        "3 px",
        "3%%",
        "--3",
        "+3",
        "1e3",
        "nan",
        "inf",
        "0x3",
        "٣",
        "3\n",
        "3" * 9,
        "007",
        None,
        3,
    ],
)
def test_other_notations_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match="pixels, as 3 or"):
        Amount.parse(value)


@pytest.mark.parametrize(
    "limits", [Limits(500, 50, signed=True), Limits(100_000, 100), Limits(10, 10)]
)
@given(text=st.from_regex(r"-?[0-9]{1,7}(\.[0-9]{1,3})?%?", fullmatch=True))
@example("500.00")
@example("500.01")
@example("-50.0%")
@example("100000")
def test_the_schema_has_the_pattern_of_what_is_accepted(limits: Limits, text: str) -> None:
    parser: TypeAdapter[Amount] = TypeAdapter(Annotated[Amount, limits.parser, limits.schema])
    pattern = parser.json_schema()["pattern"]
    try:
        parser.validate_python(text)
    except ValidationError:
        assert not re.search(pattern, text)
    else:
        assert re.search(pattern, text)


@pytest.mark.parametrize(
    ("kind", "text", "is_allowed"),
    [
        (MaskGrow, "500", True),
        (MaskGrow, "500.01", False),
        (MaskGrow, "-501", False),
        (MaskGrow, "50%", True),
        (MaskGrow, "-51%", False),
        (CutoutPadding, "-1", False),
        (CutoutPadding, "100%", True),
        (CutoutPadding, "101%", False),
    ],
)
def test_amounts_have_limits(kind: type, text: str, is_allowed: bool) -> None:
    parser: TypeAdapter[Amount] = TypeAdapter(kind)
    if is_allowed:
        assert str(parser.validate_python(text)) == text
        return
    with pytest.raises(ValidationError, match="the limits are"):
        parser.validate_python(text)
