from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0013_company_fundamentals")]

    operations = [
        migrations.AddField(
            model_name="corporateaction",
            name="old_symbol",
            field=models.CharField(blank=True, default="", max_length=16),
        ),
        migrations.AddField(
            model_name="corporateaction",
            name="followed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="corporateaction",
            index=models.Index(fields=["old_symbol"], name="corporate_action_old_symbol"),
        ),
    ]
