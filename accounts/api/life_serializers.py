"""Shapes of the copy of one's data and of closing an account."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework import serializers

from accounts.enums import ExportStatus
from accounts.models import AccountExport
from accounts.services.exports import export_token


class AccountCloseInput(serializers.Serializer[Any]):
    password = serializers.CharField(max_length=1024, trim_whitespace=False)


class ExportOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=ExportStatus.choices)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(help_text="When the copy is deleted.")
    size_bytes = serializers.IntegerField()
    url = serializers.SerializerMethodField(help_text="Good for 15 minutes; null until READY.")

    def get_url(self, export: AccountExport) -> str | None:
        if export.status != ExportStatus.READY:
            return None
        address = reverse("accounts:export-download")
        return f"{address}?{urlencode({'token': export_token(export)})}"


class ExportsPage(serializers.Serializer[Any]):
    results = ExportOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ExportQuery(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=1024)
