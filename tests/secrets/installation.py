"""What the operator knows: the keys of an installation and of its providers, all planted."""

import json
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.emulators.fmp import FmpEmulator, running_fmp_emulator
from tests.emulators.kis.emulator import KisEmulator, running_kis_emulator
from tests.emulators.openai import OpenAIEmulator, serve
from tests.secrets.vault import Vault
from tradingplatform.ids import secret_bytes, secret_token
from tradingplatform.services.tests.smtp_server import SmtpServer


@dataclass
class Surroundings:
    """The providers that the platform talks to, and the settings that say so."""

    kis: KisEmulator
    fmp: FmpEmulator
    mails: SmtpServer
    environment: dict[str, str]

    def provider_tokens(self) -> tuple[set[str], set[str]]:
        """Return the access tokens and the approval keys that KIS has given out."""
        office = self.kis.state.office
        return set(office._tokens), set(office._approvals)


@contextmanager
def surroundings(vault: Vault) -> Iterator[Surroundings]:
    """Run every provider as an emulator, and plant the keys for them and for the platform."""
    openai_key = vault.keep("OpenAI key of the operator", f"sk-canary{secret_token(24)}")
    with (
        running_kis_emulator() as kis,
        running_fmp_emulator() as fmp,
        SmtpServer() as mails,
        serve(OpenAIEmulator()) as openai_url,
    ):
        fmp.api_key = vault.keep("FMP key of the operator", f"canary{secret_token(24)}")
        key = kis.keys()[0]
        vault.keep("KIS app key of the operator", key.app_key)
        vault.keep("KIS app secret of the operator", key.app_secret)
        environment = {
            **_own_keys(vault),
            **kis.settings(),
            **fmp.settings(),
            "OPENAI_API_KEY": openai_key,
            "OPENAI_BASE_URL": openai_url,
            "EMAIL_URL": f"smtp://127.0.0.1:{mails.port}",
            "LOG_LEVEL": "DEBUG",
            "RATE_LIMIT_FACTOR": "1000",
            "DEMO_DATA": "0",
            "MARKET_PROVIDERS": "KIS,FMP,CSV",
        }
        yield Surroundings(kis, fmp, mails, environment)


def _own_keys(vault: Vault) -> dict[str, str]:
    secret_key = vault.keep("SECRET_KEY", secret_token(48))
    wrapping = vault.keep("encryption key", b64encode(secret_bytes(32)).decode())
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    vault.keep("signing key", pem.strip(), pem.splitlines()[1])
    return {
        "SECRET_KEY": secret_key,
        "ENCRYPTION_KEYS": json.dumps([wrapping]),
        "JWT_SIGNING_KEYS": pem,
    }
