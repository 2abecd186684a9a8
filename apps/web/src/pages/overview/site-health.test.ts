import type { Slave } from '@dossier/protocol/node.ts';
import { expect, test } from 'vitest';
import { sitesOf } from './site-health.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const hoursAgo = (hours: number): string => new Date(now - hours * 3_600_000).toISOString();

function slave(node: string, facts: Partial<Slave> = {}): Slave {
  return {
    node,
    site: null,
    site_name: null,
    address: `${node}.example`,
    version: '0.1.0',
    dossier_list: 1,
    name: 'Wanted',
    first_seen: hoursAgo(500),
    last_seen: hoursAgo(1),
    revision: 10,
    head_revision: 10,
    behind: 0,
    behind_since: null,
    ...facts,
  };
}

test('the worst site comes first, and of equally bad ones what is so for longest', () => {
  const sites = sitesOf(
    [
      slave('well'),
      slave('waiting', { behind: 3, behind_since: hoursAgo(2) }),
      slave('stuck', { behind: 3, behind_since: hoursAgo(40) }),
      slave('silent', { last_seen: hoursAgo(30) }),
      slave('long-silent', { last_seen: hoursAgo(90) }),
      slave('unknown', { behind: null }),
    ],
    now,
  );
  expect(sites.map(({ node, health }) => [node, health])).toEqual([
    ['long-silent', 'silent'],
    ['silent', 'silent'],
    ['stuck', 'stuck'],
    ['unknown', 'unknown'],
    ['waiting', 'waiting'],
    ['well', 'complete'],
  ]);
});

test('a site is as its worst list is, since that list is so', () => {
  const [site] = sitesOf(
    [
      slave('gate'),
      slave('gate', { dossier_list: 2, behind: 7, behind_since: hoursAgo(50) }),
      slave('gate', { dossier_list: 3, behind: 1, behind_since: hoursAgo(1) }),
    ],
    now,
  );
  expect(site).toMatchObject({ health: 'stuck', since: hoursAgo(50), behind: 8 });
  expect(site?.readings.map(({ slave: { dossier_list: list } }) => list)).toEqual([2, 3, 1]);
});

test('a site that asks for another list is not silent: it no longer asks for this one', () => {
  const [site] = sitesOf([slave('gate'), slave('gate', { dossier_list: 2, last_seen: hoursAgo(300) })], now);
  expect(site).toMatchObject({ health: 'dropped', since: hoursAgo(300), lastSeen: hoursAgo(1) });
});

test('a site that is silent is not called equal, whatever it said last', () => {
  const [site] = sitesOf([slave('gate', { last_seen: hoursAgo(27) })], now);
  expect(site).toMatchObject({ health: 'silent', since: hoursAgo(27) });
});

test('how far a site is behind is not known where it is not known of one of its lists', () => {
  expect(
    sitesOf([slave('gate', { behind: 4, behind_since: hoursAgo(1) }), slave('gate', { dossier_list: 2, behind: null })], now)[0]?.behind,
  ).toBeNull();
});
