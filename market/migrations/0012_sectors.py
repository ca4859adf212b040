from django.db import migrations, models


def nxt_forget(apps, schema_editor):
    """No list of NXT was ever read, so "no" meant "not known" for every listing of KRX."""
    rows = apps.get_model("market", "Instrument").objects.using(schema_editor.connection.alias)
    untold = rows.filter(exchange="KRX", is_nxt_tradable=False).exclude(asset_type="INDEX")
    untold.update(is_nxt_tradable=None)


def sectors_name(apps, schema_editor):
    rows = apps.get_model("market", "Instrument").objects.using(schema_editor.connection.alias)
    rows.filter(reference_source="SAMPLE").exclude(sector="").update(sector_source="SAMPLE")


class Migration(migrations.Migration):
    dependencies = [("market", "0011_actions_applied")]

    operations = [
        migrations.AlterField(
            model_name="instrument",
            name="is_nxt_tradable",
            field=models.BooleanField(null=True),
        ),
        migrations.RunPython(
            nxt_forget, migrations.RunPython.noop, hints={"model_name": "instrument"}
        ),
        migrations.AddField(
            model_name="instrument",
            name="sector_source",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="instrument",
            name="profiled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.RunPython(
            sectors_name, migrations.RunPython.noop, hints={"model_name": "instrument"}
        ),
    ]
