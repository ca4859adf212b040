"""The steps of a browser with a passkey, over REST."""

from typing import Any

from django.test import Client

from accounts.models import User
from accounts.services import LoggedIn
from accounts.tests.authenticator import Authenticator
from accounts.tests.conftest import PASSWORD

JSON = "application/json"


def post(client: Client, name: str, body: Any = None) -> Any:
    return client.post(f"/api/account/{name}", body or {}, content_type=JSON)


def code(response: Any) -> tuple[int, str]:
    return response.status_code, response.json().get("errorCode", "")


def registered(client: Client, key: Authenticator, name: str = "Laptop") -> Any:
    """Register a passkey, the first one with the password."""
    options = post(client, "passkeys/options", {"password": PASSWORD}).json()
    made = key.create(options["public_key"])
    body = {"challenge_id": options["challenge_id"], "name": name, "credential": made}
    return post(client, "passkeys", body)


def shown(client: Client, key: Authenticator, ticket: str = "") -> dict[str, Any]:
    """Return what a browser would log in with."""
    more = {"ticket": ticket} if ticket else {}
    options = post(client, "login/passkey/options", more).json()
    answer = key.get(options["public_key"])
    return {"challenge_id": options["challenge_id"], "credential": answer, **more}


def entered(client: Client, key: Authenticator, ticket: str = "") -> Any:
    return post(client, "login/passkey", shown(client, key, ticket))


def ticket_for(user: User) -> str:
    answer = post(Client(), "login", {"email": user.email, "password": PASSWORD}).json()
    return str(answer["ticket"])


def stepped_up(client: Client, key: Authenticator) -> Any:
    options = post(client, "passkeys/verify/options").json()
    body = {
        "challenge_id": options["challenge_id"],
        "credential": key.get(options["public_key"]),
    }
    return post(client, "passkeys/verify", body)


def refreshed(logged_in: LoggedIn) -> Client:
    answer = post(Client(), "token/refresh", {"refresh": logged_in.tokens.refresh})
    return Client(headers={"Authorization": f"Bearer {answer.json()['access']}"})
