"""People with something of everything, marked by a word that stands in each text of theirs.

A new kind of thing that users own gets its place in ``belongings``: the name of its path
parameter with the id (``things``), so that the matrix can ask for one's own, somebody
else's and nobody's, and a text that carries the mark, so that the canary crawl would see it.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
from django.test import Client

from accounts.models import ApiKey, Session, User, UserApiKey
from accounts.services import Device, user_log_in, user_sign_up
from accounts.services.api_keys import KeyTerms, api_key_create
from accounts.services.broker_keys import BrokerKeyName, broker_key_store
from accounts.services.exports import export_ask
from accounts.services.passkeys import (
    passkey_options,
    passkey_register,
    passkey_verify_options,
)
from accounts.tests.authenticator import Authenticator
from accounts.tests.factories import address_confirm
from accounts.tests.passkey_steps import shown
from chat.services import message_post, room_create
from market.enums import AlertDirection, AlertMeasure
from market.models import Watchlist
from market.services.alerts import AlertTerms, alert_set
from market.services.screens import screen_save
from market.services.watchlists import watchlist_item_add, watchlist_make
from market.tests.factories import bars_make, instrument_make, quote_put
from portfolio.enums import OrderSide, OrderType
from portfolio.services import order_place, portfolio_open, trade_import
from portfolio.types import HistoricTrade, OrderRequest
from tradingplatform.api.principal import Principal, Scope
from tradingplatform.clock import now

PASSWORD = "correct horse battery"
OUTSIDE = "203.0.113.9"
SCREEN: dict[str, Any] = {"filters": [], "sort": "-volume"}
ALL_SCOPES = tuple(scope.value for scope in Scope)


@dataclass
class Person:
    """Somebody with an account, logged in, and the ids of what is theirs."""

    user: User
    mark: str
    access: str
    refresh: str
    session: Session
    won: int = 9_000_000
    passkey: Authenticator | None = None
    things: dict[str, str] = field(default_factory=dict)

    @property
    def principal(self) -> Principal:
        """Return this person as the services see a caller."""
        return Principal(
            account_db_key=self.user.pk,
            uid=self.user.uid,
            session_id=self.session.pk,
            is_verified=True,
        )

    def thing(self, view_name: str, parameter: str) -> str:
        """Return the id of this person's thing that a path parameter of a view names."""
        found = self.things.get(f"{view_name} {parameter}") or self.things.get(parameter)
        if found is None:
            message = (
                f"{view_name} takes {{{parameter}}}: tests/authorisation/people.py must say, in "
                "belongings(), which thing of a person that is"
            )
            raise AssertionError(message)
        return found


def market_make() -> None:
    """Store two instruments with bars and live quotes."""
    for symbol, price in (("AAPL", "200"), ("005930", "71000")):
        instrument = instrument_make(symbol)
        start = (now() - timedelta(days=90)).date()
        bars_make(instrument, start, [str(Decimal(price) + day % 7) for day in range(80)])
        quote_put(instrument, price)


def person_make(name: str, *, is_staff: bool = False, verified: bool = True) -> Person:
    """Sign somebody up and in; ``name`` is the mark. ``won`` is what ``belongings`` pays in."""
    device = Device(ip=OUTSIDE, user_agent=f"{name}Agent")
    user = user_sign_up(
        email=f"{name.lower()}@example.com", password=PASSWORD, nickname=name, is_staff=is_staff
    )
    if verified:
        address_confirm(user)
    opened = user_log_in(email=user.email, password=PASSWORD, device=device)
    tokens = opened.tokens
    return Person(user, name, tokens.access, tokens.refresh, opened.session)


def belongings(person: Person) -> None:
    """Give somebody something of everything; see the module's text."""
    _keys(person)
    _trading(person)
    _chat(person)
    _watching(person)
    second = user_log_in(
        email=person.user.email,
        password=PASSWORD,
        device=Device(ip=OUTSIDE, user_agent=f"{person.mark}Phone"),
    )
    person.things["session_id"] = str(second.session.sid)
    copier = Device(ip=OUTSIDE, user_agent=f"{person.mark}Export")
    export_ask(owner=person.principal, password=PASSWORD, device=copier)
    _passkey(person)


def key_make(person: Person, scopes: tuple[str, ...], **changes: Any) -> str:
    """Make an API key; return what the program sends. ``changes`` are made to its row."""
    wanted = scopes or ALL_SCOPES
    made = api_key_create(
        owner=person.principal, name=f"{person.mark}Bot", terms=KeyTerms(scopes=wanted)
    )
    changed = {"scopes": list(scopes), **changes}
    ApiKey.objects.filter(pk=made.row.pk).update(**changed)
    return made.secret


def page_log_in(person: Person, client: Client) -> Client:
    """Log a browser in through the form and return it."""
    body = {"email": person.user.email, "password": PASSWORD}
    answer = client.post("/log-in", body)
    if person.passkey is not None:
        ticket = answer.context["passkey"]["ticket"]
        step = shown(client, person.passkey, ticket)
        credential = orjson.dumps(step["credential"]).decode()
        answer = client.post("/log-in", step | {"credential": credential})
    assert answer.status_code == 302, answer.content
    return client


def _keys(person: Person) -> None:
    key_make(person, ALL_SCOPES)
    key = ApiKey.objects.filter(user=person.user).get()
    broker = broker_key_store(
        owner=person.principal,
        which=BrokerKeyName("FMP", "LIVE"),
        given={"api_key": f"{person.mark}ProviderKey0000"},
    )
    assert isinstance(broker, UserApiKey)
    person.things["accounts:api-key key_id"] = str(key.pk)
    person.things["accounts:broker-key key_id"] = str(broker.pk)
    person.things["accounts:broker-key-test key_id"] = str(broker.pk)


def _trading(person: Person) -> None:
    owner = person.user.pk
    cash = {"KRW": Decimal(person.won), "USD": Decimal(9_000)}
    portfolio = portfolio_open(
        account_db_key=owner,
        name=f"{person.mark} savings",
        base_currency="KRW",
        initial_cash=cash,
    )
    trade_import(
        account_db_key=owner,
        portfolio_id=portfolio.pk,
        trade=HistoricTrade(
            client_order_id=f"{person.mark}-bought",
            symbol="AAPL",
            side=OrderSide.BUY,
            quantity=Decimal(7),
            price=Decimal(190),
            executed_at=now() - timedelta(days=30),
            source="SAMPLE",
        ),
    )
    order = order_place(
        account_db_key=owner,
        portfolio_id=portfolio.pk,
        request=OrderRequest(
            client_order_id=f"{person.mark}-order",
            symbol="AAPL",
            side=OrderSide.BUY,
            order_type=OrderType.LIMIT,
            quantity=Decimal(3),
            limit_price=Decimal(180),
        ),
    )
    person.things |= {"portfolio_id": str(portfolio.pk), "order_id": str(order.pk)}


def _chat(person: Person) -> None:
    owner = person.user.pk
    room = room_create(account_db_key=owner, title=f"{person.mark} questions")
    message = message_post(
        account_db_key=owner,
        room_id=room.pk,
        client_message_id=f"{person.mark}-q1",
        content=f"{person.mark} asks for the price of AAPL",
    )
    person.things |= {"room_id": str(room.pk), "message_id": str(message.pk)}


def _watching(person: Person) -> None:
    owner = person.user.pk
    watchlist_make(account_db_key=owner, name=f"{person.mark} list")
    row = Watchlist.objects.for_user(owner).get()
    watchlist_item_add(
        account_db_key=owner, watchlist_id=row.pk, symbol="AAPL", note=f"{person.mark} note"
    )
    person.things["watchlist_id"] = str(row.pk)
    terms = AlertTerms(
        symbol="AAPL",
        measure=AlertMeasure.PRICE,
        direction=AlertDirection.ABOVE,
        level=Decimal(person.won),
        note=f"{person.mark} alert",
    )
    alert = alert_set(account_db_key=owner, terms=terms)
    screen = screen_save(account_db_key=owner, name=f"{person.mark} screen", definition=SCREEN)
    person.things |= {"alert_id": str(alert.pk), "screen_id": str(screen.pk)}


def _passkey(person: Person) -> None:
    """Register a passkey, last of all: from now on a password alone lets nobody in."""
    device = Device(ip=OUTSIDE, user_agent=f"{person.mark}Key")
    asked = passkey_options(owner=person.principal, password=PASSWORD, device=device)
    key = Authenticator()
    made, _ = passkey_register(
        owner=person.principal,
        challenge_id=asked.challenge_id,
        name=f"{person.mark} laptop",
        credential=key.create(asked.public_key),
        device=device,
    )
    person.passkey = key
    asked = passkey_verify_options(owner=person.principal)
    person.things |= {"passkey_id": str(made.pk), "challenge_id": str(asked.challenge_id)}
