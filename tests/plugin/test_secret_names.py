"""Names that tell that a file holds secrets, and names that only speak of them."""

from __future__ import annotations

import pytest

from nightpress.plugin import is_secret

HOLD = """
.git-credentials .pgpass .envrc terraform.tfstate terraform.tfstate.backup prod.tfvars
kubeconfig .kube/config secrets.yaml secrets.json .streamlit/secrets.toml config/secrets.yml
service-account.json serviceAccountKey.json prod.env .env .env.production .flaskenv .dev.vars
.bash_history .zsh_history .python_history .psql_history .netrc _netrc .npmrc .yarnrc.yml
.pypirc .dockercfg .docker/config.json .aws/credentials .aws/config .boto .s3cfg
client_secret.json application_default_credentials.json credentials credentials.json creds.txt
passwords.txt id_rsa id_ed25519 server.key server.pem cert.p12 cert.pfx keystore.jks db.kdbx
putty.ppk .htpasswd .my.cnf wp-config.php .vault-token .vault_pass local.settings.json
google-services.json acme-firebase-adminsdk-abc.json wallet.dat rclone.conf gradle.properties
.m2/settings.xml .ssh/config master.key config/credentials.yml.enc api_keys.json api-key.txt
token.json auth.json .gem/credentials .terraformrc sftp-config.json filezilla.xml cookies.txt
logins.json client.ovpn wg0.conf private_key.txt AuthKey_ABC.p8 gha-creds-1.json secring.gpg
.databrickscfg db_password.txt secrets.env kubeconfig.yaml deep/below/.env
""".split()
SPEAK = """
.env.example .env.sample .env.template id_rsa.pub README.md SECRETS.md docs/secrets.md
password-reset.ts src/auth/password.py secret_scanner.py skills/secret-scanner/SKILL.md
commands/rotate-secrets.md design-tokens.json tokens.json tokenizer.json package.json
plugin.json keyboard.json monkey.json settings.json config.json hooks.json id_mapping.csv
CHANGELOG.md docker-compose.yml references/api-keys.md secrets.schema.json
secrets.example.yaml environment.yml turkey.txt keymap.json public-key.txt
agents/credentials-helper.md scripts/check-secrets.sh .mcp.json
""".split()


@pytest.mark.parametrize("path", HOLD)
def test_it_tells(path: str) -> None:
    assert is_secret(path) and is_secret(path.upper()) == is_secret(path.lower())


@pytest.mark.parametrize("path", SPEAK)
def test_it_only_speaks_of_them(path: str) -> None:
    assert not is_secret(path)


def test_a_project_has_the_last_word() -> None:
    own = ("*.vault", "deploy/*.cfg", "!wg0.conf", "!docs/*.key")
    assert is_secret("a/b.vault", own) and is_secret("deploy/x.cfg", own)
    assert not is_secret("x.cfg", own)
    assert not is_secret("a/wg0.conf", own) and not is_secret("docs/server.key", own)
    assert is_secret("server.key", own)
