"""REST: the gateway's checks in their order, then the TR; and the control plane."""

import asyncio
import hashlib
import json
from collections.abc import Callable
from typing import Any

from tests.emulators.control import control
from tests.emulators.faults import Fault
from tests.emulators.kis.codes import Refusal, gateway, missing_field, oauth
from tests.emulators.kis.keys import token_answer
from tests.emulators.kis.state import State
from tests.emulators.kis.trs import Call, Tr, TrTable, check_fields
from tests.emulators.truth import fingerprint
from tests.emulators.web import Answer, Json, Request, read, send_answer, until_gone


class RestApp:
    """One ASGI application for both sides; the port says which side is meant."""

    def __init__(
        self, state: State, table: TrTable, side_of: Callable[[int], str], steer: Any
    ) -> None:
        self.state = state
        self.table = table
        self.side_of = side_of
        self.steer = steer

    async def __call__(self, scope: Json, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return
        request = await read(scope, receive)
        if request.path.startswith("/__"):
            with self.state.lock:
                answer = control(self.steer, request)
            await send_answer(send, answer)
            return
        await self._answer(request, receive, send)

    async def _answer(self, request: Request, receive: Any, send: Any) -> None:
        hit, about = self.state.faults.hit, (request.path, request.headers.get("tr_id", ""))
        if (slow := hit("slow", *about)) is not None:
            await asyncio.sleep(slow.seconds)
        if hit("hang", *about):
            self._note(request, None)
            await until_gone(receive)
            return
        answer = self._unfit(request, about) or self._handle(request)
        if hit("lost_answer", *about):
            await until_gone(receive)
            return
        if (lost := hit("lost_answer_error", *about)) is not None:
            answer = _error(lost)
        await send_answer(send, answer, cut=bool(hit("cut", *about)))

    def _unfit(self, request: Request, about: tuple[str, ...]) -> Answer | None:
        """Return what a switch puts in place of the work."""
        hit = self.state.faults.hit
        answer = None
        if (fault := hit("error", *about)) is not None:
            answer = _error(fault)
        elif hit("garbage", *about):
            answer = Answer(b"<html>gateway</html>", 502, kind="text/html")
        if answer is not None:
            self._note(request, answer)
        return answer

    def _handle(self, request: Request) -> Answer:
        with self.state.lock:
            try:
                answer = self._route(request)
            except Refusal as refusal:
                answer = refusal.answer()
            self._note(request, answer)
        answer.headers.setdefault("tr_id", request.headers.get("tr_id", ""))
        answer.headers.setdefault("tr_cont", "")
        answer.headers["gt_uid"] = f"EMU{self.state.next_serial():029}"
        return answer

    def _note(self, request: Request, answer: Answer | None) -> None:
        body = answer.body if answer is not None and isinstance(answer.body, dict) else {}
        self.state.truth.write(
            "call",
            side=self.side_of(request.port),
            method=request.method,
            path=request.path,
            tr_id=request.headers.get("tr_id", ""),
            app_key=fingerprint(request.headers.get("appkey", "")),
            status=answer.status if answer is not None else None,
            code=body.get("msg_cd") or body.get("error_code") or "",
        )

    def _route(self, request: Request) -> Answer:
        open_routes = {
            "/oauth2/tokenP": self._token,
            "/oauth2/revokeP": self._revoke,
            "/oauth2/Approval": self._approval,
            "/uapi/hashkey": self._hashkey,
        }
        if request.path in open_routes:
            if request.method != "POST":
                raise gateway("EGW00101", 405)
            return open_routes[request.path](request)
        return self._business(request)

    def _token(self, request: Request) -> Answer:
        key = self.state.office.credentials(_body(request), "appsecret")
        token = self.state.office.issue(key, self.side_of(request.port))
        return Answer(token_answer(token, self.state.clock.now()))

    def _revoke(self, request: Request) -> Answer:
        body = _body(request)
        self.state.office.credentials({"grant_type": "client_credentials", **body}, "appsecret")
        self.state.office.revoke(str(body.get("token", "")))
        return Answer({"code": 200, "message": "접근토큰 폐기에 성공하였습니다"})

    def _approval(self, request: Request) -> Answer:
        key = self.state.office.credentials(_body(request), "secretkey")
        side = self.side_of(request.port)
        return Answer({"approval_key": self.state.office.approve(key, side)})

    def _hashkey(self, request: Request) -> Answer:
        headers = request.headers
        self.state.office.pair(headers.get("appkey", ""), headers.get("appsecret", ""))
        return Answer({"BODY": _body(request), "HASH": hash_of(request.body)})

    def _business(self, request: Request) -> Answer:
        side, headers = self.side_of(request.port), request.headers
        if not self.table.knows(request.path):
            raise gateway("OPSQ0002", 404)
        key = self.state.office.pair(headers.get("appkey", ""), headers.get("appsecret", ""))
        self.state.office.check(headers.get("authorization", ""), key, side)
        if key.environment != side:
            raise gateway("EGW02004")
        if not self.state.budget.take(key, side):
            raise gateway("EGW00201", self.state.layout.rate_limit_status)
        if not headers.get("tr_id"):
            raise gateway("EGW00300")
        if headers.get("custtype", "P") not in {"P", "B", ""}:
            raise gateway("EGW00208")
        tr = self.table.find(request.path, headers["tr_id"], side)
        fields = _fields(request, tr)
        continued = headers.get("tr_cont", "").strip() == "N"
        call = Call(self.state, side, headers["tr_id"], key, fields, continued)
        check_fields(tr, call)
        return tr.handler(call)


def _fields(request: Request, tr: Tr) -> dict[str, str]:
    if request.method != tr.method:
        raise gateway("EGW00101", 405)
    if tr.method == "GET":
        return {name.upper(): value for name, value in request.query.items()}
    if "application/json" not in request.headers.get("content-type", ""):
        raise gateway("EGW00132")
    body = _body(request)
    if (hash_given := request.headers.get("hashkey")) and hash_given != hash_of(request.body):
        raise gateway("EGW00131")
    if not all(isinstance(value, str) for value in body.values()):
        raise missing_field(next(k for k, v in body.items() if not isinstance(v, str)))
    return body


def hash_of(body: bytes) -> str:
    """Hash the order body, not its spelling."""
    return hashlib.sha256(json.dumps(json.loads(body), sort_keys=True).encode()).hexdigest()


def _body(request: Request) -> Json:
    try:
        body = request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise gateway("OPSQ9997")
    return body


def _error(fault: Fault) -> Answer:
    if fault.code in {"EGW00133", "EGW00103", "EGW00105"}:
        return oauth(fault.code).answer()
    if fault.code:
        return gateway(fault.code, fault.status).answer()
    return Answer({"message": "emulated failure"}, fault.status)
