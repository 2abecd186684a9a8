import { describe, expect, test } from 'vitest';
import { generateNodeKey, nodeKeyNamed } from './node-key.ts';
import type { SigningKey } from './signing-key.ts';
import { deriveSigningKey } from './signing-key.ts';
import { findVoucher, newInvitationCode, readInvitationCode, readSuccession, succeed, vouch } from './voucher.ts';

const token = deriveSigningKey('ABC_123456789');
const subject = generateNodeKey().id;

describe('a voucher', () => {
  const field = vouch(token, 'site', subject);

  test('holds for the key, as what it was given for', () => {
    expect(findVoucher([generateNodeKey(), token], field, 'site', subject)?.id).toBe(token.id);
  });

  test.each<[string, [string, 'site' | 'master', string, SigningKey]]>([
    ['another key', [field, 'site', generateNodeKey().id, token]],
    ['a master, given for a site', [field, 'master', subject, token]],
    ['another token', [field, 'site', subject, deriveSigningKey('another')]],
    ['an altered one', [field.replace(/.$/, (last) => (last === 'A' ? 'Q' : 'A')), 'site', subject, token]],
    ['one without a signature', [`${token.id}.`, 'site', subject, token]],
    ['anything else', ['x', 'site', subject, token]],
  ])('does not hold for %s', (_what, [given, role, key, by]) => {
    expect(findVoucher([by], given, role, key)).toBeNull();
  });
});

describe("a key's successor", () => {
  const [old, next] = [generateNodeKey(), generateNodeKey()];
  const made = new Date('2026-11-23T03:00:00Z');
  const field = succeed(old, next.id, made);

  test('is the one that the old key names, since then', () => {
    expect(readSuccession(field, next.id)).toEqual({ old: old.id, made });
  });

  test('is nobody else, and at no other time', () => {
    expect(readSuccession(field, generateNodeKey().id)).toBeNull();
    const [, second, signature] = field.split('.');
    expect(readSuccession(`${old.id}.${Number(second) + 1}.${signature}`, next.id)).toBeNull();
    expect(readSuccession(`${next.id}.${second}.${signature}`, next.id)).toBeNull();
  });
});

describe('the code of an invitation', () => {
  const code = newInvitationCode();

  test('has 100 bits, and is read however its groups are written', () => {
    expect(code).toMatch(/^(?:[2-9A-HJ-NP-Z]{4}-){4}[2-9A-HJ-NP-Z]{4}$/);
    const spelt = [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code.replaceAll('-', ' ')}\n`];
    expect(new Set(spelt.map((text) => readInvitationCode(text)?.site.id)).size).toBe(1);
    for (const other of ['', code.slice(1), `${code}A`, code.replace(/^./, '0')]) expect(readInvitationCode(other)).toBeNull();
  });

  test('is proved by its holder to whoever has only its public half, and that one proves itself in turn', () => {
    const keys = readInvitationCode(code);
    const publicHalf = keys && nodeKeyNamed(keys.site.id);
    if (!keys || !publicHalf) throw new Error('no keys');
    expect(findVoucher([publicHalf], vouch(keys.site, 'site', subject), 'site', subject)).not.toBeNull();
    expect(findVoucher([keys.master], vouch(keys.master, 'master', subject), 'master', subject)).not.toBeNull();
    expect(findVoucher([publicHalf], vouch(keys.master, 'site', subject), 'site', subject)).toBeNull();
  });
});
