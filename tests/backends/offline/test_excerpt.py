"""Of a listing that has no room the function is shown that does what its text is about."""

from __future__ import annotations

import pytest

from nightpress.backends.offline.excerpt import excerpt
from tests.backends.offline.plugins import WORDS, harbour, material
from tests.backends.offline.test_documents import document

PROSE = "# Tides\n\nRead the **tide tables** of a day, and sound the depth at each tide.\n\n"

JAVASCRIPT = """
const tables = require('tables');

class TideTables {
  constructor(day) {
    this.day = day;
  }

  // The highest of a day
  async readTide(day) {
    const rows = await tables.of(day || this.day);
    let high = 0;
    for (const row of rows) {
      if (row.depth > high) {
        high = row.depth;
      }
    }
    return high;
  }

  ringBell(ship) {
    const bell = ship.bell;
    let rings = 0;
    while (rings < 4) {
      bell.ring();
      rings += 1;
    }
    return rings;
  }
}
"""
_METHOD = JAVASCRIPT[JAVASCRIPT.index("  // The highest") : JAVASCRIPT.index("  ringBell")]
TIED = (
    JAVASCRIPT.replace("class TideTables", "class Sounding")
    .replace("  ringBell", _METHOD.replace("readTide", "depthRead") + "  ringBell")
    .replace("readTide", "readDepth")
)
"""Two methods of which the text speaks alike."""
PYTHON = """
import tables

class Tides:
    def __init__(self, day):
        self.day = day

    def read_tide(self, day=None):
        \"\"\"The highest of a day.\"\"\"
        rows = tables.of(day or self.day)
        high = 0
        for row in rows:
            if row.depth > high:
                high = row.depth
        return high
"""


@pytest.mark.parametrize(
    ("listing", "info", "first", "last"),
    [
        (JAVASCRIPT, "js", "// The highest of a day", "}"),
        (PYTHON, "python", "def read_tide(self, day=None):", "    return high"),
    ],
)
def test_the_function_that_the_text_speaks_of_is_shown_as_it_stands(
    listing: str, info: str, first: str, last: str
) -> None:
    (_, lead), (_, code) = excerpt(listing, info, PROSE)
    assert lead in ("Its `readTide`:", "Its `read_tide`:")
    fence, *lines, end = code.split("\n")
    assert (fence, lines[0], lines[-1], end) == (f"```{info}", first, last, "```")
    assert all(line.strip() in listing for line in lines)


USED = """
tables = Tides(today())
print(tables.read_tide())

# By hand
print(tables.read_tide("2024-05-01"))
"""
MAIN = """
async def main():
    import argparse

    days = argparse.ArgumentParser()
    days.add_argument("--day")
    print(Tides(days.parse_args().day).read_tide())
"""


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (f"\n# Usage{USED}", USED),
        (f"\n# Example usage:{USED}", USED),
        (
            f'\nif __name__ == "__main__":\n    # Usage{USED.replace(chr(10), chr(10) + "    ")}',
            USED,
        ),
        (f'{MAIN}\n\nif __name__ == "__main__":\n    asyncio.run(main())\n', MAIN),
        (f"\n# Usage\nprint(1)\n{USED}\n\nclass Other:\n    pass\n", None),  # not at its end
        ('\nif __name__ == "__main__":\n    run()\n', None),
    ],
)
def test_how_a_listing_is_used_is_shown_before_any_function_of_it(
    end: str, shown: str | None
) -> None:
    (_, lead), (_, code) = excerpt(PYTHON + end, "python", PROSE)
    assert lead == ("How it is used, at its end:" if shown else "Its `read_tide`:")
    if shown:
        text = shown.strip("\n")
        assert code.removeprefix("```python\n").removesuffix("\n```").endswith(text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    let high = 0;", "    // TODO: the rest\n    let high = 0;"),  # not done
        ("tables.of(", "this.tablesOf("),  # what it calls is nowhere
        ("    return high;", f"{'    high += 1;' * 200}\n    return high;"),  # too long
    ],
)
def test_no_function_is_shown_that_does_not_work_as_it_stands(old: str, new: str) -> None:
    told = "".join(text for _, text in excerpt(JAVASCRIPT.replace(old, new), "js", PROSE))
    assert "readTide" not in told
    assert not list(excerpt(JAVASCRIPT, "js", "# Bread\n\nBake it.\n"))  # of which nothing is said


def test_a_short_document_shows_of_its_longest_listing_the_function_that_matters() -> None:
    filler = "".join(f"  // {n}: a line about ropes\n" for n in range(400))
    code = JAVASCRIPT.replace("  ringBell", f"{filler}\n  ringBell")
    text = f"---\ndescription: Read tides\n---\n\n{PROSE}```js\n{code}```\n"
    said = document(material(harbour() | {"commands/tides.md": text}))
    assert "JavaScript: `TideTables` with `readTide`, `ringBell`).\n\nIts `readTide`:\n\n" in said
    assert "const rows = await tables.of(day || this.day);" in said and "bell.ring" not in said


def test_the_first_example_is_shown_in_part_where_a_later_one_is_shown_whole() -> None:
    filler = "".join(f"  // {n}: a line about ropes\n" for n in range(400))
    code = JAVASCRIPT.replace("  ringBell", f"{filler}\n  ringBell")
    pairs = [(one, two) for one in WORDS[:12] for two in WORDS[20:36]]
    long = "".join(f"- The {one} of the {two} is {n} m\n" for n, (one, two) in enumerate(pairs))
    text = (
        f"---\ndescription: Read tides\n---\n\n{PROSE}## Berths\n\n{long}\n## Code Examples\n\n"
        f"### Example 1: Tables\n\n```js\n{code}```\n\n### Example 2: Bells\n\n```js\nbell.ring(4)"
        ";\nbell.stop();\n```\n"
    )
    said = document(material(harbour() | {"commands/tides.md": text}))
    assert len(said) > 9_000 and "bell.ring(4)" in said and "is 191 m" in said
    assert said.index("Its `readTide`:") < said.index("Example 2")


def test_what_is_supported_and_what_is_needed_stand_before_what_is_done() -> None:
    text = (
        f"---\ndescription: Read tides\n---\n\n{PROSE}## Process\n\n1. Open the tables.\n"
        "2. Find the day.\n\n## Prerequisites\n\n- A lead line of 20 m\n"
    )
    files = {k: v for k, v in harbour().items() if k.startswith(".")}
    readme = "# Harbour\n\n## Supported waters\n\n- The Sound (salt)\n- The Lock (fresh)\n"
    said = document(material(files | {"commands/tides.md": text, "README.md": readme}))
    places = [said.index(one) for one in ("The Sound", "lead line", "Open the tables")]
    assert places == sorted(places)
