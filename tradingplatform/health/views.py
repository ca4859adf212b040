"""Answers to probes and operators."""

from django.http import HttpRequest, HttpResponse


def live(request: HttpRequest) -> HttpResponse:
    """Say that the process answers; touches nothing else."""
    return HttpResponse(b'{"status":"ok"}', content_type="application/json")
