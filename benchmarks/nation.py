"""All 514 regencies and cities of Indonesia on paper: about 500,000 accounts, 1,000,000 posts a night. See ``benchmarks.province``.

python -m benchmarks.nation [--seed 1] [--offices 514] [--sample 1] [--usd-per-eur RATE]
"""

import sys

from benchmarks.province_run import main

OFFICES, ACCOUNTS, POSTS = 514, 973, 2.0

if __name__ == "__main__":
    sys.exit(main("nation", OFFICES, ACCOUNTS, POSTS))
