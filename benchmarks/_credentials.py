"""Kinds of credential as published rule sets describe them, and what only looks like one.

Values are made at random from a pattern: `%h{32}` is 32 hex digits, and so on (`ALPHABETS`). The
kinds of `PUBLISHED` follow the rules of gitleaks and detect-secrets, one by one, but for those that
name no secret (client ids, public keys); `HELD_OUT` are kinds of elsewhere (Nosey Parker, providers'
own pages, files of tools), written down before the detector that they measure and never used to
mend it without being said so.
"""

from __future__ import annotations

import base64
import random
import re
import string
from typing import NamedTuple

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
ALPHABETS = {
    "h": "0123456789abcdef",
    "H": "0123456789ABCDEF",
    "d": DIGITS,
    "x": LOWER + DIGITS,
    "U": UPPER + DIGITS,
    "L": LOWER,
    "l": LOWER + UPPER,
    "A": LOWER + UPPER + DIGITS,
    "w": LOWER + UPPER + DIGITS + "_-",
    "b": LOWER + UPPER + DIGITS + "+/",
    "3": UPPER + "234567",  # base32
    "k": "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L",  # bech32
    "5": "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz",  # base58
    "p": LOWER + UPPER + DIGITS + "!#%&*^?.,",  # a password
}
UUID = "%h{8}-%h{4}-%h{4}-%h{4}-%h{12}"
_PART = re.compile(r"%(.)\{(\d+)\}")


def make(pattern: str, rng: random.Random) -> str:
    """A value of the pattern: long runs of an alphabet hold a digit and a letter, as real ones do."""

    def run(match: re.Match[str]) -> str:
        alphabet, length = ALPHABETS[match[1]], int(match[2])
        while True:
            value = "".join(rng.choice(alphabet) for _ in range(length))
            mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
            if length < 8 or mixed or match[1] in "dLl":
                return value

    return _PART.sub(run, pattern)


class Kind(NamedTuple):
    name: str
    label: str  # how an owner calls it, in lower case words
    pattern: str


# one line per kind: name | label | pattern
_PUBLISHED = """
1password-secret-key | 1password secret key | A3-%U{6}-%U{6}-%U{5}-%U{5}-%U{5}-%U{5}
1password-service-account-token | op service account token | ops_eyJ%b{260}
adafruit-api-key | adafruit api key | %x{32}
adobe-client-secret | adobe client secret | p8e-%x{32}
age-secret-key | age secret key | AGE-SECRET-KEY-1%k{58}
airtable-api-key | airtable api key | key%A{14}
airtable-pat | airtable token | pat%A{14}.%h{64}
algolia-api-key | algolia api key | %x{32}
alibaba-access-key-id | alibaba access key id | LTAI%x{20}
alibaba-secret-key | alibaba secret key | %x{30}
anthropic-admin-api-key | anthropic admin key | sk-ant-admin01-%w{93}AA
anthropic-api-key | anthropic api key | sk-ant-api03-%w{93}AA
artifactory-api-key | artifactory api key | AKCp%A{69}
artifactory-reference-token | artifactory reference token | cmVmd%A{59}
asana-client-secret | asana client secret | %x{32}
atlassian-api-token | atlassian api token | ATATT3%w{186}
atlassian-api-token-old | jira api token | %x{20}%h{4}
authress-access-key | authress service key | sc_%x{12}.%x{5}.acc_%x{14}.%b{60}
aws-access-token | aws access key id | AKIA%3{16}
aws-secret-key | aws secret access key | %b{40}
aws-session-token | aws session token | %b{300}
azure-ad-client-secret | azure client secret | %A{3}8Q~%A{34}
azure-storage-key | azure storage key | %b{86}==
beamer-api-token | beamer api token | b_%x{44}
bitbucket-client-secret | bitbucket client secret | %x{64}
bittrex-secret-key | bittrex secret key | %x{32}
cisco-meraki-api-key | meraki api key | %h{40}
clickhouse-secret-key | clickhouse secret key | 4b1d%A{38}
clojars-api-token | clojars token | CLOJARS_%x{60}
cloudflare-api-key | cloudflare api key | %w{40}
cloudflare-global-api-key | cloudflare global api key | %h{37}
cloudflare-origin-ca-key | cloudflare origin ca key | v1.0-%h{24}-%h{146}
codecov-access-token | codecov token | %x{32}
cohere-api-token | cohere api key | %A{40}
coinbase-access-token | coinbase access token | %x{64}
confluent-secret-key | confluent secret key | %x{64}
contentful-token | contentful delivery token | %w{43}
databricks-api-token | databricks token | dapi%h{32}
datadog-access-token | datadog api key | %x{40}
defined-networking-token | dnkey | dnkey-%x{26}-%x{52}
digitalocean-access-token | digitalocean access token | doo_v1_%h{64}
digitalocean-pat | digitalocean token | dop_v1_%h{64}
digitalocean-refresh-token | digitalocean refresh token | dor_v1_%h{64}
discord-api-token | discord api token | %h{64}
discord-bot-token | discord bot token | MT%A{22}.%w{6}.%w{27}
discord-client-secret | discord client secret | %w{32}
doppler-api-token | doppler token | dp.pt.%x{43}
droneci-access-token | droneci token | %x{32}
dropbox-api-token | dropbox api secret | %x{15}
dropbox-long-lived-token | dropbox api token | %x{11}AAAAAAAAAA%x{43}
dropbox-short-lived-token | dropbox access token | sl.%w{135}
duffel-api-token | duffel api token | duffel_live_%x{43}
dynatrace-api-token | dynatrace api token | dt0c01.%U{24}.%U{64}
easypost-api-token | easypost api key | EZAK%x{54}
easypost-test-api-token | easypost test key | EZTK%x{54}
etsy-access-token | etsy access token | %x{24}
facebook-access-token | facebook access token | %d{16}|%w{27}
facebook-page-access-token | facebook page token | EAAM%x{120}
facebook-secret | facebook app secret | %h{32}
fastly-api-token | fastly api token | %w{32}
finicity-client-secret | finicity client secret | %x{20}
finnhub-access-token | finnhub api key | %x{20}
flickr-access-token | flickr access token | %x{32}
flutterwave-secret-key | flutterwave secret key | FLWSECK_TEST-%h{32}-X
flyio-access-token | fly api token | fo1_%w{43}
flyio-macaroon | fly deploy token | fm2_%b{120}
frameio-api-token | frameio token | fio-u-%w{64}
freshbooks-access-token | freshbooks access token | %x{64}
gcp-api-key | google api key | AIza%w{35}
gcp-oauth-secret | google client secret | GOCSPX-%w{28}
github-app-token | github app token | ghs_%A{36}
github-fine-grained-pat | github token | github_pat_%A{22}_%A{59}
github-oauth | github oauth token | gho_%A{36}
github-pat | github pat | ghp_%A{36}
github-refresh-token | github refresh token | ghr_%A{36}
gitlab-cicd-job-token | gitlab job token | glcbt-%h{2}_%w{20}
gitlab-deploy-token | gitlab deploy token | gldt-%w{20}
gitlab-feature-flag-token | gitlab feature flag token | glffct-%w{20}
gitlab-feed-token | gitlab feed token | glft-%w{20}
gitlab-incoming-mail-token | gitlab mail token | glimt-%w{25}
gitlab-kubernetes-agent-token | gitlab agent token | glagent-%w{50}
gitlab-oauth-app-secret | gitlab oauth secret | gloas-%w{64}
gitlab-pat | gitlab token | glpat-%w{20}
gitlab-ptt | gitlab trigger token | glptt-%h{40}
gitlab-rrt | gitlab registration token | GR1348941%w{20}
gitlab-runner-token | gitlab runner token | glrt-%w{20}
gitlab-scim-token | gitlab scim token | glsoat-%w{20}
gitlab-session-cookie | gitlab session cookie | _gitlab_session=%x{32}
gitter-access-token | gitter access token | %w{40}
gocardless-api-token | gocardless api token | live_%w{40}
grafana-api-key | grafana api key | eyJrIjoi%A{80}
grafana-cloud-api-token | grafana cloud token | glc_%b{60}
grafana-service-account-token | grafana token | glsa_%A{32}_%h{8}
harness-api-key | harness api key | pat.%w{22}.%A{24}.%A{20}
hashicorp-tf-api-token | terraform cloud token | %A{14}.atlasv1.%w{64}
heroku-api-key | heroku api key | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
heroku-api-key-v2 | heroku auth token | HRKU-AA%w{58}
hubspot-api-key | hubspot api key | %H{8}-%H{4}-%H{4}-%H{4}-%H{12}
huggingface-access-token | huggingface token | hf_%l{34}
huggingface-org-token | huggingface org token | api_org_%l{34}
ibm-cloud-iam-key | ibm cloud api key | %w{44}
ibm-cos-hmac-secret | ibm cos hmac secret access key | %h{48}
infracost-api-token | infracost api key | ico-%A{32}
intercom-api-key | intercom access token | %w{60}
intra42-client-secret | intra42 client secret | s-s4t2ud-%h{64}
jfrog-api-key | jfrog api key | %x{73}
jfrog-identity-token | jfrog identity token | %x{64}
jwt | session jwt | eyJ%A{33}.eyJ%A{80}.%w{43}
jwt-base64 | jwt base64 | ZXlKaGJHY2lPaU%A{120}
kraken-access-token | kraken private key | %b{86}==
kucoin-access-token | kucoin access token | %h{24}
kucoin-secret-key | kucoin secret key | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
launchdarkly-access-token | launchdarkly access token | %w{40}
linear-api-key | linear api key | lin_api_%A{40}
linear-client-secret | linear client secret | %h{32}
linkedin-client-secret | linkedin client secret | %A{16}
lob-api-key | lob api key | live_%h{35}
mailchimp-api-key | mailchimp api key | %h{32}-us12
mailgun-private-api-token | mailgun api key | key-%h{32}
mailgun-signing-key | mailgun signing key | %h{32}-%h{8}-%h{8}
mapbox-api-token | mapbox token | pk.%x{60}.%x{22}
mattermost-access-token | mattermost access token | %x{26}
maxmind-license-key | maxmind license key | %A{6}_%A{29}_mmk
messagebird-api-token | messagebird api token | %x{25}
netlify-access-token | netlify auth token | %w{43}
new-relic-browser-token | new relic browser key | NRJS-%h{19}
new-relic-insert-key | new relic insert key | NRII-%w{32}
new-relic-user-api-key | new relic api key | NRAK-%U{27}
notion-api-token | notion token | ntn_%d{11}%A{35}
npm-access-token | npm token | npm_%A{36}
npmrc-auth-token | npm auth token | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
nuget-password | nuget cleartextpassword | %p{16}
nytimes-access-token | nytimes api key | %w{32}
octopus-deploy-api-key | octopus api key | API-%U{26}
okta-access-token | okta api token | 00%w{40}
openai-api-key-old | openai api key | sk-%A{20}T3BlbkFJ%A{20}
openai-project-key | openai api key | sk-proj-%w{74}T3BlbkFJ%w{74}
openshift-user-token | openshift token | sha256~%w{43}
perplexity-api-key | perplexity api key | pplx-%A{48}
plaid-api-token | plaid access token | access-production-%h{8}-%h{4}-%h{4}-%h{4}-%h{12}
plaid-secret-key | plaid secret | %h{30}
planetscale-api-token | planetscale token | pscale_tkn_%w{43}
planetscale-oauth-token | planetscale oauth token | pscale_oauth_%w{43}
planetscale-password | planetscale password | pscale_pw_%w{43}
postman-api-token | postman api key | PMAK-%h{24}-%h{34}
prefect-api-token | prefect api key | pnu_%A{36}
privateai-api-token | private ai api key | %x{32}
pulumi-api-token | pulumi access token | pul-%h{40}
pypi-upload-token | pypi token | pypi-AgEIcHlwaS5vcmc%w{120}
rapidapi-access-token | rapidapi key | %x{50}
readme-api-token | readme api key | rdme_%x{70}
rubygems-api-token | rubygems api key | rubygems_%h{48}
scalingo-api-token | scalingo token | tk-us-%w{48}
sendbird-access-token | sendbird api token | %h{40}
sendgrid-api-token | sendgrid api key | SG.%w{22}.%w{43}
sendinblue-api-token | brevo api key | xkeysib-%h{64}-%A{16}
sentry-access-token | sentry auth token | %h{64}
sentry-user-token | sentry token | sntryu_%h{64}
settlemint-token | settlemint token | sm_pat_%A{16}
shippo-api-token | shippo token | shippo_live_%h{40}
shopify-access-token | shopify token | shpat_%h{32}
shopify-shared-secret | shopify secret | shpss_%h{32}
sidekiq-secret | bundle gems contribsys com | %h{8}:%h{8}
slack-app-token | slack app token | xapp-1-%U{11}-%d{13}-%h{64}
slack-bot-token | slack bot token | xoxb-%d{12}-%d{13}-%A{24}
slack-config-token | slack config token | xoxe.xoxp-1-%U{163}
slack-user-token | slack user token | xoxp-%d{12}-%d{12}-%d{12}-%h{32}
snyk-api-token | snyk token | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
softlayer-credentials | softlayer api key | %x{64}
sonar-api-token | sonar token | %h{40}
sourcegraph-access-token | sourcegraph token | sgp_%h{40}
square-access-token | square access token | sq0atp-%w{22}
square-oauth-secret | square oauth secret | sq0csp-%w{43}
squarespace-access-token | squarespace access token | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
stripe-access-token | stripe secret key | sk_live_%A{24}
stripe-test-key | stripe key | sk_test_%A{99}
stripe-restricted-key | stripe restricted key | rk_live_%A{24}
sumologic-access-token | sumo access key | %A{64}
telegram-bot-api-token | telegram bot token | %d{10}:AA%w{33}
travisci-access-token | travis token | %A{22}
twilio-api-key | twilio api key | SK%h{32}
twilio-auth-token | twilio auth token | %h{32}
twitch-api-token | twitch client secret | %x{30}
twitter-access-secret | twitter access secret | %A{45}
twitter-access-token | twitter access token | %d{19}-%A{30}
twitter-api-key | twitter api key | %A{25}
twitter-api-secret | twitter api secret | %A{50}
twitter-bearer-token | twitter bearer token | AAAAAAAAAAAAAAAAAAAAAA%A{88}
typeform-api-token | typeform token | tfp_%w{59}
vault-batch-token | vault token | hvb.%w{150}
vault-service-token | vault token | hvs.%w{95}
yandex-access-token | yandex iam token | t1.9eu%w{60}.%w{86}
yandex-api-key | yandex api key | AQVN%w{36}
yandex-aws-access-token | yandex secret | YC%w{38}
zendesk-secret-key | zendesk api token | %A{40}
database-password | db password | %p{14}
generic-api-key-hex | api key | %h{32}
generic-api-key-base64 | api key | %b{43}=
generic-secret | secret | %A{24}
generic-password | password | %p{12}
generic-token | access token | %w{40}
high-entropy-hex | encryption key | %h{64}
high-entropy-base64 | signing secret | %b{44}
"""

_HELD_OUT = """
groq-api-key | groq api key | gsk_%A{52}
xai-api-key | xai api key | xai-%A{80}
openrouter-key | openrouter api key | sk-or-v1-%h{64}
replicate-token | replicate api token | r8_%A{37}
tavily-key | tavily api key | tvly-%A{32}
firecrawl-key | firecrawl api key | fc-%h{32}
jina-key | jina api key | jina_%A{60}
langsmith-key | langchain api key | lsv2_pt_%h{32}_%h{10}
mistral-key | mistral api key | %A{32}
deepseek-key | deepseek api key | sk-%h{32}
elevenlabs-key | elevenlabs api key | sk_%h{48}
pinecone-key | pinecone api key | pcsk_%A{6}_%A{60}
supabase-service-key | supabase service role key | sbp_%h{40}
vercel-token | vercel token | %A{24}
render-key | render api key | rnd_%A{32}
railway-token | railway token | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
neon-key | neon api key | napi_%x{60}
turso-token | turso auth token | eyJ%A{20}.eyJ%A{60}.%w{86}
figma-pat | figma token | figd_%w{40}
crates-io-key | cargo registry token | cio%A{32}
dockerhub-pat | docker password | dckr_pat_%w{27}
codeclimate-id | code climate token | %h{64}
sauce-token | sauce access key | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
segment-key | segment write key | %A{32}
stackhawk-key | hawk api key | hawk.%A{20}.%A{20}
teamcity-token | teamcity token | eyJ0eXAiOiAiVENWMiJ9.%w{36}.%w{48}
truenas-key | truenas api key | 1-%A{64}
wireguard-key | wireguard private key | %b{43}=
thingsboard-token | thingsboard access token | %A{20}
postmark-token | postmark server token | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
salesforce-token | salesforce access token | 00D%A{12}!%A{96}
kagi-key | kagi api key | %A{11}.%A{28}
auth0-secret | auth0 client secret | %w{64}
django-secret-key | secret key | %p{50}
rails-master-key | rails master key | %h{32}
laravel-app-key | app key | base64:%b{43}=
flask-secret | flask secret key | %h{48}
cloudinary-secret | cloudinary api secret | %w{27}
paypal-secret | paypal client secret | E%w{79}
razorpay-secret | razorpay key secret | %A{24}
stripe-webhook-secret | stripe webhook secret | whsec_%A{32}
svix-secret | webhook signing secret | whsec_%b{32}
braintree-token | braintree access token | access_token$production$%x{16}$%h{32}
amplitude-secret | amplitude secret key | %h{32}
mixpanel-secret | mixpanel api secret | %h{32}
pagerduty-key | pagerduty api key | u+%w{18}
opsgenie-key | opsgenie api key | %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
bugsnag-key | bugsnag api key | %h{32}
circleci-token | circleci token | CCIPAT_%A{22}_%h{40}
buildkite-token | buildkite api token | bkua_%h{40}
trello-token | trello token | ATTA%h{64}
azure-devops-pat | azure devops pat | %x{52}
azure-openai-key | azure openai api key | %h{32}
azure-cosmos-key | cosmos primary key | %b{86}==
ftp-password | ftp password | %p{10}
smtp-password | smtp password | %p{14}
redis-password | redis password | %A{20}
mysql-root-password | mysql root password | %p{16}
ethereum-private-key | wallet private key | 0x%h{64}
bitcoin-wif | wallet wif | K%5{51}
xprv | wallet xprv | xprv9s21ZrQH143K%5{96}
totp-seed | totp secret | %3{32}
nostr-key | nostr secret key | nsec1%x{58}
"""


def _kinds(table: str) -> tuple[Kind, ...]:
    return tuple(Kind(*map(str.strip, row.split(" | "))) for row in table.strip().splitlines())


PUBLISHED = _kinds(_PUBLISHED)
HELD_OUT = _kinds(_HELD_OUT)


class Form(NamedTuple):
    """A credential whose place tells it: a whole line or lines, with the part that is secret."""

    name: str
    text: str  # {} stands for the secret
    pattern: str


_FORMS = """
basic-auth-url | https://deploy:{}@registry.acme.dev/simple | %A{18}
basic-auth-url-symbols | postgres://app:{}@db.acme.dev:5432/app | %A{8}!%A{6}
mongodb-url | mongodb+srv://app:{}@cluster0.x7k2.mongodb.net/app | %A{16}
redis-url | redis://:{}@cache.acme.dev:6379/0 | %h{32}
amqp-url | amqps://worker:{}@mq.acme.dev/jobs | %A{22}
git-token-url | https://{}@github.com/acme/app.git | ghp_%A{36}
sidekiq-sensitive-url | https://{}@gems.contribsys.com/ | %h{8}:%h{8}
cloudant-url | https://acme:{}@acme.cloudant.com | %h{64}
sentry-dsn | https://%h{32}:{}@o1234.ingest.sentry.io/42 | %h{32}
curl-user | curl -u admin:{} https://api.acme.dev/v1 | %p{12}
curl-user-quoted | curl --user "admin:{}" https://api.acme.dev/v1 | %A{14}
curl-user-equals | curl --user=admin:{} https://api.acme.dev/v1 | %A{14}
curl-bearer | curl -H "Authorization: Bearer {}" https://api.acme.dev/v1 | %w{40}
curl-token-header | curl -H 'X-Api-Key: {}' https://api.acme.dev/v1 | %h{32}
wget-password | wget --user=bot --password={} https://files.acme.dev/x | %p{12}
basic-header | Authorization: Basic {} | %b{30}==
bearer-header | Authorization: Bearer {} | %A{40}
token-header | Authorization: token {} | %h{40}
private-token-header | PRIVATE-TOKEN: {} | %A{20}
cookie-header | Cookie: sessionid={} | %x{32}
proxy-header | Proxy-Authorization: Basic {} | %b{26}==
netrc-line | machine api.acme.dev login bot password {} | %p{14}
npmrc-line | //registry.acme.dev/:_authToken={} | %A{36}
npmrc-auth | _auth={} | %b{38}==
pgpass-line | db.acme.dev:5432:app:app:{} | %p{14}
docker-auth | {"auths": {"registry.acme.dev": {"auth": "{}"}}} | %b{30}==
docker-login | docker login -u bot -p {} registry.acme.dev | %p{14}
mysql-flag | mysql -u root -p{} app | %A{14}
sshpass | sshpass -p '{}' ssh bot@host.acme.dev | %p{14}
psql-env | PGPASSWORD={} psql -h db.acme.dev app | %p{12}
azure-connection | DefaultEndpointsProtocol=https;AccountName=acme;AccountKey={};EndpointSuffix=core.windows.net | %b{86}==
azure-sas | https://acme.blob.core.windows.net/c/x?sv=2022-11-02&se=2030-01-01&sr=b&sp=r&sig={} | %A{40}%%3D
azure-servicebus | Endpoint=sb://acme.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={} | %b{43}=
sqlserver-connection | Server=db.acme.dev;Database=app;User Id=sa;Password={}; | %p{14}
odbc-connection | DRIVER={ODBC};SERVER=db;UID=app;PWD={} | %A{14}
aws-presigned | https://acme.s3.amazonaws.com/x?X-Amz-Expires=900&X-Amz-Signature={} | %h{64}
slack-webhook | https://hooks.slack.com/services/T%U{8}/B%U{10}/{} | %A{24}
discord-webhook | https://discord.com/api/webhooks/%d{18}/{} | %w{68}
teams-webhook | https://acme.webhook.office.com/webhookb2/%h{8}-%h{4}-%h{4}-%h{4}-%h{12}@%h{8}-%h{4}-%h{4}-%h{4}-%h{12}/IncomingWebhook/{}/%h{8}-%h{4}-%h{4}-%h{4}-%h{12} | %h{32}
zapier-webhook | https://hooks.zapier.com/hooks/catch/%d{7}/{}/ | %x{7}
google-chat-webhook | https://chat.googleapis.com/v1/spaces/AAAA%A{7}/messages?key=AIza%w{35}&token={} | %w{43}
telegram-url | https://api.telegram.org/bot{}/sendMessage | %d{10}:AA%w{33}
softlayer-url | https://api.softlayer.com/soap/v3/{} | %x{64}
k8s-secret | kind: Secret\\ndata:\\n  password: {} | %b{22}==
yaml-password | db:\\n  user: app\\n  password: {} | %p{14}
yaml-client-secret | oauth:\\n  client_secret: {} | %A{32}
toml-token | [registry]\\ntoken = "{}" | %A{30}
ini-password | [client]\\nuser=app\\npassword={} | %p{12}
properties-password | spring.datasource.password={} | %p{14}
xml-password | <password>{}</password> | %A{14}
nuget-config | <add key="ClearTextPassword" value="{}" /> | %p{16}
php-define | define('DB_PASSWORD', '{}'); | %p{16}
ruby-hash | :secret_key_base => "{}" | %h{64}
go-assign | apiKey := "{}" | %A{32}
js-object | { apiKey: '{}', region: 'eu' } | %A{32}
java-setter | config.setPassword("{}"); | %p{12}
c-define | #define API_TOKEN "{}" | %h{40}
powershell | $Password = ConvertTo-SecureString "{}" -AsPlainText -Force | %p{14}
dockerfile-env | ENV API_SECRET {} | %A{32}
github-mask | ::add-mask::{} | %A{30}
shell-flag | acme login --token {} | %A{30}
shell-flag-password | acme login --password '{}' | %p{14}
shell-flag-secret | acme deploy --client-secret={} | %A{32}
htpasswd | admin:$apr1$%A{8}${} | %A{22}
shadow-hash | root:$6$%A{8}${}:19000:0:99999:7::: | %A{86}
ansible-vault-pass | ansible_become_pass: {} | %p{12}
wifi-psk | psk="{}" | %A{14}
mnemonic | seed phrase: {} | legal winner thank year wave sausage worth useful legal winner thank yellow
"""

FORMS = tuple(
    Form(*map(str.strip, row.rsplit(" | ", 2)))
    for row in _FORMS.strip().splitlines()
    if row.count(" | ") == 2
)


def form_value(form: Form, rng: random.Random) -> tuple[str, str]:
    """(the whole text, the part that is secret)."""
    secret = make(form.pattern, rng).replace("%%", "%")
    text = form.text.replace("\\n", "\n")
    before, _, after = text.rpartition("{}")
    return make(before, rng) + secret + make(after, rng), secret


BLOCKS = {
    "rsa-private-key": ("-----BEGIN RSA PRIVATE KEY-----", "-----END RSA PRIVATE KEY-----"),
    "private-key": ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY-----"),
    "ec-private-key": ("-----BEGIN EC PRIVATE KEY-----", "-----END EC PRIVATE KEY-----"),
    "dsa-private-key": ("-----BEGIN DSA PRIVATE KEY-----", "-----END DSA PRIVATE KEY-----"),
    "openssh-private-key": (
        "-----BEGIN OPENSSH PRIVATE KEY-----",
        "-----END OPENSSH PRIVATE KEY-----",
    ),
    "encrypted-private-key": (
        "-----BEGIN ENCRYPTED PRIVATE KEY-----",
        "-----END ENCRYPTED PRIVATE KEY-----",
    ),
    "ssh2-private-key": (
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----",
        "---- END SSH2 ENCRYPTED PRIVATE KEY ----",
    ),
    "pgp-private-key": (
        "-----BEGIN PGP PRIVATE KEY BLOCK-----",
        "-----END PGP PRIVATE KEY BLOCK-----",
    ),
    "putty-key-2": ("PuTTY-User-Key-File-2: ssh-rsa\nPrivate-Lines: 8", "Private-MAC: %h{40}"),
    "putty-key-3": ("PuTTY-User-Key-File-3: ssh-ed25519\nPrivate-Lines: 8", "Private-MAC: %h{64}"),
    "truncated-private-key": ("-----BEGIN RSA PRIVATE KEY-----", "..."),
}


def block(name: str, rng: random.Random) -> tuple[str, list[str]]:
    """(the key as it stands in a file, the lines of it that are secret)."""
    head, foot = BLOCKS[name]
    lines = [base64.b64encode(rng.randbytes(48)).decode() for _ in range(8)]
    return "\n".join([head, *lines, make(foot, rng)]), lines


# what is no secret: text by text, values made at random where there are patterns
HARMLESS = """
API_KEY=your-api-key-here
API_KEY=<your-key>
API_KEY=sk-...xxxx
OPENAI_API_KEY=sk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
GITHUB_TOKEN=ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
ANTHROPIC_API_KEY=sk-ant-...
ANTHROPIC_API_KEY=sk-ant-your-key-here
TOKEN=${TOKEN}
TOKEN=$(gcloud auth print-access-token)
TOKEN="$(cat ~/.token)"
password: ${DB_PASSWORD}
password: "{{ vault_db_password }}"
password: changeme
password: <password>
password: ********
password: hunter2example
secret: ${{ secrets.DEPLOY_TOKEN }}
token = os.environ["GITHUB_TOKEN"]
api_key = os.getenv("OPENAI_API_KEY")
const apiKey = process.env.STRIPE_SECRET_KEY;
const token = await getAccessToken(user, "repo");
password = getpass.getpass("Password: ")
secret_key = settings.SECRET_KEY
AWS_ACCESS_KEY_ID=AKIAIOSFODNN7EXAMPLE
AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY
aws_access_key_id = YOUR_ACCESS_KEY
curl -u user:password https://api.example.com
curl -u "$USER:$PASS" https://api.example.com
curl -H "Authorization: Bearer $TOKEN" https://api.example.com
curl -H "Authorization: Bearer YOUR_TOKEN" https://api.example.com
Authorization: Bearer <token>
Authorization: Basic <base64 of user:password>
postgres://user:password@localhost:5432/app
postgres://user:pass@localhost/db
postgresql://postgres:postgres@localhost:5432/postgres
mysql://root:root@127.0.0.1/test
mongodb://username:password@host:27017/db
https://user:${TOKEN}@github.com/acme/app.git
https://<token>@github.com/acme/app.git
sha256: %h{64}
checksum: %h{40}
integrity sha512-%b{86}==
resolved "https://registry.example.dev/left-pad-1.3.0.tgz#%h{40}"
image: postgres:16@sha256:%h{64}
FROM python:3.12-slim@sha256:%h{64}
commit %h{40}
uses: actions/checkout@%h{40} # v4
rev: %h{40}
git revert %h{40}
md5: %h{32}
ETag: "%h{32}"
id: %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
request_id=%h{8}-%h{4}-%h{4}-%h{4}-%h{12}
tenant: %h{8}-%h{4}-%h{4}-%h{4}-%h{12}
trace %h{32} took 12 ms
https://example.com/gist/%h{32}
https://www.figma.com/file/%A{22}/Design
https://docs.google.com/document/d/1%w{43}/edit
https://github.com/acme/app/commit/%h{40}
https://www.youtube.com/watch?v=%w{11}
https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX
https://hooks.slack.com/services/YOUR/WEBHOOK/URL
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%b{43} me@host
Fernet keys look like `openssl rand -hex 32` prints them
max_tokens: 4096
token_count=128000
"tokens": 12345
The password must have at least 12 characters and a digit.
Set the `password` option; a token from the settings page does too.
key: value
primary_key: user_id
sort_key = "created_at"
data-testid="login-password-field"
PasswordAuthentication no
password_hash = bcrypt.hashpw(password.encode(), bcrypt.gensalt())
private_key_path: ~/.ssh/id_ed25519
secret_name: projects/acme/secrets/db/versions/latest
apiKeyHeader: X-Api-Key
tokenizer: cl100k_base
auth: oauth2
secretsmanager.get_secret_value(SecretId="prod/db")
0x742d35Cc6634C0532925a3b844Bc454e4438f44e
color: #a1b2c3d4
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk
keyboard_shortcut: ctrl+shift+p
accessToken: string
interface Options { apiKey: string; token?: string }
def login(username: str, password: str) -> Token:
SELECT password FROM users WHERE id = 1;
AIzaSyAbcdefghijklmnopqrstuvwxyz1234567
sk_test_4eC39HqLyjWDarjtT1zdp7dc
eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c
""".strip().splitlines()
