import type { Command } from 'commander';
import { configurationOf } from '../context.ts';
import type { Context } from '../context.ts';
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
      const { configuration } = configurationOf(rekey, context);
      const { wordsOf, nodeKeyToPem } = await import('@dossier/protocol/node-key.ts');
      const { renewNodeKey } = await import('../node-rekey.ts');
      const { key: next, isPlaced } = await withDatabase(rekey, context, (database) =>
        renewNodeKey(database, configuration, { signed: options.new !== true }),
      );
      const words = await wordsOf(next.id);
      const secret = configuration.nodeKey === null ? null : nodeKeyToPem(next).trim().replaceAll('\n', '\\n');
      if (options.json)
        return printJson({ key: next.id, words, signed: options.new !== true, ...(secret !== null && { NODE_KEY: secret }) });
      print(`The new key of this node: ${next.id}\nIts words: ${words}`);
      if (secret !== null) print(`NODE_KEY has to be set to this on all hosts of the node, and be kept from others:\n  ${secret}`);
      else if (isPlaced) print(`Copy ${configuration.nodeKeyFile} to all hosts of the node.`);
      print(
        options.new === true
          ? 'Restart all processes of the node. Masters and slaves have to accept this key: "dossier site accept" on a master, "dossier masters accept" on a slave.'
          : 'Restart all processes of the node now. The key before is taken for a week; masters and slaves that meet this node meanwhile follow by themselves.',
      );
    });
}
