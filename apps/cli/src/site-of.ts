import { siteSchema } from '@dossier/protocol/site.ts';
import type { Site } from '@dossier/protocol/site.ts';
import { ExitError } from '@dossier/runtime/errors.ts';
import type { Client } from './client.ts';
import { allOf } from './links.ts';
import { printable } from './printable.ts';

/**
 * The site that a person means: that of this number, else that of this name, a revoked one only if no other has it. Sites name themselves, so a name never beats a
 * number. Throws ExitError for none, or several.
 */
export async function siteOf(client: Client, given: string): Promise<Site> {
  const sites = await allOf(client, 'sites/', siteSchema);
  const numbered = sites.find(({ id }) => String(id) === given);
  const named = sites.filter((site) => site.name === given && site !== numbered);
  const standing = named.filter(({ state }) => state !== 'revoked');
  const found = [...(numbered ? [numbered] : []), ...(standing.length > 0 ? standing : named)];
  const [site] = found;
  if (site === undefined)
    throw new ExitError(1, `There is no site ${JSON.stringify(given)}.`, { remedy: '"dossier site list" shows all.' });
  if (found.length > 1) throw ambiguous(given, { numbered, found });
  return site;
}

function ambiguous(given: string, { numbered, found }: { numbered: Site | undefined; found: readonly Site[] }): ExitError {
  const which = found.map(called).join('; ');
  const shown = JSON.stringify(given);
  if (numbered === undefined)
    return new ExitError(1, `Several sites are called ${shown}: ${which}. Nothing was done.`, { remedy: 'Name one by its number.' });
  const other = found.find(({ id }) => id !== numbered.id);
  return new ExitError(1, `${shown} is the number of one site and the name of another: ${which}. Nothing was done.`, {
    remedy: `Give the other another name first: "dossier site rename ${other?.id} NAME".`,
  });
}

/** A site as it is named after something was done with it, so that a person sees which it was. */
export function called({ id, name, words }: Site): string {
  return `site ${id} "${printable(name)}"${words === null ? '' : ` (${words})`}`;
}
