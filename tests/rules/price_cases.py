"""Every worked case of the rule book that contains a document, one row each; see `tests/rules/price_case.py`."""

from tests.rules.price_cases_agreements import FREE_GOODS, GOLDEN_CHAIN, SALES_AGREEMENTS
from tests.rules.price_cases_stacking import FOUND, PRICE_STACKING
from tests.rules.price_cases_trade import TRADE_AGREEMENTS

CASES = [*TRADE_AGREEMENTS, *SALES_AGREEMENTS, *PRICE_STACKING, *FREE_GOODS, *GOLDEN_CHAIN, *FOUND]
