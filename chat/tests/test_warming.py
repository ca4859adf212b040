"""The analyst's worker imports its graph before the first question, and a web process never."""

import subprocess
import sys

PROGRAM = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "tradingplatform.settings.test"
import django
django.setup()
from chat import graph
print("langgraph.graph" in sys.modules)
graph.warm_up()
print("langgraph.graph" in sys.modules, graph._graph.cache_info().currsize)
"""


def test_warming_up_loads_the_graph_and_asks_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout.split() == ["False", "True", "1"], done.stderr
