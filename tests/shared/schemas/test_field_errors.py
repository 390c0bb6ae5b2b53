"""What is said about values that do not hold what they should."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from shared.schemas import field_errors
from shared.schemas.field_errors import problems


class _Fruit(StrEnum):
    APPLE = "apple"
    PEAR = "pear"


class _Nut(StrEnum):
    HAZEL = "hazel"


def _no_slash(value: str) -> str:
    if "/" in value:
        raise ValueError("a name has no slash")
    return value


class _Point(BaseModel):
    model_config = ConfigDict(extra="forbid")

    x: int = 0


class _Asked(BaseModel):
    """Everything that can be wrong, all of it right where nothing is said."""

    model_config = ConfigDict(allow_inf_nan=False)

    food: _Fruit | _Nut = _Fruit.APPLE
    colour: Literal["red", "green", "blue"] = "red"
    count: int = Field(1, ge=1, lt=100)
    share: float = Field(0.5, gt=0, le=1)
    ripe: bool = True
    name: Annotated[str, Field(min_length=1, max_length=5), AfterValidator(_no_slash)] = "a"
    place: str = Field("a1", pattern="^[a-z][0-9]$")
    points: list[_Point] = Field([], max_length=50)
    tags: frozenset[str] = Field(frozenset({"a"}), min_length=1)
    point: _Point = _Point()
    needed: int


def _said(json: str, **how: Any) -> str:
    with pytest.raises(ValidationError) as raised:
        _Asked.model_validate_json(json)
    return problems(raised.value, **how)


@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ('"food": "x"', "food must be 'apple', 'pear' or 'hazel', not 'x'."),
        ('"colour": 3', "colour must be 'red', 'green' or 'blue', not 3."),
        ('"count": 0', "count must be at least 1, not 0."),
        ('"count": 100', "count must be less than 100, not 100."),
        ('"count": "many"', "count must be a whole number, not 'many'."),
        ('"count": 1.5', "count must be a whole number, not 1.5."),
        ('"count": null', "count must be a whole number, not null."),
        ('"share": 0', "share must be more than 0, not 0."),
        ('"share": 2', "share must be at most 1, not 2."),
        ('"share": NaN', "share must be a finite number, not NaN."),
        ('"share": []', "share must be a number, not a list."),
        ('"ripe": "perhaps"', "ripe must be true or false, not 'perhaps'."),
        ('"name": ""', "name must not be empty."),
        ('"name": "abcdef"', "name must have at most 5 characters, not 6."),
        ('"name": "a/b"', "name must not be 'a/b': a name has no slash."),
        ('"name": {}', "name must be text, not an object."),
        ('"place": "1a"', "place must match ^[a-z][0-9]$, but is '1a'."),
        ('"points": [{"x": 1}, {"x": "y"}]', "points[1].x must be a whole number, not 'y'."),
        ('"points": [{"y": 1}]', "points[0].y is an unknown field."),
        ('"points": "p"', "points must be a list, not 'p'."),
        ('"tags": []', "tags must not be empty."),
        ('"point": 7', "point must be an object, not 7."),
    ],
)
def test_each_field_is_named_with_what_is_allowed_and_what_was_got(
    field: str, sentence: str
) -> None:
    assert _said(f'{{"needed": 1, {field}}}') == sentence


def test_a_missing_field_is_told_and_so_is_what_is_no_json() -> None:
    assert _said("{}") == "needed is missing."
    assert _said("{").startswith("The body is not JSON: ")
    assert _said("[]") == "The body must be an object, not a list."


def test_a_long_value_is_cut() -> None:
    said = _said(f'{{"needed": "{"x" * 10_000}"}}')
    assert len(said) < 150
    assert "…" in said


def test_many_problems_are_counted() -> None:
    points = ", ".join('{"x": "y"}' for _ in range(12))
    said = _said(f'{{"needed": 1, "points": [{points}]}}')
    assert said.count("whole number") == 5
    assert said.endswith("points[4].x must be a whole number, not 'y'. And 7 more problems.")


def test_parts_of_a_place_are_left_out_where_the_caller_never_wrote_them() -> None:
    points = '{"needed": 1, "points": [{"x": "y"}]}'
    assert _said(points, skip=1) == "[0].x must be a whole number, not 'y'."
    assert _said(points, parts=1) == "points must be a whole number, not 'y'."


def test_numbers_and_names_without_end_are_cut() -> None:
    assert _said(f'{{"needed": 1, "count": {"9" * 4000}}}') == (
        "count must be less than 100, not a number of more than 60 digits."
    )
    assert len(_said(f'{{"needed": 1, "point": {{"{"x" * 10_000}": 1}}}}')) < 300


def test_of_a_hundred_thousand_problems_a_hundred_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    class Many(BaseModel):
        fruit: list[Literal["apple", "pear"]]

    with pytest.raises(ValidationError) as raised:
        Many.model_validate({"fruit": [f"x{number}" for number in range(100_000)]})
    read: list[Sequence[str | int]] = []
    place = field_errors._place

    def counted(parts: Sequence[str | int]) -> str:
        read.append(parts)
        return place(parts)

    monkeypatch.setattr(field_errors, "_place", counted)
    assert problems(raised.value).endswith("And 99995 more problems.")
    assert len(read) == 100
