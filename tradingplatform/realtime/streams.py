"""The streams of one socket: join, leave, resume and repair."""

from collections.abc import Callable, Coroutine, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tradingplatform.errors import TradingPlatformError
from tradingplatform.realtime.authentication import policy_check
from tradingplatform.realtime.bridge import run_db
from tradingplatform.realtime.errors import StreamUnknownError, SubscriptionLimitExceededError
from tradingplatform.realtime.frames import (
    Frame,
    ServerFrame,
    encode,
    error_frame,
    position_of,
    positions_body,
    timestamp,
)
from tradingplatform.realtime.hub import Hub
from tradingplatform.realtime.messages import MAX_STREAMS
from tradingplatform.realtime.outlet import Outlet
from tradingplatform.realtime.sources import (
    Json,
    Position,
    SocketPrincipal,
    StreamSource,
    conflates,
    family,
    head_of,
    refusals_of,
)
from tradingplatform.realtime.subscriptions import (
    NewestSubscription,
    OrderedSubscription,
    Subscription,
)

Spawn = Callable[[Coroutine[Any, Any, None]], None]


@dataclass(frozen=True)
class State:
    """What a source says of a stream now: frames, and the place they bring a client to."""

    frames: list[Frame]
    place: Position | None
    refusal: TradingPlatformError | None = None


class StreamSet:
    """What one socket has joined. Methods run on the loop and read through `run_db`."""

    def __init__(
        self, *, hub: Hub, outlet: Outlet, sources: Sequence[StreamSource], spawn: Spawn
    ) -> None:
        self._hub = hub
        self._outlet = outlet
        self._sources = {family(source.prefix): source for source in sources}
        self._spawn = spawn
        self._joined: dict[str, Subscription] = {}
        self.principal: SocketPrincipal | None = None

    def __contains__(self, stream: str) -> bool:
        return stream in self._joined

    def places(self) -> dict[str, Position]:
        """Return the last known position of each joined stream that has one."""
        known: dict[str, Position] = {}
        for stream, member in self._joined.items():
            place = self._hub.place(member) if member.conflate else member.place
            if place is not None:
                known[stream] = place
        return known

    async def join(self, streams: Sequence[str], sequence: int = 0) -> None:
        """Join streams and send `subscribed`, then their snapshots, then an error for each refused.

        News that comes while the snapshot is read is held and sent after it, so nothing is
        missed and nothing old follows something new.
        """
        self._check_room(streams)
        refused = await self._enter(streams)
        members = [self._joined[name] for name in streams if name not in refused]
        for member in members:
            member.pause()
        wanted = [(member.source, member.stream) for member in members]
        try:
            states = await run_db(_states, self.principal, wanted)
        except BaseException:
            self.leave(streams)
            raise
        refused |= self._leave_refused(members, states)
        joined = [(m, s) for m, s in zip(members, states, strict=True) if s.refusal is None]
        self._send_subscribed(joined, sequence)
        for member, state in joined:
            member.open(state.frames, state.place)
        for error in refused.values():
            self._outlet.send(error_frame(error, sequence))

    async def resume(self, stream: str, place: Position, sequence: int = 0) -> None:
        """Join a stream if need be and send what came after ``place``, or `resync_required`."""
        self._check_room([stream])
        refused = await self._enter([stream])
        if refused:
            raise refused[stream]
        member = self._joined[stream]
        member.pause()
        self._send_subscribed([(member, State([], place))], sequence)
        await self._replay(member, place)

    def leave(self, streams: Iterable[str]) -> None:
        """Leave streams; unknown ones are left already."""
        for stream in streams:
            member = self._joined.pop(stream, None)
            if member is not None:
                self._hub.leave(member)
                self._outlet.forget(stream)

    def leave_all(self) -> None:
        """Leave everything."""
        self.leave(list(self._joined))

    async def repair(self) -> None:
        """Compare ordered streams with their sources and send what the bus lost."""
        members = [m for m in self._joined.values() if not m.conflate and m.live and m.place]
        heads = await run_db(_heads, self.principal, [(m.source, m.stream) for m in members])
        for member, head in zip(members, heads, strict=True):
            if head is None or not member.live or member.place is None:
                continue
            if head.epoch != member.place.epoch or head.seq > member.place.seq:
                member.pause()
                await self._replay(member, member.place)

    def _check_room(self, streams: Sequence[str]) -> None:
        wanted = len(self._joined) + sum(name not in self._joined for name in streams)
        if wanted > MAX_STREAMS:
            raise SubscriptionLimitExceededError(
                f"A socket may join {MAX_STREAMS} streams.", limit=MAX_STREAMS
            )

    async def _enter(self, streams: Sequence[str]) -> dict[str, TradingPlatformError]:
        """Authorise and start holding the news of streams not yet joined; return the refused."""
        refused: dict[str, TradingPlatformError] = {}
        plan: list[tuple[StreamSource, str]] = []
        for name in streams:
            source = self._sources.get(family(name))
            if source is None:
                refused[name] = StreamUnknownError("No such stream here.", stream=name)
            elif name not in self._joined:
                plan.append((source, name))
        answers = await run_db(_channels, self.principal, plan) if plan else []
        for (source, name), answer in zip(plan, answers, strict=True):
            if isinstance(answer, TradingPlatformError):
                answer.details.setdefault("stream", name)
                refused[name] = answer
            else:
                self._add(source, name, answer)
        return refused

    def _add(self, source: StreamSource, stream: str, channel: str) -> None:
        member: Subscription
        if conflates(source):
            member = NewestSubscription(
                stream=stream, channel=channel, source=source, outlet=self._outlet
            )
        else:
            member = OrderedSubscription(
                stream=stream,
                channel=channel,
                source=source,
                outlet=self._outlet,
                on_gap=lambda gap: self._spawn(self._fill(gap)),
            )
        self._joined[stream] = member
        self._hub.join(member)

    def _leave_refused(
        self, members: Sequence[Subscription], states: Sequence[State]
    ) -> dict[str, TradingPlatformError]:
        pairs = zip(members, states, strict=True)
        refused = {m.stream: s.refusal for m, s in pairs if s.refusal is not None}
        self.leave(refused)
        return refused

    def _send_subscribed(self, joined: Sequence[tuple[Subscription, State]], sequence: int) -> None:
        places = {member.stream: state.place for member, state in joined if state.place}
        body = {
            "type": ServerFrame.SUBSCRIBED,
            "sequence": sequence,
            "ts": timestamp(),
            "streams": [member.stream for member, _ in joined],
            "positions": positions_body(places),
        }
        self._outlet.send(encode(body))

    async def _fill(self, member: OrderedSubscription) -> None:
        if member.place is not None:
            await self._replay(member, member.place)

    async def _replay(self, member: Subscription, place: Position) -> None:
        """Send a paused member what came after ``place`` and let it go on."""
        missed = await run_db(_since, self.principal, (member.source, member.stream), place)
        if member.live:
            return  # a snapshot overtook this
        if missed is not None:
            member.open(missed, place)
            return
        (state,) = await run_db(_states, self.principal, [(member.source, member.stream)])
        if state.refusal is not None:
            self.leave([member.stream])
            raise state.refusal
        body: Json = {
            "type": ServerFrame.RESYNC_REQUIRED,
            "stream": member.stream,
            "ts": timestamp(),
        }
        if state.place is not None:
            body |= {"epoch": state.place.epoch, "seq": state.place.seq}
        self._outlet.send(encode(body))
        member.open(state.frames, state.place)


def _channels(
    principal: SocketPrincipal | None, plan: Sequence[tuple[StreamSource, str]]
) -> list[str | TradingPlatformError]:
    refused = _refused_by_policy(principal, [stream for _, stream in plan])
    for source, streams in _by_source((s, stream) for s, stream in plan if stream not in refused):
        refused |= refusals_of(source, principal, streams)
    return [refused.get(stream) or source.channel(principal, stream) for source, stream in plan]


def _refused_by_policy(
    principal: SocketPrincipal | None, streams: Sequence[str]
) -> dict[str, TradingPlatformError]:
    refused = {}
    for stream in streams:
        try:
            policy_check(principal, stream=stream)
        except TradingPlatformError as error:
            refused[stream] = error
    return refused


def _by_source(
    pairs: Iterable[tuple[StreamSource, str]],
) -> Iterable[tuple[StreamSource, list[str]]]:
    """Bring together what one source can answer in one go, in whatever order it was asked."""
    groups: dict[int, tuple[StreamSource, list[str]]] = {}
    for source, stream in pairs:
        groups.setdefault(id(source), (source, []))[1].append(stream)
    return groups.values()


def _states(
    principal: SocketPrincipal | None, wanted: Sequence[tuple[StreamSource, str]]
) -> list[State]:
    states: dict[str, State] = {}
    for source, streams in _by_source(wanted):
        many = getattr(source, "snapshots", None)
        if many is None:
            states |= {name: _state_or_refusal(principal, source, name) for name in streams}
        else:
            found = many(principal, streams)
            states |= {name: _state_shown(found.get(name, ())) for name in streams}
    return [states[stream] for _, stream in wanted]


def _state_or_refusal(
    principal: SocketPrincipal | None, source: StreamSource, stream: str
) -> State:
    try:
        return _state(principal, source, stream)
    except TradingPlatformError as error:
        error.details.setdefault("stream", stream)
        return State([], None, error)


def _state(principal: SocketPrincipal | None, source: StreamSource, stream: str) -> State:
    # The head is read first: what happens between the two reads comes again as news.
    head = head_of(source, principal, stream)
    return _state_shown(source.snapshot(principal, stream), head)


def _state_shown(bodies: Sequence[Json], head: Position | None = None) -> State:
    place = head
    for body in bodies if head is None else ():
        place = position_of(body) or place
    return State([encode(body) for body in bodies], place)


def _heads(
    principal: SocketPrincipal | None, wanted: Sequence[tuple[StreamSource, str]]
) -> list[Position | None]:
    return [head_of(source, principal, stream) for source, stream in wanted]


def _since(
    principal: SocketPrincipal | None, of: tuple[StreamSource, str], place: Position
) -> list[Frame] | None:
    source, stream = of
    bodies = source.since(principal, stream, place.epoch, place.seq)
    return None if bodies is None else [encode(body) for body in bodies]
