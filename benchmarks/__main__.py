"""`python -m benchmarks NAME [--json] [--doc] [ARGS]`: run one benchmark, say what was measured.

--json prints one JSON document; --doc also writes the result into docs/benchmarks.md.
"""

from __future__ import annotations

import importlib
import json
import os
import pkgutil
import platform
import re
import sys
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
USAGE = 3
HEAD = """# Benchmarks

Made by `python -m benchmarks NAME --doc`, one section each; run them in any clone.
"""


def names() -> list[str]:
    """The benchmarks by the name that a user types."""
    found = pkgutil.iter_modules([str(HERE)])
    return sorted(m.name.replace("_", "-") for m in found if not m.name.startswith("_"))


def listing() -> str:
    lines = ["usage: python -m benchmarks NAME [--json] [--doc] [ARGS]", ""]
    for name in names():
        module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
        if hasattr(module, "main"):
            lines.append(f"  {name:12} {(module.__doc__ or '').strip().splitlines()[0]}")
    return "\n".join(lines)


def _document(name: str, module: Any, result: Any) -> None:
    """Replace the benchmark's section of docs/benchmarks.md."""
    text = PAGE.read_text() if PAGE.exists() else HEAD
    doc = (module.__doc__ or "").strip().splitlines()[0]
    where = f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    section = f"## {name}\n\n{doc}\n\nMeasured {date.today()} on {where}.\n\n"
    section += module.render(result).strip() + "\n"
    parts = [p for p in re.split(r"(?m)^(?=## )", text) if not p.startswith(f"## {name}\n")]
    head, sections = parts[0], sorted([*(p.rstrip() + "\n" for p in parts[1:]), section])
    PAGE.write_text(head.rstrip() + "\n\n" + "\n".join(sections))


def main(argv: list[str]) -> int:
    if not argv or argv[0] in {"-h", "--help"}:
        print(listing())
        return 0 if argv else USAGE
    name, *rest = argv
    if name.replace("_", "-") not in names():
        close = get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names())}"
        print(f"no benchmark {name!r}: {hint}", file=sys.stderr)
        return USAGE
    module = importlib.import_module(f"benchmarks.{name.replace('-', '_')}")
    result = module.main([arg for arg in rest if arg not in ("--json", "--doc")])
    if "--doc" in rest:
        _document(name.replace("_", "-"), module, result)
    if "--json" in rest:
        print(json.dumps(result, indent=1))
    else:
        print(module.render(result))
    return int(hasattr(module, "failed") and module.failed(result))


if __name__ == "__main__":
    root = str(HERE.parent)
    if root not in sys.path:
        sys.path.insert(0, root)
    sys.exit(main(sys.argv[1:]))
