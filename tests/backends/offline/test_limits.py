"""What agents and commands may not do, as a document says it."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.blocks import Block
from nightpress.backends.offline.limits import Limits, in_common, limits
from nightpress.backends.offline.shortfalls import shortfalls
from nightpress.backends.offline.unbound import unbound
from tests.backends.offline.plugins import build, harbour, material
from tests.backends.offline.test_documents import document
from tests.backends.offline.test_stated import plugin

GOVERNED = """\
name: harbour-pilot
description: Leads ships in.
tools: Read, Bash(git log:*)
model: opus
color: blue
capabilities:
  restricted_tools:
    - Write  # Read-only work
    - Task
  max_file_operations: 30
  memory_access: "both"
constraints:
  forbidden_paths: ["src/**"]
behavior:
  confirmation_required:
    - "moves in fog"
  auto_rollback: true
metadata:
  autonomous: false  # Waits for the harbour master
"""


def said(head: str, kind: str = "agents") -> tuple[str, str]:
    text = f"---\n{head.strip()}\n---\n\nLead the ship in.\n"
    found = limits(build({f"{kind}/one.md": text}).components[0], text)
    return "".join(b.text for b in found.said), "".join(b.text for b in found.listed)


def test_what_asks_for_somebody_comes_first_and_comments_say_why() -> None:
    line, listed = said(GOVERNED)
    assert line == "Tools: Read, `Bash(git log:*)`. Model: opus."
    assert listed.split("\n") == [
        "- Confirmation required: moves in fog.",
        "- Not autonomous: waits for the harbour master.",
        "- Restricted tools: Write (read-only work), Task.",
        "- Forbidden paths: `src/**`.",
        "- File operations: at most 30.",
    ]


@pytest.mark.parametrize(
    ("head", "kind", "expected"),
    [
        ("model: inherit\ncolor: red", "agents", ("", "")),
        ("tools: '*'", "agents", ("", "")),
        ("tools: [Read, mcp__sea__log]", "agents", ("Tools: Read, `mcp__sea__log`.", "")),
        ("capabilities:\n  allowed_tools: [Read]", "agents", ("Tools: Read.", "")),
        ("allowed-tools: Read, Write, Bash", "commands", ("", "")),  # it may do all it wants
        ("allowed-tools: Read, Grep\nmodel: opus", "commands", ("Tools: Read, Grep.", "")),
        ("advisor:\n  max_uses: 3", "agents", ("", "")),
        ("read_only: true", "agents", ("", "- Read only.")),
        ("autonomous: true\nconfirmation_required: []", "agents", ("", "")),
        ("requires_approval_from: pilot # at night", "agents",
         ("", "- Requires approval from: pilot.")),
        ("requires_approval_from:\n  - pilot # at night", "agents",
         ("", "- Requires approval from: pilot (at night).")),
        ("disallowedTools: Write", "agents", ("", "- Disallowed tools: Write.")),
        ("never: Sail in fog.", "agents", ("", "- Never: Sail in fog.")),
    ],
)  # fmt: skip
def test_only_what_limits_is_told(head: str, kind: str, expected: tuple[str, str]) -> None:
    assert said(head, kind) == expected


def test_limits_stand_below_what_they_limit() -> None:
    files = harbour(24) | {
        "agents/harbour-pilot.md": f"---\n{GOVERNED}---\n\n## Duty\n\nLead in.\n"
    }
    text = document(material(files))
    chapter = text.split("`harbour-pilot`\n", 1)[1]
    assert chapter.strip().startswith("Tools: Read, `Bash(git log:*)`. Model: opus.\n\n### Limits")


LISTING = '''
class Pilot:
    def moor(self, ship):
        """Moor the ship."""
        {moor}

    def read_tide(
        self, day: int
    ) -> list:
        # Simplified - would need the tide tables
        log.info("tide")
        return []

    def sound_depth(self):
        # Fetch soundings (simulated)
        depth = 12
        return depth * 2

    def hoist_flag(self):
        # TODO: a second flag
        return [flag for flag in self.flags]

    def on_close(self):
        pass

    def find_whales(self):
        return []  # Placeholder
'''


EMPTY = "Stubs in the listings: `read_tide` and `find_whales`. Write them before you rely on them."
MADE_UP = "Made-up values in the listings: what `sound_depth` returns."


@pytest.mark.parametrize(
    ("prose", "rows"),
    [
        ("Moor ships.", [EMPTY]),  # of depths it says nothing
        ("Sound the depths first.", [EMPTY, MADE_UP]),
        ("Hoist the flags, then close.", [EMPTY]),
        ("Tide, whale, depth and sound.", [EMPTY, MADE_UP]),
    ],
)
def test_stubs_are_told_and_made_up_values_where_the_text_promises_them(
    prose: str, rows: list[str]
) -> None:
    body = f"{prose}\n\n```python\n{LISTING.format(moor='self.rope.tie(ship)')}```\n"
    assert [*shortfalls("/moor", body).rows] == rows
    assert not shortfalls("/moor", prose).rows


JAVASCRIPT = """
async function readTide(day) {
  // would fetch the tide tables
  return [];
}

function hoistFlag() {
  return []; // none is hoisted yet
}

class Quay {
  async tarHull(ship) {
    throw new Error("Not implemented");
  }

  soundDepth(ship) {
    return null; // for now
  }
}

class Pier extends Quay {
  soundDepth(ship) {
    return ship.lead.sound();
  }
}
"""


def test_a_stub_of_javascript_is_one_and_an_empty_answer_alone_is_none() -> None:
    prose = "Read the tides, hoist flags, tar hulls, sound depths."
    body = f"{prose}\n\n```js\n{JAVASCRIPT}{'// rope' * 20}\n```\n"
    [row] = shortfalls("/moor", body).rows
    assert row.startswith("Stubs in the listings: `readTide` and `tarHull`.")


@pytest.mark.parametrize(
    ("body", "is_stub"),
    [
        ("  // Implement the check of the pilot\n  return true;", True),
        ("  // Implement it\n  if (!pilot) return null;\n  return { id: pilot };", True),
        ("  // Implement it\n  return this.rope.of(pilot);", False),  # it asks somebody
        ("  // Retrieve the flag\n  return { flag: pilot };", False),
    ],
)
def test_what_says_that_it_is_to_be_written_is_a_stub(body: str, is_stub: bool) -> None:
    code = f"class Quay {{\n  checkPilot(pilot) {{\n{body}\n  }}\n}}\n{'// rope' * 40}\n"
    rows = shortfalls("/moor", f"Moor.\n\n```js\n{code}```\n").rows
    assert [row for row in rows if "`checkPilot`" in row] == (
        ["A stub in the listings: `checkPilot`. Write it before you rely on it."] if is_stub else []
    )


@pytest.mark.parametrize(
    ("code", "row"),
    [
        (
            "key = os.environ.get('DOCK_PASSWORD', 'ahoy')",
            "where `DOCK_PASSWORD` is not set: set it.",
        ),
        ("key = os.getenv('DOCK_SECRET', 'ahoy')", "where `DOCK_SECRET` is not set: set it."),
        ("key = os.getenv('DOCK_SECRET', '')", ""),
        ("key = os.getenv('DOCK_NAME', 'ahoy')", ""),
        ("def moor(:", "A listing in Python does not parse, at `def moor(:`: mend it first."),
    ],
)
def test_a_fixed_password_and_what_does_not_parse_are_told(code: str, row: str) -> None:
    text = f"Moor.\n\n```python\nimport os\n{'# rope' * 40}\n{code}\n```\n"
    rows = [one for one in shortfalls("/moor", text).rows if "os" not in one.split()]
    assert [one[-len(row) :] for one in rows if row] == ([row] if row else [])
    assert row or not [one for one in rows if "fixed" in one]


@pytest.mark.parametrize("tail", ["", "\x00", '"""', "(" * 300, "\n    if x:\n", "\\"])
def test_no_listing_that_breaks_off_breaks_the_document(tail: str) -> None:
    """Wherever it ends: what is wrong may be told of a line that is not there."""
    for end in range(0, len(PARSER), 3):
        text = f"Moor.\n\n```python\n{'# rope' * 40}\n{PARSER[:end]}{tail}\n```\n"
        shortfalls("/moor", text)


PARSER = """
import argparse
parser = argparse.ArgumentParser(description="Moor ships")
parser.add_argument("berth", help="Where")
parser.add_argument("-d", "--depth", type=float, help="Metres of water below the keel, at ebb")
parser.add_argument("--ropes", default=4)
args = parser.parse_args()
"""


@pytest.mark.parametrize(
    ("text", "others"),
    [
        ("/moor 4 --depth 3 --ropes 2", ""),
        ("/moor 4 --depth 3 --ropes 2 --anchor", "`--anchor` is"),
        ("python3 moor.py 4 --depth 3 \\\n    --ropes 2 \\\n    --anchor --flag", "`--anchor` and"),
        ("/moor 4 --depth 3 --anchor", ""),  # one option in common says nothing
        ("docker run --depth --ropes --rm -it moor", ""),  # another program's
        ("/moor 4 --depth 3 --ropes 2\ngit log --oneline", ""),
    ],
)
def test_options_that_the_listed_script_does_not_read_are_told(text: str, others: str) -> None:
    body = f"Moor.\n\n```python\n{PARSER}```\n\n```bash\n{text}\n```\n"
    rows = shortfalls("/moor", body).rows
    assert [others] * bool(others) == [row.split("; ")[1][: len(others)] for row in rows]
    assert ("(`moor.py`) reads" in "".join(rows)) is (bool(rows) and "python3" in text)
    twice = body + f"\n```python\n{PARSER}```\n"
    assert not shortfalls("/moor", twice).rows  # which of the two is meant?
    assert not shortfalls("/moor", body.replace("parse_args", "parse_known_args")).rows


def test_what_a_listing_lacks_is_a_limit_of_its_command() -> None:
    text = (
        "---\ndescription: Read tides\n---\n\n# Tides\n\nRead the tides of a day.\n\n"
        f"```python\n{LISTING.format(moor='pass')}```\n"
    )
    said = document(material(harbour() | {"commands/tides.md": text}))
    assert f"Limits\n\n- {EMPTY}" in said


def test_what_is_shown_in_a_text_of_several_lines_is_of_its_class() -> None:
    told = "  tell() {\n    return `\n| ${this.tide()} |\n`;\n  }\n"
    text = f"class Quay {{\n{told}}}\nmoor(this.ebb());\n"
    body = f"Moor.\n\n```js\n{text}// {'x' * 200}\n```\n"
    [row] = shortfalls("/moor", body).rows
    assert "(`tide`)" in row
    assert not shortfalls(
        "/moor", f"Moor.\n\n```py3\n# {'x' * 200}\ndef moor(\n```\n", runs=False
    ).rows


CLASSES = """
class Pilot{base}:
    def __init__(self, rope):
        self.tie = rope.tie
        self.log: Log = rope.log

    def moor(self, ship):
        self.tie(ship)
        self.log("moored")  # self.remark(ship)
        self.sound(ship)
        return self.ebb(ship) + self.lead(ship) + self.ebb(ship)

    def lead(self, ship):
        return ship.depth
"""
UNDEFINED = (
    "The listings of `/moor` call 2 methods that none of them defines (`sound` and `ebb`): add"
    " them before you rely on them."
)


@pytest.mark.parametrize(
    ("base", "more", "row"),
    [
        ("", "", UNDEFINED),
        ("(ABC)", "", UNDEFINED),
        ("(Sailor)", "", ""),  # it may have them from there
        ("(Sailor)", "class Sailor:\n    pass\n", UNDEFINED),
        ("", "def sound(ship):\n    return 1\n", UNDEFINED.replace("2 methods", "a method")
         .replace("`sound` and `ebb`", "`ebb`").replace("them before you rely on them", "it before"
         " you rely on it")),
    ],
)  # fmt: skip
def test_methods_that_no_listing_defines_are_told(base: str, more: str, row: str) -> None:
    code = f"{CLASSES.format(base=base)}```\n\n```python\n{more}# {'x' * 200}"
    body = f"Moor.\n\n```python\n{code}\n```\n"
    assert shortfalls("/moor", body).rows == ((row,) if row else ())
    assert not shortfalls("/moor", body, runs=False).rows


def test_methods_that_no_listing_of_javascript_defines_are_told() -> None:
    text = (
        "class Quay {{\n  tide = () => 1;\n  #gate(a) {{\n  }}\n  static async open(ship) {{\n"
        "    if (this.tide()) {{\n      this.ebb(ship);\n    }}\n    return this.open(ship);\n"
        "  }}\n}}\n{}"
    )
    body = "Moor.\n\n```js\n" + text.format("// " + "x" * 200) + "\n```\n"
    [row] = shortfalls("/moor", body).rows
    assert row.startswith("The listings of `/moor` call a method that none of them defines (`ebb`)")
    assert not shortfalls("/moor", body.replace("Quay {", "Quay extends Pier {")).rows
    emits = body.replace("Quay {", "Quay extends EventEmitter {")
    assert shortfalls("/moor", emits.replace("this.tide()", "this.emit(1)")).rows == (row,)


def test_an_example_with_an_option_that_no_script_reads_is_left_out() -> None:
    text = (
        "---\ndescription: Read tides\n---\n\n# Tides\n\nRead the tides of a day.\n\n"
        "## Examples\n\n### At ebb\n\n```bash\n/tides 4 --depth 3 --ropes 2\n```\n\n"
        "### At flood\n\n```bash\n/tides 4 --flood\n\nFlood: 4.2 m\n```\n\n"
        f"## Listing\n\n```python\n{PARSER}```\n"
    )
    said = document(material(plugin("Reads tides", commands__tides=text)))
    assert "`--flood` is still to be added to it" in said and "At ebb" in said
    assert "At flood" not in said and "Flood: 4.2" not in said


@pytest.mark.parametrize(
    ("lines", "said", "left"),
    [
        (["Tools: Read, `Bash(git:*)`. Model: sonnet."] * 4,
         "Tools of each agent: Read, `Bash(git:*)`. Model of each agent: sonnet.", [""] * 4),
        (["Tools: Read. Model: opus.", *["Tools: Read. Model: sonnet."] * 4],
         "Tools of each agent: Read."
         " Model of each agent, unless its section says otherwise: sonnet.",
         ["Model: opus.", "", "", "", ""]),
        (["", *["Tools: Read."] * 4], "", ["", *["Tools: Read."] * 4]),
        (["Tools: Read."] * 3, "", ["Tools: Read."] * 3),
    ],
)  # fmt: skip
def test_what_nearly_all_may_use_is_said_once(lines: list[str], said: str, left: list[str]) -> None:
    every = {str(n): Limits((Block("text", line),) if line else ()) for n, line in enumerate(lines)}
    told, found = in_common(every)
    assert told == said
    assert ["".join(block.text for block in one.said) for one in found.values()] == left


FILE = """
import {{ tie }} from 'rope';

export class Quay {{
  async moor(ship, ...ropes) {{
    const depth = await readDepth(ship, `${{tide.now()}} of ${{`${{ship.name}}`}}`);
    ropes.forEach((rope) => tie(rope));
    this.log(depth);
    return harbour.open(depth);
  }}

  log(depth) {{
    console.log(depth, "sound(depth)"); // sound(depth)
  }}
}}
{more}
"""


@pytest.mark.parametrize(
    ("more", "names"),
    [
        ("", ["readDepth", "tide", "harbour"]),
        ("const harbour = make('harbour');", ["readDepth", "tide", "make"]),
        ("function readDepth(ship) {\n}\nimport tide from 'tide';", ["harbour"]),
        ("type Log {\n  entry(id: ID!, at: Date): Entry @owner(of: LOG)\n}", None),
        ("-- Drop old columns (not yet)\nDROP TABLE quays;", None),
        ("// ... the rest of the quay", []),
    ],
)
def test_names_that_nothing_defines_or_imports_are_told(more: str, names: list[str] | None) -> None:
    code = FILE.format(more=f"{more}\n{'// rope' * 50}")
    found = unbound(f"Moor.\n\n```ts\n{code}\n```\n")
    assert [*found] == (["readDepth", "tide", "harbour"] if names is None else names)
    part = code.replace("import", "imported").replace("class Quay", "const quay =")
    assert not unbound(f"```ts\n{part}\n```\n")  # of a file
    assert unbound(f"```ts\n{part.replace('export const quay =', 'class Quay')}\n```\n") == found


def test_a_module_of_python_that_is_not_imported_is_told_and_a_builtin_is_none() -> None:
    code = (
        "import rope\n\n@harbour.berth(4)\ndef moor(ship, *, at=None):\n"
        "    depths = [int(d) for d in ship]\n"
        "    return rope.tie(os.getenv('QUAY'), depths, at, **ship)\n"
    )
    body = f"Moor.\n\n```python\n{code}# {'x' * 500}\n```\n"
    assert unbound(body) == ("harbour", "os")
    [row] = shortfalls("/moor", body).rows
    assert row == (
        "The listings of `/moor` use 2 names that none of them defines or imports (`harbour` and"
        " `os`): add them before you rely on them."
    )
    assert not shortfalls("/moor", body, runs=False).rows


def test_what_is_fixed_is_told_by_its_name_and_an_answer_that_is_always_the_same_is_made_up() -> (
    None
):
    code = (
        "class Quay:\n    def sound_depth(self, ship):\n        keel = ship.keel\n"
        "        ebb = 0.0  # Placeholder\n        return keel + ebb\n\n"
        "    def read_tide(self, day):\n        # In production, would query the tables\n"
        "        return {'day': f'{day}', 'high': 0.0, 'low': 0.0}\n\n"
        "    def ring_bell(self, ship):\n        # As in the other harbours\n        pass\n\n"
        "    def close(self):\n        pass\n"
    )
    rows = shortfalls("/moor", f"Sound depths, read the tide.\n\n```python\n{code}```\n").rows
    assert rows == (
        "A stub in the listings: `ring_bell`. Write it before you rely on it.",
        "Made-up values in the listings: what `read_tide` returns.",
        "Fixed placeholders in the listings: `ebb` of `sound_depth`.",
    )
