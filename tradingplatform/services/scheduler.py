"""What runs by itself, and did it run? The view of the periodic jobs."""

from datetime import datetime, timedelta
from typing import Protocol

from django.apps import apps
from django.conf import settings
from django.db.models import Max

from tradingplatform import clock


class Scheduler(Protocol):
    """The clockwork that pokes periodic jobs; JobRun decides which poke counts."""

    def last_runs(self) -> dict[str, datetime | None]:
        """Return when each periodic job last started."""
        ...

    def late_jobs(self) -> list[str]:
        """Return the jobs that ran before but missed three of their slots."""
        ...

    def ping(self) -> None: ...
    def close(self) -> None: ...
    def describe(self) -> str: ...


class JobRunScheduler:
    """Reads the schedule from the settings and the truth from ``job_run``."""

    def last_runs(self) -> dict[str, datetime | None]:
        rows = apps.get_model("platform_db", "JobRun").objects.using("default").values_list("job")
        found: dict[str, datetime] = dict(rows.annotate(last=Max("started_at")))
        return {job: found.get(job) for job in sorted(settings.PERIODIC_JOBS)}

    def late_jobs(self) -> list[str]:
        at = clock.now()
        late = []
        for job, started_at in self.last_runs().items():
            allowed = timedelta(seconds=3 * settings.PERIODIC_JOBS[job])
            if started_at is not None and at - started_at > allowed:
                late.append(job)
        return late

    def ping(self) -> None:
        self.last_runs()

    def close(self) -> None:
        return

    def describe(self) -> str:
        return f"{len(settings.PERIODIC_JOBS)} periodic jobs, each slot once by job_run"
