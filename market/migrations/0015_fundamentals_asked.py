from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("market", "0014_actions_followed")]

    operations = [
        migrations.AddField(
            model_name="companyfundamentals",
            name="asked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="companyfundamentals",
            name="looked_at",
            field=models.DateTimeField(null=True),
        ),
    ]
