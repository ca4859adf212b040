"""The ASGI application: sockets, and nothing of Django's HTTP stack."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tradingplatform.settings")
django.setup(set_prefix=False)

from tradingplatform.routing import sockets_only  # noqa: E402

application = sockets_only
