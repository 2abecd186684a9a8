import { createHash } from 'node:crypto';
import type { Request } from 'express';
import { readDeclaration } from '@dossier/protocol/declaration.ts';
import type { Dossier, DossierFace } from '@dossier/protocol/dossier.ts';
import type { WatchList } from '@dossier/protocol/watch-list.ts';
import type { DossierRow } from '@dossier/registry/dossiers.ts';
import { photoId } from '@dossier/registry/photo-order.ts';
import type { PhotoRow } from '@dossier/registry/photos.ts';
import type { WatchListRow } from '@dossier/registry/watch-lists.ts';
import { originOf } from './presenters/history.ts';

export function presentWatchList(list: WatchListRow): WatchList {
  const { fields, instruction } = readDeclaration(list.declaration);
  return {
    id: list.id,
    name: list.name,
    comment: list.comment,
    color: list.color,
    active: list.active,
    log_reads: list.log_reads,
    require_match: list.require_match,
    fields,
    instruction,
    dossier_count: list.dossier_count,
    created_date: list.created_date.toISOString(),
    modified_date: list.modified_date.toISOString(),
    content_date: list.content_date.toISOString(),
    replica:
      list.remote_url === null || list.remote_list_id === null || list.link_state === null
        ? null
        : { remote_url: list.remote_url, remote_dossier_list: list.remote_list_id, state: list.link_state, doubt: list.link_doubt },
  };
}

export function presentDossier(dossier: DossierRow): Dossier {
  return {
    id: dossier.id,
    name: dossier.name,
    comment: dossier.comment,
    active: dossier.active,
    valid_from: dossier.valid_from,
    valid_until: dossier.valid_until,
    dossier_lists: dossier.lists,
    meta: dossier.meta,
    external_id: dossier.external_id,
    face_count: dossier.photo_count,
    has_faces: dossier.photo_count > 0,
    face: dossier.face === null ? null : photoId(dossier.id, dossier.face),
    created_date: dossier.created_date.toISOString(),
    modified_date: dossier.modified_date.toISOString(),
  };
}

/** Another one whenever anything that an answer says of the dossier is another. */
export function dossierTag(dossier: DossierRow): string {
  return `"${shortHash([dossier.hash, presentDossier(dossier)])}"`;
}

/** Another one whenever anything that an answer says of the list is another; its first half is one of what people have set. */
export function watchListTag(list: WatchListRow): string {
  return `"${listState(list)}-${shortHash(presentWatchList(list))}"`;
}

/** Whether a tag is one of a list as it is set now, however many dossiers it held then. */
export function isTagOfList(tag: string, list: WatchListRow): boolean {
  return tag.startsWith(`"${listState(list)}-`);
}

function listState({ name, comment, color, active, log_reads: logReads, require_match: requireMatch, declaration }: WatchListRow): string {
  return shortHash([name, comment, color, active, logReads, requireMatch, declaration]);
}

function shortHash(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 40);
}

/** Of what was written by hand, perhaps in another form; what is no time stays as it is. */
function presentTime(text: string): string {
  const milliseconds = Date.parse(text);
  return Number.isNaN(milliseconds) ? text : new Date(milliseconds).toISOString();
}

export function presentFace(request: Request, photo: PhotoRow): DossierFace {
  const item = `${originOf(request)}/dossier-faces/${photo.id}/`;
  return {
    id: photo.id,
    dossier: photo.dossier_id,
    source_photo: `${item}photo/`,
    thumbnail: `${item}thumbnail/`,
    sha256: photo.sha256,
    width: photo.width,
    height: photo.height,
    bytes: photo.bytes,
    features: photo.features,
    created_date: presentTime(photo.created_date),
  };
}
