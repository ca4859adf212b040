"""The row locks of this app, the head of the audit log last."""

from accounts.audit_models import AuditHead
from accounts.models import User
from tradingplatform.db.shards import GLOBAL_ALIAS


def audit_head_for_update(chain: int) -> AuditHead:
    """Lock the end of a chain of the audit log; a new chain gets its first head."""
    heads = AuditHead.objects.using(GLOBAL_ALIAS)
    head = heads.select_for_update().filter(chain=chain).first()
    if head is None:
        heads.bulk_create([AuditHead(chain=chain)], ignore_conflicts=True)
        head = heads.select_for_update().get(chain=chain)
    return head


def user_for_update(account_db_key: int) -> User | None:
    """Lock a user, so that what is counted per user is counted once."""
    return User.objects.using(GLOBAL_ALIAS).select_for_update().filter(pk=account_db_key).first()
