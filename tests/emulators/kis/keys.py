"""App keys, access tokens, approval keys and the per-second budget of an app key."""

import base64
import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.emulators.kis.codes import OAuthRefusal, gateway, oauth
from tests.emulators.timekeeping import KST, EmulatorClock
from tests.emulators.truth import TruthLog, fingerprint

APP_KEY_LENGTH, APP_SECRET_LENGTH = 36, 180
TOKEN_LIFE = timedelta(hours=24)
SAME_TOKEN_FOR = timedelta(hours=6)
ISSUE_GAP = timedelta(minutes=1)


@dataclass(frozen=True)
class AppKey:
    """One pair of keys with its account, for the real or the paper side."""

    app_key: str
    app_secret: str
    environment: str
    account: str
    hts_id: str

    def as_setting(self) -> dict[str, str]:
        """Return it as `KIS_APP_KEYS` holds it."""
        return {
            "app_key": self.app_key,
            "app_secret": self.app_secret,
            "account": self.account,
            "environment": self.environment,
        }


def emulated_key(number: int, environment: str) -> AppKey:
    """Make a key pair that looks like one and opens nothing but an emulator."""
    name = f"EMU{environment[:4].upper()}{number:02}"
    return AppKey(
        app_key=_filled(f"PS{name}", APP_KEY_LENGTH),
        app_secret=_filled(name, APP_SECRET_LENGTH),
        environment=environment,
        account=f"{(5000 if environment == 'paper' else 8000) * 10000 + number:08}-01",
        hts_id=name.lower(),
    )


def _filled(start: str, length: int) -> str:
    more = "".join(hashlib.sha256(f"{start}{n}".encode()).hexdigest() for n in range(4))
    return (start + more)[:length]


@dataclass
class Token:
    text: str
    app_key: str
    side: str
    issued_at: datetime
    expires_at: datetime
    revoked: bool = False


@dataclass
class KeyOffice:
    """Issues and checks; every rule of the token endpoint is here."""

    clock: EmulatorClock
    truth: TruthLog
    keys: dict[str, AppKey]
    _tokens: dict[str, Token] = field(default_factory=dict)
    _newest: dict[tuple[str, str], Token] = field(default_factory=dict)
    _asked_at: dict[tuple[str, str], datetime] = field(default_factory=dict)
    _approvals: dict[str, tuple[str, str, datetime]] = field(default_factory=dict)
    _count: int = 0

    def credentials(self, body: dict[str, Any], secret_name: str) -> AppKey:
        if not body.get("grant_type") or not body.get("appkey"):
            raise oauth("EGW00101")
        if body["grant_type"] != "client_credentials":
            raise oauth("EGW00102")
        return self.pair(str(body["appkey"]), str(body.get(secret_name, "")), oauth)

    def pair(self, app_key: str, secret: str, refuse: Any = gateway) -> AppKey:
        """Return the key of this pair, or refuse with the caller's shape of answer."""
        key = self.keys.get(app_key)
        if key is None:
            raise refuse("EGW00103")
        if key.app_secret != secret:
            raise refuse("EGW00105")
        return key

    def issue(self, key: AppKey, side: str) -> Token:
        now, owner = self.clock.now(), (key.app_key, side)
        asked = self._asked_at.get(owner)
        if asked is not None and now - asked < ISSUE_GAP:
            raise self._refused(key, "EGW00133")
        self._asked_at[owner] = now
        newest = self._newest.get(owner)
        is_same = newest is not None and not newest.revoked and self._is_young(newest, now)
        if not is_same:
            newest = self._new_token(key, side, now)
        assert newest is not None
        self.truth.write(
            "token", app_key=fingerprint(key.app_key), side=side, same=is_same,
            token=fingerprint(newest.text), expires_at=newest.expires_at.isoformat(),
        )  # fmt: skip
        return newest

    def _is_young(self, token: Token, now: datetime) -> bool:
        return now - token.issued_at < SAME_TOKEN_FOR and now < token.expires_at

    def _refused(self, key: AppKey, code: str) -> OAuthRefusal:
        self.truth.write("refused", code=code, app_key=fingerprint(key.app_key))
        return oauth(code)

    def _new_token(self, key: AppKey, side: str, now: datetime) -> Token:
        self._count += 1
        claims = {"sub": "token", "iss": "emulator", "side": side, "n": self._count}
        claims |= {"exp": int((now + TOKEN_LIFE).timestamp()), "jti": key.app_key}
        head = _b64({"typ": "JWT", "alg": "HS512"})
        text = f"{head}.{_b64(claims)}.{_filled(f'{key.app_key}{side}{self._count}', 86)}"
        token = Token(text, key.app_key, side, now, now + TOKEN_LIFE)
        self._tokens[text] = self._newest[key.app_key, side] = token
        return token

    def revoke(self, text: str) -> None:
        if (token := self._tokens.get(text)) is None:
            raise oauth("EGW00121")
        token.revoked = True
        self.truth.write("token_revoked", token=fingerprint(text))

    def revoke_all(self) -> None:
        """End every token, as another program with the same key would."""
        for token in self._tokens.values():
            token.revoked = True
        self._asked_at.clear()
        self.truth.write("token_revoked", token="all")

    def expire_all(self) -> None:
        """Let every token be out of date now."""
        for token in self._tokens.values():
            token.expires_at = min(token.expires_at, self.clock.now())
        self._asked_at.clear()
        self.truth.write("token_expired", token="all")

    def check(self, authorization: str, key: AppKey, side: str) -> None:
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer" or not text:
            raise gateway("EGW00122")
        token = self._tokens.get(text.strip())
        if token is None or token.revoked or (token.app_key, token.side) != (key.app_key, side):
            raise gateway("EGW00121")
        if self.clock.now() >= token.expires_at:
            raise gateway("EGW00123")

    def approve(self, key: AppKey, side: str) -> str:
        self._count += 1
        raw = hashlib.sha256(f"{key.app_key}{side}{self._count}".encode()).hexdigest()
        text = "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:32]))
        self._approvals[text] = (key.app_key, side, self.clock.now() + TOKEN_LIFE)
        self.truth.write("approval", app_key=fingerprint(key.app_key), side=side)
        return text

    def approved(self, text: str, side: str) -> AppKey | None:
        """Return the key behind an approval key that is still good on this side."""
        app_key, its_side, until = self._approvals.get(text, ("", "", self.clock.now()))
        if not app_key or its_side != side or self.clock.now() >= until:
            return None
        return self.keys[app_key]

    def forget_approvals(self) -> None:
        self._approvals.clear()


@dataclass
class Budget:
    """So many calls in any one second, per app key and side."""

    clock: EmulatorClock
    limits: dict[str, int]
    _calls: dict[tuple[str, str], deque[datetime]] = field(default_factory=dict)

    def take(self, key: AppKey, side: str) -> bool:
        calls = self._calls.setdefault((key.app_key, side), deque())
        now = self.clock.now()
        while calls and now - calls[0] >= timedelta(seconds=1):
            calls.popleft()
        if len(calls) >= self.limits[side]:
            return False
        calls.append(now)
        return True


def token_answer(token: Token, now: datetime) -> dict[str, Any]:
    return {
        "access_token": token.text,
        "access_token_token_expired": f"{token.expires_at.astimezone(KST):%Y-%m-%d %H:%M:%S}",
        "token_type": "Bearer",
        "expires_in": max(0, round((token.expires_at - now).total_seconds())),
    }


def _b64(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
