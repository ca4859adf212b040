"""Is every number at /metrics explained to the people who read it?"""

import re
from importlib import import_module
from pathlib import Path

from prometheus_client import REGISTRY

ROOT = Path(__file__).resolve().parents[1]
OPERATIONS = ROOT / "docs" / "operations.md"
SKIPPED = {".venv", "var", "node_modules", "frontend"}
OURS = re.compile(r"^(platform|http|market|portfolio|chat|accounts|realtime)_")


def _modules_with_metrics() -> list[str]:
    files = [
        path.relative_to(ROOT)
        for path in ROOT.glob("*/**/*.py")
        if path.relative_to(ROOT).parts[0] not in SKIPPED and "tests" not in path.parts
    ]
    return [
        ".".join(path.with_suffix("").parts)
        for path in files
        if "from prometheus_client import" in (ROOT / path).read_text(encoding="utf-8")
    ]


def test_every_metric_is_documented_and_every_documented_one_exists() -> None:
    for module in _modules_with_metrics():
        import_module(module)

    text = OPERATIONS.read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `([a-z_]+)` \| [^|]* \| [^|]* \|$", text, re.MULTILINE))
    names = {metric.name for metric in REGISTRY.collect() if OURS.match(metric.name)}
    assert names == described & {name for name in described if OURS.match(name)}
