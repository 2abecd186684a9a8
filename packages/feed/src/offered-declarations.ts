import type { Declaration } from '@dossier/domain/declaration.ts';
import { readDeclaration } from '@dossier/protocol/declaration.ts';
import { declarationHash } from '@dossier/protocol/declaration-hash.ts';

/** What a list declares, as its head offers it. */
export interface OfferedDeclaration {
  readonly declaration: Declaration;
  readonly hash: string;
}

/** Declarations are at most 64 kB, and most lists have the same few. */
const mostKept = 256;

/**
 * Reads declarations as they are kept: each once for as long as it is among the last that were asked for, as slaves ask
 * for heads all the time.
 */
export function createDeclarationReader(): (kept: string) => OfferedDeclaration {
  const known = new Map<string, OfferedDeclaration>();
  return (kept) => {
    const found = known.get(kept) ?? offer(readDeclaration(kept));
    known.delete(kept);
    known.set(kept, found);
    const [oldest] = known.keys();
    if (known.size > mostKept && oldest !== undefined) known.delete(oldest);
    return found;
  };
}

function offer(declaration: Declaration): OfferedDeclaration {
  return { declaration, hash: declarationHash(declaration) };
}
