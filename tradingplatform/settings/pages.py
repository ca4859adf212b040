"""Templates, static files, the built components and languages of the pages."""

from tradingplatform.settings.base import APP_ENV, BASE_DIR, DEBUG

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dashboard.pages.context.page",
            ],
        },
    }
]

# Icons that we drew lie in static/, what Vite builds from frontend/ in static/dist/ (not in git).
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = APP_ENV != "PROD"
WHITENOISE_AUTOREFRESH = DEBUG
# Vite writes a digest of the content into the name of every file it builds.
WHITENOISE_IMMUTABLE_FILE_TEST = r"^.+/dist/assets/.+-[\w-]{8}\.\w+$"

COMPONENTS_MANIFEST = BASE_DIR / "static" / "dist" / "manifest.json"
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": COMPONENTS_MANIFEST,
        "static_url_prefix": "dist",
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("ko", "한국어"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_I18N = True

LOGIN_URL = "account-pages:log-in"
LOGIN_REDIRECT_URL = "pages:trade"
LOGOUT_REDIRECT_URL = "pages:home"

# What the pages watch before a user has chosen anything: the largest names of both markets.
PAGE_SYMBOLS = [
    "005930",
    "AAPL",
    "000660",
    "MSFT",
    "035420",
    "JPM",
    "005380",
    "XOM",
    "068270",
    "WMT",
    "105560",
    "LLY",
    "035720",
    "AMD",
    "051910",
    "KO",
    "006400",
    "GE",
    "055550",
    "HD",
]
# The cash that a new paper portfolio may start with, by the name of the choice.
PAPER_CASH = {
    "both": {"KRW": 50_000_000, "USD": 50_000},
    "korea": {"KRW": 100_000_000},
    "us": {"USD": 100_000},
}
