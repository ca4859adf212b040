"""Query sets that the tables of this app share."""

from typing import Any, NoReturn, TypeVar

from django.db import models

from tradingplatform.db.models import ShardedQuerySet
from tradingplatform.errors import InvariantError

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class AppendOnlyQuerySet(ShardedQuerySet[M_co]):
    """Rows that are written once; a correction is a new row."""

    def update(self, **kwargs: Any) -> NoReturn:
        message = f"{self.model._meta.label} is append-only"
        raise InvariantError(message)

    def delete(self) -> NoReturn:
        message = f"{self.model._meta.label} is append-only"
        raise InvariantError(message)
