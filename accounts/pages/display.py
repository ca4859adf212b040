"""Pages speak the language that their reader chose."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from accounts.services.looks import page_display
from tradingplatform.api.errors import is_api


class DisplayMiddleware:
    """Switch pages to the language of the account; API calls name theirs in a header."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not is_api(request):
            language = page_display(request).language
            translation.activate(language)
            request.LANGUAGE_CODE = language
        return self._get_response(request)
