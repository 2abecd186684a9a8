import type { Command } from 'commander';
import { nodeSchema } from '@dossier/protocol/node.ts';
import { deadLetterSchema } from '@dossier/protocol/sync.ts';
import type { DeadLetter, Link, Run } from '@dossier/protocol/sync.ts';
import { addClientOptions, clientOf } from '../client.ts';
import type { Context } from '../context.ts';
import { counted } from '../counted.ts';
import { allLinks, allOf, newestRuns } from '../links.ts';
import { print, printJson } from '../output.ts';
import { printable } from '../printable.ts';
import { describeSetAside } from '../follow-run.ts';
import { ago, localTime } from '../moments.ts';
import { table } from '../table.ts';

interface LinkStatus {
  link: Link;
  lastRun: Run | null;
}

/** `dossier status` */
export function addStatus(program: Command, context: Context): void {
  const command = program.command('status').description('links, their states, last and next runs, lag, dead letters');
  addClientOptions(command).action(async () => {
    const client = clientOf(command, context);
    const [node, links, deadLetters] = await Promise.all([
      client.get('node/', nodeSchema),
      allLinks(client),
      allOf(client, 'sync/dead-letters/', deadLetterSchema),
    ]);
    const statuses: LinkStatus[] = [];
    for (const link of links) {
      const [lastRun = null] = await newestRuns(client, link.slave_dossier_list, 1);
      statuses.push({ link, lastRun });
    }
    if (command.opts<{ json?: boolean }>().json) {
      return printJson({
        node: { name: node.name, uuid: node.uuid, key: node.key, words: node.words },
        links: statuses.map(({ link, lastRun }) => ({ ...link, last_run: lastRun, lag: lagOf(link) })),
        dead_letters: deadLetters,
      });
    }
    const key =
      node.key === null ? 'whose key this host has not got: "dossier doctor" says more' : `whose key is ${node.key} (${node.words})`;
    print(`${printable(node.name)}, ${key}\n`);
    report(client.url, statuses, deadLetters);
  });
}

/** Revisions by which the replica is known to be behind, or null before the first contact. */
function lagOf({ revision, head_revision: head }: Link): number | null {
  return head === null ? null : Math.max(0, head - (revision ?? 0));
}

function report(url: string, statuses: readonly LinkStatus[], deadLetters: readonly DeadLetter[]): void {
  if (statuses.length === 0) return print(`The node at ${url} replicates no watch list.`);
  print(
    table<LinkStatus>(
      [
        { heading: 'LIST', value: ({ link }) => link.slave_dossier_list, right: true },
        { heading: 'OF', value: ({ link }) => `${link.remote_name ?? 'watch list'} (${link.remote_dossier_list} at ${link.remote_url})` },
        { heading: 'STATE', value: ({ link }) => (link.state === 'synced' && link.doubt !== null ? link.doubt : link.state) },
        { heading: 'HERE', value: ({ link }) => link.local_count, right: true },
        { heading: 'MASTER', value: ({ link }) => link.remote_count, right: true },
        { heading: 'LAG', value: ({ link }) => lagOf(link), right: true },
        { heading: 'VERIFIED', value: ({ link }) => ago(link.verified_at) },
        { heading: 'LAST RUN', value: ({ lastRun }) => (lastRun === null ? null : `${lastRun.state} ${ago(lastRun.finished_date) ?? ''}`) },
        { heading: 'NEXT RUN', value: ({ link }) => localTime(link.next_run) },
      ],
      statuses,
    ),
  );
  for (const { link } of statuses) {
    if (link.set_aside.length > 0) print([`\nlist ${link.slave_dossier_list}:`, ...describeSetAside(link.set_aside)].join('\n'));
    if (link.photos_missing > 0) {
      const lacking = counted(link.photos_missing, 'photo is', 'photos are');
      print(
        `\nlist ${link.slave_dossier_list}: ${lacking} missing here, so it is not verified. Every sync asks the master for what is missing.`,
      );
    }
    if (link.schedule_fault !== null) print(`\nlist ${link.slave_dossier_list}: ${link.schedule_fault}`);
    if (link.error === null) continue;
    print(`\nlist ${link.slave_dossier_list}: ${printable(link.error.desc)}\n  ${printable(link.error.remedy)}`);
  }
  if (deadLetters.length > 0) print(`\n${counted(deadLetters.length, 'dead letter')}: "dossier dead-letters" tells more.`);
}
