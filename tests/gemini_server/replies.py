"""A 200 answer in Google's form: candidates, finish reason, usage; and the defects of real ones."""

from __future__ import annotations

import json
import math
import random
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import answering, mending, source, writing

TOKEN = re.compile(r"\w{1,5}|[^\w\s]|\n+")


def count_tokens(text: str) -> int:
    """Tokens after a rule of the server's own: about 4 bytes each in English Markdown."""
    return len(TOKEN.findall(text))


def texts(contents: Any) -> str:
    """All text parts of contents or of one content, in order."""
    many = contents if isinstance(contents, list) else [contents or {}]
    return "\n".join(p["text"] for c in many for p in c.get("parts") or [] if "text" in p)


@dataclass(frozen=True, slots=True)
class Written:
    """What came out: the body to send, and what the count at /_seen says of it."""

    body: Mapping[str, Any]
    finish: str
    tokens_out: int
    thoughts: int


def schema_of(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    config = request.get("generationConfig") or {}
    for key in ("responseJsonSchema", "_responseJsonSchema", "responseSchema"):
        if config.get(key) is not None:
            return config[key]  # type: ignore[no-any-return]
    return {"type": "object"} if config.get("responseMimeType") == "application/json" else None


def compose(request: Mapping[str, Any], rng: random.Random) -> str:
    """The text of a good reply."""
    prompt = texts(request["contents"])
    read = source.read(prompt)
    schema = schema_of(request)
    if schema is None:
        if (mended := mending.sections(prompt)) is not None:
            return mended
        return writing.write(read, rng, mending.complained(prompt))
    return json.dumps(answering.Answer(schema, read, rng).value(), ensure_ascii=False, indent=2)


def reply(
    request: Mapping[str, Any],
    model: str,
    prompt_tokens: int,
    defect: str | None,
    rng: random.Random,
) -> Written:
    """The whole body; `defect` is one of faults.DEFECTS or "blocked"."""
    thoughts = _thoughts(request, rng)
    if defect == "blocked":
        feedback = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}
        return _wrap(feedback, model, prompt_tokens, 0, 0, "", rng)
    if defect == "empty_candidates":
        return _wrap({"candidates": []}, model, prompt_tokens, 0, thoughts, "", rng)
    is_json = schema_of(request) is not None
    text = _spoil(compose(request, rng), defect, is_json, rng)
    finish = {"safety": "SAFETY", "recitation": "RECITATION"}.get(defect or "", "STOP")
    budget = (request.get("generationConfig") or {}).get("maxOutputTokens", 65_536)
    if defect == "max_tokens":
        text, finish = text[: int(len(text) * rng.uniform(0.3, 0.9))], "MAX_TOKENS"
    elif defect == "continuation":
        text, finish = text[: len(text) // 2], "CONTINUATION"
    elif defect == "looping":
        finish, thoughts = "MAX_TOKENS", budget - count_tokens(text)
    elif defect == "max_tokens_empty":
        text, finish, thoughts = "", "MAX_TOKENS", budget
    elif thoughts + count_tokens(text) > budget:
        thoughts = min(thoughts, budget)
        text, finish = _cut(text, budget - thoughts), "MAX_TOKENS"
    parts: list[dict[str, Any]] = [{"text": text}]
    if defect == "thought_only":
        parts = [{"text": "Let me look at the plugin first.", "thought": True}]
    candidate: dict[str, Any] = {
        "content": {"parts": parts, "role": "model"},
        "finishReason": finish,
        "index": 0,
    }
    if finish in ("SAFETY", "RECITATION") or (finish == "MAX_TOKENS" and not text):
        candidate["content"] = {"role": "model"}
        text = ""
    if finish == "CONTINUATION":
        candidate["continuationToken"] = f"{rng.getrandbits(96):024x}"
    if finish == "SAFETY":
        candidate["safetyRatings"] = [
            {"category": "HARM_CATEGORY_DANGEROUS_CONTENT", "probability": "HIGH", "blocked": True}
        ]
    answered = "gemini-3.9-flash-lite" if defect == "other_model" else model
    out = count_tokens(text) if candidate["content"].get("parts") else 0
    return _wrap({"candidates": [candidate]}, answered, prompt_tokens, out, thoughts, finish, rng)


def _wrap(
    body: dict[str, Any],
    model: str,
    prompt: int,
    out: int,
    thoughts: int,
    finish: str,
    rng: random.Random,
) -> Written:
    usage: dict[str, Any] = {
        "promptTokenCount": prompt,
        "totalTokenCount": prompt + out + thoughts,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
    }
    if out:
        usage["candidatesTokenCount"] = out
    if thoughts:
        usage["thoughtsTokenCount"] = thoughts
    whole = {
        **body,
        "usageMetadata": usage,
        "modelVersion": model,
        "responseId": secrets.token_urlsafe(16) if rng is None else f"{rng.getrandbits(96):024x}",
    }
    return Written(whole, finish, out, thoughts)


def _thoughts(request: Mapping[str, Any], rng: random.Random) -> int:
    thinking = (request.get("generationConfig") or {}).get("thinkingConfig") or {}
    if thinking.get("thinkingBudget") == 0:
        return 0
    scale = {"MINIMAL": 0.0, "LOW": 0.4, "HIGH": 2.5}.get(thinking.get("thinkingLevel", ""), 1.0)
    tokens = int(rng.uniform(300, 1_500) * scale)
    budget = thinking.get("thinkingBudget", -1)
    return min(tokens, budget) if budget > 0 else tokens


def _cut(text: str, tokens: int) -> str:
    """The first `tokens` tokens of the text."""
    for i, match in enumerate(TOKEN.finditer(text)):
        if i >= tokens:
            return text[: match.start()]
    return text


def _spoil(text: str, defect: str | None, is_json: bool, rng: random.Random) -> str:
    if defect == "fenced":
        return f"```{'json' if is_json else 'markdown'}\n{text.rstrip()}\n```\n"
    if defect == "cut_off":
        start = "```json\n" if is_json else "```markdown\n"
        return start + text[: int(len(text) * rng.uniform(0.4, 0.8))]
    if defect == "short":
        if is_json:
            return text
        blocks = text.split("\n\n## ")
        return "\n\n## ".join(blocks[: max(1, math.ceil(len(blocks) * 0.3))])[:3_966] + "\n"
    if defect == "wrong_json":
        return text.replace('",', '"', 1) if is_json else f"{text}\n```json\n{{'a': 1,}}\n```\n"
    if defect == "chatty":
        said, after = "THOUGHT: I keep to the window. Now I can write.", "Let me know what to mend."
        if is_json:
            return f"{said}\n\n```json\n{text}\n```\n\n{after}"
        return f"{said}\n\nRemember:\n\n- Tone: direct.\n\n{text}"
    if defect == "doubled" and is_json:
        return f"[{text}]\n{text}"
    if defect == "foreign" and not is_json:
        return text.replace(".", ". \u6838\u5fc3\u6458\u8981 \u0baa\u0bbe\u0ba9. ", 1)
    if defect == "declined" and not is_json:
        return "TOO LITTLE\n\n- what the command puts out\n- one worked example\n"
    if defect == "looping":
        said = "The depot closes the booking when the broker signs, and the broker signs at last. "
        return text[:3_000] + said * 300
    return "" if defect == "empty" else text
