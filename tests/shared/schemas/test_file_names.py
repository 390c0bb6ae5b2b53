import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.schemas import file_names

EVERY = [chr(code) for code in range(sys.maxunicode + 1)]
BIDI_CONTROLS = {*"\u061c\u200e\u200f", *map(chr, range(0x202A, 0x202F))}
BIDI_CONTROLS |= set(map(chr, range(0x2066, 0x206A)))
"""https://www.unicode.org/Public/UCD/latest/ucd/PropList.txt"""


def test_controls_and_what_turns_text_around_are_the_characters_at_fault() -> None:
    faults = {one for one in EVERY if unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp")}
    faults |= BIDI_CONTROLS | {"\\"}
    for one in faults:
        assert f"U+{ord(one):04X}" in (file_names.fault(f"a{one}.png") or "")
        assert file_names.without_faults(f"a{one}.png") == "a_.png"
    others = "".join(one for one in EVERY if one not in faults).replace("/", "")
    assert file_names.fault(others) is None
    assert file_names.without_faults(others) == others


@pytest.mark.parametrize(
    ("name", "harmless"),
    [
        ("", "_"),
        (".", "_"),
        ("..", "_"),
        ("../up.png", "_/up.png"),
        ("g2/../../home/.bashrc", "g2/_/_/home/.bashrc"),
        ("/etc/passwd", "_/etc/passwd"),
        ("//host/share", "_/_/host/share"),
        ("album/", "album/_"),
        ("a//b.png", "a/_/b.png"),
        ("a/./b.png", "a/_/b.png"),
        (".. /b.png", "_/b.png"),
        ("a/ ", "a/_"),
        ("..\\up.png", ".._up.png"),
        ("C:/Windows", "C_/Windows"),
        ("a/c:b.png", "a/c_b.png"),
        ("\0/..", "_/_"),
    ],
)
def test_what_leads_out_of_a_folder_is_a_fault(name: str, harmless: str) -> None:
    assert file_names.fault(name)
    assert file_names.without_faults(name) == harmless
    assert file_names.fault(harmless) is None


@pytest.mark.parametrize(
    "name",
    [
        "...",
        "..a",
        "a..",
        ".hidden",
        "a.",
        "con",
        "12:30.png",
        "%2e%2e%2f.png",
        "~/x",
        "-rf",
        "e\u0301",
    ],
)
def test_what_is_only_odd_is_none(name: str) -> None:
    assert file_names.fault(name) is None
    assert file_names.without_faults(name) == name


@pytest.mark.parametrize(
    ("name", "portable"),
    [
        ("album/cat.png", "album/cat.png"),
        ('a:b*c?d"e<f>g|h.png', "a_b_c_d_e_f_g_h.png"),
        ("end. ./cat", "end___/cat"),
        (".git/config", "_git/config"),
        ("../up", "_/up"),
        ("AUX", "_AUX"),
        ("a/com1.png", "a/_com1.png"),
        ("LPT² .txt", "_LPT² .txt"),
        ("console.png", "console.png"),
    ],
)
def test_portable_names_are_files_on_every_system(name: str, portable: str) -> None:
    assert file_names.portable(name) == portable
    assert file_names.portable(portable) == portable


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_a_portable_name_is_safe_and_stays_as_it_is(name: str) -> None:
    portable = file_names.portable(name)
    assert file_names.fault(portable) is None
    assert file_names.portable(portable) == portable


def test_names_that_a_file_system_takes_for_the_same_have_one_key() -> None:
    for same in (["CAT", "cat"], ["\u00e4", "a\u0308", "\u00c4"], ["stra\u00dfe", "STRASSE"]):
        assert len(set(map(file_names.collision_key, same))) == 1
    assert file_names.collision_key("a") != file_names.collision_key("b")
