"""From answers to a score and a risk class."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.enums import RiskClass
from accounts.questionnaire import CLASS_BANDS, QUESTIONS, Answer, Question

_CAUTIOUS_FIRST = tuple(risk_class for _top, risk_class in CLASS_BANDS)
_NAME_SHOWN = 40


@dataclass(frozen=True)
class Assessment:
    """``scored_class`` is what the score says, ``risk_class`` what the caps leave of it."""

    score: int
    scored_class: RiskClass
    risk_class: RiskClass
    capped_by: list[str]


def answer_faults(given: Mapping[str, str]) -> dict[str, list[str]]:
    """Return what is wrong with answers, by question; empty when they are complete."""
    faults: dict[str, list[str]] = {}
    for question in QUESTIONS:
        if question.code not in given:
            faults[question.code] = [_("This question is not answered.")]
        elif _chosen(question, given) is None:
            faults[question.code] = [_("This is not one of the answers.")]
    for code in given.keys() - {question.code for question in QUESTIONS}:
        faults[code[:_NAME_SHOWN]] = [_("There is no such question.")]
    return faults


def assess(given: Mapping[str, str]) -> Assessment:
    """Add up the points of complete answers; single answers cap the class."""
    chosen = {
        question.code: answer
        for question in QUESTIONS
        if (answer := _chosen(question, given)) is not None
    }
    score = sum(answer.points for answer in chosen.values())
    scored = next(risk_class for top, risk_class in CLASS_BANDS if score <= top)
    caps = {code: answer.cap for code, answer in chosen.items() if answer.cap is not None}
    binding = {code: cap for code, cap in caps.items() if _boldness(cap) < _boldness(scored)}
    risk_class = min([scored, *binding.values()], key=_boldness)
    capped_by = [code for code, cap in binding.items() if cap is risk_class]
    return Assessment(score, scored, risk_class, capped_by)


def _chosen(question: Question, given: Mapping[str, str]) -> Answer | None:
    code = given.get(question.code)
    return next((answer for answer in question.answers if answer.code == code), None)


def _boldness(risk_class: RiskClass) -> int:
    return _CAUTIOUS_FIRST.index(risk_class)
