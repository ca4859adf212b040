"""Django's SQLite backend with connection retry."""

from typing import Any

from django.db.backends.sqlite3 import base

from tradingplatform.db.backends.connect import with_retry


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connect = super().get_new_connection
        return with_retry(
            self.alias, lambda: connect(conn_params), on=self.Database.OperationalError
        )
