import type { Request } from 'express';
import { jobs } from '@dossier/jobs/declarations.ts';
import type { Queues } from '@dossier/jobs/queues.ts';
import type { SiteAlert } from '@dossier/protocol/site.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { query, queryOne, transaction } from '@dossier/postgres/database.ts';
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
 * - `SITE_DIFFERS`: the site says that it holds something else at a revision than this node ever told of it, or a later one than there is.
 * - `SITE_REKEYED`: the site has another key, which its key before has signed.
 */
export type SiteAlarm = 'SITE_CLONED' | 'SITE_DIFFERS' | 'SITE_REKEYED';

const remedies: Record<SiteAlarm, string> = {
  SITE_CLONED:
    'Ask who set up a copy of that node, or restored it from a backup. If it is a thief: revoke the site and invite it anew with a key of its own. If all is well, accept it again.',
  SITE_DIFFERS:
    'If this master was restored from a backup, accept the site again. Otherwise verify the list on the site ("dossier verify"), and find out who changed the copy, or who has its key.',
  SITE_REKEYED:
    'If "dossier node rekey" was run there, compare the words and accept the site. If nobody did, somebody has its key: revoke it, and invite the box anew. Its key before is taken for a week yet.',
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
    await this.remind(await transaction(this.#deps.database, (tx) => this.raiseIn(tx, site, { code, what, request })));
  }

  /** Raises an alert in the transaction of what it tells; the ids go to `remind` afterwards. */
  async raiseIn(
    tx: Connection,
    site: NamedSite,
    { code, what, request }: { code: SiteAlarm; what: string; request: Request },
  ): Promise<number[]> {
    const alert: Omit<SiteAlert, 'date'> = { code, desc: `The site ${calledOf(site)} ${what}.`, remedy: remedies[code] };
    if (!(await raiseAlert(tx, site.id, alert))) return [];
    await recordAudit(tx, siteActor(site, request), {
      action: code === 'SITE_REKEYED' ? 'site-rekeyed' : 'site-alert',
      object: { kind: 'site', id: site.id, name: site.name },
      details: { code, what },
    });
    return this.note(tx, site, { code, sentence: [alert.desc, alert.remedy].join(' ') });
  }

  /** A node came by itself: it waits for a person, or has used its invitation. */
  async tell({
    event,
    site,
    request,
    details = {},
  }: {
    event: 'pending' | 'joined';
    site: NamedSite;
    request: Request;
    details?: Readonly<Record<string, unknown>>;
  }): Promise<void> {
    const sentence =
      event === 'pending'
        ? `The node ${calledOf(site)} asks for lists of this one and waits until somebody accepts it.`
        : `The site ${calledOf(site)} has used its invitation.`;
    const made = await transaction(this.#deps.database, async (tx) => {
      const action = event === 'pending' ? 'site-asked' : 'site-joined';
      await recordAudit(tx, siteActor(site, request), { action, object: { kind: 'site', id: site.id, name: site.name }, details });
      return this.note(tx, site, { code: event === 'pending' ? 'SITE_PENDING' : 'SITE_JOINED', sentence });
    });
    await this.remind(made);
  }

  /**
   * A slave proves that this node's database was restored from a backup. Then it may have forgotten sites, grants and revocations, which nobody but a person can know.
   * Told once an hour, for however many lists that is noticed.
   */
  async tellOfRestore(list: { id: number; name: string }, request: Request): Promise<void> {
    const { database, nodeName } = this.#deps;
    const action = 'restore-noticed';
    const sentence = `This node's database was restored from a backup: a slave holds a later history of the watch list ${JSON.stringify(list.name)}. Sites, grants and revocations since the backup are forgotten. Look at the sites, revoke again what was revoked since, and grant anew.`;
    const made = await transaction(database, async (tx) => {
      await query(tx, `select pg_advisory_xact_lock(hashtextextended('dossier restore', 0))`);
      if (await queryOne(tx, `select from audit where action = :action and date > now() - interval '1 hour' limit 1`, { action }))
        return [];
      const actor: Actor = { actor: 'node', via: 'node', address: addressOf(request) };
      await recordAudit(tx, actor, { action, object: { kind: 'node', name: nodeName }, details: { list: list.id, list_name: list.name } });
      return this.#note(tx, null, sentence);
    });
    await this.remind(made);
  }

  /** Keeps a message for the webhooks, in the transaction of what it tells; the ids go to `remind` afterwards. */
  note(tx: Connection, { id, name }: NamedSite, { code, sentence }: { code: string; sentence: string }): Promise<number[]> {
    return this.#note(tx, { id, name, code }, sentence);
  }

  #note(tx: Connection, site: { id: number; name: string; code: string } | null, sentence: string): Promise<number[]> {
    const { nodeUuid, nodeName } = this.#deps;
    return addDeliveries(tx, {
      event: 'site',
      date: new Date().toISOString(),
      node: nodeUuid,
      node_name: nodeName,
      link: null,
      site,
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

/** Newcomers name themselves: the number tells two of one name apart. */
function calledOf({ id, name }: NamedSite): string {
  return `${JSON.stringify(name)} (site ${id})`;
}

function siteActor(site: NamedSite, request: Request): Actor {
  return { actor: site.name, via: 'node', address: addressOf(request) };
}
