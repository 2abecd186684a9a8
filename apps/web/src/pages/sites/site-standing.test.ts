import { expect, test } from 'vitest';
import type { Site } from '@dossier/protocol/site.ts';
import { byUrgency, isIn, momentOf, standingOf } from './site-standing.ts';

const now = Date.parse('2026-11-30T12:00:00Z');
const ago = (hours: number): string => new Date(now - hours * 3_600_000).toISOString();

const holding = (list: number, facts: Partial<Site['holdings'][number]> = {}): Site['holdings'][number] => ({
  dossier_list: list,
  name: `List ${list}`,
  last_seen: ago(1),
  epoch: null,
  revision: 7,
  count: 3,
  digest: null,
  applied_date: ago(2),
  state: 'synced',
  set_aside: 0,
  head_revision: 7,
  current: true,
  statement: null,
  ...facts,
});

const site = (facts: Partial<Site> = {}): Site => ({
  id: 1,
  name: 'Gate 7',
  state: 'accepted',
  state_date: ago(100),
  reason: null,
  node: '6f1c8f0e-7d57-4c32-8f0a-2f7f5b0f7c11',
  key: 'key',
  fingerprint: null,
  words: 'tiger basket oasis lemon',
  introduced_by: 'invitation',
  speaks_by: 'key',
  shown_token: false,
  lists: null,
  withdrawn: [],
  address: '10.0.0.7',
  version: '0.1.0',
  first_seen: ago(100),
  last_seen: ago(1),
  alert: null,
  invitation: null,
  created_date: ago(100),
  holdings: [holding(1)],
  ...facts,
});

const alert = (code: string): Site['alert'] => ({ code, desc: '', remedy: '', date: ago(3) });
const invitation = { expires_date: ago(-0.2), used_date: null };
const unused = { state: 'pending', key: null, node: null, words: null } as const;

test('a site is called equal only if it proved to hold what this node holds, of all lists, within a day', () => {
  expect(standingOf(site(), now)).toBe('equal');
  expect(standingOf(site({ holdings: [holding(1), holding(2, { current: false })] }), now)).toBe('behind');
  expect(standingOf(site({ last_seen: ago(27) }), now)).toBe('silent');
  expect(standingOf(site({ last_seen: null, holdings: [] }), now)).toBe('idle');
  expect(standingOf(site({ holdings: [] }), now)).toBe('idle');
});

test('what needs a person is told before all else', () => {
  expect(standingOf(site({ alert: alert('SITE_CLONED') }), now)).toBe('cloned');
  expect(standingOf(site({ alert: alert('SITE_DIFFERS') }), now)).toBe('differs');
  expect(standingOf(site({ alert: alert('SOMETHING_NEW') }), now)).toBe('alert');
  expect(standingOf(site({ holdings: [holding(1, { state: 'failed' })] }), now)).toBe('failing');
  expect(standingOf(site({ state: 'pending' }), now)).toBe('waiting');
  expect(standingOf(site({ state: 'revoked', alert: alert('SITE_CLONED') }), now)).toBe('revoked');
});

test('an invitation that nobody used is no site that waits, also when its code has expired', () => {
  expect(standingOf(site({ ...unused, invitation }), now)).toBe('invited');
  expect(standingOf(site({ ...unused, invitation: { ...invitation, expires_date: ago(1) } }), now)).toBe('lapsed');
});

test('a list that was taken away counts until the site and all that have it from there have confirmed it, and then no more', () => {
  const taken = { dossier_list: 1, purge: false, since: ago(2), acknowledged_date: null, unconfirmed: null };
  const holdings = [holding(1, { current: false, state: 'failed' }), holding(2)];
  expect(standingOf(site({ holdings, withdrawn: [taken] }), now)).toBe('withdrawing');
  expect(standingOf(site({ holdings, withdrawn: [{ ...taken, acknowledged_date: ago(1) }] }), now)).toBe('equal');
  expect(standingOf(site({ holdings, withdrawn: [{ ...taken, acknowledged_date: ago(1), unconfirmed: 1 }] }), now)).toBe('withdrawing');
  expect(standingOf(site({ holdings, lists: [2] }), now)).toBe('equal');
});

test('what is known of a site is as old as what is known of the list that it asked about longest ago', () => {
  const holdings = [holding(1), holding(2, { last_seen: ago(9) })];
  expect(momentOf(site({ holdings }), 'equal')).toEqual({ said: 'asOf', time: ago(9) });
});

test('those that wait come first, then those that need a look, and those that are revoked last', () => {
  const names = byUrgency(
    [
      site({ name: 'Well' }),
      site({ name: 'Gone', state: 'revoked' }),
      site({ name: 'Gate 10', state: 'pending' }),
      site({ name: 'Gate 9', state: 'pending' }),
      site({ name: 'Copied', alert: alert('SITE_CLONED') }),
      site({ name: 'Late', holdings: [holding(1, { current: false })] }),
    ],
    now,
  ).map((each) => each.site.name);
  expect(names).toEqual(['Gate 9', 'Gate 10', 'Copied', 'Late', 'Well', 'Gone']);
  expect(isIn('look', 'waiting')).toBe(true);
});
