"""What a user mentions: troubles, kinds of a plugin's matter, and tools, by its own texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from nightpress.backends.offline import verbs, wording
from nightpress.backends.offline.blocks import sections
from nightpress.backends.offline.clean import Place, shown
from nightpress.backends.offline.phrases import lowered
from nightpress.lazy import pattern
from nightpress.model import Anatomy, Component, SourceFile
from nightpress.plugin import kind_of

_NOWHERE = Place("", "", "", frozenset())
_TELL = ("readme", "command", "agent")
KINDS, TOOLS = 3, 3
"""Kinds of the plugin's matter, and tools, that are named at most."""


def mentioned(anatomy: Anatomy, every: Sequence[Component], what: str) -> list[str]:
    """Terms that the plugin says it is called by; else troubles and kinds of what it is about, and
    the tools that its texts name: none that `what` has already. A label that shares no word with
    what the plugin does would claim questions about something else."""
    files = [file for file in anatomy.files if kind_of(file.path) in _TELL]
    texts = "\n".join(_FENCE.sub("", file.text) for file in files)
    known = set(wording.stems(what))
    own = _fresh(_declared(every, texts), known, KINDS + TOOLS)
    if own:
        return own
    about = known | wording.stems(re.sub(r"[-_]", " ", anatomy.name))
    troubles = (_spelled(one[0], texts) for one in _TROUBLE.finditer(texts))
    kinds = (_spelled(one, texts) for one in _items(files) if wording.stems(one) & about)
    found = _fresh((*troubles, *kinds), known, KINDS)
    found += _fresh(_tools(files), known, TOOLS)
    return found if found[1:] else []


def _declared(every: Sequence[Component], texts: str) -> Iterator[str]:
    """The words that the frontmatter of commands and agents gives as what calls them, or as what
    they can do, by turns; what several of them have is a form."""
    for key in ("triggers", "keywords", "capabilities"):
        lists = [list(_values(one.meta.get(key))) for one in every]
        counts = Counter(term for terms in lists for term in set(terms))
        for terms in zip_longest(*lists):
            yield from (spelled(one, texts) for one in terms if one and counts[one] == 1)


def _values(value: object) -> Iterator[str]:
    value = value.get("keywords") if isinstance(value, dict) else value
    for one in value if isinstance(value, list | tuple) else ():
        term = shown(re.sub(r"[-_]", " ", str(one))).strip()
        words = [_KNOWN.get(word.lower(), word) for word in term.split()]
        plain = re.fullmatch(r"[\w /+.&]+", term) and not {w.lower() for w in words} & _NOT_IN
        if plain and 1 < len(words) < 5 and not verbs.is_third(words[0]):
            lower = (one if _ACRONYM.search(one) else one.lower() for one in words)
            yield wording.modest(" ".join(lower))


def _fresh(terms: Iterable[str], known: set[str], most: int) -> list[str]:
    """The first ones that say something new."""
    found: list[str] = []
    for term in terms:
        new = wording.stems(term)
        if new - known and len(new - known) * 2 >= len(new) and len(found) < most:
            found.append(term)
            known |= new
    return found


def _items(files: Iterable[SourceFile]) -> Iterator[str]:
    """The names that items of lists begin with, of sections that say what there is."""
    for file in files:
        for section in sections(file.text, _NOWHERE):
            if any(map(_ELSEWHERE.search, section.path)):
                continue
            for block in section.blocks:
                if block.kind == "list":
                    yield from filter(None, map(_name, _POINT.findall(block.text)))


def _name(item: str) -> str:
    text = re.split(r"[:;(,.]| - | \u2013 | \u2014 | (?:with|for|in|of|to|using)\b", shown(item))[0]
    text = wording.modest(re.sub(r"[*`\"]", "", text)).strip()
    words = text.split()
    if not 1 < len(words) < 4 or not re.fullmatch(r"[\w/+ -]+", text):
        return ""
    low = words[0].lower()
    if (verbs.is_verb(low) and not verbs.names_thing(words)) or verbs.is_third(low):
        return ""
    if low.endswith(("ly", "ing")) or {w.lower() for w in words} & _NOT_IN:
        return ""
    return text


def _spelled(name: str, texts: str) -> str:
    """A name as it stands within a sentence: in a title every word has a capital, else the words
    that have one in the texts' sentences."""
    words = name.split()
    if all(word[:1].isupper() for word in words):
        return " ".join(w if _ACRONYM.search(w) or _TOOL.fullmatch(w) else w.lower() for w in words)
    return " ".join(one if _ACRONYM.search(one) else lowered(one, texts) for one in words)


def spelled(words: str, said: str) -> str:
    """A keyword as the texts spell it within a sentence: "slo" is an SLO, "multi-step" keeps its
    hyphen where it has one there, "grafana" is a name; without hyphens where they have none."""
    if not words.islower():
        return words
    if any(word in _KNOWN for word in re.split("[- ]", words)):
        return " ".join(_KNOWN.get(word, word) for word in _WORD_END.sub(" ", words).split())
    either = re.sub(r"(?:\\?[- ])+", "[-/ ]", re.escape(words))
    forms: list[str] = re.findall(rf"(?<![\w-]){either}(?=s?(?![\w-]))", said, re.I)
    capitals = [form for form in forms if _ACRONYM.search(form)]
    if 2 * len(capitals) > len(forms) and (len(words) < 6 or not capitals[0].isupper()):
        return max(capitals, key=capitals.count)
    name = words.capitalize()
    if words not in forms and len(re.findall(rf"(?:\b[a-z]+,? |, |[(/]){name}\b", said)) > 1:
        return name
    return words if any("-" in form for form in forms) else words.replace("-", " ")


def _tools(files: Iterable[SourceFile]) -> Iterator[str]:
    """Tools and platforms by name: one that a README has but once may be of an example."""
    for file in files:
        names = Counter(_TOOL.findall(_FENCE.sub("", file.text)))
        yield from (name for name, n in names.items() if n > 1 or kind_of(file.path) != "readme")


_FENCE = pattern(r"(?ms)^([ \t]*)(`{3,}|~{3,}).*?^\1\2[ \t]*$|`[^`\n]*`")
_POINT = pattern(r"(?m)^\s*(?:[-*+]|\d+[.)])\s+(?:\[ \] )?(\S.*)$")
_ELSEWHERE = pattern(
    r"\b(?:output|formats?|examples?|practices?|principles?|notes?|tips?|requirements?|prerequisites?"
    r"|install\w*|configur\w*|see also|related|integrat\w*|licen[cs]e|support|contribut\w*|files?"
    r"|structure|usage|arguments?|options?|success|memory|hooks?|learning|coordination|tools?"
    r"|next|limitations?|not|don'?t|response|communication|important|checklist)\b",
    re.I,
)
_TROUBLE = pattern(
    r"(?i:\b(?:memory|resource|connection|data|goroutine|thread) leaks\b"
    r"|\b(?:slow|long-running|N\+1|blocking) (?:queries|requests|endpoints|builds|tests)\b"
    r"|\b(?:flaky|failing|broken) (?:tests|builds|links)\b"
    r"|\b(?:lock|resource|thread) contention\b|\bhot (?:paths|spots)\b|\bhotspots\b"
    r"|\b(?:cache|alert|deployment|build|test|network|login|payment|job|backup)"
    r" (?:misses|fatigue|failures|errors|timeouts)\b"
    r"|\b(?:race conditions|deadlocks|cold starts|breaking changes|schema drift|data drift"
    r"|merge conflicts|dead code|code smells|unused (?:code|imports|dependencies|indexes)"
    r"|outdated dependencies|exposed secrets|hardcoded secrets|hard-coded secrets"
    r"|SQL injection|privilege escalation|token waste|tech debt|technical debt|rate limits"
    r"|false positives|missing indexes|stack traces|layout shifts?|downtime|data loss"
    r"|front-running|impermanent loss|slippage|overfitting|class imbalance|missing values)\b)"
)
_ACRONYM = pattern(r"[A-Z]{2}|[a-z][A-Z]")
_NOT_IN = frozenset(
    "and or the a an your you this that all any not no is are be step steps phase level none yes"
    " other more each every etc it its file files based ready time first second name type types"
    " example examples user users new detailed overall full details mean median score average total"
    " current self fast include includes descriptive configured instant smart easy quick seamless"
    " automatic intelligent".split()
)
_KNOWN = {
    one.lower(): one
    for one in (
        "API SQL UI UX CI/CD CI CSS ML REST GraphQL SEO AI TDD OWASP GDPR HTTP JSON OAuth SRE LLM"
        " MCP"
    ).split()
}
_KNOWN["ci-cd"] = "CI/CD"
_WORD_END = pattern(r"(?<!\bci)-")
_NAMES = (
    "AWS|Azure|GCP|Google Cloud|Kubernetes|Docker|Docker Compose|Helm|Terraform|CloudFormation"
    "|Pulumi|Ansible|Jenkins|GitHub Actions|GitLab CI|CircleCI|ArgoCD|Istio|Envoy|Nginx|Kong"
    "|Prometheus|Grafana|Datadog|New Relic|Splunk|Sentry|Jaeger|Zipkin|OpenTelemetry|PagerDuty"
    "|Elasticsearch|Kibana|Logstash|Loki|StatsD|InfluxDB|PostgreSQL|MySQL|MariaDB|SQLite|MongoDB"
    "|Redis|Memcached|Cassandra|DynamoDB|BigQuery|Snowflake|Supabase|Firebase|Prisma"
    "|SQLAlchemy|Sequelize|TypeORM|Kafka|RabbitMQ|SQS|Celery|GraphQL|gRPC|OpenAPI|Swagger|Postman"
    "|WebSocket|Socket\\.IO|OAuth|JWT|SAML|React|Next\\.js|Vue|Angular|Svelte|SvelteKit"
    "|NestJS|FastAPI|Django|Flask|Rails|Laravel|Spring Boot|Flutter|React Native"
    "|Jest|Vitest|Mocha|Pytest|pytest|JUnit|Cypress|Playwright|Selenium|Puppeteer|Appium|Detox|Espresso|XCUITest|k6|JMeter"
    "|Gatling|Locust|Artillery|Percy|Chromatic|BackstopJS|Storybook|axe-core|Lighthouse|WebPageTest"
    "|Core Web Vitals|Webpack|Vite|Rollup|ESLint|Prettier|Stryker|Pact|WireMock|MSW"
    "|Testcontainers|Faker|Snyk|Trivy|Burp Suite|OWASP ZAP|SonarQube|Dependabot|OWASP"
    "|GDPR|HIPAA|PCI DSS|SOC 2|ISO 27001|WCAG|TensorFlow|PyTorch|scikit-learn|Keras|XGBoost"
    "|MLflow|Kubeflow|SageMaker|Hugging Face|LangChain|Pinecone|Weaviate|Optuna|SHAP|pandas"
    "|NumPy|matplotlib|Jupyter|spaCy|BERT|ARIMA|Airflow|n8n|Zapier|Make\\.com"
    "|Notion|Jira|Figma|Stripe|Shopify|Vercel|Netlify|Cloudflare"
    "|Unity|Unreal|Godot|Ethereum|Bitcoin|Solana|Arbitrum|Uniswap|Aave|Binance"
    "|Coinbase|OpenSea|Etherscan|ERC-20|ERC-721|LaTeX|Mermaid|PlantUML|PowerShell"
    "|Obsidian|WordPress|Drupal|Salesforce|HubSpot"
)
_TOOL = pattern(rf"(?<![\w/.@-])(?:{_NAMES})(?![\w-]|\.\w)")
