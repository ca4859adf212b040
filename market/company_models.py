"""What sources say about companies; in the global database."""

from django.db import models


class CompanyFundamentals(models.Model):
    """The newest figures of one company, as one source told them.

    ``figures`` holds all of them in the words of the source, as decimal text. The columns are
    those that screens filter on; null where the source does not tell one. ``asked_at`` is the
    last attempt, whatever came of it; ``looked_at`` when a user was last noted to look.
    """

    instrument = models.OneToOneField(
        "market.Instrument", models.CASCADE, primary_key=True, related_name="+"
    )
    source = models.CharField(max_length=16)
    as_of = models.DateTimeField()
    asked_at = models.DateTimeField(null=True)
    looked_at = models.DateTimeField(null=True)
    currency = models.CharField(max_length=3)
    period_end = models.DateField(null=True)
    figures = models.JSONField()
    market_cap = models.FloatField(null=True)
    price_to_earnings = models.FloatField(null=True)
    price_to_book = models.FloatField(null=True)
    dividend_yield = models.FloatField(null=True)

    class Meta:
        db_table = "table_company_fundamentals"
        indexes = [models.Index(fields=["as_of"], name="company_fundamentals_age")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.source}"
