"""Real-time sessions: control frames, registrations, PINGPONG, data frames."""

import asyncio
import hashlib
import json
from dataclasses import dataclass, field

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode

from tests.emulators.kis import frames, notices
from tests.emulators.kis.codes import PAPER
from tests.emulators.kis.keys import AppKey
from tests.emulators.kis.market import UnknownSymbolError
from tests.emulators.kis.state import State
from tests.emulators.truth import fingerprint
from tests.emulators.web import Json

MAX_REGISTRATIONS = 41
DOMESTIC = {"H0STCNT0", "H0STASP0"}
OTHER_VENUES = {"H0NXCNT0", "H0NXASP0", "H0UNCNT0", "H0UNASP0"}
OVERSEAS = {"HDFSCNT0", "HDFSASP0"}
INDEX = {"H0UPCNT0"}
NOTICES = {PAPER: {"H0STCNI9", "H0GSCNI9"}, "real": {"H0STCNI0", "H0GSCNI0"}}
REPLIES = {
    "OPSP0000": ("0", "SUBSCRIBE SUCCESS"),
    "OPSP0001": ("0", "UNSUBSCRIBE SUCCESS"),
    "OPSP0002": ("1", "ALREADY IN SUBSCRIBE"),
    "OPSP0003": ("1", "UNSUBSCRIBE ERROR(not found!)"),
    "OPSP0008": ("1", "MAX SUBSCRIBE OVER"),
    "OPSP0011": ("9", "invalid approval : NOT FOUND"),
    "OPSP8991": ("9", "invalid tr_id"),
    "OPSP8992": ("9", "invalid tr_key"),
    "OPSP8996": ("9", "ALREADY IN USE appkey"),
    "OPSP8997": ("9", "invalid tr_type"),
    "OPSP8998": ("9", "invalid custtype"),
    "OPSP9990": ("9", "JSON PARSING ERROR"),
}
Registration = tuple[str, str]


class Connection(ServerConnection):
    """Notices pong frames that carry text: one of the two answers to PINGPONG."""

    session: "Session | None" = None

    def process_event(self, event: object) -> None:
        is_pong = isinstance(event, Frame) and event.opcode is Opcode.PONG and bool(event.data)
        if is_pong and self.session is not None:
            self.session.missed = 0
        super().process_event(event)  # type: ignore[arg-type]


@dataclass(eq=False)
class Session:
    """One connection. Its app key is known from the first good control frame on."""

    connection: Connection
    side: str
    key: AppKey | None = None
    registrations: dict[Registration, tuple[str, str]] = field(default_factory=dict)
    missed: int = 0
    held: list[str] = field(default_factory=list)
    outbox: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)


class RealTime:
    """All sessions of both sides. Runs on the server's event loop."""

    def __init__(self, state: State, *, ping_interval: float = 10, max_missed: int = 3) -> None:
        self.state = state
        self.ping_interval = ping_interval
        self.max_missed = max_missed
        self.sessions: list[Session] = []
        self.loop: asyncio.AbstractEventLoop | None = None

    async def serve(self, connection: Connection, side: str) -> None:
        """Take one connection through its life."""
        if self.state.faults.hit("ws_refuse", side):
            connection.transport.abort()
            return
        session = Session(connection, side)
        connection.session = session
        self.sessions.append(session)
        self.state.truth.write("socket_open", side=side)
        helpers = [asyncio.create_task(work(session)) for work in (self._send, self._ping)]
        try:
            async for message in connection:
                await self._control(session, str(message))
        except ConnectionClosed:
            pass
        finally:
            for helper in helpers:
                helper.cancel()
            self.sessions.remove(session)
            self.state.truth.write("socket_closed", side=side)

    # Control frames

    async def _control(self, session: Session, message: str) -> None:
        try:
            asked = json.loads(message)
            header, tr_id = asked["header"], asked["header"].get("tr_id")
            if tr_id == "PINGPONG":
                session.missed = 0
                return
            entry = asked["body"]["input"]
            registration = (str(entry["tr_id"]), str(entry["tr_key"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            await self._reply(session, ("(null)", ""), "OPSP9990")
            return
        with self.state.lock:
            code = self._admit(session, header) or self._change(session, header, registration)
        if code == "drop":
            session.connection.transport.abort()
            return
        shown = ("(null)", "") if code in {"OPSP8996", "OPSP0011"} else registration
        await self._reply(session, shown, code)
        if code == "OPSP8996":
            await session.connection.close()

    def _admit(self, session: Session, header: Json) -> str | None:
        """Return the code of a refusal, or None when the session may go on."""
        key = self.state.office.approved(str(header.get("approval_key", "")), session.side)
        if key is None:
            return "OPSP0011"
        if header.get("custtype") not in {"P", "B"}:
            return "OPSP8998"
        if header.get("tr_type") not in {"1", "2"}:
            return "OPSP8997"
        others = (s for s in self.sessions if s is not session and s.side == session.side)
        if any(other.key == key for other in others):
            return "OPSP8996"
        session.key = key
        return None

    def _change(self, session: Session, header: Json, registration: Registration) -> str:
        if header["tr_type"] == "2":
            found = session.registrations.pop(registration, None)
            self.state.truth.write("unsubscribe", tr=list(registration), found=found is not None)
            return "OPSP0001" if found else "OPSP0003"
        if (code := self._bad(session, registration)) is not None:
            return code
        if registration in session.registrations:
            return "OPSP0002"
        if len(session.registrations) >= MAX_REGISTRATIONS:
            self.state.truth.write("refused", code="OPSP0008", tr=list(registration))
            return "OPSP0008"
        session.registrations[registration] = self._secrets()
        self.state.truth.write(
            "subscribe", tr=list(registration), side=session.side,
            app_key=fingerprint(session.key.app_key if session.key else ""),
            registrations=len(session.registrations),
        )  # fmt: skip
        return "OPSP0000"

    def _bad(self, session: Session, registration: Registration) -> str | None:
        tr_id, tr_key = registration
        if tr_id in NOTICES[session.side]:
            return None if session.key and tr_key == session.key.hts_id else "drop"
        known = DOMESTIC if session.side == PAPER else DOMESTIC | OTHER_VENUES | OVERSEAS | INDEX
        if tr_id not in known:
            return "OPSP8991"
        return None if self._is_key_of(tr_id, tr_key) else "OPSP8992"

    def _is_key_of(self, tr_id: str, tr_key: str) -> bool:
        if tr_id in INDEX:
            return tr_key in self.state.market.indices
        symbol = tr_key[4:] if tr_id in OVERSEAS else tr_key
        try:
            line = self.state.market.line(symbol)
        except UnknownSymbolError:
            return False
        if tr_id in OVERSEAS:
            return tr_key == frames.realtime_symbol(line)
        return line.instrument.is_domestic

    def _secrets(self) -> tuple[str, str]:
        raw = hashlib.sha256(f"aes{self.state.next_serial()}".encode()).hexdigest()
        return raw[:32], raw[32:48]

    async def _reply(self, session: Session, registration: Registration, code: str) -> None:
        rt_cd, text = REPLIES[code]
        tr_id, tr_key = registration
        body: Json = {"rt_cd": rt_cd, "msg_cd": code, "msg1": text}
        if secrets := session.registrations.get(registration):
            if tr_id in NOTICES[session.side] and self.state.faults.hit("ws_early_notice", tr_id):
                await session.connection.send(notices.early(tr_id))
            body["output"] = {"iv": secrets[1], "key": secrets[0]}
        header = {"tr_id": tr_id, "tr_key": tr_key, "encrypt": "N"}
        await session.connection.send(json.dumps({"header": header, "body": body}))

    # PINGPONG

    async def _ping(self, session: Session) -> None:
        while True:
            await asyncio.sleep(self.ping_interval)
            if self.state.faults.hit("ping_silence", session.side):
                continue
            if session.missed >= self.max_missed:
                self.state.truth.write("socket_dropped", side=session.side, why="no pong")
                session.connection.transport.abort()
                return
            session.missed += 1
            at = f"{self.state.clock.kst():%Y%m%d%H%M%S}"
            session.outbox.put_nowait(json.dumps({"header": {"tr_id": "PINGPONG", "datetime": at}}))

    # Data frames

    async def _send(self, session: Session) -> None:
        while True:
            text = await session.outbox.get()
            if text == CUT:
                await _cut(session.connection)
                return
            if text == CLOSE:
                await session.connection.close(1001, "emulated")
                return
            try:
                await session.connection.send(text)
            except ConnectionClosed:
                return

    def publish(self, tr_id: str, tr_key: str, records: list[frames.Record]) -> None:
        """Send records to everyone who is registered; callable from any thread."""
        for session in list(self.sessions):
            if (tr_id, tr_key) in session.registrations:
                self.deliver(session, tr_id, records)

    def deliver(self, session: Session, tr_id: str, records: list[frames.Record]) -> None:
        for text in _shaped(self.state, session, tr_id, records):
            self.post(session, text)

    def post(self, session: Session, text: str) -> None:
        if self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(session.outbox.put_nowait, text)

    def notify(self, tr_id: str, hts_id: str, record: frames.Record) -> None:
        """Send an own-order notice, encrypted with the key of the registration."""
        for session in list(self.sessions):
            secrets = session.registrations.get((tr_id, hts_id))
            if secrets is not None:
                self.post(session, notices.sealed(tr_id, record, secrets))

    def drop_all(self) -> None:
        """Cut every connection at once, without close frames."""
        for session in list(self.sessions):
            self.post(session, CUT)


CUT, CLOSE = "\0cut", "\0close"


def _shaped(state: State, session: Session, tr_id: str, records: list[frames.Record]) -> list[str]:
    """Return the frames to send for these records, after the switches had their way."""
    hit = state.faults.hit
    about = (tr_id, records[0][0])
    if hit("ws_gap", *about):
        return []
    if hit("ws_cut", *about):
        return [CUT]
    if hit("ws_close", *about):
        return [CLOSE]
    if hit("ws_extra_field", *about):
        records = [[*record, "EMU"] for record in records]
    good = frames.frame(tr_id, records)
    if hit("ws_reorder", *about):
        session.held.append(good)
        return []
    sent = [*_noise(state, tr_id, records), good]
    if hit("ws_duplicate", *about):
        sent.append(good)
    sent += session.held
    session.held = []
    return sent


def _noise(state: State, tr_id: str, records: list[frames.Record]) -> list[str]:
    hit, about = state.faults.hit, (tr_id, records[0][0])
    noise = []
    if hit("ws_malformed", *about):
        noise.append(f"0|{tr_id}|0x1|{records[0][0]}^^^")
    if (fault := hit("ws_bad_tick", *about)) is not None:
        noise.append(frames.frame(tr_id, [bad_tick(tr_id, records[-1], fault.variant)]))
    return noise


def bad_tick(tr_id: str, record: frames.Record, variant: str) -> frames.Record:
    """Turn a good trade into an impossible one."""
    price, clock = (11, 5) if tr_id in OVERSEAS else (2, 1)
    bad = list(record)
    match variant:
        case "zero":
            bad[price] = "0"
        case "negative":
            bad[price] = f"-{record[price]}"
        case "nan":
            bad[price] = "NaN"
        case "out_of_band":
            bad[price] = str(int(float(record[price]) * 3))
        case "clock_skew":
            hour = (int(record[clock][:2]) + 6) % 24
            bad[clock] = f"{hour:02}{record[clock][2:]}"
    return bad


async def _cut(connection: Connection) -> None:
    # A text frame that promises 300 bytes and brings twelve; then nothing.
    connection.transport.write(b"\x81\x7e\x01\x2c" + b"0|H0STCNT0|0")
    await asyncio.sleep(0)
    connection.transport.abort()
