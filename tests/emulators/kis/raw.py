"""The plainest client of KIS, for tests of the emulator itself."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx2
from websockets.sync.client import ClientConnection, connect

from tests.emulators.kis.codes import REAL
from tests.emulators.kis.emulator import KisEmulator
from tests.emulators.web import Json

QUOTATIONS = "/uapi/domestic-stock/v1/quotations/"
TRADING = "/uapi/domestic-stock/v1/trading/"


class RawKis:
    """One app key on one side, with a token once `log_in()` was called."""

    def __init__(self, emulator: KisEmulator, side: str = REAL, number: int = 0) -> None:
        self.emulator = emulator
        self.side = side
        self.key = emulator.keys(side)[number]
        url = emulator.rest_url if side == REAL else emulator.paper_rest_url
        self.http = httpx2.Client(base_url=url, timeout=5)
        self.token = ""

    def __enter__(self) -> "RawKis":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def ask_token(self, **changes: Any) -> httpx2.Response:
        body = {
            "grant_type": "client_credentials",
            "appkey": self.key.app_key,
            "appsecret": self.key.app_secret,
        }
        return self.http.post("/oauth2/tokenP", json=body | changes)

    def log_in(self) -> "RawKis":
        self.token = self.ask_token().raise_for_status().json()["access_token"]
        return self

    def headers(self, tr_id: str, **changes: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}",
            "appkey": self.key.app_key,
            "appsecret": self.key.app_secret,
            "tr_id": tr_id,
            "custtype": "P",
            **changes,
        }

    def get(self, path: str, tr_id: str, *, more: str = "", **params: str) -> httpx2.Response:
        return self.http.get(path, params=params, headers=self.headers(tr_id, tr_cont=more))

    def post(self, path: str, tr_id: str, **body: Any) -> httpx2.Response:
        return self.http.post(path, json=body, headers=self.headers(tr_id))

    def price(self, symbol: str, **changes: str) -> httpx2.Response:
        fields = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol, **changes}
        return self.get(f"{QUOTATIONS}inquire-price", "FHKST01010100", **fields)

    @property
    def account(self) -> dict[str, str]:
        number, product = self.key.account.split("-")
        return {"CANO": number, "ACNT_PRDT_CD": product}

    def order(
        self, side: str, symbol: str, quantity: int, price: int = 0, *, kind: str = "", **more: str
    ) -> httpx2.Response:
        """Order at a limit, or at the market when no price is given."""
        tr_id = {"buy": "TTTC0012U", "sell": "TTTC0011U"}[side]
        body = {
            "PDNO": symbol,
            "ORD_DVSN": kind or ("00" if price else "01"),
            "ORD_QTY": str(quantity),
            "ORD_UNPR": str(price),
            **more,
        }
        return self.post(f"{TRADING}order-cash", self.tr(tr_id), **self.account, **body)

    def change(self, number: str, deed: str, **changes: str) -> httpx2.Response:
        """Amend ("01") or cancel ("02") an order."""
        body = {
            "KRX_FWDG_ORD_ORGNO": "", "ORGN_ODNO": number, "ORD_DVSN": "00",
            "RVSE_CNCL_DVSN_CD": deed, "ORD_QTY": "0", "ORD_UNPR": "0", "QTY_ALL_ORD_YN": "Y",
        }  # fmt: skip
        path = f"{TRADING}order-rvsecncl"
        return self.post(path, self.tr("TTTC0013U"), **self.account | body | changes)

    def daily_orders(self, *, more: str = "", **changes: str) -> httpx2.Response:
        params = {
            "INQR_STRT_DT": "20200101", "INQR_END_DT": "20991231", "SLL_BUY_DVSN_CD": "00",
            "CCLD_DVSN": "00", "INQR_DVSN": "00", "CTX_AREA_FK100": "", "CTX_AREA_NK100": "",
        }  # fmt: skip
        path, tr_id = f"{TRADING}inquire-daily-ccld", self.tr("TTTC0081R")
        return self.get(path, tr_id, more=more, **self.account | params | changes)

    def balance(self, *, more: str = "", **changes: str) -> httpx2.Response:
        params = {
            "AFHR_FLPR_YN": "N", "OFL_YN": "", "INQR_DVSN": "02", "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N", "FNCG_AMT_AUTO_RDPT_YN": "N", "PRCS_DVSN": "00",
            "CTX_AREA_FK100": "", "CTX_AREA_NK100": "",
        }  # fmt: skip
        path, tr_id = f"{TRADING}inquire-balance", self.tr("TTTC8434R")
        return self.get(path, tr_id, more=more, **self.account | params | changes)

    def tr(self, tr_id: str) -> str:
        """Return the id of this side."""
        return tr_id if self.side == REAL else f"V{tr_id[1:]}"

    def approval(self) -> str:
        body = {
            "grant_type": "client_credentials",
            "appkey": self.key.app_key,
            "secretkey": self.key.app_secret,
        }
        answer = self.http.post("/oauth2/Approval", json=body).raise_for_status()
        return str(answer.json()["approval_key"])

    @contextmanager
    def socket(self) -> Iterator["RawSocket"]:
        url = self.emulator.ws_url if self.side == REAL else self.emulator.paper_ws_url
        with connect(f"{url}/tryitout", ping_interval=None, close_timeout=1) as connection:
            yield RawSocket(connection, self.approval())


class RawSocket:
    """One real-time connection."""

    def __init__(self, connection: ClientConnection, approval: str) -> None:
        self.connection = connection
        self.approval = approval

    def ask(self, tr_id: str, tr_key: str, tr_type: str = "1", **header: str) -> Json:
        """Register (or, with "2", unregister) and return the reply."""
        head = {"approval_key": self.approval, "custtype": "P", "tr_type": tr_type, **header}
        body = {"input": {"tr_id": tr_id, "tr_key": tr_key}}
        self.connection.send(json.dumps({"header": head, "body": body}))
        reply: Json = json.loads(self.receive())
        return reply

    def code(self, tr_id: str, tr_key: str, tr_type: str = "1", **header: str) -> str:
        return str(self.ask(tr_id, tr_key, tr_type, **header)["body"]["msg_cd"])

    def receive(self, timeout: float = 5) -> str:
        return str(self.connection.recv(timeout=timeout))
