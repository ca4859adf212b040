"""Backup codes that were hashed with the seed of an app stay good, and the way back works."""

import hmac

import pytest
from django.db import connections
from django.db.migrations.executor import MigrationExecutor

from accounts.models import BackupCode, BackupKey, User
from accounts.services.backup_codes import backup_code_spend
from accounts.services.otp_codes import seed_context
from tradingplatform.clock import now
from tradingplatform.crypto import seal
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.ids import uuid7

pytestmark = pytest.mark.django_db(databases="__all__", transaction=True)
BEFORE, AFTER = ("accounts", "0008_profiles"), ("accounts", "0009_passkeys_and_alerts")
SEED = b"12345678901234567890"


def migrate(target: tuple[str, str]) -> None:
    executor = MigrationExecutor(connections[GLOBAL_ALIAS])
    executor.migrate([target])


def test_old_codes_stay_good(mina: User) -> None:
    migrate(BEFORE)
    try:
        with connections[GLOBAL_ALIAS].cursor() as cursor:
            cursor.execute(
                "INSERT INTO table_otp_factors"
                " (user_id, sealed, last_used_step, created_at, confirmed_at)"
                " VALUES (%s, %s, 0, %s, %s)",
                [mina.pk, seal(SEED, seed_context(mina.uid)), now(), now()],
            )
            for word in ("aaaaabbbbb", "cccccddddd"):
                digest = hmac.digest(SEED, f"backup-code:{word}".encode(), "sha256").hex()
                cursor.execute(
                    "INSERT INTO table_backup_codes (id, factor_id, code_hash) VALUES (%s, %s, %s)",
                    [uuid7().hex, mina.pk, digest],
                )
    finally:
        migrate(AFTER)

    assert BackupKey.objects.get().user_id == mina.pk
    assert backup_code_spend(mina, "aaaaa-bbbbb") is True
    assert backup_code_spend(mina, "aaaaa-bbbbb") is False
    assert BackupCode.objects.filter(used_at__isnull=True).count() == 1
