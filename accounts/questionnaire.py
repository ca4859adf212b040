"""The questionnaire of the investor profile: questions, answers, points; docs/accounts.md says why.

Whoever changes a question, an answer, a point or a cap raises VERSION: stored answers keep the
version they were given to.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.enums import RiskClass

VERSION = 1
# The points of the best answers add up to this, so a score is a share in percent.
SCORE_MAX = 100
# The highest score of each class, as in the standard rules of the Korean industry.
CLASS_BANDS = (
    (20, RiskClass.STABLE),
    (40, RiskClass.STABILITY_SEEKING),
    (60, RiskClass.NEUTRAL),
    (80, RiskClass.GROWTH_SEEKING),
    (SCORE_MAX, RiskClass.AGGRESSIVE),
)


@dataclass(frozen=True)
class Answer:
    """One possible answer; ``cap`` is the boldest class that it allows."""

    code: str
    points: int
    text: Promise
    cap: RiskClass | None = None


@dataclass(frozen=True)
class Question:
    code: str
    text: Promise
    answers: tuple[Answer, ...]


QUESTIONS = (
    Question(
        "experience",
        _("What have you invested in so far?"),
        (
            Answer("NONE", 0, _("Nothing but deposits and savings")),
            Answer("BEGINNER", 4, _("Bonds or funds, or stocks for less than a year")),
            Answer("INTERMEDIATE", 8, _("Stocks or equity funds for one to three years")),
            Answer("ADVANCED", 12, _("Stocks for more than three years, or derivatives")),
        ),
    ),
    Question(
        "knowledge",
        _("How well do you know financial products?"),
        (
            Answer("NONE", 0, _("I have never made an investment decision myself")),
            Answer("BASIC", 4, _("I know how stocks, bonds and funds differ")),
            Answer("GOOD", 8, _("I understand the risks of most products I can buy")),
            Answer("EXPERT", 12, _("I can explain derivatives and leverage to others")),
        ),
    ),
    Question(
        "goal",
        _("What is this money for?"),
        (
            Answer(
                "PRESERVATION",
                0,
                _("To keep its value; losing any of it would be worse than earning nothing"),
                cap=RiskClass.STABILITY_SEEKING,
            ),
            Answer("INCOME", 5, _("To earn regular interest and dividends")),
            Answer("GROWTH", 10, _("To grow over the years, with ups and downs")),
            Answer(
                "HIGH_GROWTH", 14, _("To grow as much as possible, whatever happens on the way")
            ),
        ),
    ),
    Question(
        "horizon",
        _("When will you need the money?"),
        (
            Answer("UNDER_1_YEAR", 0, _("Within a year"), cap=RiskClass.NEUTRAL),
            Answer("YEARS_1_TO_3", 5, _("In one to three years")),
            Answer("YEARS_3_TO_5", 10, _("In three to five years")),
            Answer("OVER_5_YEARS", 14, _("In more than five years")),
        ),
    ),
    Question(
        "risk_tolerance",
        _("How large a loss could you bear in a year?"),
        (
            Answer("NONE", 0, _("None: I want back what I put in"), cap=RiskClass.STABLE),
            Answer("UP_TO_10", 7, _("Up to 10 per cent"), cap=RiskClass.NEUTRAL),
            Answer("UP_TO_20", 13, _("Up to 20 per cent")),
            Answer("OVER_20", 20, _("More than 20 per cent, for the chance of a high return")),
        ),
    ),
    Question(
        "loss_reaction",
        _("The market falls by a quarter within a month. What do you do?"),
        (
            Answer("SELL_ALL", 0, _("I sell everything")),
            Answer("SELL_SOME", 4, _("I sell a part")),
            Answer("HOLD", 8, _("I wait")),
            Answer("BUY_MORE", 12, _("I buy more")),
        ),
    ),
    Question(
        "income_stability",
        _("How steady is your income?"),
        (
            Answer("NONE", 0, _("I have none, or live on my savings")),
            Answer("UNSTEADY", 2, _("It changes a lot from month to month")),
            Answer("DECLINING", 5, _("It is steady, but I expect it to fall")),
            Answer("STEADY", 8, _("It is steady, and I expect it to stay or rise")),
        ),
    ),
    Question(
        "asset_share",
        _("How much of your financial assets is this money?"),
        (
            Answer("OVER_75", 0, _("More than three quarters")),
            Answer("UP_TO_75", 3, _("Between a half and three quarters")),
            Answer("UP_TO_50", 6, _("Between a quarter and a half")),
            Answer("UP_TO_25", 8, _("A quarter or less")),
        ),
    ),
)

CLASS_TEXTS = {
    RiskClass.STABLE: _(
        "Wants back what was put in and is content with what deposits pay. Little or nothing in"
        " stocks."
    ),
    RiskClass.STABILITY_SEEKING: _(
        "Keeps losses small and accepts a little risk for more than deposits pay. A small part in"
        " stocks."
    ),
    RiskClass.NEUTRAL: _(
        "Knows that returns come with risk and bears some loss for more than the usual interest."
    ),
    RiskClass.GROWTH_SEEKING: _(
        "Puts a high return before keeping the money whole. A good part in stocks."
    ),
    RiskClass.AGGRESSIVE: _(
        "Seeks much more than the market pays and bears large losses on the way. Mostly in stocks."
    ),
}
