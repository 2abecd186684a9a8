import type { Request } from 'express';
import type { AuditEntry, ReadEntry } from '@dossier/protocol/audit.ts';
import type { Slave } from '@dossier/protocol/node.ts';
import type { Token, UserDetails } from '@dossier/protocol/user.ts';
import type { AuditRow } from '@dossier/accounts/audit.ts';
import type { ReadRow } from '@dossier/accounts/reads.ts';
import type { FollowerRow } from '@dossier/feed/followers.ts';
import type { TokenRow } from '@dossier/accounts/token-administration.ts';
import type { UserRow } from '@dossier/accounts/user-administration.ts';
import { originOf, presentValues } from './history.ts';

export function presentUser(user: UserRow): UserDetails {
  return {
    id: user.id,
    name: user.name,
    role: user.role,
    active: user.active,
    dossier_lists: user.dossier_lists,
    created_date: user.created_date.toISOString(),
    last_sign_in: user.last_sign_in?.toISOString() ?? null,
    sign_in: user.oidc_issuer === null ? 'password' : 'oidc',
    second_factor: user.has_second_factor,
    session_count: user.session_count,
    token_count: user.token_count,
  };
}

/** `currentId`: the token by which the request came. */
export function presentToken(token: TokenRow, currentId: number): Token {
  return {
    id: token.id,
    kind: token.kind,
    label: token.label,
    user: { id: token.user_id, name: token.user_name },
    dossier_lists: token.dossier_lists,
    created_date: token.created_date.toISOString(),
    expires_date: token.expires_date?.toISOString() ?? null,
    last_used_date: token.last_used_date?.toISOString() ?? null,
    current: token.id === currentId,
  };
}

export function presentAuditEntry(request: Request, entry: AuditRow): AuditEntry {
  const thumbnails = entry.history_id === null ? null : `${originOf(request)}/history/${entry.history_id}/thumbnails`;
  return {
    id: entry.id,
    date: entry.date.toISOString(),
    actor: entry.actor,
    via: entry.via,
    address: entry.address,
    action: entry.action,
    object: { kind: entry.object_kind, id: entry.object_id, uuid: entry.object_uuid, name: entry.object_name },
    details: entry.details,
    before: presentValues(entry.before, thumbnails),
    after: presentValues(entry.after, thumbnails),
  };
}

export function presentRead(read: ReadRow): ReadEntry {
  return {
    id: read.id,
    date: read.date.toISOString(),
    actor: read.actor,
    via: read.via,
    address: read.address,
    kind: read.kind,
    dossier_list: { id: read.list_id, uuid: read.list_uuid, name: read.list_name },
    dossiers: read.dossiers,
  };
}

export function presentSlave(follower: FollowerRow): Slave {
  return {
    node: follower.node,
    site: follower.site_id,
    site_name: follower.site_name,
    address: follower.address,
    version: follower.version,
    dossier_list: follower.list_id,
    name: follower.name,
    first_seen: follower.first_seen.toISOString(),
    last_seen: follower.last_seen.toISOString(),
    revision: follower.revision,
    head_revision: follower.head_revision,
    behind: follower.behind,
    behind_since: follower.behind_since?.toISOString() ?? null,
  };
}
