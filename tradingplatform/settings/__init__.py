"""Django settings; one module per concern, all values from the environment."""

from tradingplatform.settings.base import *
from tradingplatform.settings.api import *
from tradingplatform.settings.jobs import *
from tradingplatform.settings.logs import *
from tradingplatform.settings.market import *
from tradingplatform.settings.pages import *
from tradingplatform.settings.portfolio import *
from tradingplatform.settings.realtime import *
from tradingplatform.settings.security import *
from tradingplatform.settings.services import *
