"""`doit explore` with a real Datasette: read-only, on loopback, with the classic questions."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from nightpress.ledger.questions import QUESTIONS
from tests.market import Market, plugin


def _market(root: Path) -> Market:
    plugin(root, "alpha")
    market = Market(root)
    assert market.run("nightpress", "init").code == 0
    return market


def _get(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


def _url(log: Path) -> str:
    """The address that it says, as soon as it answers."""
    for _ in range(400):
        said = re.search(r"http://127\.0\.0\.1:\d+/ledger", log.read_text())
        try:
            if said is not None:
                _get(f"{said.group()}.json")
                return said.group()
        except urllib.error.URLError:
            pass  # it does not listen yet
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def _listens(port: int) -> set[str]:
    """The addresses, as the kernel writes them, on which somebody listens at this port."""
    found = set()
    for name in ("tcp", "tcp6"):
        table = Path("/proc/net", name)
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            address, at = line.split()[1].split(":")
            if int(at, 16) == port and line.split()[3] == "0A":
                found.add(address)
    return found


def test_without_a_ledger_it_says_so(tmp_path: Path) -> None:
    if util.find_spec("datasette") is None:
        pytest.skip("Datasette is not installed (pip install nightpress[explore])")
    done = _market(tmp_path).doit("explore")
    assert done.code == 1 and "no ledger yet" in done.err


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    """A Python in which Datasette can't be found: the clear message, and status 3."""
    market = _market(tmp_path)
    hide = "import sys; sys.modules['datasette'] = None; from doit.doit_cmd import DoitMain; "
    run = "sys.argv[0] = 'doit'; sys.exit(DoitMain().run(sys.argv[1:]))"
    code = hide + run
    done = subprocess.run(
        [sys.executable, "-c", code, "explore"], cwd=market.root, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 3 and "pip install 'nightpress[explore]'" in done.stderr


def test_datasette_shows_the_ledger_and_changes_nothing(tmp_path: Path) -> None:
    if util.find_spec("datasette") is None:
        pytest.skip("Datasette is not installed (pip install nightpress[explore])")
    market = _market(tmp_path)
    market.done()
    program = str(Path(sys.executable).parent / "doit")
    log = tmp_path / "explore.log"
    with log.open("w") as stream:  # Datasette tells much of a wrong query: a pipe would fill
        process = subprocess.Popen(
            [program, "explore", "--port", "0"], cwd=tmp_path, stdout=stream, stderr=stream
        )
    try:
        url = _url(log)
        rows = _get(f"{url}/outcomes.json?_shape=array")
        assert [tuple(row.values()) for row in rows] == market.rows(QUESTIONS[0].sql)
        for question in QUESTIONS:
            filled = "&plugin=alpha" if ":plugin" in question.sql else ""
            assert isinstance(_get(f"{url}/{question.name}.json?_shape=array{filled}"), list)
        facets = _get(f"{url}/enhancements.json")["facet_results"]
        assert "status" in facets
        for sql in ("DELETE FROM runs", "CREATE TABLE x (y)"):
            with pytest.raises(urllib.error.HTTPError):
                _get(f"{url}.json?sql={urllib.parse.quote(sql)}")
        assert _listens(int(url.split(":")[2].split("/")[0])) == {"0100007F"}  # 127.0.0.1
    finally:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) in (0, 130, -2)
    assert market.doit("audit").code == 0
