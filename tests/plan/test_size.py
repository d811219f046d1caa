"""The size that a plugin's content asks for."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from nightpress.model import SourceFile, Window
from nightpress.plan import size
from nightpress.plan.size import Said
from nightpress.plugin import anatomy
from tests.market import Market, plugin, prose

DEFAULT = Window()


@pytest.mark.parametrize(
    ("said", "least", "upto"),
    [
        (Said(0, 0, 0), 1_200, 2_100),
        (Said(5_999, 900, 0), 1_200, 2_100),
        (Said(7_000, 1_100, 0), 1_400, 2_450),
        (Said(7_900, 1_100, 0), 1_400, 2_450),  # a few sentences more do not move it
        (Said(8_000, 1_200, 0), 1_600, 2_800),
        (Said(18_300, 2_900, 0), 3_500, 6_125),
        (Said(10_000, 1_500, 40), 3_500, 6_125),
        (Said(39_999, 6_000, 0), 7_500, 13_125),
        (Said(40_000, 6_000, 0), 8_000, 14_000),
        (Said(900_000, 150_000, 900), 8_000, 14_000),
    ],
)
def test_the_floor_follows_what_is_said(said: Said, least: int, upto: int) -> None:
    found = size.window(DEFAULT, said)
    assert (found.min, found.upper, found.max) == (least, upto, 14_000)


@pytest.mark.parametrize(
    "declared",
    [Window(8_000, 14_000, "fixed"), Window(1_200, 3_000), Window(200, 14_000)],
)
def test_a_fixed_or_a_low_floor_stays(declared: Window) -> None:
    assert size.window(declared, Said(300, 50, 0)) == declared


def test_the_sentence_of_the_plan() -> None:
    sized = size.Sized(size.window(DEFAULT, Said(18_300, 2_900, 0)), 2_900)
    assert sized.sentence() == "at least 3.5 kB, by 2,900 words of source"
    assert size.Sized(DEFAULT).sentence() == ""


def _said(**files: str) -> Said:
    made = tuple(
        SourceFile(path.replace("__", "/") + ".md", text, len(text)) for path, text in files.items()
    )
    return size.said(anatomy.build(made, "crane"))


def test_what_is_said_twice_or_by_every_plugin_counts_once_or_not_at_all() -> None:
    line = "The crane lifts 40 containers an hour and never swings over the quay."
    once = _said(README=f"# Crane\n\n{line}\n")
    twice = _said(README=f"# Crane\n\n{line}\n", commands__lift=f"# Lift\n\n{line}\n")
    routine = _said(README=f"# Crane\n\n{line}\n\n## License\n\nMIT, for 40 years and more.\n")
    assert once.size == len(line)
    assert twice.size == once.size
    assert routine.size == once.size
    assert twice.facts == 1


def test_a_small_plugin_gets_a_small_document_and_the_second_run_has_nothing_to_do(
    market: Market,
) -> None:
    folder = plugin(market.root, "small", size=2_400)
    assert market.run("nightpress", "init").code == 0
    plan = market.done("plan").out
    assert "small/skill: never made [at least 1.2 kB, by " in plan
    market.done()
    written = (folder / "skills/small/SKILL.md").stat().st_size
    assert 1_200 <= written < 8_000
    assert "nothing to do" in market.done().out
    defaults = market.root / "manifests/_defaults.yaml"
    defaults.write_text(defaults.read_text().replace("floor: content", "floor: fixed"))
    for _ in range(2):  # the second time as it is remembered
        assert "insufficient small/skill: insufficient source" in market.done("plan").out


def test_the_hint_where_there_is_too_little_can_be_followed(market: Market) -> None:
    plan = market.done("plan").out
    hint = re.search(r"ask for less \(`(size: .*?)` in (manifests/tiny\.yaml)\)", plan)
    assert hint, plan
    manifest = market.root / hint[2]
    manifest.write_text(f"{manifest.read_text()}{hint[1]}\n")
    assert "make         tiny/skill: never made" in market.done("plan").out


def test_a_persons_file_is_judged_by_what_its_plugin_says(market: Market) -> None:
    text = (
        "---\nname: quay\ndescription: Plans the berths of a quay. Use when a ship asks for one.\n"
        f"---\n\n# Quay\n\n{prose('quay', 2_400)}\n"
    )
    plugin(market.root, "quay", size=1_200, skill=text)
    plugin(market.root, "port", size=60_000, skill=text.replace("quay", "port"))
    assert market.run("nightpress", "init").code == 0
    plan = market.done("plan").out
    assert "adopt        quay/skill" in plan
    assert "kept         port/skill: a person's file, kept: undersized" in plan


def test_a_long_listing_lowers_the_floor_and_not_the_upper_end() -> None:
    lines = "\n".join(f"    value_{n} = tide_of(harbour, {n})" for n in range(900))
    text = f"# Tides\n\n```python\n{lines}\n```\n"
    found = _said(README=text)
    told = size.window(Window(8_000, 14_000, "content"), found)
    plain = size.window(Window(8_000, 14_000, "content"), replace(found, listed=0))
    assert found.listed > 10_000
    assert told.min < plain.min and told.upto == plain.upto
