"""Headers, cookies, passwords and the keys that sign tokens."""

from csp.constants import NONCE, NONE, SELF

from tradingplatform.settings.encryption_keys import encryption_keys
from tradingplatform.settings.environment import load
from tradingplatform.settings.signing_keys import keys_file, signing_keys

_ENV = load()
_HTTPS = _ENV.is_prod if _ENV.https_only is None else _ENV.https_only

# Django's own switches.
SECURE_SSL_REDIRECT = _HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if _ENV.trusted_proxies else None
SECURE_HSTS_SECONDS = 63_072_000 if _HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _HTTPS
SECURE_HSTS_PRELOAD = _HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Load balancers ask for the health by plain HTTP.
SECURE_REDIRECT_EXEMPT = [r"^health(/|$)"]

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "worker-src": [SELF, "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

# Cookies. The session cookie is encrypted and only names a row that can be revoked.
_PREFIX = "__Host-" if _HTTPS else ""
SESSION_ENGINE = "accounts.session_store"
SESSION_COOKIE_NAME = f"{_PREFIX}session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_SECURE = _HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = f"{_PREFIX}csrftoken"
CSRF_COOKIE_SECURE = _HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "tradingplatform.api.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000

# Who is it?
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
REFUSAL_RECORDER = "accounts.services.refusals.refusal_record"
PAGE_AUTHENTICATOR = "accounts.services.pages.page_principal"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# Length and a list of common ones; no rules about which characters (ASVS 6.2.5).
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 8},
    },
    {"NAME": "accounts.rules.MaximumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Tokens and sessions.
JWT_ISSUER = "tradingplatform"
JWT_AUDIENCE = f"{_ENV.app_id}:{_ENV.app_env.value}"
JWT_TTL_S = 300
# None when the keys come from the environment.
JWT_KEYS_FILE = None if _ENV.jwt_signing_keys else keys_file(_ENV.data_dir.resolve() / "keys")
JWT_KEYS = signing_keys(
    _ENV.jwt_signing_keys, folder=_ENV.data_dir.resolve() / "keys", may_generate=not _ENV.is_prod
)
ENCRYPTION_KEYS = encryption_keys(
    _ENV.encryption_keys, folder=_ENV.data_dir.resolve() / "keys", may_generate=not _ENV.is_prod
)
SESSION_TTL_S = 3600
SESSION_TTL_ABSOLUTE_S = 30 * 24 * 3600
# Kept so long after their end: a place of an earlier log-in is never locked out by strangers.
SESSION_KEEP_S = 90 * 24 * 3600
SESSION_CACHE_S = 5
SESSION_TOUCH_EVERY_S = 60
REFRESH_GRACE_S = 10
FRESH_FACTOR_S = 600
LOG_IN_TICKET_TTL_S = 300
LOG_IN_TICKET_TRIES = 5
PASSKEY_RP_ID = _ENV.passkeys_for
PASSKEY_ORIGINS = _ENV.passkeys_at
PASSKEY_CHALLENGE_TTL_S = 300
PASSKEYS_MAX = 10
# In this time its owner can still stop what an operator was talked into.
FACTOR_RESET_WAIT_S = _ENV.factor_reset_wait_s
API_KEYS_MAX = 20
API_KEY_TOUCH_EVERY_S = 60
WS_TICKET_TTL_S = 30
EXPORT_KEEP_S = 24 * 3600
EXPORT_LINK_TTL_S = 15 * 60
MAIL_TOKEN_TTL_S = {
    "EMAIL_VERIFY": 24 * 3600,
    "FACTOR_KEEP": FACTOR_RESET_WAIT_S,
    "PASSWORD_RESET": 30 * 60,
}
# Chains of the audit log, beside the one of callers whom nobody knows.
AUDIT_CHAINS = 16

# Outermost first. RequestMiddleware sees every answer; PolicyMiddleware needs the session.
MIDDLEWARE = [
    "tradingplatform.api.middleware.RequestMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.authentication.PageUserMiddleware",
    "accounts.pages.display.DisplayMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "tradingplatform.api.middleware.PolicyMiddleware",
]
