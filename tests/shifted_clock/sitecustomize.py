"""Python that lives at another time: CLOCK_SHIFT_S ahead of the machine, or behind it.

On the PYTHONPATH of a process under test it stands in for waiting until markets are open; the
process itself knows nothing of it.
"""

import os
from datetime import UTC, datetime, timedelta

import time_machine

shift = timedelta(seconds=float(os.environ["CLOCK_SHIFT_S"]))
time_machine.travel(datetime.now(UTC) + shift, tick=True).start()
