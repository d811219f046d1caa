"""A program that writes what the local Gemini would: the prompt on standard input, JSON out."""

import hashlib
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.gemini_server import faults, replies

prompt = sys.stdin.read()
# The rules stand before the question, for a program has no other place for them.
question = re.search(r"(?m)^(?:# The plugin$|The description in this )", prompt)
prompt = prompt[question.start() :] if question else prompt
told = re.search(r"nothing else:\n\n(\{.*\})\s*\Z", prompt, re.DOTALL)
config = {"responseJsonSchema": json.loads(told[1])} if told else {}
request = {"contents": [{"parts": [{"text": prompt}]}], "generationConfig": config}
_, rng = faults.Plan((), {}, 0).draw(hashlib.sha256(prompt.encode()).hexdigest())
body = replies.reply(request, "scribe", 0, None, rng).body
print(json.dumps({"said": {"text": body["candidates"][0]["content"]["parts"][-1]["text"]}}))
