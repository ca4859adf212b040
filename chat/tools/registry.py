"""Every tool the analyst may call; a tool that is not here does not exist for it."""

from typing import Any

from chat.tools.base import Tool
from chat.tools.market_data import market_data
from chat.tools.portfolio_summary import portfolio_summary
from chat.tools.technical_analysis import technical_analysis
from chat.tools.value_at_risk import value_at_risk

_ALL: tuple[Tool[Any], ...] = (market_data, technical_analysis, value_at_risk, portfolio_summary)

TOOLS: dict[str, Tool[Any]] = {tool.name: tool for tool in _ALL}
