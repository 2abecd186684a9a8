import { once } from 'node:events';
import { createServer } from 'node:http';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { createOutboundLookup, isRefusedAddress } from './outbound-address.ts';
import type { Resolve } from './outbound-address.ts';

describe('an address', () => {
  const refused = [
    '169.254.0.1',
    '169.254.169.254',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fe80::1',
    'febf::1',
    'fe80::1%eth0',
    '[fe80::1]',
    'fd00:ec2::254',
    'fd20:ce::254',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '::169.254.169.254',
    '64:ff9b::169.254.169.254',
    '2002:a9fe:a9fe::1',
    ...['http://2852039166/', 'http://0xa9.0xfe.0xa9.0xfe/', 'http://0251.0376.0251.0376/', 'http://169.254.43518/'].map(
      (written) => new URL(written).hostname,
    ),
  ];
  test.each(refused)('%s is refused', (address) => {
    expect(isRefusedAddress(address)).toBe(true);
  });

  const allowed = [
    '127.0.0.1',
    '10.0.0.5',
    '172.16.3.4',
    '192.168.1.1',
    '169.253.255.255',
    '169.255.0.0',
    '8.8.8.8',
    '::1',
    '[::1]',
    'fd12:3456::1',
    'fec0::1',
    '2001:db8::1',
    '::ffff:127.0.0.1',
    '2002:7f00:1::1',
    '64:ff9b::808:808',
    'master.example',
  ];
  test.each(allowed)('%s is not', (address) => {
    expect(isRefusedAddress(address)).toBe(false);
  });
});

describe('a name', () => {
  const resolvingTo =
    (...addresses: string[]): Resolve =>
    (_name, _options, callback) =>
      callback(
        null,
        addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
      );

  function look(resolve: Resolve, all: boolean): Promise<unknown> {
    return new Promise((done) => {
      createOutboundLookup(resolve)('master.example', { all }, (error, address, family) => done(error ?? [address, family]));
    });
  }

  test('is resolved as node resolves it', async () => {
    expect(await look(resolvingTo('10.0.0.1', '::1'), false)).toEqual(['10.0.0.1', 4]);
    expect(await look(resolvingTo('10.0.0.1', '::1'), true)).toEqual([
      [
        { address: '10.0.0.1', family: 4 },
        { address: '::1', family: 6 },
      ],
      undefined,
    ]);
    const unknown = Object.assign(new Error('unknown'), { code: 'ENOTFOUND' });
    expect(await look((_name, _options, callback) => callback(unknown, []), true)).toBe(unknown);
  });

  test('is refused if any of its addresses is', async () => {
    for (const all of [true, false]) {
      expect(await look(resolvingTo('10.0.0.1', '169.254.169.254'), all)).toMatchObject({ code: 'ERR_ADDRESS_REFUSED' });
      expect(await look(resolvingTo('fe80::1'), all)).toMatchObject({ code: 'ERR_ADDRESS_REFUSED' });
    }
  });

  test('is resolved once for a connection, which goes to what was looked at', async () => {
    const server = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    let resolutions = 0;
    /** As an attacker's name server: harmless the first time it is asked, then not. */
    const rebinding: Resolve = (name, options, callback) => {
      resolutions += 1;
      resolvingTo(resolutions === 1 ? '127.0.0.1' : '169.254.169.254')(name, options, callback);
    };
    const lookup = createOutboundLookup(rebinding);
    const url = `http://master.example:${(server.address() as AddressInfo).port}/`;
    const ask = (): Promise<unknown> =>
      new Promise((done) => {
        http.get(url, { agent: false, lookup }, (response) => done(response.resume().statusCode)).on('error', done);
      });
    expect([await ask(), resolutions]).toEqual([200, 1]);
    expect(await ask()).toMatchObject({ code: 'ERR_ADDRESS_REFUSED' });
    server.close();
  });
});
