"""Facts: what code, configuration, frontmatter and prose hold, in the forms that people use."""

from __future__ import annotations

import json

import pytest

from nightpress.model import Fact, FactKind
from nightpress.plugin import collect
from nightpress.plugin.facts import Facts
from tests.plugin.test_anatomy import plugin

ARGPARSE = """\
import os, sys
parser.add_argument("--window", "-w", type=int, default=30)
parser.add_argument("table")
token = os.environ["DEPOT_TOKEN"]
base = os.getenv("DEPOT_URL", "http://localhost:8431/api")
with open("holds.csv", "w") as out: ...
sys.exit(4)
"""
SHELL = """\
#!/bin/sh
# exit 3: the depot is closed
# so that exit 5 — as it was before the flood
LIMIT=${LIMIT:-20}
ROWS=5
while [ $# -gt 0 ]; do case $1 in --since) shift;; -q|--quiet) q=1;; *) exit 2;; esac; done
psql -h "$PGHOST" -c "limit $ROWS" > report.txt
"""
NODE = """\
server.registerTool("release_hold", {});
const tools = [{ name: "list_holds", description: "Lists.", inputSchema: {} }];
program.option('-v, --verbose <level>', 'more');
app.listen(process.env.PORT || 4070);
process.exit(7);
const model = "gpt-4o-mini";
"""


def facts(**files: str) -> Facts:
    return collect(plugin({path.replace("__", "/"): text for path, text in files.items()}))


def found(all_facts: Facts, kind: FactKind, basis: str = "structural") -> dict[str, Fact]:
    return {f.name: f for f in all_facts.of(kind) if f.basis == basis}


def test_a_python_script() -> None:
    has = facts(**{"scripts__holds.py": ARGPARSE})
    options = found(has, "option")
    assert set(options) == {"--window", "-w"}
    assert options["--window"].values == ("30",)
    assert options["--window"].place == "scripts/holds.py:2"
    assert options["--window"].of == "scripts/holds.py"
    variables = found(has, "variable")
    assert set(variables) == {"DEPOT_TOKEN", "DEPOT_URL"}
    assert variables["DEPOT_URL"].values == ("http://localhost:8431/api",)
    assert set(found(has, "exit code")) == {"4"}
    assert set(found(has, "writes")) == {"holds.csv"}
    assert set(found(has, "port")) == {"8431"}


def test_a_shell_script() -> None:
    has = facts(**{"scripts__locks.sh": SHELL})
    assert set(found(has, "option")) == {"--since", "-q", "--quiet"}
    assert found(has, "exit code")["3"].values == ("the depot is closed",)
    assert not any(found(has, "exit code")["5"].values)
    assert set(found(has, "variable")) == {"LIMIT", "PGHOST"}  # ROWS is its own
    assert found(has, "variable")["LIMIT"].values == ("20",)
    assert set(found(has, "writes")) == {"report.txt"}


def test_a_server_in_javascript() -> None:
    has = facts(**{"server__index.js": NODE})
    assert set(found(has, "tool")) == {"release_hold", "list_holds"}
    assert set(found(has, "option")) == {"-v", "--verbose"}
    assert set(found(has, "variable")) == {"PORT"}
    assert set(found(has, "port")) == {"4070"}
    assert set(found(has, "exit code")) == {"7"}
    assert set(found(has, "model")) == {"gpt-4o-mini"}


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("It asks `claude-3-5-sonnet` first, then gpt-4o.", {"claude-3-5-sonnet", "gpt-4o"}),
        ("Set anthropic/claude-opus-4-1, or models/gemini-2.5-pro.",
         {"claude-opus-4-1", "gemini-2.5-pro"}),
        ("Works with gpt-4o/claude-3-haiku.", {"gpt-4o", "claude-3-haiku"}),
        ("run --model=gpt-4o-mini", {"gpt-4o-mini"}),
        ("From https://forge.example/some/depot-claude-agent-2 and team/claude-plugins.", set()),
        ("See https://forge.example/claude-3-demo?model=gpt-4o and team/claude-3-demo/.", set()),
        ("Read notes/claude-3-opus/a.txt, gpt-4.md and my-gpt-4o.", set()),
        ("For claude-code and claude-desktop.", set()),
    ],
)  # fmt: skip
def test_a_name_in_a_url_or_path_is_no_model(text: str, models: set[str]) -> None:
    assert set(found(facts(**{"README.md": text}), "model", "said")) == models
    code = facts(**{"scripts__a.sh": f"#!/bin/sh\necho '{text}'\n"})
    assert {fact.name for fact in code.of("model")} == models


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('@click.option("--depth", default=3)', {"--depth"}),
        ('x: int = typer.Option(5, "--limit")', set()),
        ('parser.add_argument(\n    "--all",\n    action="store_true")', {"--all"}),
        ('days := flag.Int("days", 7, "how many")', {"--days"}),
        ('require("yargs").option("format", {})', {"--format"}),
        ('subprocess.run(["git", "diff", "--stat"])', set()),
    ],
)
def test_options_are_declared_not_passed_on(text: str, options: set[str]) -> None:
    assert set(found(facts(**{"src__a.py": text}), "option")) == options


def test_frontmatter_and_manifests() -> None:
    command = "---\ndescription: Lists.\nargument-hint: <depot> [--since DAYS]\nshortcut: hl\n---\n"
    hooks = {"hooks": {"PostToolUse": [{"matcher": "Write", "command": "./h/a.sh"}]}}
    package = {
        "name": "holds", "version": "2.1.0", "bin": {"hold": "x.js"},
        "dependencies": {"zod": "^3.0.0"}, "engines": {"node": ">=20"},
    }  # fmt: skip
    has = facts(
        **{
            "commands__holds.md": command,
            "hooks__hooks.json": json.dumps(hooks),
            "package.json": json.dumps(package),
            "config.json": '{\n  "retries": 3,\n  "depot": {"city": "Ulm"}\n}',
        }
    )
    assert found(has, "option")["--since"].of == "/holds"
    assert found(has, "option")["--since"].values == ("DAYS",)
    assert set(found(has, "argument")) == {"depot"}
    assert found(has, "alias")["hl"].lines == (4,)
    assert found(has, "hook")["PostToolUse"].values == ("Write", "h/a.sh")
    assert found(has, "package")["zod"].values == ("^3.0.0",)
    assert set(found(has, "program")) == {"hold"}
    assert {v.of: v.name for v in has.of("version")} == {"package.json": "2.1.0", "node": ">=20"}
    assert found(has, "setting")["retries"].values == ("3",)
    assert found(has, "setting")["retries"].place == "config.json:2"


def test_what_only_prose_says() -> None:
    text = (
        "# Holds\n\nRun `/hold-all --now` with `HOLD_KEY`, see docs/a.md.\n"
        "`npm install -g hold-cli@2`; it takes 30 seconds, needs Python 3.11, exits with code 9.\n"
    )
    has = facts(**{"README.md": text})
    for kind, name in (
        ("command", "hold-all"), ("option", "--now"), ("variable", "HOLD_KEY"),
        ("file", "docs/a.md"), ("package", "hold-cli"), ("number", "30 s"), ("version", "3.11"),
        ("exit code", "9"),
    ):  # fmt: skip
        assert name in found(has, kind, "said"), kind  # type: ignore[arg-type]
        assert name not in found(has, kind), kind  # type: ignore[arg-type]


def test_the_same_files_are_read_once() -> None:
    assert facts(**{"README.md": "One.\n"}) is facts(**{"README.md": "One.\n"})
    assert facts(**{"README.md": "One.\n"}) != facts(**{"README.md": "See /two-x here.\n"})
