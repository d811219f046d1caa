"""Patterns of what harms: downloads that run, commands that destroy, text that steers a model."""

from __future__ import annotations

import re

from nightpress.checks.prefilter import guarded
from nightpress.lazy import pattern

SUDO = r"(?:sudo(?:\s+-\w+)*\s+)?(?:env\s+)?(?:\w+=\S+\s+)*(?:/\S*/)?"
SHELL = rf"{SUDO}(?:ba|z|da|fi|k)?sh\b"
OTHERS = rf"{SUDO}(?:python|perl|ruby|node|php|deno)[\d.]*\b(?!\s+-\w*[cmenpr]\b)"  # -c: data
FETCH = r"\b(?:curl|wget|fetch)\s+[^|\s](?:[^|\n;]|\\\n){0,300}"
ON = r"\|\s*(?:(?:gunzip|zcat|tee|sed|tr|xz|cat|head|tail|base64)\b[^|\n]{0,80}\|\s*){0,3}"
FETCHED = r"\s*(?:curl|wget)\b"
INTO = r"(?:(?:ba|z|da|k)?sh\s+-c|(?:python|perl|ruby|node)[\d.]*\s+-[ce])\s+[\"']?(?:\$\(|`)"
PIPE = (
    guarded("curl|wget|fetch ", rf"{FETCH}{ON}(?:{SHELL}|{OTHERS})"),
    guarded(
        "iwr|irm|invoke-|downloadstring",
        r"\b(?:iwr|irm|invoke-webrequest|invoke-restmethod|downloadstring)\b[^|\n]{0,300}"
        r"\|\s*(?:iex|invoke-expression)\b",
    ),
    guarded(
        "iex|invoke-expression",
        r"\b(?:iex|invoke-expression)\s*\(+\s*(?:iwr|irm|invoke-webrequest|invoke-restmethod"
        r"|new-object)\b",
    ),
    guarded(
        "curl|wget",
        rf"(?:\b(?:ba|z|da|k)?sh\s+<\(|\bsource\s+<\(|(?:^|\s)\.\s+<\(|\beval\s+[\"']?(?:\$\(|`)"
        rf"|\b{INTO}){FETCHED}",
        flags=re.I | re.M,
    ),
    guarded(
        "curl|wget",
        r"\b(?:curl|wget)\b[^\n|]{1,300}(?:&&|;)\s*(?:sudo\s+)?(?:(?:ba|z|da|k)?sh|source)"
        r"\s+(?!-c)[\w./~-]+",
    ),
    guarded("urlopen", r"\bexec\(\s*(?:[\w.]+\.)?urlopen\("),
    guarded("base64", rf"\bbase64\s+(?:-d|--decode)\b[^|\n]{{0,300}}\|\s*{SHELL}"),
)
HOME = (
    r"(?:/\*?|~/?\*?|\"?\$\{?HOME\}?\"?/?\*?|\.\.?/?|\*"
    r"|/(?:etc|usr|var|home|bin|boot|lib|opt|root)(?:/(?:\*|local))?/?)"
)
DESTRUCTIVE = (
    guarded(
        "rm -",
        rf"\brm\s+(?:-[a-z]*r[a-z]*\s+|-[a-z]+\s+|--[\w-]+\s+)+{HOME}[ \t]*(?:$|[;&|`'\"])",
        flags=re.I | re.M,
    ),
    guarded("mkfs", r"\bmkfs(?:\.\w+)?\s+(?:-\w+\s+(?:\w+\s+)?)*/dev/"),
    guarded("shred|wipefs", r"\b(?:shred|wipefs)\s+(?:-\S+\s+)*/dev/"),
    guarded("/dev/", r"\bdd\s+[^\n]{0,300}\bof=/dev/(?!null)|>\s*/dev/sd[a-z]\b"),
    guarded(":()", r":\(\)\s*\{\s*:\s*\|\s*:\s*&\s*\}\s*;\s*:"),
    guarded("chmod", r"\bchmod\s+(?:-R\s+)?777\s+/(?:\s|$)"),
    guarded("chown", r"\bchown\s+-R\s+\S+\s+/(?:\s|$)"),
    guarded("find /", r"\bfind\s+(?:/|~|\$HOME)\s+[^\n]{0,100}-delete\b"),
    guarded("format ", r"\bformat\s+[a-z]:\s*/"),
    guarded("remove-item|del /", r"\b(?:remove-item\s[^\n]*-recurse|del\s+/s)[^\n]*\s[a-z]:\\\*?"),
)
BEFORE = r"(?:previous|prior|above|earlier|preceding|system|original|existing|safety)"
ORDERS = (
    r"(?:instructions?|prompts?|rules|messages?|context|directions?|guidance|guidelines|checks)"
)
ARTICLE = r"(?:all\s+|any\s+)?(?:of\s+)?(?:the\s+|your\s+|my\s+|these\s+)?"
MODEL = r"(?:AI|LLM|assistant|language model)"
INJECTION = (
    guarded(
        "ignore|disregard|forget|override|bypass",
        rf"\b(?:ignore|disregard|forget|override|bypass)\s+{ARTICLE}(?:any\s+)?{BEFORE}\s+{ORDERS}"
        rf"|\b(?:ignore|disregard|forget)\s+(?:all\s+)?(?:of\s+)?your\s+(?:\w+\s+)?{ORDERS}"
        rf"|\b(?:ignore|disregard)\s+{ARTICLE}{ORDERS}\s+(?:above|before)\b"
        r"|\bdisregard\s+(?:all\s+)?(?:of\s+)?the above\s+and\b"
        r"|\bforget\s+everything\s+(?:you|above|before)\b",
    ),
    guarded(
        "the user|to user|tell user|inform user",
        r"\b(?:do not|don't|never)\s+(?:tell|inform|(?:mention|reveal|disclose) (?:this|it) to)\s+"
        r"(?:the\s+)?user\b(?! (?:to|that|how|what|which|when|it|an?|where|why|whether|until|unless"
        r"|before|without|more)\b"
        r"| anything (?:that )?you (?:have not|did not|cannot|do not know))"
        r"|(?:^|[.!?:]\s+)without (?:telling|informing|notifying) the user\b",
        flags=re.I | re.M,
    ),
    guarded(
        "you are now|from now on|act as",
        r"\byou are now (?:in |a |an |the )?(?:developer mode|DAN\b|jailbroken|unrestricted"
        r"|free from)|\bfrom now on,? you (?:are|will|must)\b"
        r"|\bact as an? (?:unrestricted|jailbroken|uncensored|unfiltered)\b",
    ),
    guarded(
        "prompt",
        r"\b(?:reveal|print|repeat|output)\s+(?:your|the)\s+(?:system|hidden|initial)\s+prompt\b"
        r"|^\W*system prompt\s*:",
        flags=re.I | re.M,
    ),
    guarded("system:", r"^\W*SYSTEM:", flags=re.M),
    guarded(
        "instruction|note |message ",
        rf"\b(?:new|updated|important)\s+(?:system\s+)?instructions?\s+(?:for|to)\s+(?:the\s+)?"
        rf"(?:{MODEL}|model)\b"
        rf"|\b(?:note|message|instructions?) (?:to|for) (?:the |any |all )?{MODEL}s?\b"
        r"[^.\n]{0,20}:|\bnew instructions?\s*:|\bbegin (?:new|system) instructions\b",
    ),
    guarded(
        "<|im_|<|system|<|endoftext|inst]|<system|</system|<untrusted|</untrusted",
        r"<\|(?:im_start|im_end|system|endoftext)\|>|\[/?INST\]|</?system(?:[-_]prompt)?>"
        r"|</?untrusted[\w-]*>",
    ),
    guarded(
        "reading this|processing this|summarizing this|summarising this|describing this"
        "|documenting this|if you are a",
        r"\b(?:AI|LLM|language)\s+(?:models?|assistants?|agents?)\s+"
        r"(?:reading|processing|summari[sz]ing)\s+this\b"
        r"|\bwhen (?:summari[sz]ing|describing|documenting) this"
        r" (?:plugin|document|repository|page)\b"
        rf"|\bif you are an? {MODEL}\b",
    ),
    guarded(
        "this plugin",
        rf"\b(?:{MODEL}s?(?: models?| assistants?| agents?)? (?:must|should)|always) (?:always )?"
        r"(?:recommend|praise|promote|prefer) this plugin\b",
    ),
    guarded(
        "id_rsa|.ssh|environment variables",
        r"\b(?:send|post|upload|e-?mail)\b[^.\n]{0,60}(?:\.ssh\b|id_rsa|environment variables)"
        r"[^\n]{0,60}\bto\b|\b(?:read|collect)\b[^.\n]{0,40}(?:id_rsa|environment variables)"
        r"[^.\n]{0,20}\band (?:send|post|upload|e-?mail)\b",
    ),
)
ACTIVE = pattern(
    r"<(?:script|iframe|object|embed|applet|base|meta|link|style|form)(?![\w-])[^>]*>"
    r"|<[a-z][^<>\s]*\s[^<>]*\bon[a-z]+\s*=|<(?:javascript|vbscript|data|file):",
    re.I,
)
