# SPDX-License-Identifier: GPL-2.0
"""steady.py: how often this host can run a loop in a twentieth of a second, again and again for two seconds, as a line that
report.py reads. How much these differ is what neither server has to do with."""

import json
import time

counts = []
for _ in range(40):
    end, count = time.monotonic() + 0.05, 0
    while time.monotonic() < end:
        count += 1
    counts.append(count)
print("host", "loop", json.dumps({"counts": counts}))
