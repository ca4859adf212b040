"""How many requests, how slow, with which outcome; read at /metrics."""

from prometheus_client import Counter, Histogram

REQUESTS = Counter("http_requests_total", "Answered HTTP requests.", ["method", "view", "status"])
DURATION = Histogram(
    "http_request_seconds",
    "Time to answer an HTTP request.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
LIMITED = Counter(
    "http_requests_limited", "Requests that a limiter refused.", ["rate_class", "reason"]
)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def observe(*, method: str | None, view: str, status: int, seconds: float) -> None:
    """Count one answer; ``view`` is a route name, never a path, so the labels stay few."""
    verb = method if method in _METHODS else "OTHER"
    REQUESTS.labels(verb, view, str(status)).inc()
    DURATION.labels(view).observe(seconds)
