import { recordAudit } from '@dossier/accounts/audit.ts';
import { addDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import { listConcerned, takeUntold } from '@dossier/feed/concerned-sites.ts';
import type { ConcernedSite } from '@dossier/feed/concerned-sites.ts';
import { raiseAlert } from '@dossier/feed/sites.ts';
import { jobs } from '@dossier/jobs/declarations.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { WorkerDependencies } from './dependencies.ts';

/** What a branch's operator should look at since a master takes a key or a token no more, by the alert's code. */
const told = {
  SITE_DISTRUSTED: {
    desc: (name: string) =>
      `The master has revoked a key of the site ${JSON.stringify(name)}: it reads nothing here that comes from there.`,
    remedy: 'Ask there why. If its box was stolen, revoke the site here as well: this node’s other lists are still open to it.',
  },
  TOKEN_DISTRUSTED: {
    desc: (name: string) =>
      `The master lets nobody in by SYNC_TOKEN alone any more, as a site that holds it was revoked or may read some lists only; and that token alone, no person, has let in the site ${JSON.stringify(name)}.`,
    remedy: 'If it is yours, accept it: from then on it is here by your word. Otherwise revoke it.',
  },
} as const;

/** Raises alerts about the sites which what masters said lately concerns, keeps that in the audit, and tells the webhooks. */
export async function tellOfDistrust(deps: WorkerDependencies): Promise<void> {
  const deliveries = await transaction(deps.database, async (tx) => {
    const made: number[] = [];
    for (const site of await listConcerned(tx, await takeUntold(tx))) {
      const alert = alertOf(site);
      if (!(await raiseAlert(tx, site.id, alert))) continue;
      const { id, name } = site;
      await recordAudit(
        tx,
        { actor: 'node', via: 'node', address: null },
        { action: 'site-alert', object: { kind: 'site', id, name }, details: { code: alert.code } },
      );
      const message = {
        event: 'site',
        date: deps.now().toISOString(),
        node: deps.own.node,
        node_name: deps.configuration.nodeName,
        link: null,
        site: { id, name, code: alert.code },
        sentence: `${alert.desc} ${alert.remedy}`,
      } as const;
      made.push(...(await addDeliveries(tx, message)));
    }
    return made;
  });
  for (const deliveryId of deliveries) await deps.queues.enqueue(jobs.notify, { deliveryId });
}

function alertOf({ name, code }: ConcernedSite): { code: ConcernedSite['code']; desc: string; remedy: string } {
  return { code, desc: told[code].desc(name), remedy: told[code].remedy };
}
