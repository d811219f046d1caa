"""The gates: defects caught, false alarms, time per document, findings over real outputs.

The defects and clean documents are those of the tests. A corpus (a marketplace as .tar.gz, never
unpacked) and real outputs of a model (JSON lines) are judged too where they are present: arguments
--corpus and --field, or NIGHTPRESS_CORPUS and NIGHTPRESS_FIELD, or ../shared beside the repository.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import statistics
import tarfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from tests.checks import base
from tests.checks.defects import all_defects

from nightpress.checks import REGISTRY, Context, Neighbours, Verdict, alone, judge, sketches
from nightpress.model import SourceFile, Window
from nightpress.plugin import anatomy

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"
READ_CAP = 400_000  # bytes of one file: what a run reads of a source
TEXT = (".md", ".json", ".txt", ".yaml", ".yml", ".toml", ".sh", ".py", ".js", ".ts", ".mjs")

Files = Mapping[str, str]  # path relative to the plugin's folder -> text


def main(argv: list[str]) -> dict[str, Any]:
    """One object: defects, caught, clean_documents, clean_findings, ms_per_document, ms_at_14_kB,
    and `corpus` and `field` where there are any."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks gates", description=__doc__)
    given = os.environ
    parser.add_argument("--corpus", type=Path, default=given.get("NIGHTPRESS_CORPUS", ""))
    parser.add_argument("--field", type=Path, default=given.get("NIGHTPRESS_FIELD", ""))
    parser.add_argument("--rounds", type=int, default=3, help="of which the least time counts")
    args = parser.parse_args(argv)
    return run(
        args.rounds,
        _there(args.corpus, "corpus/marketplace.tar.gz"),
        _there(args.field, "field/generations.jsonl"),
    )


def _there(path: Path | str, default: str) -> Path | None:
    chosen = Path(path) if str(path) not in {"", "."} else SHARED / default
    return chosen if chosen.is_file() else None


def run(rounds: int = 3, corpus: Path | None = None, field: Path | None = None) -> dict[str, Any]:
    """What `main` says, for the given paths."""
    result: dict[str, Any] = {**_defects(), **_clean(), **_times(rounds)}
    plugins = _plugins(corpus) if corpus else {}
    if plugins:
        result["corpus"] = _corpus(plugins)
    if field:
        result["field"] = _field(field, plugins)
    return result


def _defects() -> dict[str, Any]:
    """A defect is caught if exactly the gate meant for it has a finding."""
    missed = []
    defects = all_defects()
    for defect in defects:
        found = {f.check for f in judge(defect.text, defect.context).findings}
        if found != {defect.gate}:
            missed.append({"gate": defect.gate, "name": defect.name, "found": sorted(found)})
    gates = {defect.gate for defect in defects}
    return {
        "gates": len(REGISTRY),
        "gates_with_defects": len(gates & set(REGISTRY)),
        "defects": len(defects),
        "caught": len(defects) - len(missed),
        "missed": missed,
    }


def _clean() -> dict[str, Any]:
    """Findings on the base document and errors on those written by six hands."""
    told = [f.check for f in judge(base.BASE, base.context()).findings]
    voices = base.voices()
    for name, text in voices.items():
        target = f"{name}/SKILL.md"
        told += [f.check for f in judge(text, alone(target, base.paths_of(name))).errors]
    return {"clean_documents": 1 + len(voices), "clean_findings": len(told), "clean_checks": told}


def _times(rounds: int) -> dict[str, Any]:
    """Milliseconds for all gates together, after the first document of the process."""
    defects = all_defects()
    known = base.context()
    grown = base.BASE
    for number in range(20):
        section = base.BASE[base.BASE.index("## Find") : base.BASE.index("## Compare")]
        more = section.replace("## Find", f"## {number} Find").replace("window", f"window{number}")
        if len((grown + more).encode()) > 14_000:
            break
        grown += "\n" + more
    # the least of several rounds, for others use the machine too; each round's texts are new to
    # the process, so that nothing remembered is measured
    times = [[_ms(f"{d.text}\n{n} metres.\n", d.context) for d in defects] for n in range(rounds)]
    large = [_ms(f"{grown}\n{n} metres.\n", known) for n in range(10 * rounds)]
    single = [min(each) for each in zip(*times, strict=True)]
    return {
        "ms_per_document": round(statistics.mean(single), 2),
        "ms_at_14_kB": round(min(large), 2),
        "bytes_at_14_kB": len(grown.encode()),
    }


def _ms(text: str, context: Context) -> float:
    begin = time.perf_counter()
    judge(text, context)
    return (time.perf_counter() - begin) * 1_000


def _plugins(corpus: Path) -> dict[str, Files]:
    """name -> files of each local plugin in a marketplace archive, read in memory."""
    with tarfile.open(corpus) as archive:
        members = {
            posixpath.normpath(m.name): m
            for m in archive.getmembers()
            if m.isfile() and m.size <= READ_CAP
        }

        def text(path: str) -> str:
            stream = archive.extractfile(members[path])
            return stream.read().decode("utf-8", "replace") if stream else ""

        listed = json.loads(text(".claude-plugin/marketplace.json"))["plugins"]
        plugins: dict[str, Files] = {}
        for entry in listed:
            if isinstance(entry.get("source"), str):
                folder = posixpath.normpath(entry["source"]) + "/"
                plugins[str(entry["name"])] = {
                    path.removeprefix(folder): text(path) if path.endswith(TEXT) else ""
                    for path in members
                    if path.startswith(folder)
                }
    return plugins


def _context(name: str, files: Files, target: str) -> Context:
    sources = [
        SourceFile(path, body, len(body.encode("utf-8", "replace")))
        for path, body in sorted(files.items())
        if path != target
        and body
        and not path.rpartition("/")[2].startswith("LICENSE")
        and path.rpartition("/")[2] != "SKILL.md"
    ]
    return Context(
        target=target,
        window=Window(),
        anatomy=anatomy.build(sources, name),
        plugin_paths=frozenset(files) | {target},
    )


def _corpus(plugins: Mapping[str, Files]) -> dict[str, Any]:
    """The SKILL.md files that stand in the corpus, each in its plugin."""
    told = {
        (name, target): body
        for name, files in plugins.items()
        for target, body in files.items()
        if target.endswith("SKILL.md")
    }
    return _over(told, plugins)


def _field(field: Path, plugins: Mapping[str, Files]) -> dict[str, Any]:
    """Real outputs: JSON lines with plugin_name and skill_content; in their plugins where these are
    in the corpus, else alone but with the same settings."""
    told: dict[tuple[str, str], str] = {}
    for line in field.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row.get("skill_content"):
            name = str(row["plugin_name"])
            told[name, f"skills/{name}/SKILL.md"] = row["skill_content"]
    return _over(told, plugins)


def _over(told: Mapping[tuple[str, str], str], plugins: Mapping[str, Files]) -> dict[str, Any]:
    """Documents with findings per gate, all documents being each other's neighbours."""
    # one index for all: a document is its own neighbour there, so one more is asked for
    neighbours = Neighbours.of(sketches(body) for body in told.values())
    settings = {"paragraph-shared": {"documents": 4}}
    counts: Counter[str] = Counter()
    verdicts: list[Verdict] = []
    times: list[float] = []
    for (name, target), body in told.items():
        known = Context(target=target, window=Window())
        if name in plugins:
            known = _context(name, plugins[name], target)
        context = replace(
            known,
            settings=settings,
            neighbours=neighbours,
            marketplace_plugins=frozenset(plugins),
        )
        begin = time.perf_counter()
        verdict = judge(body, context)
        times.append((time.perf_counter() - begin) * 1_000)
        verdicts.append(verdict)
        counts.update({f.check for f in verdict.findings})
    return {
        "documents": len(verdicts),
        "in_their_plugin": sum(name in plugins for name, _ in told),
        "without_errors": sum(not verdict.errors for verdict in verdicts),
        "score_median": statistics.median(v.score for v in verdicts) if verdicts else 0,
        "ms_per_document": round(statistics.mean(times), 2) if times else 0,
        "documents_with_findings": dict(counts.most_common()),
    }


def render(result: Mapping[str, Any]) -> str:
    """The result as Markdown."""
    lines = [
        "| measure | value |",
        "|---|---|",
        f"| gates, of which have a defect | {result['gates']}, {result['gates_with_defects']} |",
        f"| defects, caught by exactly their gate | {result['defects']}, {result['caught']} |",
        f"| clean documents, false alarms | {result['clean_documents']},"
        f" {result['clean_findings']} |",
        f"| ms per document, all gates | {result['ms_per_document']} |",
        f"| ms at {result['bytes_at_14_kB']:,} bytes | {result['ms_at_14_kB']} |",
    ]
    shown = [key for key in ("corpus", "field") if key in result]
    lines += [
        f"| {key}: {what.replace('_', ' ')} | {result[key][what]} |"
        for key in shown
        for what in WHOLE
    ]
    return "\n".join([*lines, *_table(result, shown)])


WHOLE = ("documents", "in_their_plugin", "without_errors", "score_median", "ms_per_document")


def _table(result: Mapping[str, Any], shown: Iterable[str]) -> list[str]:
    """Documents with findings, gate by gate."""
    columns = list(shown)
    if not columns:
        return ["", "No corpus and no real outputs are here: nothing judged beyond the tests'."]
    lines = ["", "| gate | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    for name in REGISTRY:
        row = [result[key]["documents_with_findings"].get(name, 0) for key in columns]
        if any(row):
            lines.append(f"| {name} | " + " | ".join(str(count) for count in row) + " |")
    return lines
