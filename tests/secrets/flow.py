"""One user's way through everything that makes, takes or shows a secret, over HTTP and sockets."""

import asyncio
import re
import threading
import time
from base64 import b32decode
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from accounts.tests.authenticator import Authenticator
from accounts.totp import STEP_S, code_at, step_at
from tests.secrets.installation import Surroundings
from tests.secrets.vault import Vault
from tradingplatform.clock import now
from tradingplatform.ids import secret_token
from tradingplatform.realtime.client import open_socket

WITHIN_S = 60
EMAIL = "mina@example.com"
# Told to whoever asked for it, or filled in again for whoever typed it.
GIVES_SECRETS = {
    "/api/account/login", "/api/account/login/otp", "/api/account/login/passkey",
    "/api/account/login/passkey/options",
    "/api/account/token/refresh", "/api/account/ws-ticket", "/api/account/api-keys",
    "/api/account/otp", "/api/account/otp/confirm", "/api/account/otp/backup-codes",
    "/api/account/passkeys/options", "/api/account/export", "/reset-password/new",
    "/verify-email",
}  # fmt: skip


class Flow:
    """Keeps every secret that it sends or is given, and every other answer."""

    def __init__(
        self, vault: Vault, url: str, socket_url: str, around: Surroundings, port: int
    ) -> None:
        self.vault, self.around = vault, around
        self.socket_url = socket_url
        self.answers: list[tuple[str, bytes, bytes]] = []
        self.http = httpx2.Client(base_url=url, timeout=30)
        self.http.event_hooks["response"] = [self._note]
        self.password = vault.keep("password", f"quilt {secret_token(12)} lantern")
        self.passkey = Authenticator(origin=f"http://localhost:{port}")
        self.seed = b""
        self.used_step = 0

    def close(self) -> None:
        self.http.close()

    def run(self) -> None:
        """Go all the way."""
        self.sign_up()
        self.use_the_page()
        self.forget_the_password()
        self.log_in()
        self.make_api_key()
        self.store_broker_keys()
        self.turn_otp_on()
        self.log_in_with_codes()
        self.add_passkey()
        self.take_data_along()
        self.use_sockets()
        self.mistype()
        self.look_as_operator()

    # The steps

    def sign_up(self) -> None:
        body = {"email": EMAIL, "password": self.password, "nickname": "Mina"}
        assert self.post("/api/account/signup", body).status_code == 201
        token = self.vault.keep("mail link", self.mailed())
        self.http.get("/verify-email", params={"token": token})
        assert self.post("/api/account/email/confirm", {"token": token}).status_code < 300

    def use_the_page(self) -> None:
        """Log in and out as a browser does."""
        self.http.get("/log-in")
        form = {"email": EMAIL, "password": self.password, **self.csrf()}
        answer = self.http.post("/log-in", data=form)
        assert answer.status_code == 302, answer.text
        self.vault.keep("session cookie", self.cookie("session"))
        assert self.http.get("/settings/profile").status_code == 200
        self.vault.keep("CSRF cookie", self.cookie("csrf"))
        assert self.http.post("/log-out", data=self.csrf()).status_code == 302
        self.http.cookies.clear()

    def forget_the_password(self) -> None:
        assert self.post("/api/account/password/reset", {"email": EMAIL}).status_code < 300
        token = self.vault.keep("mail link", self.mailed())
        self.http.get("/reset-password/new", params={"token": token})
        self.password = self.vault.keep("password", f"amber {secret_token(12)} violin")
        body = {"token": token, "new_password": self.password}
        assert self.post("/api/account/password/reset/confirm", body).status_code < 300

    def log_in(self) -> None:
        body = {"email": EMAIL, "password": self.password}
        tokens = self.post("/api/account/login", body).json()
        self.vault.keep("access token", tokens["access"], tokens["access"].rpartition(".")[2])
        self.vault.keep("refresh token", tokens["refresh"])
        self.as_bearer(tokens["access"])
        fresh = self.post("/api/account/token/refresh", {"refresh": tokens["refresh"]}).json()
        self.vault.keep("access token", fresh["access"])
        self.vault.keep("refresh token", fresh["refresh"])
        self.as_bearer(fresh["access"])
        old, self.password = self.password, self.vault.keep("password", secret_token(12))
        body = {"current_password": old, "new_password": self.password}
        assert self.post("/api/account/password/change", body).status_code < 300

    def make_api_key(self) -> None:
        body = {"name": "bot", "scopes": ["market:read", "portfolio:read", "chat"]}
        made = self.post("/api/account/api-keys", body | {"password": self.password})
        assert made.status_code == 201, made.text
        self.api_key = self.vault.keep("API key", str(made.json()["key"]))
        used = {"Authorization": f"Api-Key {self.api_key}"}
        assert self.http.get("/api/portfolio/portfolios", headers=used).status_code == 200
        assert self.http.get("/api/account/me", headers=used).status_code == 403

    def store_broker_keys(self) -> None:
        kis = {"app_key": secret_token(27), "app_secret": secret_token(100)}
        given = (
            {"provider": "KIS", "environment": "PAPER", **kis, "account_number": "73501942-01"},
            {"provider": "OPENAI", "api_key": f"sk-{secret_token(30)}"},
            {"provider": "FMP", "api_key": secret_token(24)},
        )
        for body in given:
            for name in set(body) - {"provider", "environment"}:
                self.vault.keep(f"{name} of the user with {body['provider']}", body[name])
            made = self.post("/api/account/broker-keys", body | {"password": self.password})
            assert made.status_code == 201, made.text
            self.post(f"/api/account/broker-keys/{made.json()['id']}/test", {})
            self.post("/api/account/broker-keys", body)
        assert len(self.http.get("/api/account/broker-keys").json()["results"]) == len(given)

    def turn_otp_on(self) -> None:
        made = self.post("/api/account/otp", {"password": self.password}).json()
        self.vault.keep("OTP seed", made["secret"], made["otpauth_uri"])
        self.seed = b32decode(made["secret"])
        codes = self.post("/api/account/otp/confirm", {"code": self.code()}).json()["backup_codes"]
        self.backup_codes = codes
        self.vault.keep("backup code", *codes)

    def log_in_with_codes(self) -> None:
        body = {"email": EMAIL, "password": self.password}
        for code in (self.backup_codes[0], self.code()):
            ticket = self.vault.keep(
                "log-in ticket", self.post("/api/account/login", body).json()["ticket"]
            )
            self.post("/api/account/login/otp", {"ticket": ticket, "code": "no-such-code"})
            tokens = self.post("/api/account/login/otp", {"ticket": ticket, "code": code}).json()
            self.vault.keep("access token", tokens["access"])
            self.vault.keep("refresh token", tokens["refresh"])
            self.as_bearer(tokens["access"])
        verified = self.post("/api/account/otp/verify", {"code": self.backup_codes[1]})
        assert verified.status_code == 204, verified.text
        renewed = self.post("/api/account/otp/backup-codes", {}).json()["backup_codes"]
        self.vault.keep("backup code", *renewed)

    def add_passkey(self) -> None:
        options = self.post("/api/account/passkeys/options", {}).json()
        self.vault.keep("passkey challenge", options["public_key"]["challenge"])
        body = {
            "challenge_id": options["challenge_id"],
            "name": "Laptop",
            "credential": self.passkey.create(options["public_key"]),
        }
        made = self.post("/api/account/passkeys", body)
        assert made.status_code == 201, made.text
        options = self.post("/api/account/login/passkey/options", {}).json()
        self.vault.keep("passkey challenge", options["public_key"]["challenge"])
        shown = self.passkey.get(options["public_key"])
        body = {"challenge_id": options["challenge_id"], "credential": shown}
        tokens = self.post("/api/account/login/passkey", body).json()
        self.vault.keep("refresh token", tokens["refresh"])

    def take_data_along(self) -> None:
        assert self.post("/api/account/export", {"password": self.password}).status_code < 300

        def link() -> str:
            return str(self.http.get("/api/account/export").json()["results"][0]["url"] or "")

        wait_until(link)
        url = link()
        self.vault.keep("export link", parse_qs(urlsplit(url).query)["token"][0])
        assert self.http.get(url).content.startswith(b"PK")

    def use_sockets(self) -> None:
        self.tickets = [self.ticket(), self.ticket()]
        asyncio.run(self._sockets())

    async def _sockets(self) -> None:
        url = f"{self.socket_url}/ws"
        async with open_socket(f"{url}?ticket={self.tickets[0]}", timeout_s=30) as ws:
            await ws.expect("subscribed")
        async with open_socket(url, token=self.access, timeout_s=30) as ws:
            # A client's mistakes: secrets where none belong.
            await ws.send({"type": "subscribe", "streams": [self.access]})
            await ws.send({"type": self.password})
            await ws.expect("error")
        async with open_socket(url, api_key=self.api_key, timeout_s=30):
            pass
        async with open_socket(url, timeout_s=30) as ws:
            await ws.send({"type": "auth", "token": self.access[:-4]})
            await ws.closed()

    def mistype(self) -> None:
        """Send secrets to where they do not belong, and in bodies that are refused."""
        typed = self.vault.keep("mistyped password", f"violet {secret_token(12)}")
        raw = f'{{"email": "{EMAIL}", "password": "{typed}"'.encode()
        json = {"Content-Type": "application/json"}
        self.http.post("/api/account/login", content=raw, headers=json)
        self.http.post("/api/account/login", content=raw, headers={"Content-Type": "text/plain"})
        for body in (
            {"email": EMAIL, "password": typed},
            {"email": typed, "password": typed},
            {"email": EMAIL, "password": {"a": typed}},
            {"email": EMAIL, "password": typed, "nickname": ""},
        ):
            self.post("/api/account/login", body)
            self.post("/api/account/signup", body)
            self.http.put("/api/account/login", json=body)
        self.http.get("/log-in")
        self.http.post("/log-in", data={"email": EMAIL, "password": typed, **self.csrf()})
        self.http.post("/log-in", data={"email": EMAIL, "password": typed})
        for path in ("/api/account/me", "/api/nothing", "/nothing", "/log-in"):
            self.http.get(path, params={"token": self.access, "password": typed})
        self.http.get("/api/account/me", headers={"Authorization": f"Bearer {typed}"})
        self.http.get("/api/account/me", headers={"Authorization": f"Basic {typed}"})
        self.http.get("/api/account/me", headers={"Authorization": f"Api-Key {self.api_key[:-4]}"})
        self.http.cookies.clear()

    def look_as_operator(self) -> None:
        for path in ("/metrics", "/health", "/health/ready", "/debug/services", "/test/quick"):
            assert self.http.get(path).status_code < 500, path
        self.http.get("/test/full", timeout=120)

    def told(self) -> list[str]:
        """Return the secrets in answers that have no business to hold any."""
        return [
            line
            for name, content, asked in self.answers
            for line in self.vault.found_in(name, content, asked=asked)
        ]

    # The means

    def post(self, path: str, body: dict[str, Any]) -> httpx2.Response:
        return self.http.post(path, json=body)

    def as_bearer(self, access: str) -> None:
        self.access = access
        self.http.headers["Authorization"] = f"Bearer {access}"

    def ticket(self) -> str:
        ticket = str(self.post("/api/account/ws-ticket", {}).json()["ticket"])
        return self.vault.keep("socket ticket", ticket)

    def mailed(self) -> str:
        """Wait for the next mail and return the token of its link."""
        mails = self.around.mails.messages
        wait_until(lambda: mails)
        text = " ".join(mails.pop(0).walk_parts())
        found = re.search(r"token=([^\s&]+)", text)
        assert found is not None, text
        return httpx2.QueryParams(f"token={found[1]}")["token"]

    def code(self) -> str:
        """Return a code that was not used yet; the server lets a clock be 30 seconds ahead."""
        earliest = self.used_step + 1
        wait_until(lambda: step_at(now() + timedelta(seconds=STEP_S)) >= earliest)
        self.used_step = max(step_at(now()), earliest)
        return self.vault.keep_code(code_at(self.seed, self.used_step))

    def cookie(self, part: str) -> str:
        return next(str(c.value) for c in self.http.cookies.jar if part in c.name)

    def csrf(self) -> dict[str, str]:
        return {"csrfmiddlewaretoken": self.cookie("csrf")}

    def _note(self, answer: httpx2.Response) -> None:
        answer.read()
        path = answer.request.url.path
        name = f"answer {answer.status_code} of {answer.request.method} {path}"
        if path not in GIVES_SECRETS or answer.status_code >= 400:
            self.answers.append((name, answer.content, str(answer.request.url).encode()))


def wait_until(condition: Callable[[], object]) -> None:
    """Wait for what the platform does by itself."""
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        threading.Event().wait(0.05)
