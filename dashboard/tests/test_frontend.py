"""The components: texts never become markup. Types and units: `bin/frontend check` and `test`."""

import re

from django.conf import settings

FRONTEND = settings.BASE_DIR / "frontend"
MARKUP = re.compile(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function")


def test_components_never_make_markup_of_text() -> None:
    sources = list((FRONTEND / "src").rglob("*.ts"))
    offenders = [path.name for path in sources if MARKUP.search(path.read_text())]

    assert len(sources) > 20
    assert offenders == []


def test_the_lock_names_no_registry() -> None:
    lock = (FRONTEND / "package-lock.json").read_text()

    assert '"resolved"' not in lock
    assert '"integrity"' in lock
