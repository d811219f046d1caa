"""The documentation: every page is in the site, every command in it exists, nothing comes from
elsewhere."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from nightpress import cli
from nightpress.cli import completion, task
from nightpress.project import options
from nightpress.tasks import __all__ as chapters

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```(?:bash|sh)\n(.*?)^```", re.S | re.M)


def test_every_page_is_in_the_navigation() -> None:
    navigation = (ROOT / "mkdocs.yml").read_text().partition("\nnav:\n")[2]
    named = re.findall(r"^ +- (\S+\.md)$", navigation, re.M)
    assert sorted(named) == [page.name for page in PAGES]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "README.md"], ids=lambda page: page.stem)
def test_every_command_of_a_page_exists(page: Path) -> None:
    own = completion._choices(cli._parser())
    doits = {name.replace("_", "-") for name in chapters} | {"list", "help", "info", "clean",
                                                             "forget", "ignore"}  # fmt: skip
    wrong = []
    for line in "\n".join(FENCE.findall(page.read_text())).split("\n"):
        code = line.partition(" #")[0].rstrip()
        for program, words in re.findall(r"(?:^|[;&|] ?)(nightpress|doit)((?: [^;&|]+)?)", code):
            bare = [word for word in words.split() if not re.match(r"[a-z_]+=|-", word)]
            command = bare[0].partition(":")[0] if bare else ""
            known = {*task.COMMANDS, *own} if program == "nightpress" else doits | {""}
            if command not in known | {""}:
                wrong.append(line)
            if program == "nightpress" and command in own:
                parser = own[command]
                for inner in bare[1:2]:
                    parser = completion._choices(parser).get(inner, parser)
                wrong += [line for option in re.findall(r"(?<!\S)--[a-z-]+", words)
                          if option not in completion._options(parser)]  # fmt: skip
    assert wrong == []


def test_every_picture_is_there_and_shown_and_asks_nobody() -> None:
    shown = {name for page in PAGES for name in re.findall(r"\]\((img/\S+)\)", page.read_text())}
    there = {f"img/{path.name}" for path in (ROOT / "docs" / "img").iterdir()}
    assert shown == there
    for path in (ROOT / "docs" / "img").glob("*.svg"):
        assert not re.search(r"(?:url\(|href=|src=)[\"']?https?:", path.read_text())


def test_the_options_of_the_pages_are_those_there_are() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    assert all(f"`--{name.replace('_', '-')}`" in page for name in options.OPTIONS)


def test_the_site_is_built_strictly_and_asks_nobody(tmp_path: Path) -> None:
    if importlib.util.find_spec("mkdocs") is None or importlib.util.find_spec("material") is None:
        pytest.skip("mkdocs-material is not installed: pip install -e '.[docs]'")
    words = ["build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", *words], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for page in (tmp_path / "site").rglob("*.html"):
        loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=\"?(https?:[^\">\s]+)",
                            page.read_text())  # fmt: skip
        assert loaded == [], page


@pytest.fixture
def build(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """hatch_build.py, without the builder that loads it."""
    for name in ("hatchling", "hatchling.metadata", "hatchling.metadata.plugin"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    face = ModuleType("hatchling.metadata.plugin.interface")
    face.MetadataHookInterface = object  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, face.__name__, face)
    for name in ("CI_PROJECT_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY"):
        monkeypatch.delenv(name, raising=False)
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "hatch_build.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_package_index_is_given_links_that_lead_somewhere(build: ModuleType) -> None:
    text = build.absolute((ROOT / "README.md").read_text(), "https://forge.example/us/it")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 20 and all(
        link.startswith("https://forge.example/us/it/") for link in links
    )
    for link in links:
        assert (ROOT / link.partition("/main/")[2]).is_file(), link
    picture = build.absolute("![a run](docs/img/run.svg) [b](https://b.example)", "https://f/o/r")
    assert picture == "![a run](https://f/o/r/raw/main/docs/img/run.svg) [b](https://b.example)"


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("git@forge.example:us/it.git", "https://forge.example/us/it"),
        ("https://me:secret@forge.example/us/it.git", "https://forge.example/us/it"),
        ("ssh://git@forge.example:2222/us/it", "https://forge.example/us/it"),
        ("/srv/git/it.git", ""),
    ],
)
def test_the_repository_is_known_without_anybodys_password(
    build: ModuleType, tmp_path: Path, origin: str, url: str
) -> None:
    for words in (["init", "-q"], ["remote", "add", "origin", origin]):
        subprocess.run(["git", "-C", str(tmp_path), *words], check=True)
    assert build.repository(tmp_path) == url
    (tmp_path / "PKG-INFO").write_text("Name: it\nProject-URL: Repository, https://f/o/r\n\nIt.\n")
    assert build.repository(tmp_path) == "https://f/o/r"
