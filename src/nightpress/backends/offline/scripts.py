"""What a shell script does to files that are not the plugin's."""

from __future__ import annotations

import re

from nightpress.lazy import pattern


def written(text: str) -> list[str]:
    """The files below the user's home folder that it writes, as `~/...`."""
    names = {f"${{{m[1]}}}": m[2] for m in _SET.finditer(text)}
    names |= {f"${m[1]}": m[2] for m in _SET.finditer(text)}
    found = [f"~/{m[2]}" for m in _AT_HOME.finditer(text)]
    for name, path in names.items():
        if re.search(rf"{_INTO}\"?{re.escape(name)}\"?[ \t]*(?:$|[;&|])", text, re.M):
            found.append(f"~/{path}")
    return list(dict.fromkeys(found))


_HOME = r"\"?(?:\$HOME|\$\{HOME\}|~)/"
_INTO = r"(?:>>?[ \t]*|\btee (?:-a )?|\b(?:mv|cp|install)\b[^\n;&|]*[ \t])"
_SET = pattern(rf"(?m)^[ \t]*(?:export |local |readonly )?(\w+)={_HOME}([\w./-]+)\"?[ \t]*$")
_AT_HOME = pattern(rf"(?m)({_INTO}){_HOME}([\w./-]+)\"?[ \t]*(?:$|[;&|])")
