// Passkeys: what the server and the browser say to each other, bytes written as base64url.
import { ApiError, call, explained } from './api.ts';
import { gettext as _ } from './i18n.ts';

type Json = Record<string, unknown>;

export interface PasskeyOptions {
  challenge_id: string;
  public_key: Json;
}

export interface ShownPasskey {
  challenge_id: string;
  credential: Json;
}

export interface Passkey {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  transports: string[];
  is_synced: boolean;
  backup_codes?: string[];
}

const ROOT = '/api/account/passkeys';

export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
}

export function textOf(bytes: ArrayBuffer): string {
  const plain = Array.from(new Uint8Array(bytes), (byte) => String.fromCharCode(byte)).join('');
  return btoa(plain).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Whether a page at this host may use passkeys of a domain, or why it may not. */
export function passkeySupport(
  domain: string,
  host: string = location.hostname,
): 'ok' | 'unsupported' | 'address' {
  if (host !== domain && !host.endsWith(`.${domain}`)) return 'address';
  return 'PublicKeyCredential' in globalThis ? 'ok' : 'unsupported';
}

function described(list: unknown): PublicKeyCredentialDescriptor[] {
  const descriptors = (list ?? []) as (Json & { id: string })[];
  return descriptors.map(
    (one) => ({ ...one, id: bytesOf(one.id) }) as unknown as PublicKeyCredentialDescriptor,
  );
}

export function creationOptions(json: Json): PublicKeyCredentialCreationOptions {
  const user = json['user'] as Json & { id: string };
  return {
    ...json,
    challenge: bytesOf(json['challenge'] as string),
    user: { ...user, id: bytesOf(user.id) },
    excludeCredentials: described(json['excludeCredentials']),
  } as unknown as PublicKeyCredentialCreationOptions;
}

export function requestOptions(json: Json): PublicKeyCredentialRequestOptions {
  return {
    ...json,
    challenge: bytesOf(json['challenge'] as string),
    allowCredentials: described(json['allowCredentials']),
  } as unknown as PublicKeyCredentialRequestOptions;
}

function answerOf(credential: PublicKeyCredential, response: Json): Json {
  const id = textOf(credential.rawId);
  return { id, rawId: id, type: credential.type, response };
}

/** Have the device make a passkey. */
export async function passkeyMade(publicKey: Json): Promise<Json> {
  const made = await navigator.credentials.create({ publicKey: creationOptions(publicKey) });
  const credential = made as PublicKeyCredential;
  const response = credential.response as AuthenticatorAttestationResponse;
  return answerOf(credential, {
    clientDataJSON: textOf(response.clientDataJSON),
    attestationObject: textOf(response.attestationObject),
    transports: response.getTransports(),
  });
}

/** Have the device show a passkey. */
export async function passkeyShown(publicKey: Json): Promise<Json> {
  const shown = await navigator.credentials.get({ publicKey: requestOptions(publicKey) });
  const credential = shown as PublicKeyCredential;
  const response = credential.response as AuthenticatorAssertionResponse;
  return answerOf(credential, {
    clientDataJSON: textOf(response.clientDataJSON),
    authenticatorData: textOf(response.authenticatorData),
    signature: textOf(response.signature),
    userHandle: response.userHandle ? textOf(response.userHandle) : null,
  });
}

const options = (path: string, body: Json): Promise<PasskeyOptions> =>
  call<PasskeyOptions>('POST', path, { body });

/** Add a passkey to the account; the password counts where there is no second factor yet. */
export async function passkeyAdd(name: string, password = ''): Promise<Passkey> {
  const asked = await options(`${ROOT}/options`, { password });
  const credential = await passkeyMade(asked.public_key);
  const body = { challenge_id: asked.challenge_id, name, credential };
  return call<Passkey>('POST', ROOT, { body });
}

/** Show a passkey within this session: what asks for a fresh factor is open for ten minutes. */
export async function passkeyVerify(): Promise<void> {
  const asked = await options(`${ROOT}/verify/options`, {});
  const credential = await passkeyShown(asked.public_key);
  await call('POST', `${ROOT}/verify`, { body: { challenge_id: asked.challenge_id, credential } });
}

/** What the log-in form sends; `ticket` if a password was right before. */
export async function passkeyForLogIn(ticket: string): Promise<ShownPasskey> {
  const asked = await options('/api/account/login/passkey/options', { ticket });
  return { challenge_id: asked.challenge_id, credential: await passkeyShown(asked.public_key) };
}

/** A message for the reader: browsers say little about why, on purpose. */
export function passkeyProblem(error: unknown): string {
  if (error instanceof ApiError) {
    const known: Record<string, string> = {
      INVALID_TOKEN: _('That took too long or too many attempts. Please log in again.'),
      PASSKEY_CHALLENGE_INVALID: _('That took too long. Please try again.'),
      PASSKEY_EXISTS: _('This device is registered already.'),
      PASSKEY_INVALID: _('This passkey was not accepted.'),
      PASSKEY_LIMIT_REACHED: _('You have the most passkeys that are allowed.'),
      PASSWORD_WRONG: _('This is not your password.'),
    };
    return known[error.code] ?? explained(error);
  }
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'AbortError') {
    return _('No passkey was chosen, or it took too long.');
  }
  if (name === 'InvalidStateError') return _('This device is registered already.');
  return _('The passkey could not be used. Please try again.');
}
