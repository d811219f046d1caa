"""What is planned stands in a document as what there is not, and is promised nowhere else."""

from __future__ import annotations

import pytest

from nightpress.backends.offline import plans
from nightpress.backends.offline.analyse import description
from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.part import Part
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document
from tests.backends.offline.test_stated import plugin


def test_what_is_planned_is_told_as_what_there_is_not() -> None:
    body = (
        "---\ndescription: Tar\n---\n\n# Tar\n\n1. Heat the tar.\n2. Tar the hull.\n\n"
        "## Future Enhancements\n\n- [x] Hot tar\n- [ ] Tar of two colours\n- Night work\n"
    )
    text = document(material(harbour() | {"commands/tar.md": body}))
    assert f"Not implemented yet\n\n{plans.RELY}\n\n- Tar of two colours\n- Night work\n" in text
    assert "Hot tar" not in text
    history = "## Version History\n\n- v1: Tars\n- Planned v1.1: Add eTar and pitch\n"
    body = body.replace("## Future Enhancements", f"{history}\n## Other")
    text = document(material(harbour() | {"commands/tar.md": body}))
    assert f"{plans.RELY}\n\n- eTar and pitch (planned v1.1)\n" in text


def test_what_is_planned_is_promised_by_no_occasion_and_told_before_anything_is_done() -> None:
    body = (
        "---\ndescription: Tar hulls\n---\n\n# Tar\n\nTar the hulls of ships.\n\n## Coats\n\n"
        "Hot pitch comes as (oak, green resin, wax), with automatic drying.\n\n"
        "## When to Use\n\n- The hull lets water in\n"
        "- Automatic drying of the hull is wanted\n\nDON'T use this when:\n\n- Automatic drying is"
        " there\n\n## Steps\n\n1. Heat the tar.\n2. Tar the hull.\n\n"
        "## Roadmap\n\n- Support for green resin, and automatic hull drying\n"
    )
    text = document(material(plugin("Tars hulls", commands__tar=body)))
    assert "Hot pitch comes as (oak, green resin, wax), with automatic drying.\n" in text
    assert "drying of" not in text
    assert "- Automatic drying is there" in text
    places = [text.index(one) for one in ("lets water in", "Not implemented yet", "Heat the tar")]
    assert places == sorted(places)
    made = build(plugin("Scrapes old paint, green resin, and wax.", README=f"# Paint{body[90:]}"))
    assert description(made).startswith("Scrapes old paint and wax. ")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Find ropes, knots, and masts.", "Find ropes and knots."),
        ("Masts and ropes, knots.", "Ropes, knots."),
        ("Mend with masts on ropes.", "Mend on ropes."),
        ("Moor in S3/GCS, `S3, GCS` (GCS).", "Moor in S3, `S3, GCS` (GCS)."),
        ("Rope (thin), tall masts (oak), or sails", "Rope (thin) or sails"),
        ("- Masts, ropes\n- Knots", "- Ropes\n- Knots"),
        ("Rig all parts (ropes, masts)", "Rig all parts (ropes, masts)"),  # or they are not all
    ],
)
def test_of_several_things_named_in_one_breath_the_planned_ones_go(said: str, told: str) -> None:
    assert plans.struck(said, [("mast",), ("tall", "mast"), ("gcs",)]) == told


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("Moor ships with tall masts for dry nights.", "Moor ships."),  # nor are the nights dry
        ("Moor ships with tall masts to sleep well.", "Moor ships."),
        ("Moor ships with tall masts for the captain.", "Moor ships for the captain."),
        ("Moor ships with tall masts and ropes for dry nights.",
         "Moor ships with ropes for dry nights."),
    ],
)  # fmt: skip
def test_what_only_something_planned_gives_goes_with_it(said: str, told: str) -> None:
    assert plans.struck(said, [("tall", "mast")]) == told


HISTORY = (
    "---\ndescription: Rig ships\n---\n\n# Rig\n\nRig the ships of a fleet, mast by mast.\n\n"
    "## When to use\n\n- Rig a ferry before noon\n- Sail with steam power\n"
    "- Design multi-harbour towing plans\n- Tow barges\n- Signal by flags (oak, Cedar, Pine)\n\n"
    "## Features\n\n### Lamps\n\n- **Light**: oil shutters, wicks, glass\n"
    "- Masthead: amber lamp of oil, with shutters\n\n"
    "## Version History\n\n- **v1.1** (planned) - Steam power\n"
    "- **v2** (planned) - Automatic towing and multi-harbour berths; amber lamp oil shutters\n"
    "- Planned v3: Add Larch, Cedar, and Pine booms\n"
)


def test_plans_of_several_versions_are_told_and_what_names_them_says_so() -> None:
    text = document(material(plugin("Rigs ships", commands__rig=HISTORY)))
    assert ":\n\n- Steam power (planned v1.1)\n- Automatic towing" in text
    assert "- Larch, Cedar, and Pine booms (planned v3)\n" in text
    assert "Rig a ferry" in text and "- Tow barges" in text  # of which nothing is planned
    assert "with steam" not in text and "Design multi" not in text
    assert "Signal by flags (oak, Cedar, Pine)" in text
    assert "- Masthead: amber lamp of oil, with shutters\n" in text


@pytest.mark.parametrize(
    ("item", "is_marked"),
    [
        ("**Oil shutters**: wicks, glass", True),
        ("Oil shutters of glass", True),
        ("**Light**: oil shutters, wicks, glass", False),  # one of several
        ("**Light**: oil, wicks, shutters", False),  # each alone is something else
    ],
)
def test_what_is_planned_is_known_below_a_heading_that_says_half_of_it(
    item: str, is_marked: bool
) -> None:
    part = Part(("Features", "Amber lamps"), (), 1, [Block("list", f"- {item}.")])
    [told] = plans.without_plans([part], [("amber", "lamp", "oil", "shutt")], None)
    mark = " (not implemented yet)" if is_marked else ""
    assert told.blocks[0].text == f"- {item}{mark}."


def test_what_is_only_planned_is_promised_by_no_occasion() -> None:
    moor = (
        "---\ndescription: Moor ships\n---\n\nTie the ropes to a bollard, fore and aft.\n\n"
        "## When to use\n\nUse this command when you need to:\n\n- Moor a ferry at the long quay\n"
        "- Haul barges with steam winches\n- Design steam multi-port strategies\n\n"
        "## Versions\n\n- 1.0: first\n- Planned 1.1: Steam winches for barges\n"
        "- Planned 1.2: Multi-port towing\n"
    )
    files = plugin("Moors ships.", commands__moor=moor)
    told = description(build(files))
    assert "ferry" in told and "barge" not in told and "multi-port" not in told
    said = document(material(files))
    assert "Haul barges" not in said and "Moor a ferry" in said


def test_a_choice_that_is_only_planned_says_so_and_what_examples_use_of_it_is_told() -> None:
    plan, code = [("tar",), ("green", "resin")], Block("code", "```json\n{'coat': 'tar'}\n```")
    table = Block("table", "| Coat | Use |\n| --- | --- |\n| `tar` | Hulls |\n| wax | Decks |")
    parts = [
        Part((plans.NOT_YET,), (), 0, [Block("list", "- Tar support, green resin")]),
        Part(
            ("Coats",), (), 0, [Block("list", "- `tar` - For hulls.\n- `target` - A mast"), table]
        ),
        Part(("Example",), (), 0, [code]),
    ]
    told, coats, _ = plans.without_plans(parts, plan, (1,))
    assert [block.text for block in told.blocks[1:]] == [
        "The examples use Tar all the same: leave it out of what you run."
    ]
    assert [block.text for block in coats.blocks] == [
        "- `tar` - For hulls (not implemented yet).\n- `target` - A mast",
        "| Coat | Use |\n| --- | --- |\n| `tar` | Hulls (not implemented yet) |\n| wax | Decks |",
    ]
    assert len(plans.without_plans(parts[:2], plan, (1,))[0].blocks) == 1  # no example uses it
