"""Choices that a user has."""

from django.db.models import TextChoices


class Language(TextChoices):
    KO = "ko"
    EN = "en"


class Theme(TextChoices):
    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"
