"""Give dead letters another chance."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from tradingplatform.clock import now
from tradingplatform.db.models import DeadLetter, OutboxEvent
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.jobs import enqueue

RELAY = "relay:"


class Command(BaseCommand):
    help = "List dead letters, or start them again. Starting one twice does nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=int, help="Which ones (see the list).")
        parser.add_argument("--all", action="store_true", help="All that wait.")

    def handle(self, *args: Any, **options: Any) -> None:
        waiting = DeadLetter.objects.using(GLOBAL_ALIAS).filter(redriven_at=None).order_by("id")
        if options["ids"]:
            waiting = waiting.filter(pk__in=options["ids"])
        for letter in waiting:
            line = f"#{letter.pk} {letter.job} {letter.arguments} {letter.error}"
            self.stdout.write(line)
            if options["ids"] or options["all"]:
                _redrive(letter)
                self.stdout.write("  started again")


def _redrive(letter: DeadLetter) -> None:
    claimed = DeadLetter.objects.using(GLOBAL_ALIAS).filter(pk=letter.pk, redriven_at=None)
    if not claimed.update(redriven_at=now()):
        return
    if letter.job.startswith(RELAY):
        events = OutboxEvent.objects.using(letter.job.removeprefix(RELAY))
        events.filter(pk=letter.arguments["event_id"]).update(published_at=None, attempts=0)
    else:
        enqueue(letter.job, **letter.arguments)
