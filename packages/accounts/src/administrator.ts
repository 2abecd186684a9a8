import type { Configuration } from '@dossier/runtime/configuration.ts';
import { recordAudit } from './audit.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Database } from '@dossier/postgres/database.ts';
import { configureToken } from './tokens.ts';
import { createUser, findUser, generatePassword } from './users.ts';

/**
 * Sees to it that the configured administrator is there and that ADMIN_TOKEN, if set, is an API token of that user. Says whether the user was made, and returns the
 * password if one was generated: it is kept nowhere else, so it must be shown now. The password of a user who is there is left alone.
 */
export async function ensureAdministrator(
  database: Database,
  configuration: Pick<Configuration, 'adminUsername' | 'adminPassword' | 'adminToken'>,
): Promise<{ made: boolean; generatedPassword: string | null }> {
  const { adminUsername: name, adminPassword, adminToken } = configuration;
  return transaction(database, async (tx) => {
    // Several processes of one node may start at once; the second finds the user.
    await tx.raw(`lock table users in share row exclusive mode`);
    const existing = await findUser(tx, name);
    const generatedPassword = existing || adminPassword !== null ? null : generatePassword();
    const user = existing ?? (await createUser(tx, { name, role: 'admin', password: adminPassword ?? generatedPassword ?? '' }));
    if (existing === null) {
      const actor = { actor: 'the node', via: 'node', address: null } as const;
      await recordAudit(tx, actor, { action: 'user-made', object: { kind: 'user', id: user.id, name }, details: { role: 'admin' } });
    }
    await configureToken(tx, user.id, adminToken);
    return { made: existing === null, generatedPassword };
  });
}
