"""What a text says of its owner and to its repository's visitors is no matter of a document."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.imprint import is_imprint, unsigned


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("> **This repo is written and maintained by a robot.** It moors\n> ships itself.", ""),
        ("Built transparently by **Quay Ltd**: a harbour that builds itself.", ""),
        ("Originally created by [Ann](https://quay.example).", ""),
        ("Made with care by Ann.", ""),
        ("MIT licensed: fork it, ship it.", ""),
        ("All plugins in this pack are licensed for use at sea.", ""),
        ("Moors ships. All free, MIT-licensed, nothing gated.", "Moors ships."),
        ("Moors ships. If a rope is thin, open an issue.", "Moors ships."),
        ("Report it. Please [open an issue](https://quay.example/issues).", "Report it."),
        ("[Star this repo](https://quay.example) for more.", ""),
        ("Lost? The free **pilot** finds Port.md: **https://quay.example**", ""),
        ("Moors ships. Lost? Ask the free pilot at https://quay.example", "Moors ships."),
        ("Contributions are welcome!", ""),
        ("**Update policy:** Free updates for life, all ropes included", ""),
        ("(The marketplace lives at the quay.)", ""),
        ("**Korean / 한국어**", ""),
        ("[English](README.md) | [简体中文](README.zh.md)", ""),
        ("Listed in [a marketplace](https://quay.example) of the harbour.", ""),
        ("**Time Saved:** 2 hours a ship\n**Crew:** 3\n**ROI:** After 1 ship", ""),
        # what the plugin does
        ("The marketplace manifest lists each berth.", None),
        ("Checks that every rope is MIT-licensed.", None),
        ("Takes a free port and opens http://localhost:8080.", None),
        ("Answers on the first free berth at http://127.0.0.1:80.", None),
        ("Shows the ROI: gain over cost, by ship.", None),
        ("English and Korean names of ships are read.", None),
        ("Opens an issue for each loose rope.", None),
        ("If a test fails, file `report.md` with the crew.", None),
        ("Rules that were created by `/moor` stay.", None),
        ("Created by the command: a log of each ship.", None),
        ("Built for ferries. Finds a free berth.", None),
        ("Fork the process for each ship.", None),
        ("The project is built by `make`.", None),
        ("Lists repositories that are MIT or BSD.", None),
    ],
)
def test_of_its_owner_nothing_is_said(said: str, kept: str | None) -> None:
    assert unsigned(said) == (said if kept is None else kept)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("**Version:** 1.2", True),
        ("Made with ropes", True),
        ("Moors ships", False),
    ],
)
def test_a_line_of_who_made_it_when(line: str, expected: bool) -> None:
    assert is_imprint(line) is expected
