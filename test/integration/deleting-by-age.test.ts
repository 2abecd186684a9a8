import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { countAttempt } from '@dossier/accounts/attempts.ts';
import { passkeyRequestOptions } from '@dossier/accounts/passkeys.ts';
import { issueToken } from '@dossier/accounts/tokens.ts';
import { readHead } from '@dossier/feed/heads.ts';
import { noteNumber } from '@dossier/feed/site-numbers.ts';
import { createPageCache } from '@dossier/feed/page-cache.ts';
import { ClockKeeper } from '@dossier/postgres/clock.ts';
import { query } from '@dossier/postgres/database.ts';
import { keepDistrusted } from '@dossier/replication/distrusted.ts';
import { findLink } from '@dossier/replication/links.ts';
import { expect, test } from 'vitest';
import { createEnginePair } from '../kit/engine-pair.ts';

const { master, slave } = await createEnginePair();
const { database, photos } = slave;
const day = 24 * 3600 * 1000;
const sha256 = 'ab'.repeat(32);
/** When the clock was right last, as the clock that has jumped shows it. */
const truth = `(now() - interval '200 days')`;

/** What is deleted by age: how something comes to be there whose time isn't over, and how many there are. */
interface Kind {
  plant: string | (() => Promise<unknown>);
  count: string | (() => Promise<number>);
}

async function makeReplica(): Promise<number> {
  const remote = await master.makeList('list');
  await master.makeDossiers([remote], ['Ada']);
  const local = await slave.makeList('copy');
  await slave.link(master, remote, local);
  return local;
}

const local = await makeReplica();
const [user] = await query<{ id: number }>(
  database,
  `insert into users (name, password_hash, role) values ('ada', 'x', 'viewer') returning id`,
);
const userId = user?.id ?? 0;
const [webhook] = await query<{ id: number }>(
  database,
  `insert into webhooks (url, events, secret) values ('http://x.test', '{}', 'x') returning id`,
);
const media = join(dirname(photos.path(sha256) ?? ''), '../../..');
const incoming = join(media, 'incoming');
const pages = join(media, '../pages of the test');

async function old(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'old');
  const moment = new Date(Date.now() - 200 * day);
  await utimes(path, moment, moment);
}

const filesIn = async (path: string, name: string): Promise<number> =>
  (await readdir(path, { recursive: true }).catch(() => [])).filter((each) => each.endsWith(name)).length;

const kinds: Record<string, Kind> = {
  'the audit': {
    plant: `insert into audit (date, actor, via, action, object_kind) values (${truth} - interval '700 days', 'ada', 'cli', 'sign-in', 'session')`,
    count: `select count(*) from audit where actor = 'ada'`,
  },
  'histories of who is in no list': {
    plant: `insert into history (date, object, kind, run_id, after) values (${truth} - interval '20 days', gen_random_uuid(), 'changed', 999, '{"name":"Ada"}')`,
    count: `select count(*) from history where run_id = 999`,
  },
  'histories of who is in a list': {
    plant: `insert into history (date, object, kind, run_id, after)
      select ${truth} - interval '700 days', uuid, 'changed', 998, '{"name":"Ada"}' from dossiers where set_id = set_of(:local)`,
    count: `select count(*) from history where run_id = 998`,
  },
  imports: {
    plant: `insert into imports (uuid, audit_id, list_id, list_uuid, list_name, actor, via, reading, began)
      values ('00000000-0000-4000-8000-000000000001', 900001, :local, gen_random_uuid(), 'copy', 'ada', 'cli', '{}', ${truth} - interval '700 days')`,
    count: `select count(*) from imports where audit_id = 900001`,
  },
  'refused rows of imports': {
    plant: `with import as (insert into imports (uuid, audit_id, list_id, list_uuid, list_name, actor, via, reading, began)
        values ('00000000-0000-4000-8000-000000000002', 900002, :local, gen_random_uuid(), 'copy', 'ada', 'cli', '{}', ${truth} - interval '20 days') returning uuid)
      insert into import_refusals (import, line, reason, given) select uuid, 1, 'x', 'x' from import`,
    count: `select count(*) from import_refusals`,
  },
  'who looked at whom': {
    plant: `insert into reads (date, actor, via, kind, list_id, list_uuid) values (${truth} - interval '60 days', 'ada', 'api', 'page', :local, gen_random_uuid())`,
    count: `select count(*) from reads`,
  },
  'deletions in the bin': {
    plant: `insert into deletions (since, kind, deleted_by) values (${truth} - interval '20 days', 'dossier', 'ada')`,
    count: `select count(*) from deletions`,
  },
  'how imports are taken back': {
    plant: `insert into import_batches (audit_id, moment, list_id, since) values (1, now(), :local, ${truth} - interval '20 days')`,
    count: `select count(*) from import_batches`,
  },
  'how syncs are taken back': {
    plant: `insert into journals (list_id, run_id, applied_date, digest_before, declaration, link, set_aside)
      values (99999, 0, ${truth} - interval '7 days', 'x', '{}', '{}', '[]')`,
    count: `select count(*) from journals where list_id = 99999`,
  },
  'offline deletions that are settled': {
    plant: `insert into offline_deletions (slave_list_id, dossier, dossier_id, name, deleted_by, settled_as, settled_date)
      values (:local, gen_random_uuid(), 1, 'Ada', 'ada', 'restored', ${truth} - interval '60 days')`,
    count: `select count(*) from offline_deletions`,
  },
  'readings of engines': {
    plant: `insert into readings (list_id, told, told_date) values (:local, 1, ${truth} - interval '60 days')`,
    count: `select count(*) from readings`,
  },
  'what passkeys are asked to sign': {
    plant: `insert into passkey_challenges (challenge, until) values ('old', ${truth} + interval '5 minutes')`,
    count: `select count(*) from passkey_challenges where challenge = 'old'`,
  },
  followers: {
    plant: `insert into followers (node, list_id, address, last_seen) values (gen_random_uuid(), :local, 'x', ${truth} - interval '60 days')`,
    count: `select count(*) from followers`,
  },
  'heads that were told': {
    plant: `insert into told_heads (list_id, epoch, revision, dossier_count, digest, told_date)
      values (:local, gen_random_uuid(), 1, 1, 'old', ${truth} - interval '60 days')`,
    count: `select count(*) from told_heads where digest = 'old'`,
  },
  'numbers of what a site said': {
    plant: `with site as (insert into sites (name, state, introduced_by) values ('old', 'accepted', 'token') returning id)
      insert into site_numbers (site_id, number, signature, date) select id, 1, 'old', ${truth} - interval '10 minutes' from site`,
    count: `select count(*) from site_numbers where signature = 'old'`,
  },
  'whom a master trusts no more': {
    plant: `insert into distrusted (list_id, id, revoked, named_date) values (:local, 'old', true, ${truth} - interval '5 minutes')`,
    count: `select count(*) from distrusted where id = 'old'`,
  },
  tombstones: {
    plant: `insert into tombstones (set_id, uuid, revision, removed_date) values (set_of(:local), gen_random_uuid(), 0, ${truth} - interval '60 days')`,
    count: `select count(*) from tombstones`,
  },
  'messages to webhooks': {
    plant: `insert into webhook_deliveries (webhook_id, event, body, state, finished_date)
      values (:webhook, 'failed', '{}', 'delivered', ${truth} - interval '20 days')`,
    count: `select count(*) from webhook_deliveries`,
  },
  sessions: {
    plant: `insert into tokens (user_id, token_hash, kind, created_date, expires_date)
      values (:user, sha256('x'), 'session', ${truth}, ${truth} + interval '7 days')`,
    count: `select count(*) from tokens where token_hash = sha256('x')`,
  },
  attempts: {
    plant: `insert into attempts (subject, count, until) values ('guess', 100, ${truth} + interval '15 minutes')`,
    count: `select count(*) from attempts where subject = 'guess'`,
  },
  'sets that nothing needs': {
    plant: `insert into sets (set_id, list_id, purpose) values (nextval('set_ids'), :local, 'garbage')`,
    count: `select count(*) from sets`,
  },
  'differences that are held': {
    plant: `insert into holds (slave_list_id, run_id, state, difference, reasons, adding, changing, removing, deactivating, lost,
        head_epoch, head_revision, head_count, head_digest, held_date, expires_date)
      values (:local, 0, 'approved', 'x', '[]', 0, 0, 1, 0, 0, gen_random_uuid(), 1, 1, 'x', ${truth} - interval '20 hours', ${truth} + interval '4 hours')`,
    count: async () => ((await findLink(database, local))?.held?.state === 'approved' ? 1 : 0),
  },
  photos: {
    plant: async () => {
      await old(photos.path(sha256) ?? '');
      await query(database, `insert into photo_garbage (sha256, since) values (decode(:sha256, 'hex'), ${truth} - interval '6 days')`, {
        sha256,
      });
    },
    count: async () => ((await photos.has(sha256)) ? 1 : 0),
  },
  'broken transfers': { plant: () => old(join(incoming, 'broken.part')), count: () => filesIn(incoming, 'broken.part') },
  'pages of the feed': { plant: () => old(join(pages, 'epoch', 'old.rows')), count: () => filesIn(pages, 'old.rows') },
  'what is known of pages': {
    plant: `insert into made_pages (made_date) values (${truth} - interval '7 days')`,
    count: `select count(*) from made_pages where made_date < now() - interval '100 days'`,
  },
  'pages that were never finished': { plant: () => old(join(pages, 'epoch', 'left.part')), count: () => filesIn(pages, 'left.part') },
};

/** Does all that deletes by age. */
async function forget(): Promise<void> {
  await slave.forget();
  await countAttempt(database, [{ subject: 'somebody else', maximum: 9, windowSeconds: 9 }]);
  await issueToken(database, { userId, kind: 'session', label: '', lifetimeMs: day });
  const [site] = await query<{ id: number }>(database, `select id from sites where name = 'old'`);
  await noteNumber(database, { siteId: site?.id ?? 0, number: 2, signature: 'new' });
  await keepDistrusted(database, local, { distrusted: [], withheld: [] });
  await passkeyRequestOptions(database, { origin: 'https://node.example', rpId: 'node.example', nodeUuid: '' });
  const head = await readHead(database, local);
  if (!head) throw new Error('no list');
  // Pages are swept when one is made.
  await rm(join(pages, head.position.epoch), { recursive: true, force: true });
  await createPageCache({ folder: pages, database }).read(head, 0);
}

async function left(): Promise<string[]> {
  const names: string[] = [];
  for (const [name, { count }] of Object.entries(kinds)) {
    const found = typeof count === 'string' ? (await query<{ count: number }>(database, count))[0]?.count : await count();
    if (found === 1) names.push(name);
  }
  return names;
}

test('a clock 200 days ahead makes a node forget nothing; all is forgotten once the time has truly passed', async () => {
  await query(database, `update clock set trusted_moment = ${truth}, age_moment = ${truth}`);
  await query(database, 'delete from sets');
  for (const { plant } of Object.values(kinds)) {
    if (typeof plant === 'string') await query(database, plant, { local, user: userId, webhook: webhook?.id ?? 0 });
    else await plant();
  }
  expect(await new ClockKeeper(database, () => 0).look(new Date())).toBeGreaterThan(199 * day);
  await forget();
  expect(await left()).toEqual(Object.keys(kinds));

  await query(database, `update clock set trusted_moment = now(), age_moment = now(), doubtful_since = null, doubtful_until = null`);
  await forget();
  expect(await left()).toEqual([]);
});
