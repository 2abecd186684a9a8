import { once } from 'node:events';
import { get } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { randomBytes, randomUUID } from 'node:crypto';
import { generateNodeKey } from '@dossier/protocol/node-key.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { vouch, VOUCHER_FIELD } from '@dossier/protocol/voucher.ts';
import { query } from '@dossier/postgres/database.ts';
import { addPhotoByHand } from '@dossier/test/kit/by-hand.ts';
import { createEngineNode } from '@dossier/test/kit/engine.ts';
import type { EngineNode } from '@dossier/test/kit/engine.ts';
import { signQuestion } from '@dossier/test/kit/questions.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';

/* A large photo is under way to a slow reader while another process, here by SQL, takes from him that he may read it. */

const token = deriveSigningKey('a-token-for-tests-of-thirty-two-characters');
const bytes = 9 * 1024 * 1024;
let master: EngineNode;
let path: string;
let list: number;

beforeEach(async () => {
  master = await createEngineNode();
  list = await master.makeList('Photographed');
  const [dossier = ''] = await master.makeDossiers([list], ['Somebody']);
  const sha256 = await master.photos.put(randomBytes(bytes));
  await addPhotoByHand(master.database, [dossier], { sha256, bytes });
  path = `/feed/v1/dossier-lists/${list}/photos/${dossier}/${sha256}`;
});
afterEach(async () => {
  await master.close();
});

/** Begins to read the photo. */
async function begin(key: SigningKey, node: string | null): Promise<IncomingMessage> {
  const fields: Record<string, string> = key.algorithm === 'ed25519' ? { [VOUCHER_FIELD]: vouch(token, 'site', key.id) } : {};
  const { url, headers } = signQuestion(master.feedUrl, key, { path, node, fields });
  const [answer] = (await once(get(url, { headers }), 'response')) as [IncomingMessage];
  expect(answer.statusCode).toBe(200);
  return answer;
}

/** Reads so slowly that the whole would take ten seconds. Says whether it came to its end. */
async function isCutOff(answer: IncomingMessage): Promise<boolean> {
  let read = 0;
  try {
    for await (const chunk of answer) {
      read += (chunk as Buffer).length;
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
  } catch {
    return read < bytes;
  }
  return false;
}

const site = `insert into sites (name, node, key, state, introduced_by, token_ids)`;

it.each<[string, boolean, (key: SigningKey) => Promise<unknown>]>([
  ['its site is revoked', true, () => query(master.database, `update sites set state = 'revoked'`)],
  ['its site may not read the list any more', true, () => query(master.database, `update sites set lists = '{}'`)],
  [
    'the token by which alone it speaks is one of a site that was revoked',
    false,
    () => query(master.database, `${site} values ('Gate 7', gen_random_uuid(), 'k', 'revoked', 'person', array[:id])`, { id: token.id }),
  ],
  [
    'its key is one that the master of the list has revoked',
    true,
    async ({ id }) => {
      await query(master.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://hq', 1)`, {
        list,
      });
      await query(master.database, `insert into distrusted (list_id, id, revoked) values (:list, :id, true)`, { list, id });
    },
  ],
  [
    'the list is withdrawn from this node',
    true,
    async () => {
      await query(master.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:list, 'http://hq', 1)`, {
        list,
      });
      await query(
        master.database,
        `insert into withdrawn_lists (list_id, remote_url, purge, own_epoch, own_revision, set_id)
         select list_id, 'http://hq', false, epoch, revision, set_id from list_positions where list_id = :list`,
        { list },
      );
    },
  ],
])('an answer is cut off as soon as %s', async (_why, keyed, take) => {
  const key = keyed ? generateNodeKey() : token;
  const answer = await begin(key, keyed ? randomUUID() : null);
  await take(key);
  expect(await isCutOff(answer)).toBe(true);
});

it('goes on where the master of another list says so of its key', async () => {
  const key = generateNodeKey();
  const answer = await begin(key, randomUUID());
  const other = await master.makeList('From above');
  await query(master.database, `insert into links (slave_list_id, remote_url, remote_list_id) values (:other, 'http://hq', 1)`, { other });
  await query(master.database, `insert into distrusted (list_id, id, revoked) values (:other, :id, true)`, { other, id: key.id });
  expect(await isCutOff(answer)).toBe(false);
});
