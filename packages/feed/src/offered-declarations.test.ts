import { expect, it } from 'vitest';
import { emptyDeclaration } from '@dossier/domain/declaration.ts';
import { declarationText, emptyDeclarationText } from '@dossier/protocol/declaration.ts';
import { declarationHash } from '@dossier/protocol/declaration-hash.ts';
import { createDeclarationReader } from './offered-declarations.ts';

it('reads what a list declares once, however often slaves ask, and another declaration anew', () => {
  const read = createDeclarationReader();
  const declaration = { fields: [], instruction: { en: 'Call the desk' } };
  const kept = declarationText(declaration);
  const first = read(kept);
  expect(first).toEqual({ declaration, hash: declarationHash(declaration) });
  expect(read(kept)).toBe(first);
  expect(read(emptyDeclarationText)).toEqual({ declaration: emptyDeclaration, hash: declarationHash(emptyDeclaration) });
});

it('forgets those that nobody has asked for', () => {
  const read = createDeclarationReader();
  const first = read(emptyDeclarationText);
  for (let number = 0; number < 300; number += 1) read(declarationText({ fields: [], instruction: { en: String(number) } }));
  expect(read(emptyDeclarationText)).not.toBe(first);
});
