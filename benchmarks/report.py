"""The report in headless Chromium: how large its page is, how fast to make, open, search, sort."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.report.sample import sample

from nightpress.report import html

SIZES = (236, 10_000, 100_000)


def main(argv: list[str]) -> dict[str, Any]:
    sizes = [int(arg) for arg in argv] or list(SIZES)
    program = shutil.which("chromium")
    if program is None:
        raise SystemExit("there is no chromium here (Debian: apt-get install chromium)")
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as played:
        browser = played.chromium.launch(executable_path=program)
        found = [_measure(browser, Path(folder) / "index.html", size) for size in sizes]
        version = browser.version
        browser.close()
    return {"chromium": version, "pages": found}


def _measure(browser: Any, path: Path, plugins: int) -> dict[str, Any]:
    figures = sample(plugins)
    began = time.perf_counter()
    path.write_text(html.page(figures), encoding="utf-8")
    rows = path.with_name("rows")
    rows.mkdir(exist_ok=True)
    for name, text in html.beside(figures):
        (rows / name).write_text(text, encoding="utf-8")
    made = time.perf_counter() - began
    largest = max((one.stat().st_size for one in rows.glob("0*.js")), default=0)
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(path.as_uri())
    page.wait_for_selector("#rows tr")
    opened = time.perf_counter() - began
    page.wait_for_function(f"document.getElementById('count').textContent == '{_all(plugins)}'")
    whole = time.perf_counter() - began
    timed = {name: page.evaluate(_TIMED.format(act=act)) for name, act in _ACTS.items()}
    page.close()
    return {
        "plugins": plugins, "mb": round(path.stat().st_size / 1e6, 2),
        "make_s": round(made, 3), "open_s": round(opened, 3), "whole_s": round(whole, 3),
        "beside_mb": round((rows / "all.js").stat().st_size / 1e6, 2) if largest else 0,
        "largest_mb": round(largest / 1e6, 2),
        **{f"{name}_ms": round(ms, 1) for name, ms in timed.items()},
    }  # fmt: skip


def _all(plugins: int) -> str:
    return f"{plugins:,} of {plugins:,} plugins"


_TIMED = (
    "() => {{ const began = performance.now(); {act}; document.body.offsetHeight;"
    " return performance.now() - began; }}"
)
"""Milliseconds of an act until the page is laid out again."""

_SEARCH = (
    "document.getElementById('search').value = '{text}';"
    " document.getElementById('search').dispatchEvent(new Event('input'))"
)
_ACTS = {
    "first_search": _SEARCH.format(text="keeper"),
    "search": _SEARCH.format(text="guard content"),
    "clear": _SEARCH.format(text=""),
    "sort": "document.querySelector('[data-key=size]').click()",
    "expand": "document.querySelector('.open').click()",
}


def render(found: dict[str, Any]) -> str:
    rows = [
        "| plugins | MB | all lines beside it | documents of 200 | make | open | with all lines"
        " | first search | search | sort | open a row |",
        "|" + "---|" * 11,
    ]
    for page in found["pages"]:
        rows.append(
            f"| {page['plugins']:,} | {page['mb']} | {page['beside_mb']} MB"
            f" | {page['largest_mb']} MB | {page['make_s']:.2f} s"
            f" | {page['open_s']:.2f} s | {page['whole_s']:.2f} s"
            f" | {page['first_search_ms']:.0f} ms | {page['search_ms']:.0f} ms"
            f" | {page['sort_ms']:.0f} ms | {page['expand_ms']:.0f} ms |"
        )
    return "\n".join([f"Chromium {found['chromium']}, headless.", "", *rows])
