"""Corporate actions: what companies do to their shares, in the global database."""

from typing import TYPE_CHECKING

from django.db import models

from market.enums import ActionKind
from tradingplatform.db.fields import FixedPointField, PriceField

if TYPE_CHECKING:
    from decimal import Decimal


class CorporateAction(models.Model):
    """One action of the company behind an instrument; from ``ex_date`` on it trades without.

    ``ratio`` is shares after for each share before, ``amount`` what one share receives or,
    for a rights issue, what a new share costs. Bars are stored raw; ``market.adjusting``
    works the actions in when they are read. On its day a delisting, merger or symbol change is
    applied to the instrument (``old_symbol`` is what it was called until then); later all that
    users have of it has followed.
    """

    instrument = models.ForeignKey("market.Instrument", models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=ActionKind.choices)
    ex_date = models.DateField()
    record_date = models.DateField(null=True)
    pay_date = models.DateField(null=True)
    ratio: "FixedPointField[Decimal | None, Decimal | None]" = FixedPointField(scale=9, null=True)
    amount = PriceField(null=True)
    new_symbol = models.CharField(max_length=16, blank=True, default="")
    source = models.CharField(max_length=40)
    old_symbol = models.CharField(max_length=16, blank=True, default="")
    applied_at = models.DateTimeField(null=True)
    followed_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "table_corporate_actions"
        constraints = [
            models.UniqueConstraint(
                fields=["instrument", "ex_date", "kind"], name="corporate_action_once"
            )
        ]
        indexes = [models.Index(fields=["old_symbol"], name="corporate_action_old_symbol")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.kind} {self.ex_date}"
