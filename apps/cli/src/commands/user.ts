import { text } from 'node:stream/consumers';
import { Option } from 'commander';
import type { Command } from 'commander';
import { roles } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';
import { userNameFault } from '@dossier/domain/user-name.ts';
import { ExitError, notFound } from '@dossier/runtime/errors.ts';
import { parseLists } from '../lists.ts';
import type { Context } from '../context.ts';
import { hostActor } from '../host-actor.ts';
import { counted } from '../counted.ts';
import { note, print, printJson } from '../output.ts';
import { withTransaction } from '../with-database.ts';

interface PasswordOptions {
  passwordStdin?: boolean;
  json?: boolean;
}

/** `dossier user create NAME --role ROLE`, `dossier user password NAME`, `dossier user reset-second-factor NAME` */
export function addUser(program: Command, context: Context): void {
  const group = program.command('user').description("users of this host's node");
  const create = group
    .command('create')
    .description('makes a user; a password that is not given is generated and printed')
    .argument('<name>', 'name to sign in with')
    .addOption(new Option('--role <role>', 'what the user may do').choices([...roles]).makeOptionMandatory())
    .option('--lists <ids>', 'only these watch lists are there for the user', parseLists)
    .option('--password-stdin', 'read the password from standard input')
    .option('--json', 'print JSON for programs')
    .action(async (name: string, options: PasswordOptions & { role: Role; lists?: number[] | null }) => {
      const fault = userNameFault(name);
      if (fault !== null) throw new ExitError(2, `NAME ${JSON.stringify(name)} ${fault}.`);
      const { password, generated } = await choosePassword(options, name);
      const { createUser } = await import('@dossier/accounts/users.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      const user = await withTransaction(create, context, async (tx) => {
        const { lists = null } = options;
        const made = await createUser(tx, { name, role: options.role, password, lists });
        const object = { kind: 'user', id: made.id, name } as const;
        await recordAudit(tx, hostActor(), {
          action: 'user-made',
          object,
          details: { role: made.role, ...(lists && { dossier_lists: lists }) },
        });
        return made;
      });
      if (options.json) return printJson({ user: user.name, role: user.role, ...(generated ? { password } : {}) });
      print(`User ${user.name} made, role ${user.role}.`);
      if (generated) printPassword(password);
    });

  const change = group
    .command('password')
    .description(
      "sets a user's password anew, also a lost one, and ends the user's sessions and API tokens; generated and printed if not given",
    )
    .argument('<name>', 'name of the user')
    .option('--keep-tokens', 'let the API tokens live')
    .option('--password-stdin', 'read the password from standard input')
    .option('--json', 'print JSON for programs')
    .action(async (name: string, options: PasswordOptions & { keepTokens?: boolean }) => {
      const { password, generated } = await choosePassword(options, name);
      const { findUser, setPassword } = await import('@dossier/accounts/users.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      const ended = await withTransaction(change, context, async (tx) => {
        const access = await setPassword(tx, name, password, options);
        const user = await findUser(tx, name);
        const object = { kind: 'user', id: user?.id ?? null, name } as const;
        await recordAudit(tx, hostActor(), { action: 'password-set', object, details: { ended: access } });
        return access;
      });
      if (options.json) return printJson({ user: name, ended, ...(generated ? { password } : {}) });
      print(`The password of ${name} is set. Ended: ${counted(ended.sessions, 'session')}, ${counted(ended.tokens, 'API token')}.`);
      if (generated) printPassword(password);
    });

  addLimit(group, context);
  addReset(group, context);
}

function addLimit(group: Command, context: Context): void {
  const limit = group
    .command('limit')
    .description('says which watch lists there are for a user')
    .argument('<name>', 'name of the user')
    .argument('<lists>', 'ids with commas between them, or "all"')
    .action(async (name: string, given: string) => {
      const lists = parseLists(given);
      const { findUser } = await import('@dossier/accounts/users.ts');
      const { changeUser } = await import('@dossier/accounts/user-administration.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      await withTransaction(limit, context, async (tx) => {
        const user = await findUser(tx, name);
        if (user === null) throw notFound(`user ${name}`);
        await changeUser(tx, user.id, { lists });
        await recordAudit(tx, hostActor(), {
          action: 'user-changed',
          object: { kind: 'user', id: user.id, name },
          details: { dossier_lists: lists },
        });
      });
      print(lists === null ? `${name} sees all watch lists.` : `${name} sees the watch lists ${lists.join(', ')} and no others.`);
    });
}

function addReset(group: Command, context: Context): void {
  const reset = group
    .command('reset-second-factor')
    .description(
      "takes a user's app, passkeys and recovery codes away, for one who lost them, and ends the user's sessions; the password stays",
    )
    .argument('<name>', 'name of the user')
    .option('--json', 'print JSON for programs')
    .action(async (name: string, options: { json?: boolean }) => {
      const { findUser } = await import('@dossier/accounts/users.ts');
      const { resetSecondFactor } = await import('@dossier/accounts/second-factor.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      const ended = await withTransaction(reset, context, async (tx) => {
        const user = await findUser(tx, name);
        if (!user) throw notFound(`user ${name}`);
        const details = await resetSecondFactor(tx, user.id);
        await recordAudit(tx, hostActor(), { action: 'second-factor-reset', object: { kind: 'user', id: user.id, name }, details });
        return details;
      });
      if (options.json) return printJson({ user: name, ...ended });
      const had = ended.totp || ended.passkeys > 0;
      print(had ? `The second factor of ${name} is taken away.` : `${name} had no second factor.`);
      print(`Ended: ${counted(ended.sessions, 'session')}. The password signs in alone now${had ? ', until another one is set up' : ''}.`);
    });
}

async function choosePassword({ passwordStdin }: PasswordOptions, name: string): Promise<{ password: string; generated: boolean }> {
  if (passwordStdin !== true) {
    const { generatePassword } = await import('@dossier/accounts/users.ts');
    return { password: generatePassword(), generated: true };
  }
  const password = (await text(process.stdin)).replace(/\r?\n$/, '');
  if (password === '') throw new ExitError(2, 'Standard input holds no password.');
  const { passwordFault } = await import('@dossier/accounts/password-rules.ts');
  const fault = await passwordFault(password, name);
  if (fault !== null) throw new ExitError(2, `The password ${fault}. Nothing was changed.`);
  return { password, generated: false };
}

function printPassword(password: string): void {
  print(`Password: ${password}`);
  note('It is shown this once; "dossier user password" sets another one.');
}
