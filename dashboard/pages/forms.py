"""The forms of the pages."""

from decimal import Decimal

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _


class PortfolioForm(forms.Form):
    """Open a paper portfolio: a name and one of the offered amounts of cash."""

    name = forms.CharField(label=_("Name"), min_length=1, max_length=60)
    cash = forms.ChoiceField(label=_("Starting cash"))

    def __init__(self, data: object = None) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["cash"].choices = [(name, name) for name in settings.PAPER_CASH]  # type: ignore[attr-defined]

    @property
    def initial_cash(self) -> dict[str, Decimal]:
        """The chosen cash by currency."""
        chosen = settings.PAPER_CASH[self.cleaned_data["cash"]]
        return {currency: Decimal(amount) for currency, amount in chosen.items()}
