import type { Client } from 'pg';
import { mutations } from './mutations.ts';
import type { Replacement } from './mutations.ts';
import { rightsMutations } from './rights-mutations.ts';
import { rowsOf } from './site.ts';

/** Names the bug that is planted in this process and its databases. */
export const plantedBugVariable = 'PLANTED_BUG';

/** What of the product is another text in this process. */
export function plantedReplacements(): readonly Replacement[] {
  const name = process.env[plantedBugVariable] ?? '';
  if (name === '') return [];
  const mutation = mutations[name] ?? rightsMutations[name];
  if (!mutation) throw new Error(`no bug is named ${name}`);
  return mutation.replacements;
}

/** A text with the replacement. Throws where the product has changed, so that the bug no longer fits it. */
export function replace(whole: string, { text, by, in: place }: Replacement): string {
  const parts = whole.split(text);
  if (parts.length !== 2) throw new Error(`the text to be replaced is ${parts.length - 1} times in ${JSON.stringify(place)}`);
  return parts.join(by);
}

/** Plants this process's bug in the functions of a database. */
export async function plantInDatabase(admin: Client): Promise<void> {
  for (const replacement of plantedReplacements()) {
    if (!('function' in replacement.in)) continue;
    const [found] = await rowsOf<{ definition: string }>(
      admin,
      `select pg_get_functiondef(oid) as definition from pg_proc where proname = $1 and pronamespace = 'public'::regnamespace`,
      [replacement.in.function],
    );
    await admin.query(replace(found?.definition ?? '', replacement));
  }
}
