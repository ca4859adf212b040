// Entries of the audit log in words.
import { gettext as _ } from './i18n.ts';

export interface Activity {
  id: string;
  occurred_at: string;
  action: string;
  is_own: boolean;
  session_id: string | null;
  ip: string;
  device: string;
  user_agent: string;
  details: Record<string, unknown>;
}

function words(): Record<string, string> {
  return {
    ACCESS_REFUSED: _('A call was refused'),
    ACCOUNT_CLOSED: _('The account was closed'),
    ACCOUNT_LOCKED: _('The account was locked'),
    ACCOUNT_UNLOCKED: _('The account was unlocked'),
    API_KEY_MADE: _('An API key was made'),
    API_KEY_REFUSED: _('An API key was refused'),
    API_KEY_REVOKED: _('An API key was revoked'),
    API_KEY_USED: _('An API key was used from a new address'),
    BACKUP_CODES_MADE: _('New backup codes were made'),
    BACKUP_CODE_USED: _('A backup code was used'),
    BROKER_KEY_DELETED: _('A broker key was deleted'),
    BROKER_KEY_STORED: _('A broker key was stored'),
    EMAIL_VERIFIED: _('The e-mail address was confirmed'),
    EXPORT_ASKED: _('A copy of the data was asked for'),
    EXPORT_FETCHED: _('A copy of the data was downloaded'),
    FACTOR_RESET_ASKED: _('Removing the second factor was asked for'),
    FACTOR_RESET_CANCELED: _('Removing the second factor was called off'),
    FACTOR_RESET_DONE: _('An operator removed the second factor'),
    LOGGED_IN: _('Logged in'),
    LOGGED_OUT: _('Logged out'),
    LOG_IN_REFUSED: _('A log-in was refused'),
    OTP_OFF: _('The authenticator app was turned off'),
    OTP_ON: _('The authenticator app was turned on'),
    OTP_REFUSED: _('A wrong code was entered'),
    OTP_SHOWN: _('The second factor was shown'),
    PASSKEY_ADDED: _('A passkey was added'),
    PASSKEY_CLONED: _('A copied passkey was refused'),
    PASSKEY_REFUSED: _('A passkey was refused'),
    PASSKEY_REMOVED: _('A passkey was removed'),
    PASSKEY_SHOWN: _('A passkey was shown'),
    PASSWORD_CHANGED: _('The password was changed'),
    PASSWORD_REFUSED: _('A wrong password was entered'),
    PASSWORD_RESET: _('The password was reset by a mailed link'),
    PASSWORD_RESET_ASKED: _('A link for a new password was asked for'),
    REFRESH_TOKEN_REUSED: _('A used log-in token came back; its session was ended'),
    SESSION_ENDED: _('A session was ended'),
    SESSIONS_ENDED: _('All other sessions were ended'),
    SIGNED_UP: _('The account was opened'),
    STAFF_VIEWED: _('An operator looked at the account'),
    TRADING_STATE_SET: _('An operator changed whether trading is allowed'),
  };
}

const ALARMING = new Set([
  'ACCESS_REFUSED',
  'API_KEY_REFUSED',
  'LOG_IN_REFUSED',
  'OTP_REFUSED',
  'PASSKEY_CLONED',
  'PASSKEY_REFUSED',
  'PASSWORD_REFUSED',
  'REFRESH_TOKEN_REUSED',
]);

export function activityText(action: string): string {
  const plain = action.replaceAll('_', ' ').toLowerCase();
  return words()[action] ?? plain.charAt(0).toUpperCase() + plain.slice(1);
}

export const isAlarming = (action: string): boolean => ALARMING.has(action);
