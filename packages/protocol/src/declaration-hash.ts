import { createHash } from 'node:crypto';
import type { Declaration } from '@dossier/domain/declaration.ts';
import { declarationText } from './declaration.ts';

/** SHA-256 of a declaration as it is kept, 64 hexadecimal digits; the database's declaration_hash() is the same of the text. */
export function declarationHash(declaration: Declaration): string {
  return createHash('sha256').update(declarationText(declaration)).digest('hex');
}
