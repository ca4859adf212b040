from django.db import migrations, models

from market.names import name_fields


def keys_fill(apps, schema_editor):
    rows = apps.get_model("market", "Instrument").objects.using(schema_editor.connection.alias)
    found = list(rows.all())
    for row in found:
        fields = name_fields(row.name_en, row.name_ko)
        row.key_en, row.key_ko = fields["key_en"], fields["key_ko"]
    rows.bulk_update(found, ["key_en", "key_ko"], batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("market", "0009_bar_gaps")]

    operations = [
        migrations.AddField(
            model_name="instrument",
            name="key_en",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.AddField(
            model_name="instrument",
            name="key_ko",
            field=models.CharField(blank=True, default="", max_length=20),
        ),
        migrations.RunPython(
            keys_fill, migrations.RunPython.noop, hints={"model_name": "instrument"}
        ),
        migrations.AddIndex(
            model_name="instrument",
            index=models.Index(fields=["key_en"], name="instrument_key_en"),
        ),
        migrations.AddIndex(
            model_name="instrument",
            index=models.Index(fields=["key_ko"], name="instrument_key_ko"),
        ),
    ]
