import { randomBytes } from 'node:crypto';
import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import { parseId } from '../arguments.ts';
import { parseLists } from '../lists.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import { hostActor } from '../host-actor.ts';
import { note, print, printJson } from '../output.ts';
import { withTransaction } from '../with-database.ts';

const syncTokenBytes = 32;
const dayMs = 24 * 3_600_000;

/** `dossier token create USER`, `dossier token new` */
export function addToken(program: Command, context: Context): void {
  const group = program.command('token').description('API tokens of users, and new synchronization tokens');
  group
    .command('new')
    .description('prints a new token that nobody can guess, for SYNC_TOKEN of a master and its slaves; nothing is stored')
    .action(() => print(randomBytes(syncTokenBytes).toString('hex')));
  const create = group
    .command('create')
    .description("makes an API token of a user, on this host's database, and prints it once")
    .argument('<user>', 'name of the user')
    .option('--label <text>', 'what it is for', '')
    .option('--days <number>', 'how long it lives (default: TOKEN_MAXIMUM_DAYS, else for ever)', parseId)
    .option('--lists <ids>', 'only these watch lists are there for whoever sends it', parseLists)
    .option('--json', 'print JSON for programs')
    .action(async (name: string, options: { label: string; days?: number; lists?: number[] | null; json?: boolean }) => {
      const { tokenMaximumDays: most } = configurationOf(create, context).configuration;
      const days = options.days ?? most;
      if (most !== null && days !== null && days > most) throw new ExitError(2, `--days may be ${most} at most (TOKEN_MAXIMUM_DAYS).`);
      const { issueToken } = await import('@dossier/accounts/tokens.ts');
      const { findUser } = await import('@dossier/accounts/users.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      const token = await withTransaction(create, context, async (tx) => {
        const user = await findUser(tx, name);
        if (user === null)
          throw new ExitError(1, `There is no user ${name}.`, { remedy: `"dossier user create ${name} --role ROLE" makes one.` });
        const issued = await issueToken(tx, {
          userId: user.id,
          kind: 'api',
          label: options.label,
          lifetimeMs: days === null ? null : days * dayMs,
          lists: options.lists ?? null,
        });
        const object = { kind: 'token', id: issued.id, name: options.label } as const;
        await recordAudit(tx, hostActor(), {
          action: 'token-made',
          object,
          details: {
            user: name,
            expires_date: issued.expiresDate?.toISOString() ?? null,
            ...(options.lists && { dossier_lists: options.lists }),
          },
        });
        return issued.token;
      });
      if (options.json) return printJson({ user: name, token });
      print(token);
      note('Keep it: it is shown this once, only its hash is stored.');
    });
}
