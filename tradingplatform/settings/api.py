"""REST framework, its OpenAPI document, rate limits and CORS."""

from corsheaders.defaults import default_headers

from tradingplatform.settings.environment import load

_ENV = load()

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.ApiKeyAuthentication",
        "accounts.authentication.BearerAuthentication",
        "accounts.authentication.CookieAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["tradingplatform.api.permissions.PolicyPermission"],
    "DEFAULT_RENDERER_CLASSES": ["tradingplatform.api.rendering.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["tradingplatform.api.rendering.OrjsonParser"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "tradingplatform.api.rendering.JsonNegotiation",
    "DEFAULT_SCHEMA_CLASS": "tradingplatform.api.schema.PlatformSchema",
    "DEFAULT_METADATA_CLASS": None,
    "EXCEPTION_HANDLER": "tradingplatform.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "tradingplatform.api.principal.Anonymous",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["tradingplatform.api.rendering.OrjsonRenderer"],
    "URL_FORMAT_OVERRIDE": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "AI Trading Platform",
    "DESCRIPTION": "Accounts, market data, portfolios, orders and chat. Errors: docs/errors.md.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": r"/api/",
    "PREPROCESSING_HOOKS": [],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "tradingplatform.api.schema.complete_operations",
    ],
    "ENUM_NAME_OVERRIDES": {
        "CurrencyEnum": "accounts.enums.Currency",
        "LanguageEnum": "accounts.enums.Language",
        "NotificationKindEnum": "accounts.enums.NotificationKind",
        "RiskClassEnum": "accounts.enums.RiskClass",
        "AlertStatusEnum": "market.enums.AlertStatus",
        "BarIntervalEnum": "market.enums.BarInterval",
        "MessageStatusEnum": "chat.enums.MessageStatus",
        "OrderStatusEnum": "portfolio.enums.OrderStatus",
        "PersonaEnum": "chat.enums.Persona",
        "PortfolioStatusEnum": "portfolio.enums.PortfolioStatus",
        "StoredIntervalEnum": "market.enums.StoredInterval",
    },
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": ["tradingplatform.api.permissions.PolicyPermission"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
}

# Calls per window of so many seconds, for each user (or address, when nobody is signed in).
RATE_LIMITS = {
    name: (max(1, round(limit * _ENV.rate_limit_factor)), period_s)
    for name, (limit, period_s) in {
        "read": (1200, 60),
        "write": (300, 60),
        "money": (600, 60),
        "login": (30, 60),
        "refresh": (300, 60),
        "urgent": (120, 60),
        "login_failures": (5, 300),
        "account_failures": (50, 900),
        "mails": (5, 3600),
        "refusals": (20, 60),
        "exports": (5, 86_400),
        "investor_profiles": (10, 86_400),
        "otp_failures": (10, 900),
        "otp_account_failures": (20, 86_400),
    }.items()
}
# All users of one address together may do so many times what one of them may.
RATE_LIMIT_SITE_FACTOR = 5
# Requests of one user, key or (when nobody is signed in) address at the same time.
CONCURRENCY_LIMITS = {
    name: max(1, round(limit * _ENV.rate_limit_factor))
    for name, limit in {"normal": 20, "urgent": 5}.items()
}
# Without a counter these are shut; the others stay open.
RATE_CLASSES_CLOSED = {
    "money",
    "login",
    "refresh",
    "login_failures",
    "account_failures",
    "mails",
    "otp_failures",
    "otp_account_failures",
}
TRUSTED_PROXIES = _ENV.trusted_proxies
INTERNAL_NETWORKS = _ENV.internal_networks

CORS_ALLOWED_ORIGINS = _ENV.cors_allowed_origins
CORS_URLS_REGEX = r"^/api/.*$"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "x-request-id", "x-sequence"]
CORS_EXPOSE_HEADERS = [
    "idempotency-replayed",
    "ratelimit-limit",
    "ratelimit-remaining",
    "ratelimit-reset",
    "retry-after",
    "x-request-id",
    "x-sequence",
]
CORS_PREFLIGHT_MAX_AGE = 600
