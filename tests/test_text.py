"""Words, whatever the script."""

from __future__ import annotations

import pytest

from nightpress.text import words


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
