"""Quotes at a fixed rate with py-near's own solver. Run by a Python that has py-near, and little else.

``py_near_quoter.py BASE DECIMALS QUOTE DECIMALS RATE``; account, key, addresses and lifetime are in the environment.
"""

import asyncio
import os
import sys
from decimal import Decimal

from py_near.omni_balance import OmniBalance
from py_near.omni_balance.solver import solver
from py_near.omni_balance.solver.solver_fix_rate import SolverFixedRate, SolverRateTokenConfig


async def main() -> None:
    base, base_decimals, quote, quote_decimals, rate = sys.argv[1:]
    # It is not to be slower because it talks.
    solver.logger.remove()
    solver.logger.add(sys.stderr, level="ERROR")
    solver.SOLVER_BUS_WSS = os.environ["MAKER_RELAY_URL"]
    rates = SolverFixedRate(
        [
            SolverRateTokenConfig(base, int(base_decimals), Decimal(rate), Decimal(rate)),
            SolverRateTokenConfig(quote, int(quote_decimals), Decimal(1), Decimal(1)),
        ]
    )
    account, key = os.environ["MAKER_ACCOUNT"], os.environ["MAKER_KEY"]
    async with OmniBalance(account, key, [os.environ["MAKER_NODE_URL"]]) as manager:
        await solver.run_solver([rates], manager, extra_headers={}, deadline=int(os.environ["MAKER_LIFE_S"]))


asyncio.run(main())
