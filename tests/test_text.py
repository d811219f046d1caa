"""Words, whatever the script."""

from __future__ import annotations

import io

import pytest

from nightpress.text import fitted, hanging, some, suggestion, words


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("Turn invoices into rows.", 4, 4),
        ("naïve café, déjà vu", 4, 4),
        ("請求書を帳簿の行に変換します", 5, 8),  # turn invoices into rows of the books
        ("把发票转换成账簿中的行", 4, 7),
        ("송장을 장부의 행으로 바꿉니다", 4, 4),
        ("แปลงใบแจ้งหนี้เป็นแถวในสมุดบัญชี", 6, 10),
        ("Превращает счета в строки книги", 5, 5),
        ("READMEを読む", 2, 4),
        ("---- ====", 2, 2),
        ("", 0, 0),
    ],
)
def test_words_are_counted_in_every_script(text: str, least: int, most: int) -> None:
    assert least <= words(text) <= most


@pytest.mark.parametrize("indent", ["  refused      ", "insufficient ", "237 plugins: "])
def test_a_line_hangs_below_what_follows_its_label(indent: str) -> None:
    line = indent + "plugins/one/skills/one/SKILL.md is longer than it may be, and by far " * 3
    first, *others = hanging(line, 60).split("\n")
    assert " ".join([first, *(other.strip() for other in others)]) == line.rstrip()
    assert max(map(len, [first, *others])) <= 60
    column = 2 if indent[0].isdigit() else len(indent)
    assert {len(other) - len(other.lstrip()) for other in others} == {column}


def test_a_path_is_never_broken() -> None:
    path = "plugins/" + "a" * 90
    assert path in hanging(f"next: {path} is long", 50)


def test_a_command_is_never_broken() -> None:
    command = "nightpress restore --plugin api-error-handler --snapshot 20261130T215234-daba2683"
    shown = hanging(f"  take it back  {command}  (the plugin as it was before this)", 80)
    assert command in shown
    assert "nightpress build --limit 14" in hanging(f"{'x ' * 30}nightpress build --limit 14", 80)


def test_one_of_a_thing_is_said_in_the_singular() -> None:
    assert [some(n, "error") for n in (0, 1, 2, 1200)] == [
        "0 errors", "1 error", "2 errors", "1,200 errors",
    ]  # fmt: skip


def test_a_terminal_gets_lines_that_fit_and_a_pipe_gets_them_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    told = f"ERROR: {'much is wrong here ' * 9}\n  hint: {'mend it with care ' * 9}"

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    assert fitted(told, io.StringIO()) == told
    lines = fitted(told, Terminal()).split("\n")
    assert max(map(len, lines)) <= 80
    assert [line[:8] for line in lines if "mend" in line] == ["  hint: ", " " * 8, " " * 8]


def test_a_suggestion_minds_no_capitals() -> None:
    asked = suggestion("COMMIT-GARD", ["commit-guard", "Other"], "{}")
    assert asked == "did you mean commit-guard?"
