"""The fairness monitor over a thousand fair seasons and a thousand bent ones: `python -m tests.bench.fairness`.

Says how many fair runs of 60,000 draws alarm at 10^-4, and after how many draws half of those do in which 1% was made
0.5%.
"""

from __future__ import annotations

import math
import random
import statistics
import sys

from rewards.gacha.rules.monitoring import ALARM
from tests.rules.test_fairness_monitor import looks

RUNS, DRAWS, EVERY = 1_000, 60_000, 500


def main() -> None:
    dice = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
    bound = -math.log(ALARM)
    worst = [max(most for _, most in looks(dice, DRAWS, EVERY)) for _ in range(RUNS)]
    alarms = sum(most >= bound for most in worst)
    most = max(worst) / math.log(10)
    print(f"{RUNS} fair runs of {DRAWS:,} draws, looked at every {EVERY}: {alarms} alarms, highest 10^{most:.2f}")
    seen = sorted(
        next((at for at, most in looks(dice, DRAWS, EVERY, cheat=True) if most >= bound), DRAWS + 1)
        for _ in range(RUNS)
    )
    print(
        f"{RUNS} runs with 1% made 0.5%: median {statistics.median(seen):,.0f} draws to the alarm, "
        f"nine of ten within {seen[RUNS * 9 // 10]:,}, {sum(each > DRAWS for each in seen)} not within {DRAWS:,}"
    )


if __name__ == "__main__":
    main()
