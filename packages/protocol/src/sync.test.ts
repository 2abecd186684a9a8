import { expect, it } from 'vitest';
import { linkRequest, normaliseRemoteUrl } from './sync.ts';

const parsed = (remote_url: string): string =>
  normaliseRemoteUrl(linkRequest.parse({ remote_url, remote_dossier_list: 1, slave_dossier_list: 1 }).remote_url);

it.each([
  ['http://master.example:8000/ui/', 'http://master.example:8000'],
  ['http://master.example:8000/ui', 'http://master.example:8000'],
  ['https://master.example/ui/dossiers?list=3&open=7', 'https://master.example'],
  ['https://master.example/ui/?next=%2Fqueues%2F#content', 'https://master.example'],
  ['https://host.example/dossiers/ui/replication/2', 'https://host.example/dossiers'],
  [' http://master.example:8000/ ', 'http://master.example:8000'],
  ['http://master.example/gui', 'http://master.example/gui'],
  ['http://ui/', 'http://ui'],
])('takes %s, as it stands in a browser, for %s', (address, master) => {
  expect(parsed(address)).toBe(master);
});

it.each(['http://master.example/?a=1', 'http://user:secret@master.example/ui/', 'ftp://master.example/ui/', 'master.example/ui/'])(
  'still refuses %s',
  (address) => {
    expect(() => parsed(address)).toThrow(/must be an http/);
  },
);
