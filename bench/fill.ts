import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import type { PhotoContent } from '@dossier/domain/photo.ts';
import { importDossiers } from '@dossier/registry/import.ts';
import { from as copyFrom } from 'pg-copy-streams';
import { withClient } from './cluster.ts';
import { benchDossiers } from './rows.ts';
import type { BenchDossier } from './rows.ts';
import type { BenchNode } from './workshop.ts';

const batch = 2000;
const masterListId = 1;

/** Fills a list of the master by the product's own import, which `dossier import` uses too (a file can't carry features). */
export async function fillList(master: BenchNode, list: { id: number; name: string; count: number }, photos: readonly PhotoContent[]) {
  for (const dossiers of benchDossiers(list.name, list.count, { size: batch, photos })) {
    await importDossiers(master.database, { listId: list.id, dossiers });
  }
}

/** Puts statistics, visibility and the write-ahead log into the state of a database that has been at rest. */
export async function settle(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query('vacuum (analyze)');
    await client.query('checkpoint');
  });
}

/**
 * The peers' tables, with the same rows: as PERFORMANCE.md of the design had them, keys and one index by revision. `secondary` adds the
 * indexes that a node's API needs for its pages, its look-ups and its photos.
 */
export function peerTables(secondary: boolean): string[] {
  return [
    'drop table if exists dossier, face',
    `create table dossier (
       list_id bigint not null, uuid uuid not null, id bigint not null, revision bigint not null, name text not null, comment text not null,
       active boolean not null, meta jsonb not null, external_id text, created_date timestamptz not null, modified_date timestamptz not null,
       primary key (list_id, uuid)
     )`,
    `create table face (
       list_id bigint not null, dossier uuid not null, id bigint not null, sha256 bytea not null, width int not null, height int not null,
       bytes int not null, media_type text not null, features text, primary key (list_id, dossier, sha256)
     )`,
    'create index on dossier (list_id, revision)',
    ...(secondary ? secondaryIndexes : []),
  ];
}

const secondaryIndexes = [
  'create unique index on dossier (id)',
  'create unique index on dossier (external_id)',
  'create index on dossier (name collate "und-x-icu", id)',
  'create index on dossier (created_date, id)',
  'create index on dossier (modified_date, id)',
];

/** Columns of both peer tables as they are copied. */
export const peerColumns = {
  dossier: 'list_id, uuid, id, revision, name, comment, active, meta, external_id, created_date, modified_date',
  face: 'list_id, dossier, id, sha256, width, height, bytes, media_type, features',
} as const;

/** Fills the peers' tables of a database with the rows that `fillList` gives the master. */
export async function fillPeerTables(url: string, list: { name: string; count: number }, photos: readonly PhotoContent[]): Promise<void> {
  const lines = (write: (dossier: BenchDossier, number: number) => string) =>
    Readable.from(
      (function* () {
        let number = 0;
        for (const dossiers of benchDossiers(list.name, list.count, { size: 500, photos })) {
          yield dossiers.map((dossier) => write(dossier, (number += 1))).join('');
        }
      })(),
    );
  await withClient(url, async (client) => {
    const dossiers = client.query(copyFrom(`copy dossier (${peerColumns.dossier}) from stdin`));
    await pipeline(lines(dossierLine), dossiers);
    let faceId = 0;
    const faces = client.query(copyFrom(`copy face (${peerColumns.face}) from stdin`));
    await pipeline(
      lines((dossier) => dossier.photos.map((_, index) => faceLine(dossier, { index, id: (faceId += 1) })).join('')),
      faces,
    );
  });
}

function dossierLine(dossier: BenchDossier, number: number): string {
  const { uuid, name, comment, active, meta, externalId } = dossier;
  const date = '2026-11-25T00:00:00Z';
  return copyLine([masterListId, uuid, number, number, name, comment, active, JSON.stringify(meta), externalId, date, date]);
}

function faceLine(dossier: BenchDossier, face: { index: number; id: number }): string {
  const photo = dossier.photos[face.index];
  if (!photo) return '';
  const { sha256, width, height, bytes, mediaType, features } = photo;
  return copyLine([masterListId, dossier.uuid, face.id, `\\x${sha256}`, width, height, bytes, mediaType, features ?? '']);
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** A line of COPY's text format. */
function copyLine(values: readonly (string | number | boolean)[]): string {
  return `${values.map((value) => String(value).replace(/[\\\t\n\r]/g, (character) => escapes[character] ?? character)).join('\t')}\n`;
}
