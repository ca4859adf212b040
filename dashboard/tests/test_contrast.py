"""Text stands out from its ground: WCAG 2.2 AA in both themes and colour conventions."""

import re

import pytest
from django.conf import settings

STYLES = (settings.BASE_DIR / "frontend" / "src" / "styles" / "base.css").read_text()
TOKEN = re.compile(r"--([\w-]+): (?:light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)|(#[0-9a-f]{6}));")
TOKENS = {name: (light or one, dark or one) for name, light, dark, one in TOKEN.findall(STYLES)}
AA = 4.5
PAIRS = [
    *(
        (text, ground)
        for text in ("text", "muted")
        for ground in ("bg", "panel", "raised", "hover")
    ),
    *((text, ground) for text in ("red", "green", "blue") for ground in ("bg", "panel", "hover")),
    ("accent", "panel"),
    ("accent", "accent-soft"),
    ("text", "accent-soft"),
    ("warn", "warn-soft"),
    ("warn", "panel"),
    ("bad", "bad-soft"),
    ("bad", "panel"),
    ("good", "good-soft"),
    *(("on-fill", fill) for fill in ("accent-fill", "red-fill", "green-fill", "blue-fill")),
]


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_itself() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_stands_out(theme: str) -> None:
    index = ("light", "dark").index(theme)
    weak = {
        f"{text} on {ground}": round(contrast, 2)
        for text, ground in PAIRS
        if (contrast := _contrast(TOKENS[text][index], TOKENS[ground][index])) < AA
    }

    assert weak == {}
