"""The trader: one leader in the whole installation sends orders and matches paper ones."""

import threading

import structlog
from django.db import connections

from portfolio.brokers.base import Broker
from portfolio.brokers.paper import PaperBroker
from portfolio.shard_trader import ShardTrader
from tradingplatform.clock import monotonic
from tradingplatform.db.shards import shard_aliases
from tradingplatform.services import services
from tradingplatform.services.lock import Lease

log = structlog.get_logger(__name__)

LEASE_NAME = "trader:PAPER"
LEASE_TTL_S = 5.0
RENEW_EVERY_S = 1.0
RETRY_AFTER_S = 0.5
LOOK_EVERY_S = 0.2


def trader_run(stop: threading.Event) -> None:
    """Trade until ``stop`` is set; survives every error, with a log line."""
    while not stop.is_set():
        try:
            _lead_once(stop)
        except Exception:
            # Without a trader every order waits: note it and begin again.
            log.exception("trader_failed")
        finally:
            connections.close_all()
        stop.wait(RETRY_AFTER_S)


def _lead_once(stop: threading.Event) -> None:
    lease = services.lock.acquire(LEASE_NAME, LEASE_TTL_S)
    if lease is None:
        return
    log.info("trader_leads", epoch=lease.epoch)
    try:
        _trade(PaperBroker(), lease, stop)
    finally:
        lease.release()


def _trade(broker: Broker, lease: Lease, stop: threading.Event) -> None:
    done = threading.Event()
    traders = [ShardTrader(alias, broker, lease.epoch, done) for alias in shard_aliases()]
    threads = [
        threading.Thread(target=trader.run, name=f"trader-{number}", daemon=True)
        for number, trader in enumerate(traders, start=1)
    ]
    for thread in threads:
        thread.start()
    try:
        _watch(lease, threads, stop)
    finally:
        done.set()
        for trader in traders:
            trader.wake()
        for thread in threads:
            thread.join()


def _watch(lease: Lease, threads: list[threading.Thread], stop: threading.Event) -> None:
    """Return when asked to stop, when the lease is lost or when a shard has no trader."""
    renewed = monotonic()
    while not stop.wait(LOOK_EVERY_S) and all(thread.is_alive() for thread in threads):
        if monotonic() - renewed < RENEW_EVERY_S:
            continue
        if not lease.renew():
            log.warning("trader_lease_lost", epoch=lease.epoch)
            return
        renewed = monotonic()
