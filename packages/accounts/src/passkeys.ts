import { randomBytes } from 'node:crypto';
import type { AuthenticationResponseJSON, AuthenticatorTransport, RegistrationResponseJSON } from '@simplewebauthn/server';
import type { PasskeyCreation, PasskeySignIn } from '@dossier/protocol/second-factor.ts';
import { badParam, conflict, notFound } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection } from '@dossier/postgres/database.ts';
import { translateDatabaseError } from '@dossier/postgres/postgres-errors.ts';
import type { User } from './users.ts';

/** WebAuthn is of use when somebody has a passkey: its library is loaded then. */
const webAuthn = () => import('@simplewebauthn/server');

const challengeMinutes = 5;
const challengeBytes = 32;
const mostPasskeys = 20;

/** Who asks a passkey to sign: the page's origin as the browser shows it, whose host's name a passkey is bound to. */
export interface RelyingParty {
  origin: string;
  /** What the host's name is to WebAuthn. */
  rpId: string;
  nodeUuid: string;
}

/** A passkey as its user sees it. */
export interface PasskeyRow {
  id: number;
  label: string;
  rp_id: string;
  created_date: Date;
  last_used_date: Date | null;
}

const columns = 'id, label, rp_id, created_date, last_used_date';

/** The passkeys of a user, oldest first. */
export async function listPasskeys(connection: Connection, userId: number): Promise<PasskeyRow[]> {
  return query<PasskeyRow>(connection, `select ${columns} from passkeys where user_id = :userId order by id`, { userId });
}

/** What a passkey is asked to sign, for one answer within five minutes; kept until then. */
async function makeChallenge(connection: Connection, userId: number | null): Promise<Uint8Array<ArrayBuffer>> {
  await query(connection, `delete from passkey_challenges where until < age_moment()`);
  const bytes = randomBytes(challengeBytes);
  await query(
    connection,
    `insert into passkey_challenges (challenge, user_id, until) values (:challenge, :userId, now() + make_interval(mins => :minutes))`,
    { challenge: bytes.toString('base64url'), userId, minutes: challengeMinutes },
  );
  return new Uint8Array(bytes);
}

/** Whether this was asked of this user (null: of anybody) and not answered yet. */
async function takeChallenge(connection: Connection, userId: number | null, challenge: string): Promise<boolean> {
  const taken = await queryOne<{ valid: boolean }>(
    connection,
    `delete from passkey_challenges where challenge = :challenge and user_id is not distinct from :userId::bigint returning until > now() as valid`,
    { challenge, userId },
  );
  return taken?.valid === true;
}

/** What the browser needs to make a passkey that knows its user by itself, and asks for a finger, a face or a PIN. */
export async function passkeyCreationOptions(connection: Connection, user: User, { rpId, nodeUuid }: RelyingParty) {
  const { generateRegistrationOptions } = await webAuthn();
  const present = await query<{ credential_id: string }>(connection, `select credential_id from passkeys where user_id = :id`, {
    id: user.id,
  });
  if (present.length >= mostPasskeys) throw conflict(`You have ${mostPasskeys} passkeys. Remove one that you no longer use.`);
  return generateRegistrationOptions({
    rpName: 'Dossiers',
    rpID: rpId,
    userName: user.name,
    // Nodes at several ports of one host share its name, and their users have equal numbers.
    userID: new TextEncoder().encode(`${nodeUuid}:${user.id}`),
    challenge: await makeChallenge(connection, user.id),
    attestationType: 'none',
    excludeCredentials: present.map(({ credential_id: id }) => ({ id })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  });
}

/** Keeps a passkey that the browser made. BAD_PARAM naming `credential` for an answer that doesn't fit what was asked. */
export async function addPasskey(
  connection: Connection,
  user: User,
  { party, label, credential }: { party: RelyingParty; label: string; credential: PasskeyCreation['credential'] },
): Promise<PasskeyRow> {
  const { verifyRegistrationResponse } = await webAuthn();
  const { registrationInfo: made } = await verifyRegistrationResponse({
    response: credential as RegistrationResponseJSON,
    expectedChallenge: (challenge) => takeChallenge(connection, user.id, challenge),
    expectedOrigin: party.origin,
    expectedRPID: party.rpId,
    requireUserVerification: true,
  }).catch((error: unknown) => {
    throw refused(error);
  });
  if (made === undefined) throw refused(null);
  try {
    const row = await queryOne<PasskeyRow>(
      connection,
      `insert into passkeys (user_id, credential_id, public_key, rp_id, counter, transports, label)
       values (:userId, :id, :publicKey, :rpId, :counter, :transports::text[], :label) returning ${columns}`,
      {
        userId: user.id,
        id: made.credential.id,
        publicKey: Buffer.from(made.credential.publicKey),
        rpId: party.rpId,
        counter: made.credential.counter,
        transports: made.credential.transports ?? [],
        label,
      },
    );
    if (!row) throw new Error('insert returned no row');
    return row;
  } catch (error) {
    throw translateDatabaseError(error) ?? error;
  }
}

/** The library's sentences are for engineers: they stay the cause. */
function refused(cause: unknown): Error {
  const fault = badParam('credential', 'credential: is not the answer to what this node has just asked. Press the button again.');
  if (cause !== null) fault.cause = cause;
  return fault;
}

/** What the browser needs to let somebody sign in with a passkey of theirs. */
export async function passkeyRequestOptions(connection: Connection, { rpId }: RelyingParty) {
  const { generateAuthenticationOptions } = await webAuthn();
  return generateAuthenticationOptions({ rpID: rpId, userVerification: 'required', challenge: await makeChallenge(connection, null) });
}

interface KnownPasskey {
  id: number;
  public_key: Buffer;
  rp_id: string;
  counter: number;
  transports: AuthenticatorTransport[];
  user_id: number;
  name: string;
  role: User['role'];
}

/** The active user whose passkey answered what was asked, with the passkey; null for an unknown one, an answer that isn't right, or one that came before. */
export async function findByPasskey(
  connection: Connection,
  party: RelyingParty,
  credential: PasskeySignIn['credential'],
): Promise<{ user: User; passkey: number } | null> {
  const known = await queryOne<KnownPasskey>(
    connection,
    `select p.id, p.public_key, p.rp_id, p.counter, p.transports, u.id as user_id, u.name, u.role
     from passkeys p join users u on u.id = p.user_id where p.credential_id = :id and u.active for update of p`,
    { id: credential.id },
  );
  if (!known) return null;
  const { verifyAuthenticationResponse } = await webAuthn();
  const answer = await verifyAuthenticationResponse({
    response: credential as AuthenticationResponseJSON,
    expectedChallenge: (challenge) => takeChallenge(connection, null, challenge),
    expectedOrigin: party.origin,
    expectedRPID: known.rp_id,
    credential: {
      id: credential.id,
      publicKey: new Uint8Array(known.public_key),
      counter: known.counter,
      transports: known.transports,
    },
    requireUserVerification: true,
  }).catch(() => null);
  if (answer?.verified !== true) return null;
  await query(connection, `update passkeys set counter = :counter, last_used_date = now() where id = :id`, {
    id: known.id,
    counter: answer.authenticationInfo.newCounter,
  });
  return { user: { id: known.user_id, name: known.name, role: known.role }, passkey: known.id };
}

/** Gives a user's passkey another name. NOT_FOUND if the user has no such passkey. */
export async function renamePasskey(
  connection: Connection,
  userId: number,
  { id, label }: { id: number; label: string },
): Promise<PasskeyRow> {
  const row = await queryOne<PasskeyRow>(
    connection,
    `update passkeys set label = :label where id = :id and user_id = :userId returning ${columns}`,
    { id, userId, label },
  );
  if (!row) throw notFound(`passkey ${id}`);
  return row;
}

/** Forgets a user's passkey. NOT_FOUND if the user has no such passkey. */
export async function removePasskey(connection: Connection, userId: number, id: number): Promise<PasskeyRow> {
  const row = await queryOne<PasskeyRow>(connection, `delete from passkeys where id = :id and user_id = :userId returning ${columns}`, {
    id,
    userId,
  });
  if (!row) throw notFound(`passkey ${id}`);
  return row;
}
