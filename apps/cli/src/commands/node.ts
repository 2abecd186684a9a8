import type { Command } from 'commander';
import { ExitError } from '@dossier/runtime/errors.ts';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
import { hostActor } from '../host-actor.ts';
import { print, printJson } from '../output.ts';
import { withDatabase } from '../with-database.ts';

/** `dossier node rekey` */
export function addNode(program: Command, context: Context): void {
  const group = program.command('node').description("this host's node and its key");
  const rekey = group
    .command('rekey')
    .description(
      'makes a new key for this node, signed by the one that it has; both are taken for a week, within which the node must be restarted and meet its masters and slaves',
    )
    .option('--new', 'the key is lost or stolen: the new one is signed by nobody, and has to be accepted by masters and slaves')
    .option('--json', 'print JSON for programs')
    .action(async (options: { new?: boolean; json?: boolean }) => {
      const { nodeKeyFile: file } = configurationOf(rekey, context).configuration;
      const { generateNodeKey, wordsOf } = await import('@dossier/protocol/node-key.ts');
      const { succeed } = await import('@dossier/protocol/voucher.ts');
      const { readKeyFile, writeKeyFile } = await import('../node-key.ts');
      const { readNodeKey, replaceNodeKey } = await import('@dossier/registry/node-keys.ts');
      const { recordAudit } = await import('@dossier/accounts/audit.ts');
      const { transaction } = await import('@dossier/postgres/database.ts');
      const next = generateNodeKey();
      await withDatabase(rekey, context, async (database) => {
        const old = options.new === true ? null : await readKeyFile(file);
        const known = await readNodeKey(database);
        if (options.new !== true && (old === null || known?.key !== old.id)) {
          throw new ExitError(1, `${file} (NODE_KEY_FILE) doesn't hold the key by which this node is known, so it can't sign a new one.`, {
            remedy: 'Put the file back, or say --new: then masters and slaves have to accept the new key.',
          });
        }
        await transaction(database, async (tx) => {
          await replaceNodeKey(tx, { key: next.id, succession: old && succeed(old, next.id, new Date()) });
          await recordAudit(tx, hostActor(), {
            action: 'node-rekeyed',
            object: { kind: 'node', name: next.id },
            details: { before: known?.key ?? null, signed: old !== null },
          });
          // The last thing that can fail: without the file the database forgets the key, too.
          await writeKeyFile(file, next, 'replace');
        });
      });
      const words = await wordsOf(next.id);
      if (options.json) return printJson({ key: next.id, words, signed: options.new !== true });
      print(`The new key of this node: ${next.id}\nIts words: ${words}`);
      print(
        options.new === true
          ? 'Restart the node. Masters and slaves have to accept this key: "dossier site accept" on a master, "dossier masters accept" on a slave.'
          : 'Restart the node now. The key before is taken for a week; masters and slaves that meet this node meanwhile follow by themselves.',
      );
    });
}
