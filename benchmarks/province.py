"""A province of 35 regencies with 3,500 accounts each: requests, money, credentials, CPU, database and wall time of a night.

The real collectors plan and ask; generated histories answer inside this process with the published limits, and waits pass at once.
What is measured on one office is multiplied; X, whose searches pack accounts of all offices together, is read whole. Each row says
``measured`` or ``computed``. With ``PANTAU_TEST_POSTGRES`` the office is also measured on PostgreSQL.

    python -m benchmarks.province [--seed 1] [--offices 35] [--sample 1] [--usd-per-eur RATE]
"""

import sys

from benchmarks.province_run import main

OFFICES, ACCOUNTS, POSTS = 35, 3_500, 2.0

if __name__ == "__main__":
    sys.exit(main("province", OFFICES, ACCOUNTS, POSTS))
