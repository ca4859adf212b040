"""What happens to accounts: sign-up, log-in, sessions, tokens."""

from accounts.services.pages import page_log_in, page_log_out, page_session_open
from accounts.services.refresh import TokenPair, token_refresh
from accounts.services.sessions import (
    session_end,
    session_is_live,
    session_open,
    session_principal,
    session_revoke,
    sessions_end,
)
from accounts.services.tickets import ws_ticket_issue, ws_ticket_redeem
from accounts.services.users import (
    LoggedIn,
    credentials_check,
    otp_log_in,
    passkey_log_in,
    user_log_in,
    user_log_out,
    user_sign_up,
)
from accounts.types import Device

__all__ = [
    "Device",
    "LoggedIn",
    "TokenPair",
    "credentials_check",
    "otp_log_in",
    "page_log_in",
    "page_log_out",
    "page_session_open",
    "passkey_log_in",
    "session_end",
    "session_is_live",
    "session_open",
    "session_principal",
    "session_revoke",
    "sessions_end",
    "token_refresh",
    "user_log_in",
    "user_log_out",
    "user_sign_up",
    "ws_ticket_issue",
    "ws_ticket_redeem",
]
