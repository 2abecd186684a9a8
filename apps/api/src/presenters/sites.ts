import { sha256Of } from '@dossier/protocol/content-digest.ts';
import { fingerprintDigits } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import type { HoldingRow, SiteRow } from '@dossier/feed/sites.ts';

const time = (date: Date | string | null): string | null => (date === null ? null : new Date(date).toISOString());
const certainTime = (date: Date | string): string => new Date(date).toISOString();

/** The first digits of the SHA-256 of a public key. */
export function fingerprintOf(key: string): string {
  return sha256Of(Buffer.from(key, 'base64url')).slice(0, fingerprintDigits);
}

export function presentSite(site: SiteRow): Site {
  return {
    id: site.id,
    name: site.name,
    state: site.state,
    state_date: certainTime(site.state_date),
    reason: site.reason,
    node: site.node,
    key: site.key,
    fingerprint: site.key === null ? null : fingerprintOf(site.key),
    words: site.words,
    introduced_by: site.introduced_by,
    speaks_by: site.key !== null ? 'key' : site.node !== null ? 'token' : null,
    shown_token: site.token_ids.length > 0,
    lists: site.lists,
    withdrawn: site.withdrawn.map(({ list_id: list, purge, since, acknowledged_date: acknowledged, unconfirmed }) => ({
      dossier_list: list,
      purge,
      since: certainTime(since),
      acknowledged_date: time(acknowledged),
      unconfirmed,
    })),
    address: site.address,
    version: site.version,
    first_seen: time(site.first_seen),
    last_seen: time(site.last_seen),
    alert: site.alert && { ...site.alert, date: certainTime(site.alert.date) },
    invitation: site.invitation && {
      expires_date: certainTime(site.invitation.expires_date),
      used_date: time(site.invitation.used_date),
    },
    created_date: certainTime(site.created_date),
    holdings: site.holdings.map(presentHolding),
  };
}

function presentHolding(holding: HoldingRow): Site['holdings'][number] {
  const { statement } = holding;
  return {
    dossier_list: holding.list_id,
    name: holding.name,
    last_seen: certainTime(holding.last_seen),
    epoch: holding.epoch,
    revision: holding.revision,
    count: holding.dossier_count,
    digest: holding.digest,
    applied_date: time(holding.applied_date),
    state: holding.state,
    set_aside: holding.set_aside,
    head_revision: holding.head_revision,
    current: holding.current,
    statement: statement && { ...statement, date: certainTime(statement.date) },
  };
}
