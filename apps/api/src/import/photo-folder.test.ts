import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPhotoFolder } from './photo-folder.ts';
import type { PhotoFolder } from './photo-folder.ts';

let base: string;
let folder: PhotoFolder;

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'photo-folder-'));
  const root = join(base, 'photos');
  await mkdir(join(root, 'inner'), { recursive: true });
  await mkdir(join(base, 'photos-beside'));
  await writeFile(join(root, 'a.jpg'), 'a');
  await writeFile(join(root, '..b.jpg'), 'b');
  await writeFile(join(root, 'inner', 'c.jpg'), 'c');
  await writeFile(join(base, 'secret'), 'secret');
  await writeFile(join(base, 'photos-beside', 'd.jpg'), 'd');
  await symlink(join(base, 'secret'), join(root, 'out.jpg'));
  await symlink(base, join(root, 'up'));
  await symlink('a.jpg', join(root, 'in.jpg'));
  await symlink('loop.jpg', join(root, 'loop.jpg'));
  folder = await openPhotoFolder(root);
});
afterAll(async () => {
  await rm(base, { recursive: true });
});

describe('a folder of photos', () => {
  it.each([
    ['a.jpg', 'a'],
    ['./a.jpg', 'a'],
    ['inner/../a.jpg', 'a'],
    ['..b.jpg', 'b'],
    ['inner/c.jpg', 'c'],
    ['in.jpg', 'a'],
  ])('gives %s', async (path, content) => {
    expect(Buffer.from(await folder.read(path)).toString()).toBe(content);
  });

  it.each([
    ['../secret', 'outside'],
    ['inner/../../secret', 'outside'],
    ['../photos-beside/d.jpg', 'outside'],
    ['/etc/hostname', 'outside'],
    ['out.jpg', 'outside'],
    ['up/secret', 'outside'],
    ['up', 'outside'],
    ['..', 'outside'],
    ['a\u0000.jpg', 'outside'],
    ['.', 'outside'],
    ['inner', 'is no file'],
    ['missing.jpg', 'is not there'],
    ['a.jpg/x', 'is not there'],
    ['loop.jpg', 'link to itself'],
    [`${'x'.repeat(5000)}.jpg`, 'too long a name'],
  ])('refuses %.40s', async (path, reason) => {
    await expect(folder.read(path)).rejects.toThrow(reason);
  });
});
