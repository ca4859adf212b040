// The settings pages.
import './styles/settings.css';
import './settings/activity-list.ts';
import './settings/api-keys.ts';
import './settings/backup-codes.ts';
import './settings/broker-keys.ts';
import './settings/close-account.ts';
import './settings/data-export.ts';
import './settings/display-settings.ts';
import './settings/email-notice.ts';
import './settings/investor-profile.ts';
import './settings/notification-settings.ts';
import './settings/passkey-list.ts';
import './settings/password-form.ts';
import './settings/second-factor.ts';
import './settings/session-list.ts';
import { pageConfig } from './lib/config.ts';
import { useLocale } from './lib/format.ts';
import { logInAtSessionEnd } from './lib/session-end.ts';

useLocale(pageConfig().language);
logInAtSessionEnd();
// On a phone the sections are one line that scrolls; the chosen one is brought into it.
document.querySelector('.settings-nav [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' });
