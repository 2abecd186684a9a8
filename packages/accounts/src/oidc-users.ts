import type { Role } from '@dossier/domain/role.ts';
import { userNameFault } from '@dossier/domain/user-name.ts';
import { ApplicationError } from '@dossier/runtime/errors.ts';
import { query, queryOne } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { OidcFault } from './oidc-fault.ts';
import { changeUser } from './user-administration.ts';
import type { User } from './users.ts';

/** Who somebody is, as the provider says. */
export interface OidcPerson {
  issuer: string;
  /** Names the person at the provider for ever; names change. */
  subject: string;
  name: string;
  role: Role;
}

/** What became of the user at a sign-in. */
export interface OidcEntry {
  user: User;
  /** `role`: the provider gives the user another role than before. */
  change: 'made' | 'role' | null;
}

/**
 * The user that a person of the provider is here: made at the first sign-in, with the provider's name and role; later only the role follows. A user who was there
 * before under that name is never taken over. OidcFault if the person can't be let in.
 */
export async function enterByOidc(database: Database, person: OidcPerson): Promise<OidcEntry> {
  const known = await queryOne<User & { active: boolean }>(
    database,
    `select id, name, role, active from users where oidc_issuer = :issuer and oidc_subject = :subject for update`,
    { ...person },
  );
  if (known === null) return { user: await makeUser(database, person), change: 'made' };
  const { id, name, role, active } = known;
  if (!active) throw new OidcFault('OIDC_LOCKED', `${name} was shut out here.`);
  if (role === person.role) return { user: { id, name, role }, change: null };
  await changeUser(database, id, { role: person.role }).catch((error: unknown) => {
    if (!(error instanceof ApplicationError) || error.code !== 'CONFLICT') throw error;
    throw new OidcFault(
      'OIDC_LAST_ADMINISTRATOR',
      `${name} is the last active administrator, and the provider gives the role ${person.role}.`,
    );
  });
  return { user: { id, name, role: person.role }, change: 'role' };
}

async function makeUser(connection: Connection, person: OidcPerson): Promise<User> {
  const fault = userNameFault(person.name);
  if (fault !== null) throw new OidcFault('OIDC_NAME_UNUSABLE', `The provider's name for the person ${fault}.`);
  const [made] = await query<User>(
    connection,
    `insert into users (name, role, oidc_issuer, oidc_subject) values (:name, :role, :issuer, :subject)
     on conflict do nothing returning id, name, role`,
    { ...person },
  );
  if (!made) throw new OidcFault('OIDC_NAME_TAKEN', `There is another user ${person.name} here already.`);
  return made;
}
