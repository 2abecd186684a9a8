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
  await writeFile(join(root, 'Zoe\u0308.jpg'), 'apart');
  await writeFile(join(root, 'Andr\u00e9.jpg'), 'composed');
  await mkdir(join(root, 'A\u030a'));
  await writeFile(join(root, 'A\u030a', '\u00d6.jpg'), 'mixed');
  await writeFile(join(root, 'back\\slash.jpg'), 'a name');
  await writeFile(join(root, 'two\u00e9.jpg'), 'one');
  await writeFile(join(root, 'twoe\u0301.jpg'), 'other');
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
    ['Zo\u00eb.jpg', 'apart'],
    ['Zoe\u0308.jpg', 'apart'],
    ['Andre\u0301.jpg', 'composed'],
    ['\u00c5/O\u0308.jpg', 'mixed'],
    ['\u00c5\\\u00d6.jpg', 'mixed'],
    ['inner\\c.jpg', 'c'],
    ['.\\inner\\c.jpg', 'c'],
    ['back\\slash.jpg', 'a name'],
    ['two\u00e9.jpg', 'one'],
    ['twoe\u0301.jpg', 'other'],
  ])('gives %s', async (path, content) => {
    expect(Buffer.from(await folder.read(path)).toString()).toBe(content);
  });

  it.each([
    ['../secret', 'outside'],
    ['inner/../../secret', 'outside'],
    ['../photos-beside/d.jpg', 'outside'],
    ['/etc/hostname', 'outside'],
    ['..\\secret', 'outside'],
    ['inner\\..\\..\\secret', 'outside'],
    ['C:\\photos\\a.jpg', 'outside'],
    ['\\\\server\\share\\a.jpg', 'outside'],
    ['up\\secret', 'outside'],
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
