"""News about instruments, as sources told them; in the global database."""

from django.db import models

from tradingplatform.clock import now


class NewsItem(models.Model):
    """One article: its headline and where to read it, never its text."""

    source = models.CharField(max_length=16)
    external_id = models.CharField(max_length=128)
    title = models.CharField(max_length=300)
    url = models.URLField(max_length=500)
    publisher = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=8, blank=True)
    published_at = models.DateTimeField()
    stored_at = models.DateTimeField(default=now)

    class Meta:
        db_table = "table_news_items"
        constraints = [
            models.UniqueConstraint(fields=["source", "external_id"], name="news_item_once")
        ]
        indexes = [models.Index(fields=["-published_at", "-id"], name="news_newest")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.source}"


class NewsSymbol(models.Model):
    """That an article is about an instrument."""

    item = models.ForeignKey(NewsItem, models.CASCADE, related_name="symbols")
    symbol = models.CharField(max_length=16)

    class Meta:
        db_table = "table_news_symbols"
        constraints = [models.UniqueConstraint(fields=["symbol", "item"], name="news_symbol_once")]

    def __str__(self) -> str:
        return f"#{self.pk} {self.symbol}"
