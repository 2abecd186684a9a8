import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { z } from 'zod';

const settingsSchema = z.object({
  syncToken: z.string(),
  password: z.string(),
  adminToken: z.string(),
  /** Where the nodes were last. */
  urls: z.object({ master: z.string(), slave: z.string() }).optional(),
});

/** The secrets of a demo, made once and kept beside its data, so that a later run opens the same nodes. */
export type DemoSettings = z.infer<typeof settingsSchema>;

/** The settings of the demo in this file; null if there is none. */
export async function findSettings(file: string): Promise<DemoSettings | null> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  return text === null ? null : settingsSchema.parse(JSON.parse(text));
}

/** The settings of the demo in this file, made now if there is none. */
export async function readSettings(file: string): Promise<DemoSettings> {
  const known = await findSettings(file);
  if (known !== null) return known;
  const settings = {
    syncToken: randomBytes(32).toString('base64url'),
    password: randomBytes(9).toString('base64url'),
    adminToken: randomBytes(32).toString('base64url'),
  };
  await saveSettings(file, settings);
  return settings;
}

/** Keeps the settings where only this user can read them. */
export async function saveSettings(file: string, settings: DemoSettings): Promise<void> {
  await writeFile(file, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 });
}
