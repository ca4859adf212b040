"""Django settings; one module per concern, all values from the environment."""

import os

if os.environ.get("DJANGO_SETTINGS_MODULE") == "tradingplatform.settings.test":
    # Python runs this file before the module "test", whose variables would come too late.
    import tradingplatform.settings.test_variables  # noqa: F401 - for what it sets

from tradingplatform.settings.api import *
from tradingplatform.settings.base import *
from tradingplatform.settings.jobs import *
from tradingplatform.settings.logs import *
from tradingplatform.settings.market import *
from tradingplatform.settings.pages import *
from tradingplatform.settings.portfolio import *
from tradingplatform.settings.providers import *
from tradingplatform.settings.realtime import *
from tradingplatform.settings.security import *
from tradingplatform.settings.services import *
