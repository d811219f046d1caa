"""What code and configuration declare: options, exit codes, variables, tools, settings, packages.

Pure. No parser of ten languages, but the forms in which people declare these things (argparse,
click, typer, commander, yargs, getopts and `case`, Go's flag; `os.environ`, `process.env`, a
shell's `${X:-default}`; MCP's `registerTool`, `@mcp.tool`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from nightpress.lazy import pattern
from nightpress.model import FactKind, SourceFile
from nightpress.plugin.facts import Raw

MOST_SETTINGS = 400
"""Keys of one configuration file that are taken."""
LONGEST_CODE = 400_000
"""Characters of one file that are looked at."""

_OPTION = pattern(
    r"(?:\.option\(|\.requiredOption\(|add_argument\(|@\w*\.?option\(|Option\(|\.flag\(|\.arg\()"
    r"((?:\s*[\"'][^\"'\n]*[\"']\s*,?)+)"
)
_QUOTED_OPTION = pattern(r"(?<![\w-])(--?[A-Za-z][\w-]*)")
_DEFAULT = pattern(r"[^()\n]{0,200}?\bdefault\s*[=:]\s*[\"']?([\w.:/-]+)")
_PLAIN_OPTION = pattern(r"\.option\(\s*[\"']([a-z][\w-]*)[\"']")  # yargs
_GO_FLAG = pattern(
    r"\bflag\.(?:String|Bool|Int|Duration|Float64)(?:Var)?\((?:&\w+,\s*)?\"([\w-]+)\""
)
_CASE = pattern(
    r"(?:^|;;|\bin\b|\|)[ \t]*[\"']?(--?[A-Za-z][\w-]*)(?=[\"']?[=*]*[\"']?[ \t]*[|)])", re.M
)
_GETOPTS = pattern(r"\bgetopts\s+[\"']?:?([A-Za-z:]+)")
_USAGE = pattern(r"\busage:[^\n]*", re.I)
_EXIT = pattern(
    r"(?<![\w.-])(?:exit|sys\.exit|process\.exit|os\.Exit|SystemExit|os\._exit)(?:\(\s*"
    r"|\s+)(\d{1,3})\b(?![.\w])"
)
_EXIT_SAID = pattern(
    r"\bexit(?:s|\s+(?:codes?|status))?\s+(?:with\s+)?(\d{1,3})\b[ :=-]+([\w\"'`(][^;\n]{1,119})",
    re.I,
)
_ENVIRONMENT = pattern(
    r"(?:environ(?:\.get\(|\[|\.setdefault\()|getenv\(|Getenv\(|LookupEnv\(|env::var\()\s*[\"']"
    r"([A-Za-z_]\w*)[\"'](?:\s*,\s*[\"']?([^\"'\n)]{1,80}))?"
    r"|(?:process\.env|import\.meta\.env|Deno\.env|\bENV)(?:\.|\[\s*[\"']"
    r"|\.get\(\s*[\"'])([A-Z_]\w*)"
    r"(?:[\"']\]|[\"']\))?(?:\s*(?:\|\||\?\?)\s*[\"']?([\w.:/-]+))?"
)
_SHELL = pattern(r"(?<![\\$])\$\{?([A-Z][A-Z0-9_]{2,})(?::?[-=]([^}\n]{0,80}))?")
_ASSIGNED = pattern(
    r"(?:^|[;&|]\s*|\b(?:local|declare|readonly|for"
    r"|read(?: -r)?)\s+)[ \t]*([A-Z][A-Z0-9_]*)(?:=|\s+in\b|\s*$)",
    re.M,
)
_SHELLS_OWN = frozenset(
    "HOME PATH PWD OLDPWD USER SHELL TERM TMPDIR IFS LINENO RANDOM SECONDS PPID UID EUID HOSTNAME"
    " BASH_SOURCE BASH_VERSION FUNCNAME OPTARG OPTIND REPLY PIPESTATUS LANG LC_ALL EDITOR".split()
)
_COMMENTED = pattern(
    r"(?:#|//|\*).*\b(?:reads?|environment|env(?:ironment)? vars?|requires?)\b[: ]([^;\n]*)", re.I
)
_NAME = pattern(r"\b[A-Z][A-Z0-9_]{3,}\b")
_WRITES = pattern(
    r"\bopen\(\s*[\"']([^\"'\n]+)[\"']\s*,\s*[\"'][wax]|(?:writeFile(?:Sync)?|createWriteStream"
    r"|WriteFile|Path)\(\s*[\"']([^\"'\n]+)[\"'](?:\)\.write_|,)"
)
_REDIRECTED = pattern(
    r"(?:^|\s)(?:1?>{1,2}|tee(?: -a)?)\s*[\"']?((?:[\w.-]+/)*[\w-]+\.[a-z]{2,5})\b"
)
_TOOL = pattern(
    r"(?:\.(?:registerTool|tool|addTool)\(\s*[\"']|\bTool\(\s*name\s*=\s*[\"'])([A-Za-z][\w.-]*)"
    r"|\bname\s*:\s*[\"']([A-Za-z][\w.-]*)[\"']\s*,\s*(?:title\s*:[^\n]*\n\s*)?"
    r"description\s*:\s*[^{}]{0,600}?\binputSchema\b"
    r"|@\w+\.tool(?:\([^)\n]*\))?\s*\n\s*(?:async\s+)?def\s+(\w+)"
)
_PORT = pattern(
    r"(?:\blisten\(|\bPORT\b[^\n\d]{0,24}|--port[= ]|localhost:|127\.0\.0\.1:|0\.0\.0\.0:"
    r"|\bport\s*[=:]\s*)(\d{2,5})\b",
    re.I,
)
URL = pattern(r"\bhttps?://[^\s<>\"'`)\]}|\\]+")
MODEL = pattern(
    r"(?<![\w-])(?:claude-(?=[a-z0-9.-]*(?:\d|opus|sonnet|haiku))(?:[a-z0-9.]+-)*[a-z0-9.]+"
    r"|gpt-[\w.-]*\w|gemini-[\d.]+(?:-[a-z0-9]+)*|o[134]-(?:mini|preview|pro))\b",
    re.I,
)
_WAY = pattern(r"[^\s<>\"'`()\[\]{}|,;]+\Z")
_ENDING = pattern(r"\.[A-Za-z]{2,4}\Z")
_MAKERS = frozenset(
    "anthropic azure bedrock gemini google models openai openrouter vertex_ai".split()
)
"""What stands before the `/` of a model's name."""
_IMPORT = pattern(
    r"^[ \t]*(?:import|from)\s+([a-zA-Z_]\w*)|\b(?:require"
    r"\(|from\s+)[\"']((?:@[\w.-]+/)?[a-z][\w.-]*)",
    re.M,
)
_REQUIREMENT = pattern(r"^([A-Za-z][\w.-]*)(?:\[[^\]\n]*\])?\s*(?:([=<>~!]=?[^#;\n]+))?", re.M)
_SKIPPED = frozenset("package-lock.json npm-shrinkwrap.json composer.lock marketplace.json".split())
_DEPENDENCIES = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


def of(file: SourceFile, kind: str) -> Iterator[Raw]:
    """What a file that is no prose declares; kind: of anatomy.kind_of."""
    name = file.path.rpartition("/")[2].lower()
    text = file.text[:LONGEST_CODE]
    yield Raw("file", file.path, 0)
    if name in _SKIPPED or (name == "plugin.json" and kind != "manifest"):  # another client's
        return
    if kind in ("script", "code") or name in ("dockerfile", "makefile", "justfile"):
        yield from _code(file.path, text)
    elif name == "package.json":
        yield from _package(text)
    elif name.startswith("requirements") and name.endswith(".txt"):
        for match in _REQUIREMENT.finditer(text):
            yield Raw("package", match[1], match.start(), (match[2] or "").strip())
    elif kind == "manifest":
        yield from _manifest(text)
    elif kind in ("data", "mcp", "hook"):
        yield from _data(file.path, name, text)


def _code(path: str, text: str) -> Iterator[Raw]:
    yield from _options(path, text)
    for match in _EXIT.finditer(text):
        yield Raw("exit code", match[1], match.start(), of=path)
    for match in _EXIT_SAID.finditer(text):
        yield Raw("exit code", match[1], match.start(), match[2].strip(), path)
    yield from _variables(path, text)
    for match in _WRITES.finditer(text):
        yield Raw("writes", match[1] or match[2], match.start(), of=path)
    for match in _REDIRECTED.finditer(text) if ">" in text or "tee" in text else ():
        yield Raw("writes", match[1], match.start(1), of=path)
    for match in _TOOL.finditer(text) if "ool" in text or "inputSchema" in text else ():
        group = next(n for n in (1, 2, 3) if match[n])
        yield Raw("tool", match[group], match.start(group), of=path)
    for match in _IMPORT.finditer(text):
        yield Raw("package", match[1] or match[2], match.start(), of=path)
    yield from everywhere(text)


def _options(path: str, text: str) -> Iterator[Raw]:
    for call in _OPTION.finditer(text):
        after = _DEFAULT.match(text, call.end())
        for option in _QUOTED_OPTION.finditer(call[1]):
            yield Raw("option", option[1], call.start(), after[1] if after else "", path)
    if "yargs" in text:
        for match in _PLAIN_OPTION.finditer(text):
            yield Raw("option", f"--{match[1]}", match.start(), of=path)
    for match in _GO_FLAG.finditer(text) if "flag." in text else ():
        yield Raw("option", f"--{match[1]}", match.start(), of=path)
    for match in _CASE.finditer(text) if "case " in text else ():
        yield Raw("option", match[1], match.start(1), of=path)
    for match in _GETOPTS.finditer(text):
        for letter in match[1].replace(":", ""):
            yield Raw("option", f"-{letter}", match.start(), of=path)
    for match in _USAGE.finditer(text):
        for option in _QUOTED_OPTION.finditer(match[0]):
            yield Raw("option", option[1], match.start() + option.start(), of=path)


def _variables(path: str, text: str) -> Iterator[Raw]:
    for match in _ENVIRONMENT.finditer(text):
        yield Raw(
            "variable",
            match[1] or match[3],
            match.start(),
            (match[2] or match[4] or "").strip(),
            path,
        )
    shell = path.endswith((".sh", ".bash")) or (text.startswith("#!") and "sh" in text[:40])
    if shell:
        own = {m[1] for m in _ASSIGNED.finditer(text)} | _SHELLS_OWN
        for match in _SHELL.finditer(text):
            # X=${X:-5}: a default for what the environment may give
            if match[1] not in own or (match[2] is not None and match[1] not in _SHELLS_OWN):
                yield Raw("variable", match[1], match.start(), match[2] or "", path)
    for comment in _COMMENTED.finditer(text):
        for name in _NAME.finditer(comment[1]):
            if text.count(name[0]) or "_" in name[0]:
                yield Raw("variable", name[0], comment.start(), of=path)


def everywhere(text: str) -> Iterator[Raw]:
    """What looks alike in code, configuration and prose."""
    for match in URL.finditer(text) if "://" in text else ():
        yield Raw("url", match[0].rstrip(".,;:!?*_"), match.start())
    for match in MODEL.finditer(text):
        if not _of_path(text, match):
            yield Raw("model", match[0], match.start())
    for match in _PORT.finditer(text):
        yield Raw("port", match[1], match.start(1))


def _of_path(text: str, model: re.Match[str]) -> bool:
    """Is it a part of a URL or path? (`openai/gpt-4o` is a model, and so are both of `a/b`.)"""
    way = _WAY.search(text, max(0, model.start() - 300), model.start())
    if way is not None and "/" in way[0]:
        folder = way[0].rstrip("/").rpartition("/")[2].lower()
        named = folder in _MAKERS or MODEL.fullmatch(folder)
        if "://" in way[0] or not (way[0].endswith("/") and named):
            return True
    beyond = text[model.end() : model.end() + 1] == "/"
    return bool(_ENDING.search(model[0])) or (beyond and not MODEL.match(text, model.end() + 1))


# --- configuration ---


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _manifest(text: str) -> Iterator[Raw]:
    value = _json(text)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("version"), str):
        yield Raw("version", value["version"], text.find('"version"'), of="plugin")
    user = value.get("userConfig")
    for key, entry in user.items() if isinstance(user, dict) else ():
        default = entry.get("default", "") if isinstance(entry, dict) else ""
        yield Raw("setting", str(key), text.find(f'"{key}"'), _scalar(default))
    yield from everywhere(text)


def _package(text: str) -> Iterator[Raw]:
    value = _json(text)
    if not isinstance(value, dict):
        return
    if isinstance(value.get("name"), str):
        yield Raw("package", value["name"], text.find('"name"'), _scalar(value.get("version")))
    if isinstance(value.get("version"), str):
        yield Raw("version", value["version"], text.find('"version"'), of="package.json")
    for key in _DEPENDENCIES:
        entries = value.get(key)
        for name, version in entries.items() if isinstance(entries, dict) else ():
            yield Raw("package", str(name), text.find(f'"{name}"'), _scalar(version))
    engines = value.get("engines")
    for name, version in engines.items() if isinstance(engines, dict) else ():
        yield Raw("version", _scalar(version), text.find('"engines"'), of=str(name))
    programs = value.get("bin")
    names = programs if isinstance(programs, dict) else [value.get("name")] if programs else []
    for name in names:
        yield Raw("program", str(name).rpartition("/")[2], text.find('"bin"'))
    scripts = value.get("scripts")
    for name, line in scripts.items() if isinstance(scripts, dict) else ():
        yield Raw("program", f"npm run {name}", max(text.find(f'"{name}"'), 0), _scalar(line)[:200])
    yield from everywhere(text)


_KEY_LINE = pattern(r"^([ \t]*)[\"']?([A-Za-z_][\w.-]*)[\"']?\s*[:=][ \t]*([^\n#]*)", re.M)


def _data(path: str, name: str, text: str) -> Iterator[Raw]:
    """Keys with their scalar values: of JSON, YAML, TOML, INI and .env files, line by line."""
    if name.endswith(".json") and "\n" not in text.strip():
        with suppress(ValueError, RecursionError):
            text = json.dumps(json.loads(text), indent=1)  # all of it stands in the first line
    example = name.startswith(".env")
    if name.endswith((".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf")) or example:
        for number, match in enumerate(_KEY_LINE.finditer(text)):
            if number >= MOST_SETTINGS:
                break
            value = match[3].strip().rstrip(",").strip().strip("\"'")
            upper = example or re.fullmatch(r"[A-Z][A-Z0-9_]{3,}", match[2])
            shown = value if not value.startswith(("{", "[", "|", ">")) else ""
            kind: FactKind = "variable" if upper else "setting"
            yield Raw(kind, match[2], match.start(2), shown[:200], path)
    if name.endswith(".json"):
        for match in re.finditer(r"\$\{([A-Z][A-Z0-9_]+)(?::-([^}\n]*))?\}", text):
            yield Raw("variable", match[1], match.start(), match[2] or "", path)
    yield from everywhere(text)


def _scalar(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else ""
