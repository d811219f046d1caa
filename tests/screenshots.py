"""The pictures of the documentation, from real runs: `python -m tests.screenshots`.

The sample marketplace of this repository is built in a terminal of 80 columns and 24 lines (pyte
emulates it, rich draws it as SVG); the report and the review are photographed in Chromium, which
must be there.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.text import Text

from tests.gemini_server import GeminiServer, Limits
from tests.market import environment
from tests.terminal import COLUMNS, Terminal

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "img"
COPIED = ("dodo.py", "generators", "manifests", "plugins", "schemas")
"""What of this repository is the sample project."""
SHOTS = {
    "plan": "nightpress plan",
    "build": "nightpress build",
}
"""Picture -> the command whose terminal it shows, in the order in which they are run."""
RUNNING = re.compile(r"\n\S* [1-9]\d* of \d+ \d+ %.* left:.*\n", re.S)
"""A screen of a run that has made some, and is making others."""


def svg(text: Text, title: str) -> str:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(text, end="")
    drawn = console.export_svg(title=title, unique_id="shot")
    return re.sub(r"@font-face \{.*?\}\n", "", drawn, flags=re.S)  # nothing is fetched


def terminals(project: Path) -> dict[str, str]:
    """Picture -> SVG, of the offline run."""
    drawn = {}
    for name, command in SHOTS.items():
        shown = Terminal()
        code = shown.run(command, project, environment())
        assert code == 0, f"{command} ended with {code}:\n{shown.text().plain}"
        drawn[name] = svg(shown.text(), command)
    return drawn


def night(project: Path) -> dict[str, str]:
    """Picture -> SVG, of a run whose documents a model writes: the stand-in of the tests, which
    takes its time, within a free tier's limits."""
    defaults = project / "manifests" / "_defaults.yaml"
    tier = "limits: {'*': {rpm: 15, tpm: 250000, rpd: 500}}"
    defaults.write_text(f"{defaults.read_text()}\n{tier}\n")
    with GeminiServer(latency=1.5, limits={"*": Limits()}) as server:
        shown = Terminal()
        keys = {
            **environment(),
            "GEMINI_API_KEY": "test-key",
            "GOOGLE_GEMINI_BASE_URL": server.url(),
        }
        shown.run("nightpress build", project, keys)
    live = [frame for frame in shown.frames if RUNNING.search(frame.plain)]
    assert live, "no frame shows a run under way"
    return {"live": svg(live[len(live) * 2 // 3], "nightpress build")}


def pages(project: Path, browser: Browser) -> dict[str, bytes]:
    """Picture -> PNG: the report on a built marketplace, and the review of drafts that wait."""
    defaults = project / "manifests" / "_defaults.yaml"
    _quietly(project, "build", "report")
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto((project / ".nightpress/report/index.html").as_uri())
    taken = {"report": page.screenshot()}
    held = re.sub(r"^publish:.*", "publish: review", defaults.read_text(), flags=re.M)
    defaults.write_text(held)
    bisect = project / "plugins" / "test-triage" / "commands" / "triage-bisect.md"
    bisect.write_text(bisect.read_text().replace("commit three times", "commit five times"))
    _quietly(project, "build", "review")
    page.goto((project / ".nightpress/report/review.html").as_uri())
    return {**taken, "review": page.screenshot()}


def _quietly(project: Path, *commands: str) -> None:
    for command in commands:
        subprocess.run(
            [str(Path(sys.executable).parent / "nightpress"), command],
            cwd=project, env=environment(), check=True, capture_output=True,
        )  # fmt: skip


def sample(folder: Path) -> Path:
    """A copy of the sample project, which nobody has built yet."""
    project = folder / "marketplace"
    project.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, project / name)
    subprocess.run(["git", "init", "-q", str(project)], check=True)
    return project


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["XDG_STATE_HOME"] = folder
        for take in (terminals, night):
            for name, drawn in take(sample(Path(folder) / take.__name__)).items():
                (FOLDER / f"{name}.svg").write_text(drawn)
        program = shutil.which("chromium")
        with sync_playwright() as played, played.chromium.launch(executable_path=program) as one:
            for name, taken in pages(sample(Path(folder) / "pages"), one).items():
                (FOLDER / f"{name}.png").write_bytes(taken)
    sys.stderr.write(f"{FOLDER}: {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
