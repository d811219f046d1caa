"""A change of code that changes no fact, and nothing that a writer is shown but comments, makes no
document stale; every other one does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightpress import fingerprint
from nightpress.clock import RealClock
from nightpress.plan import gather, telling
from nightpress.project import Writer
from nightpress.project.project import Project
from tests.market import Market, plugin

SCRIPTS = {
    "scripts/run.sh": (
        "#!/bin/bash\n# Books the ledgers of one team.\n# Usage: run.sh [--strict]\n"
        'HOST="${LEDGER_HOST:-localhost}"\ncase "$1" in\n  --strict) S=1 ;;\nesac\n'
        'if ! curl "http://$HOST:8080/v1"; then\n  exit 3\nfi\n'
    ),
    "scripts/report.py": (
        '"""Reports what was booked."""\nimport argparse\nimport os\n\n\ndef main():\n'
        '    cli = argparse.ArgumentParser()\n    cli.add_argument("--format", default="csv")\n'
        '    note = """\n# Report\n"""\n    return os.environ["LEDGER_HOME"], note\n'
    ),
    "server/index.ts": (
        "// Serves the ledgers.\nserver.registerTool('ledger_read', { title: 'Read' }, read);\n"
        "function read() {\n  return process.env.LEDGER_HOME;\n}\nserver.listen(3000);\n"
    ),
}
WRITERS = [Writer("offline", "offline", ""), Writer("gemini", "gemini-3.5-flash-lite", "")]
FACTS = [
    ("scripts/run.sh", "LEDGER_HOST", "LEDGER_NODE"),
    ("scripts/run.sh", ":-localhost", ":-127.0.0.2"),
    ("scripts/run.sh", "  --strict)", "  --severe)"),
    ("scripts/run.sh", "exit 3", "exit 4"),
    ("scripts/run.sh", "8080", "8081"),
    ("scripts/run.sh", "Books the ledgers", "Closes the ledgers"),
    ("scripts/report.py", "--format", "--form"),
    ("scripts/report.py", '"csv"', '"tsv"'),
    ("scripts/report.py", "LEDGER_HOME", "LEDGER_ROOT"),
    ("server/index.ts", "ledger_read", "ledger_write"),
    ("server/index.ts", "3000", "3001"),
    ("server/index.ts", "return process.env.LEDGER_HOME", "return process.env.LEDGER_ROOM"),
]


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    root = tmp_path_factory.mktemp("market")
    folder = plugin(root, "alpha")
    for path, text in SCRIPTS.items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text)
    made = Market(root)
    assert made.run("nightpress", "init").code == 0
    assert "1 published" in made.done().out
    yield made


def told(market: Market, writer: Writer) -> tuple[str, str]:
    """(what the plugin tells a document, the digest of its content)."""
    project = Project(market.root, {}, {}, RealClock())
    try:
        gatherer = gather.Gatherer(project)
        state = gatherer.gather("alpha")
        one = state.states["skill"]
        said = telling.of(project, state, one.enhancement, writer, one.inputs)
        return said, fingerprint.content(one.counted)
    finally:
        project.index.close()


def changed(market: Market, path: str, text: str, writer: Writer) -> tuple[str, str]:
    file = market.root / "plugins" / "alpha" / path
    file.write_text(text)
    try:
        return told(market, writer)
    finally:
        file.write_text(SCRIPTS[path])


@pytest.mark.parametrize("writer", WRITERS, ids=str)
@pytest.mark.parametrize(("path", "before", "after"), FACTS)
def test_every_fact_of_code_tells(
    market: Market, writer: Writer, path: str, before: str, after: str
) -> None:
    text = SCRIPTS[path].replace(before, after)
    assert text != SCRIPTS[path]
    assert changed(market, path, text, writer)[0] != told(market, writer)[0]


COMMENTS = ("# look at this again", "# exits when it is done", "", "#", "#   x = 1")


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    path=st.sampled_from(sorted(SCRIPTS)),
    at=st.integers(0, 40),
    comment=st.sampled_from(COMMENTS),
    writer=st.sampled_from(WRITERS),
)
def test_a_comment_tells_nothing(
    market: Market, path: str, at: int, comment: str, writer: Writer
) -> None:
    rows = SCRIPTS[path].rstrip("\n").split("\n")
    place = 4 + at % (len(rows) - 4)  # below its head
    if rows[place - 1].endswith('"""') or rows[place].startswith('"""'):
        return  # a text of several lines
    row = comment.replace("#", "//") if path.endswith(".ts") else comment
    text = "\n".join([*rows[:place], row, *rows[place:]]) + "\n"
    said, content = changed(market, path, text, writer)
    assert said == told(market, writer)[0]
    assert content != told(market, writer)[1]


def test_other_code_tells_whom_it_is_shown(market: Market) -> None:
    path = "server/index.ts"
    text = SCRIPTS[path].replace("{\n  return", "{\n  count += 1;\n  return")
    offline, model = WRITERS
    assert changed(market, path, text, offline)[0] == told(market, offline)[0]
    assert changed(market, path, text, model)[0] != told(market, model)[0]


def test_what_looks_like_a_comment_within_a_text_tells() -> None:
    bare = telling.without_comments
    python = 'note = """\n# Report\n"""\n# why\nx = 1\n'
    assert bare("a.py", python) == bare("a.py", python.replace("# why\n", ""))
    assert bare("a.py", python) != bare("a.py", python.replace("# Report\n", ""))
    for path, text in (
        ("a.sh", "x=1\ncat <<EOF\n# Report\nEOF\n"),
        ("a.sh", 'x=1\necho "\n# Report\n"\n'),
        ("a.ts", "const x = `\n// Report\n`;\n"),
        ("a.py", 'x = (\n"""\n# Report\n'),
        ("a.go", "x := 1\n//go:embed Report\n"),
        ("a.rs", "let x = 1;\n/// Report\n"),
        ("a.yaml", "x: |\n  # Report\n"),
        ("a.sh", "#!/bin/sh\n# Report\nx=1\n"),
    ):
        assert "Report" in bare(path, text)


def test_a_comment_in_a_script_makes_no_call(market: Market, tmp_path: Path) -> None:
    root = tmp_path / "market"
    shutil.copytree(market.root, root)
    own = Market(root)
    own.done("plan")
    script = root / "plugins" / "alpha" / "scripts" / "run.sh"
    script.write_text(script.read_text().replace("esac\n", "esac\n\n# look at this again\n"))
    said = "scripts/run.sh changed, but nothing of it that a document is made from: up to date"
    assert said in own.done("plan").out
    assert "nothing to do" in own.done().out
    shutil.rmtree(root / ".nightpress")  # a clone
    assert "code changed, but nothing of it" in own.done("plan").out
    script.write_text(script.read_text().replace("exit 3", "exit 4"))
    assert "make         alpha/skill: content changed" in own.done("plan").out
