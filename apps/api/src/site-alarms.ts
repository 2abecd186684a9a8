import type { Request } from 'express';
import { jobs } from '@dossier/jobs/declarations.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { SiteAlert } from '@dossier/protocol/site.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { transaction } from '@dossier/postgres/database.ts';
import type { Connection, Database } from '@dossier/postgres/database.ts';
import { recordAudit } from '@dossier/accounts/audit.ts';
import type { Actor } from '@dossier/accounts/audit.ts';
import { addDeliveries } from '@dossier/accounts/webhook-deliveries.ts';
import { raiseAlert } from '@dossier/feed/sites.ts';
import { addressOf } from './session.ts';

/**
 * What a master notices of a site and can't decide by itself; a person puts it to rest by accepting the site again.
 *
 * - `SITE_CLONED`: there are two of the site: its key speaks for two nodes, or a number is used twice that its database gives once.
 * - `SITE_DIFFERS`: the site has signed that it holds something else at a revision than this node ever told of it.
 */
export type SiteAlarm = 'SITE_CLONED' | 'SITE_DIFFERS';

const remedies: Record<SiteAlarm, string> = {
  SITE_CLONED:
    'Ask who set up a copy of that node, or restored it from a backup. If it is a thief: revoke the site and invite it anew with a key of its own. If all is well, accept it again.',
  SITE_DIFFERS:
    'Verify the list on the site ("dossier verify") and sync it anew. If this master was restored from a backup, accept the site again; otherwise look who changed the copy.',
};

interface NamedSite {
  id: number;
  name: string;
}

/** Keeps in the audit what sites do, and tells the webhooks. */
export class SiteAlarms {
  readonly #deps: { database: Database; queues: Pick<Queues, 'enqueue'>; logger: Logger; nodeUuid: string; nodeName: string };

  constructor(deps: { database: Database; queues: Pick<Queues, 'enqueue'>; logger: Logger; nodeUuid: string; nodeName: string }) {
    this.#deps = deps;
  }

  /** Raises an alert about a site, once until it is put to rest. */
  async raise(site: NamedSite, code: SiteAlarm, what: string, request: Request): Promise<void> {
    const alert: Omit<SiteAlert, 'date'> = { code, desc: `The site ${JSON.stringify(site.name)} ${what}.`, remedy: remedies[code] };
    const made = await transaction(this.#deps.database, async (tx) => {
      if (!(await raiseAlert(tx, site.id, alert))) return [];
      await recordAudit(tx, siteActor(site, request), {
        action: 'site-alert',
        object: { kind: 'site', id: site.id, name: site.name },
        details: { code, what },
      });
      return this.note(tx, site, { code, sentence: [alert.desc, alert.remedy].join(' ') });
    });
    await this.remind(made);
  }

  /** A node came by itself: it waits for a person, or has used its invitation. */
  async tell({ event, site, request }: { event: 'pending' | 'joined'; site: NamedSite; request: Request }): Promise<void> {
    const sentence =
      event === 'pending'
        ? `The node ${JSON.stringify(site.name)} asks for lists of this one and waits until somebody accepts it.`
        : `The site ${JSON.stringify(site.name)} has used its invitation.`;
    const made = await transaction(this.#deps.database, async (tx) => {
      const action = event === 'pending' ? 'site-asked' : 'site-joined';
      await recordAudit(tx, siteActor(site, request), { action, object: { kind: 'site', id: site.id, name: site.name } });
      return this.note(tx, site, { code: event === 'pending' ? 'SITE_PENDING' : 'SITE_JOINED', sentence });
    });
    await this.remind(made);
  }

  /** Keeps a message for the webhooks, in the transaction of what it tells; the ids go to `remind` afterwards. */
  note(tx: Connection, site: NamedSite, { code, sentence }: { code: string; sentence: string }): Promise<number[]> {
    const { nodeUuid, nodeName } = this.#deps;
    return addDeliveries(tx, {
      event: 'site',
      date: new Date().toISOString(),
      node: nodeUuid,
      node_name: nodeName,
      link: null,
      site: { id: site.id, name: site.name, code },
      sentence,
    });
  }

  /** Reminds the queue of messages; if it is away, the sweep does so later. */
  async remind(deliveries: readonly number[]): Promise<void> {
    for (const deliveryId of deliveries) {
      await this.#deps.queues.enqueue(jobs.notify, { deliveryId }).catch((error: unknown) => {
        this.#deps.logger.debug({ err: error }, 'The queue could not be reminded of a message about a site.');
      });
    }
  }
}

function siteActor(site: NamedSite, request: Request): Actor {
  return { actor: site.name, via: 'node', address: addressOf(request) };
}
