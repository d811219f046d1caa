"""The report's page in a real browser: from a file, with hostile names, by keyboard, under axe."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from nightpress.report import charts
from nightpress.report.html import embedded
from tests.report.sample import HOSTILE

Open = Callable[..., Any]


def _names(page: Any) -> list[str]:
    return page.locator("#rows .open").all_text_contents()  # type: ignore[no-any-return]


def test_the_page_opens_from_a_file_without_errors_or_requests(opened: Open, file: Path) -> None:
    page = opened()
    for button in page.locator("#rows .open").all()[:8]:
        button.click()
    for summary in page.locator("summary").all():
        summary.click()
    assert page.said == []
    assert [url for url in page.asked if not url.startswith("data:")] == [file.as_uri()]
    assert page.locator("svg[role=img]").count() == 5
    assert page.locator("svg script, svg style, svg [style]").count() == 0


def test_no_script_of_a_hostile_name_runs_and_it_stays_readable(opened: Open) -> None:
    page = opened()
    page.fill("#search", "hostile")
    shown = _names(page)
    assert sorted(shown) == sorted(HOSTILE)
    for button in page.locator("#rows .open").all():
        button.hover()
        button.click()
    assert page.evaluate("window.owned") is None
    assert page.locator("main script, main img, [onmouseover]").count() == 0
    assert HOSTILE[0] in page.locator("#main").inner_text()
    assert page.said == []


def test_an_inline_script_that_got_in_would_not_run(opened: Open) -> None:
    """The policy is the second wall: it holds even where escaping would have failed."""
    page = opened()
    page.evaluate(
        """() => { const s = document.createElement('script');
        s.textContent = 'window.owned = 9'; document.body.append(s);
        const img = '<img src=x onerror="window.owned = 8">';
        document.body.insertAdjacentHTML('beforeend', img); }"""
    )
    page.wait_for_timeout(50)
    assert page.evaluate("window.owned") is None
    assert any("Content Security Policy" in said for said in page.said)


def test_search_looks_into_names_reasons_and_findings(opened: Open) -> None:
    page = opened()
    page.fill("#search", "guard-")
    names = _names(page)
    assert names and all("guard-" in name or name in HOSTILE for name in names)
    page.fill("#search", "no such plugin anywhere")
    assert _names(page) == []
    assert page.inner_text("#count") == "0 of 250 plugins"
    page.fill("#search", "grounding.command refused")
    assert 0 < len(_names(page)) < 250


def test_plugins_beside_the_page_are_found_sorted_and_opened(opened: Open, parted: Path) -> None:
    page = opened(file=parted)
    page.wait_for_function("document.getElementById('count').textContent == '100 of 100 plugins'")
    assert "hostile-0" not in parted.read_text()
    page.fill("#search", "hostile-")
    assert sorted(_names(page)) == sorted(HOSTILE)
    for button in page.locator("#rows .open").all():
        button.click()
    page.wait_for_function("document.querySelectorAll('.more section').length == 6")
    assert page.locator(".more").filter(has_text="nightpress restore --plugin").count() == 6
    assert page.evaluate("window.owned") is None
    assert page.locator("main script, main img, [onmouseover]").count() == 0
    page.fill("#search", "")
    page.click("[data-key=size]")
    cells = page.locator("#rows > tr > td.n:nth-child(3)").all_text_contents()
    sizes = [int(cell.replace(",", "")) for cell in cells]
    assert len(sizes) == 100 and sizes == sorted(sizes)
    assert page.said == []
    assert {url.rpartition("/")[2] for url in page.asked} >= {"index.html", "all.js", "0003.js"}


def test_a_place_beyond_the_page_is_remembered_in_the_address(opened: Open, parted: Path) -> None:
    page = opened(file=parted)
    page.goto(parted.as_uri() + "#q=hostile-0&open=hostile-0")
    page.reload()
    page.wait_for_function("document.querySelectorAll('.more section').length == 1")
    assert _names(page) == [HOSTILE[0]] and page.url.endswith("#q=hostile-0&open=hostile-0")


def test_a_page_without_what_lies_beside_it_says_so(opened: Open, parted: Path) -> None:
    (parted.parent / "rows" / "all.js").unlink()
    page = opened(file=parted)
    page.wait_for_function("document.getElementById('count').textContent.includes('is missing')")
    assert page.inner_text("#count").startswith("40 of 40 plugins (60 more: ")
    assert len(_names(page)) == 40


def test_a_page_with_plugins_beside_it_runs_no_markup_that_got_in(
    opened: Open, parted: Path
) -> None:
    """A script that stands in the page or in a file beside it runs by its hash alone, or as what
    ours has asked for."""
    (parted.parent / "evil.js").write_text("window.owned = 7")
    got_in = '<script>window.owned = 9</script><script src="evil.js"></script>'
    got_in += '<img src=x onerror="window.owned = 8">'
    text = parted.read_text()
    parted.write_text(text.replace('<main class="wide"', f'{got_in}<main class="wide"'))
    page = opened(file=parted)
    page.wait_for_function("document.getElementById('count').textContent == '100 of 100 plugins'")
    assert page.evaluate("window.owned") is None
    assert sum("Content Security Policy" in said for said in page.said) >= 2


def test_columns_sort_both_ways_and_say_so(opened: Open) -> None:
    page = opened()
    header = page.locator("th", has=page.locator("[data-key=size]"))
    for direction, reverse in (("ascending", False), ("descending", True)):
        page.click("[data-key=size]")
        assert header.get_attribute("aria-sort") == direction
        cells = page.locator("#rows tr > td:nth-child(3)").all_text_contents()
        sizes = [int(cell.replace(",", "")) for cell in cells]
        assert sizes == sorted(sizes, reverse=reverse) and len(set(sizes)) > 10
    assert page.locator("[aria-sort=none]").count() == 6


def test_states_filter_and_pages_turn(opened: Open) -> None:
    page = opened()
    assert len(_names(page)) == 100
    first = _names(page)[0]
    page.click("#next")
    page.click("#next")
    assert len(_names(page)) == 50 and first not in _names(page)
    assert page.locator("#next").is_disabled()
    page.select_option("#state", "refused")
    assert set(page.locator("#rows .pill").all_text_contents()) == {"refused"}


def test_a_row_opens_by_keyboard_and_tells_the_whole_story(opened: Open) -> None:
    page = opened()
    page.fill("#search", "hostile-0")
    page.locator("#rows .open").focus()
    page.keyboard.press("Enter")
    assert page.locator("#rows .open").get_attribute("aria-expanded") == "true"
    story = page.locator(".more").inner_text()
    for part in (
        "Attempts",
        "Provenance",
        "Difference",
        "+Use when",
        "nightpress restore --plugin",
    ):
        assert part in story
    page.keyboard.press("Enter")
    assert page.locator(".more").count() == 0


def test_what_was_looked_for_stands_in_the_address(opened: Open, file: Path) -> None:
    page = opened()
    page.fill("#search", "grounding.command")
    page.select_option("#state", "refused")
    page.click("[data-key=size]")
    page.click("[data-key=size]")
    page.locator("#rows .open").first.click()
    names, story = _names(page), page.locator(".more").inner_text()
    url = page.url
    again = opened()
    again.goto(url)
    assert _names(again) == names and again.input_value("#search") == "grounding.command"
    assert again.locator(".more").inner_text() == story
    assert again.locator("[aria-sort=descending] [data-key=size]").count() == 1
    again.goto(file.as_uri() + "#plugins")
    assert again.url.endswith("#plugins")  # a place in the page stays one


def test_documents_and_drafts_are_links_and_commands_can_be_copied(opened: Open) -> None:
    page = opened()
    page.evaluate("navigator.clipboard.writeText = async (text) => { window.held = text; }")
    page.select_option("#state", "refused")
    page.locator("#rows .open").first.click()
    to = [one.get_attribute("href") for one in page.locator(".more h3 a").all()]
    slug = to[0].split("/")[3]
    assert to == [f"../../plugins/{slug}/skills/{slug}/SKILL.md", f"../drafts/{slug}/skill.md"]
    page.locator(".more .copy").nth(1).click()
    assert page.evaluate("window.held") == f"nightpress build {slug}/skill --force"
    assert page.inner_text("#copied") == f"copied: nightpress build {slug}/skill --force"
    page.locator("section[aria-labelledby=needs] .copy").first.click()
    assert page.evaluate("window.held") == (
        "scan-kit has nothing real to say yet:\n\n- [ ] commands/scan.md:3: never written"
    )


@pytest.mark.parametrize(("width", "media"), [(390, "screen"), (1400, "screen"), (800, "print")])
def test_text_in_charts_is_readable_everywhere(
    opened: Open, short: Path, width: int, media: str
) -> None:
    page = opened(width, file=short)
    page.emulate_media(media=media)
    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".chart svg text")].map((text) => {
        const scale = text.getScreenCTM();
        return Math.hypot(scale.a, scale.b) * parseFloat(getComputedStyle(text).fontSize); })"""
    )
    assert len(sizes) > 40 and min(sizes) >= 12
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("width", [390, 1400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast_and_labels_pass_axe(opened: Open, short: Path, width: int, scheme: str) -> None:
    pytest.importorskip("axe_playwright_python", reason="axe-core is not installed")
    page = opened(width, scheme, short)
    page.select_option("#state", "")
    for button in page.locator("#rows .open").all()[:2]:
        button.click()
    for summary in page.locator("summary").all():
        summary.click()
    axe = resources.files("axe_playwright_python") / "axe.min.js"
    page.evaluate(axe.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    said = {
        f"{broken['id']}: {node['html'][:160]} {node['failureSummary'][:300]}"
        for broken in found["violations"]
        for node in broken["nodes"]
    }
    assert said == set()
    assert {"color-contrast", "label", "button-name"} <= {rule["id"] for rule in found["passes"]}
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_day_without_work_shows_in_the_charts() -> None:
    assert charts.calendar(["2026-11-23"]) == [f"2026-11-{day}" for day in range(17, 24)]
    assert len(charts.calendar(["2026-11-23", "2026-10-25"])) == 30


def test_on_a_phone_an_open_row_is_as_wide_as_the_table(opened: Open) -> None:
    page = opened(400)
    page.locator("#rows .open").first.click()
    table, cell = (page.locator(at).bounding_box() for at in ("table.plugins", ".more > td"))
    assert abs(table["width"] - cell["width"]) < 2 and table["width"] <= 400
    head = page.locator("table.plugins > thead th:visible")
    ends = [head.nth(n).bounding_box() for n in range(head.count())]
    assert all(a["x"] + a["width"] <= b["x"] + 1 for a, b in pairwise(ends))


def test_embedded_json_can_not_end_its_script_element() -> None:
    text = embedded({name: name for name in HOSTILE})
    assert not re.search(r"[<>&\u2028\u2029]", text)
    assert "\\u003c/script\\u003e" in text
