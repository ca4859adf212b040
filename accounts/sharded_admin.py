"""How operators look at user rows, which lie on many shards."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin
from accounts.selectors import user_by_key
from accounts.types import Account
from tradingplatform.db.shards import shard_aliases
from tradingplatform.errors import NotFoundError


class ShardFilter(admin.SimpleListFilter):
    """Which shard is shown; the first one unless another is chosen."""

    title = "shard"
    parameter_name = "shard"

    def lookups(
        self, request: HttpRequest, model_admin: admin.ModelAdmin[Any]
    ) -> list[tuple[str, str]]:
        return [(alias, alias) for alias in shard_aliases()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.value()
        return queryset.using(chosen) if chosen in shard_aliases() else queryset


def _rows(model: type[Model], alias: str) -> QuerySet[Any]:
    return QuerySet(model=model, using=alias)


class _ShardRows(admin.ModelAdmin[Any]):
    """Finds user rows: in lists those of one shard, by their key on all of them."""

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return _rows(self.model, shard_aliases()[0]).order_by("-pk")

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Model | None:
        try:
            key = UUID(object_id)
        except ValueError:
            return None
        found = (_rows(self.model, alias).filter(pk=key).first() for alias in shard_aliases())
        return next((row for row in found if row is not None), None)


class ShardedAdmin(ReadOnlyAdmin, _ShardRows):
    """Shows user rows of one shard at a time."""

    list_filter: ClassVar[tuple[Any, ...]] = (ShardFilter,)
    list_per_page = 50
    ordering = ("-pk",)
    show_full_result_count = False

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # Django opens a transaction for a write before it asks whether one is allowed.
        _refuse_writes(request)
        return super().changeform_view(request, *args, **kwargs)

    def delete_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        _refuse_writes(request)
        return super().delete_view(request, *args, **kwargs)

    def account_of(self, row: Any) -> Account | None:
        try:
            return user_by_key(row.account_db_key)
        except NotFoundError:
            return None


def _refuse_writes(request: HttpRequest) -> None:
    if request.method not in {"GET", "HEAD"}:
        raise PermissionDenied
