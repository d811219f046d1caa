"""What several commands say in the same words stands above them, once."""

from __future__ import annotations

import json

from nightpress.backends.offline.compose import body
from tests.backends.offline.plugins import material

RULES = "Only one ship moors at a time; the next waits at the buoy until the pilot waves.\n"


def command(said: str, *, rules: str = RULES, steps: str = "") -> str:
    return (
        f"---\ndescription: {said}\n---\n\n## Task\n\n{said} at the quay with care.\n\n{steps}"
        f"## Rules\n\n{rules}"
    )


def document(**commands: str) -> str:
    manifest = json.dumps({"name": "harbour-kit", "description": "Moors, hauls and tars ships"})
    files = {f"commands/{name}.md": text for name, text in commands.items()}
    return body(material({".claude-plugin/plugin.json": manifest, **files}))


def test_what_every_command_says_is_said_once_for_every_command() -> None:
    said = document(moor=command("Moor a ship"), haul=command("Haul a ship"))
    assert said.count("waits at the buoy") == 1
    assert f"## Rules\n\nFor every command:\n\n{RULES}" in said
    assert said.index("For every command") < said.index("## `/haul`")


def test_what_two_of_three_say_is_said_of_those_two() -> None:
    other = "The tar has to be warm before a brush touches it, or it will never dry.\n"
    said = document(
        moor=command("Moor a ship"),
        haul=command("Haul a ship"),
        tar=command("Tar a hull", rules=other),
    )
    assert f"## Rules\n\nFor `/haul` and `/moor`:\n\n{RULES}" in said
    assert f"### Rules\n\n{other}" in said[said.index("## `/tar`") :]


def test_what_each_takes_stays_below_it_though_the_words_are_the_same() -> None:
    calls = "## Parameters\n\nThe number of the berth, and the name of the ship that moors.\n\n"
    said = document(
        moor=command("Moor a ship", steps=calls), haul=command("Haul a ship", steps=calls)
    )
    assert said.count("### Parameters") == 2


def test_steps_stay_below_their_command() -> None:
    steps = (
        "## Steps\n\n### Step 1: Look\n\nLook at the tide table of the quay.\n\n"
        "### Step 2: Go\n\nGo there by the next boat.\n\n"
    )
    said = document(
        moor=command("Moor a ship", steps=steps), haul=command("Haul a ship", steps=steps)
    )
    assert said.index("Step 1: Look") > said.index("## `/haul`")
    assert "Step 1: Look" in said[said.index("## `/moor`") :]
