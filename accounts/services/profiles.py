"""What users say about themselves as investors, and how they want to see the pages."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts import selectors
from accounts.enums import Currency
from accounts.errors import QuestionnaireOutdatedError
from accounts.locks import user_for_update
from accounts.models import InvestorProfile, User
from accounts.questionnaire import VERSION
from accounts.suitability import answer_faults, assess
from accounts.types import Account, Display
from tradingplatform.api.throttling import rate_count, rate_enforce
from tradingplatform.clock import now
from tradingplatform.db.shards import GLOBAL_ALIAS
from tradingplatform.db.transactions import global_tx
from tradingplatform.errors import InvalidInputError
from tradingplatform.money import money_quantum

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Budget:
    """What somebody can put aside each month."""

    amount: Decimal
    currency: Currency


def investor_profile_set(
    *, owner: Account, version: int, answers: Mapping[str, str], budget: Budget
) -> InvestorProfile:
    """Keep the answers with their score; the same answers again are the same profile.

    Raises QuestionnaireOutdatedError for answers to another version, InvalidInputError with
    the faults of each question, and LimitExceededError after too many in a day.
    """
    if version != VERSION:
        raise QuestionnaireOutdatedError("The questionnaire has changed.", version=VERSION)
    _check(answers, budget)
    rate_enforce(rate_count(rate_class="investor_profiles", identity=str(owner.uid)))
    found = assess(answers)
    row = InvestorProfile(
        user_id=owner.pk,
        version=version,
        answers=dict(answers),
        score=found.score,
        scored_class=found.scored_class.value,
        risk_class=found.risk_class.value,
        capped_by=found.capped_by,
        monthly_budget=budget.amount,
        budget_currency=budget.currency.value,
    )
    return global_tx(_append, row)


def display_set(*, owner: Account, changes: Mapping[str, str | bool]) -> Display:
    """Remember what was chosen of language, currency, theme, colours and blur_amounts."""
    if changes:
        global_tx(_choose, owner, dict(changes))
    return selectors.display_of(selectors.user_by_key(owner.pk))


def display_adopt(*, user: User, seen: Mapping[str, str | bool]) -> None:
    """Take over how a visitor saw the pages, for an account that has never chosen."""
    fresh = User.objects.using(GLOBAL_ALIAS).filter(pk=user.pk, display_chosen_at__isnull=True)
    global_tx(fresh.update, **seen, display_chosen_at=now())


def _check(answers: Mapping[str, str], budget: Budget) -> None:
    details: dict[str, object] = {}
    faults = answer_faults(answers)
    if faults:
        details["answers"] = faults
    if budget.amount % money_quantum(budget.currency):
        details["monthly_budget"] = [_("This currency has no such fractions.")]
    if details:
        raise InvalidInputError("Some answers are missing or not valid.", **details)


def _append(row: InvestorProfile) -> InvestorProfile:
    # The lock lets rivals see each other's row.
    user_for_update(row.user_id)
    newest = selectors.investor_profile_newest(row.user_id)
    if newest is not None and _said(newest) == _said(row):
        return newest
    row.save(using=GLOBAL_ALIAS, force_insert=True)
    logger.info("An investor profile was set", extra={"risk_class": row.risk_class})
    return row


def _said(row: InvestorProfile) -> tuple[object, ...]:
    return row.version, row.answers, row.monthly_budget, row.budget_currency


def _choose(owner: Account, changes: dict[str, str | bool]) -> None:
    mine = User.objects.using(GLOBAL_ALIAS).filter(pk=owner.pk, is_active=True)
    mine.update(**changes, display_chosen_at=now())
