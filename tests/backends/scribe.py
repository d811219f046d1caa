"""A program that writes what the local Gemini would: the prompt on standard input, JSON out."""

import json
import random
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.gemini_server import replies

prompt = sys.stdin.read()
told = re.search(r"nothing else:\n\n(\{.*\})\s*\Z", prompt, re.DOTALL)
config = {"responseJsonSchema": json.loads(told[1])} if told else {}
request = {"contents": [{"parts": [{"text": prompt}]}], "generationConfig": config}
print(json.dumps({"said": {"text": replies.compose(request, random.Random(1))}}))
