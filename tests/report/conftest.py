"""Pages in Debian's headless Chromium, driven by playwright (which downloads nothing here)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from nightpress.report import html
from nightpress.report.html import page as page_of
from tests.report.sample import sample


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium here (Debian: apt-get install chromium)")
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with api.sync_playwright() as played:
        try:
            opened = played.chromium.launch(executable_path=program)
        except api.Error as error:
            pytest.skip(f"chromium does not start here: {str(error).splitlines()[0]}")
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of 250 plugins, the first of them with hostile names, as a file."""
    path = tmp_path_factory.mktemp("report") / "index.html"
    path.write_text(page_of(sample(250)), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same page with as many plugins as show every state, for what looks at each element."""
    few, many = sample(40), sample(250)
    assert {one.state for one in few.plugins} == {one.state for one in many.plugins}
    path = tmp_path_factory.mktemp("short") / "index.html"
    path.write_text(page_of(few), encoding="utf-8")
    return path


@pytest.fixture()
def parted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The page of 100 plugins where it has room for 40, with the files beside it; those with
    hostile names are in these."""
    monkeypatch.setattr(html, "FIRST", 40)
    monkeypatch.setattr(html, "EACH", 15)
    figures = sample(100)
    figures = replace(figures, plugins=figures.plugins[::-1])
    (tmp_path / "rows").mkdir()
    (tmp_path / "index.html").write_text(page_of(figures), encoding="utf-8")
    for name, text in html.beside(figures):
        (tmp_path / "rows" / name).write_text(text, encoding="utf-8")
    return tmp_path / "index.html"


@pytest.fixture()
def opened(browser: Any, file: Path) -> Iterator[Callable[..., Any]]:
    """Opens a page; `page.said` holds console errors and exceptions, `page.asked` requests."""
    pages = []

    def open_(width: int = 1400, scheme: str = "light", file: Path = file) -> Any:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(file.as_uri())
        pages.append(page)
        return page

    yield open_
    for page in pages:
        page.close()
