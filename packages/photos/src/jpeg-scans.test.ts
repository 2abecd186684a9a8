import sharp from 'sharp';
import { expect, it } from 'vitest';
import { countJpegScans } from './jpeg-scans.ts';

const image = sharp({ create: { width: 64, height: 64, channels: 3, background: '#468' } });

it('counts one scan in a baseline and ten in a progressive JPEG', async () => {
  expect(countJpegScans(await image.clone().jpeg().toBuffer(), 100)).toBe(1);
  expect(countJpegScans(await image.clone().jpeg({ progressive: true }).toBuffer(), 100)).toBe(10);
  expect(countJpegScans(await image.clone().jpeg({ progressive: true }).toBuffer(), 3)).toBe(4);
});

it('takes nothing in metadata or after the end for a scan', async () => {
  const bytes = await image.clone().jpeg().toBuffer();
  const decoys = Buffer.from('ffda00020000'.repeat(50), 'hex');
  const comment = Buffer.concat([Buffer.from([0xff, 0xfe, 0, 0]), decoys]);
  comment.writeUInt16BE(decoys.length + 2, 2);
  expect(countJpegScans(Buffer.concat([bytes.subarray(0, 2), comment, bytes.subarray(2), decoys]), 100)).toBe(1);
});

it('ends with the bytes', () => {
  for (const hex of ['', 'ff', 'ffd8', 'ffd8ff', 'ffd8ffff', 'ffd8ffffffffff', 'ffd8ffe00000ffe00000', 'ffd8ffe0ffff00']) {
    expect(countJpegScans(Buffer.from(hex, 'hex'), 100)).toBe(0);
  }
});
