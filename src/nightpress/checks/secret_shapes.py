"""What secrets look like, and what stands beside them: the tables and measures of `secrets`.

Patterns are bounded, for the text is a stranger's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from nightpress.checks.prefilter import guarded
from nightpress.lazy import pattern

DUMMY = pattern(
    r"example|placeholder|your|dummy|sample|change-?_?me|redacted|secret|passw(?:or)?d|replace|insert"
    r"|fake|test-?_?key|p@ss|pass\d|abc_?123|\*{3}|\.{3}|…|hunter2"
    r"|letmein|admin|my-?_?(?:key|token|pass|app)|some-?_?(?:key|token|value)|not-?_?a-?_?"
    r"|(?<![\w$])\$\w|\$[({]|\{\{|[<>]|process\.env|os\.environ|env[.(]|\bN/A\b|todo|foobar|deadbeef|a-zA-Z|A-Za-z|a-z0-9|A-Z0-9|0-9a-f|0-9A-F",
    re.I,
)
"""What stands in for a secret."""
SEQUENCE = pattern(r"x{4}|0{6}|qwerty|123456|abcdef(?!\d)", re.I)
"""What stands in for a short secret; a long one holds it by chance."""
DOCUMENTED = (
    "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "sk_test_BQokikJOvBiI2HlWgH4olfQ2", "eyJzdWIiOiIxMjM0NTY3ODkw",
    "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c", "AKIAI44QH8DHBEXAMPLE",
    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
)  # fmt: skip
"""Keys that providers print in their own manuals."""
PAIRS = frozenset(
    (
        "th he in er an re on at en nd ti es or te of ed is it al ar st to nt ng se ha as ou io"
        " le ve co me de hi ri ro ic ne ea ra ce li ch ll be ma si om ur ca el ta la ns di fo ho"
        " pe ec pr no ct us ac ot il tr ly nc et ut ss so rs un lo wa ge ie wh ee wi em ad ol rt"
        " po we na ul ni ts mo ow pa im mi ai sh ir su id os iv ia am fi ci vi pl ig tu ev ey ck"
        " ap up ke oo"
    ).split()
)
"""Pairs of letters that words are made of."""
ADDRESS = pattern(r"0x[0-9a-fA-F]{40}")
HEX = pattern(r"(?:0x)?[0-9a-fA-F]+")
DATED = pattern(r"(?:19|20)\d\d[-_.]?\d\d[-_.]?\d\d|v?\d+\.\d+(?:\.\d+)*|\d+[-_.]\d+")
NUMBERED = pattern(r"[A-Za-z]+(?:[-_./][A-Za-z]+)*[-_./]?\d{1,4}(?:\.\w{1,4})?")
EXPRESSION = pattern(
    r"[(){}\[\]<>]|^\$|^%[A-Z_]+%$|^[A-Za-z_][\w-]*(?:\.[A-Za-z_]\w*)+$|^[.~]?/|::|://|\\w"
)
UUID = pattern(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
PREFIXES = tuple(
    (
        "sk-ant-admin01- sk-ant-api03- sk-ant- sk-proj- sk-svcacct- sk-admin- sk-or- sk- sk_live_"
        " sk_test_ sk_prod_ rk_live_ rk_test_ rk_prod_ pk_live_ whsec_ AIza AQ. ya29. 1//0 GOCSPX-"
        " AKIA ASIA ABIA ACCA A3T LTAI ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glffct-"
        " glft- glimt- glagent- gloas- glptt- GR1348941 glrt- glcbt- glsoat- npm_ pypi-AgE"
        " rubygems_ xoxa- xoxb- xoxe- xoxe. xoxo- xoxp- xoxr- xoxs- xapp- hf_ api_org_ gsk_ xai-"
        " r8_ tvly- fc- jina_ lsv2_ pcsk_ pplx- sbp_ rnd_ napi_ figd_ cio dckr_pat_ dckr_oat_"
        " dop_v1_ doo_v1_ dor_v1_ lin_api_ lin_oauth_ ntn_ secret_ shpat_ shpca_ shppa_ shpss_"
        " dapi key- hvs. hvb. s. dp.pt. dp.st. dp.ct. duffel_ dt0c01. dt0s16. EZAK EZTK"
        " FLWSECK_TEST- FLWSECK- fo1_ fm1a_ fm1r_ fm2_ fio-u- eyJrIjoi glc_ glsa_ pat. sat. HRKU-"
        " ico- s-s4t2 ATATT3 ATCTT3 ATBB ATTA dnkey- NRJS- NRII- NRAK- NRRA- PMAK- pnu_ pul- rdme_"
        " tk-us- SG. xkeysib- xsmtpsib- sntrys_ sntryu_ sm_aat_ sm_pat_ sm_sat_ shippo_ sgp_"
        " sq0atp- sq0csp- EAAA EAAM EAAC EAA SK AC tfp_ AQVN t1. YC p8e- AKCp cmVmd API- sha256~"
        " pscale_tkn_ pscale_oauth_ pscale_pw_ ops_eyJ CLOJARS_ AGE-SECRET-KEY- A3- sl. live_"
        " CCIPAT_ bkua_ hawk. cmVm ZXlK u+ b_ v1.0- 4b1d access-sandbox- access-development-"
        " access-production- tailscale tskey- waka_ phc_ phx_ nvapi- vercel_ vc_ sb_secret_ re_"
        " nfp_ cfut_ xprv yprv zprv tprv nsec1 PRIVATE- SLACK FwoGZXIv IQoJb3JpZ2lu"
    ).split()
)
"""How tokens begin; what follows has to look made at random."""
SERVICES = {
    "AKIA": "AWS access key", "ASIA": "AWS access key", "ABIA": "AWS access key",
    "ACCA": "AWS access key", "gh": "GitHub token", "github_pat_": "GitHub token",
    "gl": "GitLab token", "sk_": "Stripe key", "rk_": "Stripe key", "xox": "Slack token",
    "AIza": "Google API key", "ya29.": "Google OAuth token", "GOCSPX-": "Google OAuth secret",
    "sk-ant-": "Anthropic API key", "sk-": "API key (sk-)", "npm_": "npm token",
    "pypi-": "PyPI token", "hf_": "Hugging Face token",
}  # fmt: skip
"""How some of them begin -> what they are called; the others are a `token of a service`."""
TOKEN = pattern(r"[A-Za-z0-9_+/.~%-]{12,}={0,3}")
SHAPED = (
    guarded("eyj", r"\beyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]{8,}", "JSON Web Token", 0),
    guarded("eyj", r"\beyJ[\w-]{8,}(?:\.[\w-]{16,}){2,4}", "JSON Web Token", 0),
    guarded("a3-", r"\bA3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}\b", "1Password key", 0),
    guarded("age-secret-key-", r"\bAGE-SECRET-KEY-1[A-Z0-9]{40,}", "age key", 0),
    guarded(":aa", r"\b\d{8,10}:AA[\w-]{33}(?![\w-])", "Telegram bot token", 0),
    guarded("00d", r"\b00D\w{12,15}![\w.]{60,}", "Salesforce session", 0),
    guarded("access_token$", r"access_token\$\w+\$\w{16}\$[0-9a-f]{32}", "Braintree token", 0),
    guarded("q~", r"(?<![\w~.-])[\w~.-]{3}\dQ~[\w~.-]{31,34}", "Azure client secret", 0),
    guarded(".atlasv1.", r"\b\w{14}\.atlasv1\.[\w=-]{60,70}", "Terraform Cloud token", 0),
    guarded("_mmk", r"\b[A-Za-z0-9]{6}_[A-Za-z0-9]{29}_mmk\b", "MaxMind key", 0),
    guarded("-us", r"\b[0-9a-f]{32}-us\d\d?\b", "Mailchimp key", 0),
    guarded(".acc", r"\b(?:sc|ext|scauth|authress)_\w{5,30}\.\w{4,6}\.acc[_-][\w-]{10,32}\.[\w+/=-]{30,}", "Authress key", 0),
    guarded("pk.|sk.", r"\b[ps]k\.[\w-]{50,}\.[\w-]{20,}", "Mapbox token", 0),
    guarded("0x", r"(?:private|wallet|secret)[\w -]{0,20}[\"'`:=| is]{1,6}(0x[0-9a-fA-F]{64})\b", "wallet key"),
    guarded("$apr1$|$1$|$5$|$6$|$y$|$2a$|$2b$|$2x$|$2y$|$argon2", r"\$(?:apr1|1|5|6|y|2[abxy]|argon2\w*)\$[^\s:\"'`]{20,200}", "password hash", 0),
    guarded("contribsys", r"contribsys[\W_]{0,2}com[\w\"' ]{0,4}[:=?\s|`*]*(?:is\s+)?[\"'`]*([0-9a-f]{8}:[0-9a-f]{8})\b", "Sidekiq secret"),
    guarded("base64:", r"\bbase64:[A-Za-z0-9+/]{40,}={0,2}", "key", 0),
)  # fmt: skip
WHOLE = pattern(
    r"[MNO][\w-]{23,25}\.[\w-]{6}\.[\w-]{27,38}"  # Discord
    r"|pat[A-Za-z0-9]{14}\.[0-9a-f]{64}"  # Airtable
)
"""Tokens of services that begin like words, by their parts."""
WIF = pattern(r"(?:[KL][1-9A-HJ-NP-Za-km-z]{51}|5[HJK][1-9A-HJ-NP-Za-km-z]{49})")
PLACES = (
    guarded("://", r"://[^\s/:@\"'<>`\[\]\\|]{0,80}:([^\s/@\"'<>`\[\]\\|]{4,200})@(?=[\w\[$<{])", "password in a URL", 0),
    guarded("://", r"://([\w~.%+-]{16,200})@(?=\w)", "token in a URL", 0),
    guarded("authorization|auth:", r"authorization[\"']?\s*[:=,]\s*[\"'`]?\s*(?:f[\"'])?(?:basic|bearer|token|apikey|api-key|bot|key|digest|sso-key|genie\w*|splunk|negotiate|ssws)\s+([\w.~+/:=-]{8,})", "authorization header"),
    guarded("bearer", r"\bbearer\s+[\"'`]?([\w.~+/=-]{20,})", "bearer token"),
    guarded("curl", r"\bcurl\b[^\n]{0,300}?\s(?:-u|--user|--proxy-user|-U)(?:\s+|=|(?=[\"'\w]))[\"']?[^\s:\"'$<{]{1,80}:([^\s\"'`]{4,120})", "password of curl", 0),
    guarded("sshpass|docker|podman|helm|mysql|mariadb|mongo|redis-cli|nerdctl|az |smbclient|ldapsearch|plink|winscp", r"\b(?:sshpass|docker\s+login|podman\s+login|nerdctl\s+login|helm\s+registry\s+login|mysql\w*|mariadb\w*|mongo\w*|redis-cli|az\s+login|smbclient|ldapsearch|plink)\b[^\n|;&]{0,200}?\s-[pwaP]\s?[\"']?([^\s\"'`-][^\s\"'`]{5,100})", "password of a command", 0),
    guarded("login", r"\bmachine\s+\S+\s+login\s+\S+\s+password\s+(\S{4,})", "line of .netrc"),
    guarded("login", r"\blogin\s+\S+\s+password\s+(\S{6,})", "password"),
    guarded(":*:|:5432:|:5433:|:5439:|:6432:|:6543:|:26257:", r"(?m)^[ \t#/*|>-]*[\w.*-]+:(?:\d{2,5}|\*):[\w.*-]+:[\w.*-]+:(\S{6,})[ \t]*$", "line of .pgpass", 0),
    guarded("convertto-securestring", r"convertto-securestring\s+(?:-string\s+)?[\"']([^\"'\n]{4,})[\"']", "password"),
    guarded("add-mask::", r"::add-mask::(\S{8,})", "masked value"),
    guarded("hooks.slack", r"hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)/([\w/+-]{20,})", "Slack webhook"),
    guarded("/webhooks/", r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/(\d{15,20}/[\w-]{40,})", "Discord webhook"),
    guarded("webhook.office.com|webhookb2|powerplatform|logic.azure", r"/(?:webhookb2|workflows)/([\w@/-]{32,})", "Teams webhook"),
    guarded("hooks.zapier.com|hook.eu|hook.us|hook.make", r"hooks?\.[\w.]+/(?:hooks/catch/)?([\w/-]{12,})", "webhook"),
    guarded("softlayer", r"/soap/v3(?:\.1)?/([a-z0-9]{64})", "SoftLayer key"),
    guarded("/bot", r"/bot(\d{8,10}:[\w-]{30,40})", "Telegram bot token"),
    guarded("phrase|mnemonic|recovery|seed", r"(?:seed|recovery|mnemonic|backup|wallet)[ _-]?(?:phrase|words|seed)?[\"'`*]*\s*(?:is|[:=])\s*[\"'`]?((?:[a-z]{3,8} ){11,23}[a-z]{3,8})\b", "seed phrase"),
    guarded("psk", r"\bpsk\s*=\s*\"([^\"\n]{8,63})\"", "Wi-Fi password"),
)  # fmt: skip
LOOSE = frozenset({"Slack webhook", "Discord webhook", "Teams webhook", "webhook", "seed phrase"})
PLAIN = frozenset({"password", "line of .netrc", "password of curl", "password of a command",
                   "password in a URL", "line of .pgpass", "Wi-Fi password"})  # fmt: skip
NAME = pattern(
    r"pass(?:word|wd|phrase|code)|\bpwd\b|(?<=[_.-])(?:pass|pwd|pw)(?![a-z])|\bpass(?=[\"']?\s*[:=])|(?<=[a-z])Pass(?![a-z])|psk\b|secret|token"
    r"|credential|\bcreds?\b|(?:api|access|auth|private|signing|encryption|master|account|app|service|license|write|shared)[-_. ]?key"
    r"|_key\b|\bpat\b|mnemonic|_auth\b|\bsig\b|\bDSN\b|connection[-_ ]?string",
    re.I,
)
ROOTS = (
    "pass", "pwd", "pw", "psk", "secret", "token", "cred", "key", "pat", "mnemonic", "_auth", "sig",
    "dsn", "connection",
)  # fmt: skip
VALUE = pattern(
    r"[\w-]{0,60}(?:[ .](?:key|token|value|string|base))?[\"'\]`*)]{0,3}(?:\s+value)?(?P<op>[ \t]*(?:=>|:=|={1,3}|:|\||,|\(|>)[ \t]*"
    r"|[ \t]+(?:is|was|be|use|to|as|with)(?:[ \t]+(?:the|to|now|still|set))*[ \t:]*|[ \t]+)"
    r"(?P<quote>[\"'`]{0,3})(?P<value>[^\s\"'`|]{6,400}|(?<=[\"'])[^\"'\n]{6,400})"
)
PASS = pattern(r"pass|pwd|psk|pw\b", re.I)
TELLING = frozenset(
    (
        "key keys apikey token tokens secret secrets password passwd passphrase passcode pwd pass"
        " psk pat credential credentials cred creds auth authorization bearer jwt cookie session"
        " sessionid sas sig signature webhook dsn wif xprv seed mnemonic private dnkey license"
        " accesskey secretkey privatekey clientsecret accesstoken authtoken hmac salt pepper pin"
        " otp totp login oauth refresh signing encryption master"
    ).split()
)
HARMLESS = frozenset(
    (
        "sha sha1 sha224 sha256 sha384 sha512 md5 blake2b blake3 crc digest digests checksum"
        " checksums integrity hash hashes hashed commit commits rev revision ref refs tree blob"
        " etag uuid guid id ids identifier identifiers fingerprint thumbprint version build image"
        " trace span request public pubkey pub address addr tx txid transaction block merge branch"
        " tag cherry revert rebase checkout oid parent diff index from nonce cid arn document"
        " sheet folder figma gist uses match traceparent host hostname pod alert container node"
        " example sample lock tools class classname style pinned pin_hash hex color colour ssh rsa"
        " ed25519 ecdsa dss cert certificate publishable anon site measurement"
    ).split()
)
SEGMENT = pattern(r"[A-Z]?[a-z]+\d*|[A-Z]+(?![a-z])\d*|\d+")
ASSIGNED = pattern(
    r"(?:^|[\s,{(;])[\"']?[A-Za-z_][\w.-]*[\"']?\s*(?:=|:=|=>)\s*[\"'`]?$"
    r"|(?:^[ \t#/*-]*|[{,(]\s*)[\"']?[A-Za-z_][\w.-]*[\"']?\s*:\s*[\"']?$"
)
"""The end of an assignment's left side."""
ESCAPE = pattern(r"\\{1,16}[\"'nrt]")
DIGIT = pattern(r"\d")
OPEN = pattern(r"[\s\"'`<>(]")
QUERY = pattern(r"[?&#;][\w.-]+=[\w=-]*$")
BEGIN = pattern(
    r"-{4,5} ?BEGIN [A-Z0-9 ]{0,60}(?:PRIVATE KEY|SSH2 ENCRYPTED)[A-Z ]{0,20}-{4,5}"
    r"|PuTTY-User-Key-File-\d:|openssh-key-v1"
)
END = pattern(r"-{4,5} ?END [A-Z0-9 ]{0,60}-{4,5}|Private-(?:MAC|Hash):[ \t]*[0-9a-f]+")
BODY = pattern(r"[A-Za-z0-9+/=]{16,}")


def unescaped(text: str) -> Iterator[tuple[int, str]]:
    """Lines with escapes, without their backslashes and as long as before: (where it begins, the
    line), each with the quotation marks doubled, with blanks behind them, and before them."""
    at = 0
    for line in text.split("\n") if "\\" in text else ():
        if "\\" in line and ESCAPE.search(line):
            for fill in (_doubled, str.ljust, str.rjust):
                yield at, ESCAPE.sub(partial(_plain, fill), line)
        at += len(line) + 1


def _plain(fill: Callable[[str, int], str], escape: re.Match[str]) -> str:
    mark = escape[0][-1]
    return fill(mark if mark in "\"'" else "", len(escape[0]))


def _doubled(mark: str, size: int) -> str:
    return mark * size if mark else " " * size
