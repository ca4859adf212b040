"""List the roles of a production installation."""

from typing import Any

from django.core.management.base import BaseCommand

from tradingplatform.hosting.roles import ROLES


class Command(BaseCommand):
    help = "List what `run_process NAME` can run, and how many of each there should be."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{'name':8} {'count':6} runs")
        for role in ROLES:
            self.stdout.write(f"{role.name:8} {role.count:6} {role.runs}")
