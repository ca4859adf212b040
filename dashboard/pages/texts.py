"""The translations that the components in frontend/ need, as one JSON object."""

from functools import cache
from typing import Any, cast

from django.utils.translation.trans_real import DjangoTranslation
from django.views.i18n import JSONCatalog

DOMAIN = "djangojs"


@cache
def component_texts(language: str) -> dict[str, Any]:
    """Return text by msgid; empty for English, whose texts are the msgids."""
    if language == "en":
        return {}
    view = JSONCatalog()
    view.translation = DjangoTranslation(language, domain=DOMAIN)
    return cast("dict[str, Any]", view.get_catalog())
