"""Small plugins as a maintainer might write them, made in memory."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from nightpress.backends.offline.analyse import analyse
from nightpress.model import Anatomy, Generator, Material, SourceFile, Window
from nightpress.plugin import anatomy
from nightpress.project.generators import load_generator

ROOT = Path(__file__).parents[3]
TARGETS = {
    "skill": "skills/harbour/SKILL.md",
    "readme": "README.md",
    "reference": "skills/harbour/references/reference.md",
}


def generator(kind: str) -> Generator:
    found, problems = load_generator(ROOT / "generators" / kind)
    assert found is not None, problems
    return found


def build(files: Mapping[str, str], folder: str = "harbour") -> Anatomy:
    sources = [
        SourceFile(p, t, len(t.encode("utf-8", "replace"))) for p, t in sorted(files.items())
    ]
    return anatomy.build(sources, folder)


def material(
    files: Mapping[str, str],
    kind: str = "skill",
    *,
    standing: str = "",
    window: Window | None = None,
    links: tuple[str, ...] = (),
) -> Material:
    found = build(files)
    return Material(
        found, analyse(found), standing, generator(kind), TARGETS[kind], window or Window(), links
    )


WORDS = (
    "anchor ballast beacon berth bilge bollard bow breakwater buoy cable captain cargo channel"
    " chart cleat crane crew current derrick dinghy dock draught dredger drift ebb engine fender"
    " ferry flag fog gale galley gangway hatch hawser helm hold horn hull jetty keel knot ladder"
    " lantern launch league lee lighter lock log mast mole mooring neap oar parrot pier pilot"
    " pontoon port prow quay radar raft reef rigging rope rudder sail salvage seal sextant shoal"
    " signal skiff slipway sluice sounding squall starboard stern stowage strait surge tackle"
    " tender tide tiller trawler trim tug vane wake warp watch wharf whistle winch yard"
).split()


def _berth(n: int) -> str:
    """A section of its own about berth n: words that follow each other nowhere else."""
    word = [WORDS[(n * 37 + k * k * 11 + k * 7) % len(WORDS)] for k in range(30)]
    return (
        f"### Berth {n}\n\nBetween {word[0]} and {word[1]} lies berth {n}, {20 + 7 * n} metres"
        f" long. Its {word[2]} carries a {word[3]}; no {word[4]} comes near its {word[5]}.\n\n"
        f"- {word[6].title()}: the {word[7]} needs a {word[8]} beside the {word[9]}.\n"
        f"- A {word[10]} over the {word[11]} closes it, and {word[12]} or {word[13]} opens it.\n"
        f"- From {word[14]} to {word[15]} a {word[16]} shows the {word[17]}.\n\n"
        f"```bash\n/moor --berth {n} --draught {4 + n / 10:.1f} --{word[18]} {word[19]}\n```"
    )


def harbour(berths: int = 12) -> dict[str, str]:
    """A plugin with three commands, an agent, hooks, a script and a guide; with 24 berths, each of
    which has its own section, over 8,000 bytes of source."""
    sections = "\n\n".join(_berth(n) for n in range(1, berths + 1))
    return {
        ".claude-plugin/plugin.json": json.dumps(
            {
                "name": "harbour",
                "description": "Plan berths and tides for ships in a small harbour",
                "version": "1.4.0",
                "author": {"name": "Ada Quay"},
                "keywords": ["berths", "tides", "pilotage"],
            }
        ),
        "README.md": (
            "# Harbour\n\nAsk for a berth, get a tide.\n\n## Features\n\n- Berths by draught\n"
            "- Tides by the hour\n\n## Installation\n\n```bash\n/plugin install harbour\n```\n\n"
            "## Troubleshooting\n\nIf `/moor` answers 404, the berth does not exist. Run `/tides`"
            " first, for a berth without a tide is never given.\n\n## License\n\nMIT\n"
        ),
        "commands/moor.md": (
            '---\ndescription: Reserve a berth for a ship\nargument-hint: "--berth N --draught M"\n'
            "---\n\n# Moor\n\nReserves a berth and orders pilot and tug.\n\n## Steps\n\n1. Read the"
            " draught.\n2. Find the deepest free berth:\n   ```bash\n   /tides --now\n   ```\n"
            f"3. Write it to the log.\n\n## Berths\n\n{sections}\n"
        ),
        "commands/tides.md": (
            "---\ndescription: Print the tides of a day\n---\n\n# Tides\n\nPrints high and low"
            " water.\n\n```bash\n/tides --day tomorrow\n```\n"
        ),
        "commands/cast-off.md": "---\ndescription: Give a berth back\n---\n\nFrees the berth.\n",
        "agents/pilot.md": (
            "---\nname: harbour-pilot\ndescription: Brings a ship from the mole to its berth\n"
            "---\n\n"
            "You are a harbour pilot. Ask for the draught before anything else.\n"
        ),
        "hooks/hooks.json": json.dumps(
            {
                "hooks": {
                    "PreToolUse": [
                        {
                            "matcher": "Bash",
                            "hooks": [{"type": "command", "command": "scripts/log.sh"}],
                        }
                    ]
                }
            }
        ),
        "scripts/log.sh": "#!/bin/sh\n# Appends one line to the harbour log.\necho ok >> log\n",
        "docs/tide-guide.md": (
            "# Tide guide\n\n## Springs\n\nSpring tides come two days after the full moon, and the"
            " berths nearest to the mole dry out at low water.\n"
        ),
    }
