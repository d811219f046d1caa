"""What a table of commands and agents says of each, and in which order they stand."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest

from nightpress.backends.offline import components, order
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document


def rows(files: Mapping[str, str]) -> dict[str, str]:
    text = document(material(harbour(24) | files))
    return dict(re.findall(r"(?m)^\| \[`([\w/-]+)`\]\([^)]*\)(?: \(agent\))? \| (.*) \|$", text))


def agent(name: str, head: str, body: str = "Watch the sea.") -> str:
    return f"---\nname: {name}\n{head}\n---\n\n{body}\n"


SAME = "description: Watches the sea for ships"


def of_template(*ends: str) -> dict[str, str]:
    form = "# {0}\n\nCommand documentation for {0} in category dock.\n"
    return {f"commands/dock-{end}.md": form.format(f"dock-{end}") for end in ends}


@pytest.mark.parametrize(
    ("files", "name", "said"),
    [
        (  # the tools tell two apart
            {"agents/one.md": agent("one", f"{SAME}\ntools: Read, Grep"),
             "agents/two.md": agent("two", SAME)},
            "one", "Watches the sea for ships (tools: Read, Grep)",
        ),
        (  # what it is good at
            {"agents/one.md": agent("one", f"{SAME}\nmetadata:\n  specialization: Fog and ice"),
             "agents/two.md": agent("two", SAME)},
            "one", "Fog and ice",
        ),
        (  # its own first sentence
            {"agents/one.md": agent("one", SAME, "Counts every mast beyond the mole."),
             "agents/two.md": agent("two", SAME)},
            "one", "Counts every mast beyond the mole",
        ),
        (  # a command and its agent are two kinds
            {"commands/watch.md": f"---\n{SAME.replace('es the', ' the')}\n---\n\nWatch.\n",
             "agents/watcher.md": agent("watcher", SAME)},
            "watcher", "Watches the sea for ships",
        ),
        (  # a list of the command that its name begins with
            of_template("a", "b", "tell")
            | {"commands/dock.md": "Run the dock.\n\n- `tell` - Tell who is in the dock\n"},
            "/dock-tell", "Tell who is in the dock",
        ),
        (  # its name, where nothing says more
            of_template("a", "b", "cran"),
            "/dock-cran", "Dock Cran",
        ),
        ({"commands/rig.md": "---\ndescription: Creates a sail plan of a ship\n---\n\nRig.\n"},
         "/rig", "Create a sail plan of a ship"),
        ({"commands/rig.md": "---\ndescription: Setting Up the rig\n---\n\nRig it.\n"},
         "/rig", "Set up the rig"),
        (  # an agent does it
            {"agents/one.md": agent("one", "description: Create ropes with alert, cargo")},
            "one", "Creates ropes with alert, cargo",
        ),
        (  # of which one verb would stay as it was
            {"agents/one.md": agent("one", "description: Check a rope, test it, and go")},
            "one", "Check a rope, test it, and go",
        ),
        ({"commands/rig.md": "---\ndescription: 'Please mend the rig: $ARGUMENTS'\n---\n\nRig.\n"},
         "/rig", "Mend the rig"),
    ],
)  # fmt: skip
def test_a_row_says_what_tells_its_command_apart(
    files: Mapping[str, str], name: str, said: str
) -> None:
    found = rows(files)
    assert found[name] == said
    assert all(found.values())


def ordered(bodies: Mapping[str, str]) -> tuple[list[str], list[str]]:
    files = {f"commands/{name}.md": f"# {name}\n\n{body}\n" for name, body in bodies.items()}
    every = components.once(material(harbour(3) | files), "command")
    mine = [one for one in every if one.name in bodies]
    return [one.name for one in mine], order.chain(mine)


@pytest.mark.parametrize(
    ("bodies", "expected", "chain"),
    [
        ({"a": "> Next step: Run `/c now` to sail.", "b": "Moor.",
          "c": "## Next steps\n\n- Run `/d`\n- Run `/a` if it rains", "d": "Sail."},
         ["a", "c", "d", "b"], ["a", "c", "d"]),
        ({"a": "Stop.\nRun /c to rig the ship first.", "c": "Rig."}, ["c", "a"], []),
        ({"a": "Run `/b`, then `/c`.", "b": "B.", "c": "After mooring:\n- Use `/a`"},
         ["b", "c", "a"], ["b", "c", "a"]),
        ({"a": "### Next\n\n- **Optional**: fog\n  - Run `/b`\n", "b": "B."}, ["a", "b"], []),
        ({"berth": "B.", "crane-log": "L.", "crane-setup": "S.", "dock-setup": "D.", "init": "I."},
         ["crane-setup", "init", "berth", "crane-log", "dock-setup"], []),
        ({"b": "Never `/a` at night, see `/a`.", "a": "A."}, ["a", "b"], []),
    ],
)  # fmt: skip
def test_the_order_is_the_one_that_the_commands_name(
    bodies: Mapping[str, str], expected: list[str], chain: list[str]
) -> None:
    assert ordered(bodies) == (expected, chain)


def test_a_handoff_in_the_frontmatter_is_a_next_step() -> None:
    head = "---\nhandoffs:\n  - label: Rig\n    agent: {}\n---\n\nWork.\n"
    files = {"commands/c.md": head.format("b"), "commands/b.md": head.format("/x:a")}
    files["commands/a.md"] = "Sail."
    assert order.chain(build(files).of("command")) == ["c", "b", "a"]


def test_a_chain_is_said_below_the_table() -> None:
    files = {"commands/a.md": "Sail.", "commands/b.md": "Moor.\n\nNext: run `/a`\n",
             "commands/c.md": "Rig.\n\nNext: run `/b`\n"}  # fmt: skip
    assert "\n\nOrder of use: `/c`, then `/b`, then `/a`.\n" in document(
        material(harbour(24) | files)
    )


@pytest.mark.parametrize(
    ("body", "is_bare"),
    [
        (
            "# rig\n\nCommand documentation for rig in docks.\n\nUsage:\n```bash\nrig\n```\n",
            True,
        ),
        ("# rig\n\nTODO\n", True),
        ("# rig\n\nCommand documentation for rig.\n\nNever rig in fog.\n", False),
        ("# rig\n\nDocumentation for rig.\n\n```bash\nrig a\nrig b\nrig c\n```\n", False),
        ("# rig\n\nRig the ship.\n", False),
        ("", False),
    ],
)
def test_a_command_of_which_nothing_is_said_stands_in_the_table_alone(
    body: str, is_bare: bool
) -> None:
    made = material(harbour(24) | {"commands/rig.md": body})
    rig = next(one for one in made.anatomy.of("command") if one.name == "rig")
    assert components.is_placeholder(rig) is is_bare
    text = document(made)
    assert "| [`/rig`](../../commands/rig.md) | " in text
    assert ("Of `/rig` the plugin says no more than how it is called." in text) is is_bare
    assert not (is_bare and "## `/rig`" in text)


@pytest.mark.parametrize(
    ("head", "body", "place"),
    [
        ("Logs dives. Use after each dive and before the log is closed.", "Log.",
         "after each dive and before the log is closed"),
        ("Logs dives.", "You act as the third and last stage of the watch, following the pilot.",
         "the third and last stage of the watch, following the pilot"),
        ("Logs dives.", "1. Delegate to the **pilot** agent\n2. Hand it over to @quay-clerk",
         "hands work to `pilot` and `quay-clerk`"),
        ("Logs dives.", "If it rains, call quay-clerk. Never call the `pilot`.", ""),
        ("Logs dives.", "When invoked by quay-clerk, read.\n```\nCall quay-clerk\n```", ""),
        ("Logs dives after each dive.", "Use it after you are done.", ""),
    ],
)  # fmt: skip
def test_of_each_its_place_in_the_work_is_told(head: str, body: str, place: str) -> None:
    files = {f"agents/{n}.md": agent(n, "description: Waits") for n in ("pilot", "quay-clerk")}
    files["agents/logger.md"] = agent("logger", f"description: {head}", body)
    found = {one.name: said for one, said in order.places(build(files).of("agent"), "")}
    assert found.get("logger", "") == place
    text = document(material(harbour(24) | files))
    assert (f"- `logger`: {place}." in text) is bool(place)


def test_paths_of_its_author_and_agents_of_other_plugins_are_named_as_such() -> None:
    body = "## Task\n\n1. Run `/home/skipper/log.py`\n2. Ask @quay-clerk or @quay-diver\n"
    names = ("quay-clerk", "quay-pilot", "quay-hand")
    files = {f"agents/{n}.md": agent(n, "description: Waits", body) for n in names}
    text = document(material(harbour(24) | files))
    assert "What lies below `/home/skipper` is its author's own" in text
    assert "`@quay-diver` is no agent of this plugin." in text
    files = {f"agents/{n}.md": agent(n, "description: Waits", "Use /home/user/a.") for n in names}
    assert "its author's own" not in document(material(harbour(24) | files))


def test_commands_that_their_texts_call_by_the_name_of_another_plugin_are_told_so() -> None:
    body = "# Go\n\n## Task\n\n1. Run `/quay:moor-ship`\n2. Run `/quay:ring:bell`\n"
    files = {f"commands/{n}.md": body.replace("Go", n) for n in ("moor-ship", "ring-bell", "go")}
    note = "Its texts put `quay:` before the names of these commands"
    assert note in document(material(harbour(24) | files))
    files = {path: text.replace("/quay:", "/harbour:") for path, text in files.items()}
    assert "Its texts put" not in document(material(harbour(24) | files))


def test_a_row_keeps_the_pipes_of_what_is_to_be_run() -> None:
    files = {
        f"commands/{name}.md": f"Run `{name} | sort`, then read it.\n" for name in ("ls", "ps")
    }
    text = document(material(harbour() | files))
    assert "Run `ls \\| sort`, then read it |" in text
