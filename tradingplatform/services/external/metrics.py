"""How the conversations with outside providers go; read at /metrics."""

from prometheus_client import Counter, Gauge, Histogram

PROVIDER_CALLS = Counter(
    "platform_provider_calls", "Calls to outside providers by outcome.", ["provider", "outcome"]
)
PROVIDER_SECONDS = Histogram(
    "platform_provider_call_seconds",
    "Time one try of a call took.",
    ["provider"],
    buckets=(0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)
BUDGET_WAIT_SECONDS = Histogram(
    "platform_provider_wait_seconds",
    "Time a call waited for its turn in the provider's budget.",
    ["provider"],
    buckets=(0.005, 0.05, 0.25, 1.0, 2.5, 5.0),
)
TOKENS_ISSUED = Counter(
    "platform_provider_tokens_issued", "Access tokens and approval keys asked for.", ["kind"]
)
REGISTRATIONS = Gauge(
    "platform_kis_registrations", "Registrations held on this process' KIS sockets."
)
POLLED = Gauge(
    "platform_kis_polled_symbols", "Symbols asked for by REST for want of a registration."
)
EVICTIONS = Counter("platform_kis_evictions", "Registrations given up for more wanted symbols.")
RECONNECTS = Counter("platform_kis_reconnects", "KIS sockets opened again after a loss.")
FRAMES_BAD = Counter("platform_kis_bad_frames", "Frames of KIS that could not be read.")
