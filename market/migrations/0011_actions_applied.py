from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0010_name_keys")]

    operations = [
        migrations.AddField(
            model_name="corporateaction",
            name="applied_at",
            field=models.DateTimeField(null=True),
        ),
    ]
