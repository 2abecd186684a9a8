import { roles } from '@dossier/domain/role.ts';
import type { Role } from '@dossier/domain/role.ts';

type Claims = Readonly<Record<string, unknown>>;

/** The texts of a claim: of the one of this name, else of the one that it is a path to. */
export function claimTexts(claims: Claims, name: string): string[] {
  const value = Object.hasOwn(claims, name) ? claims[name] : name.split('.').reduce<unknown>(memberOf, claims);
  return [value].flat().filter((each) => typeof each === 'string');
}

function memberOf(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Object.entries(value).find(([name]) => name === key)?.[1]
    : null;
}

/** The highest role that one of the texts stands for; null for none. */
export function mappedRole(texts: readonly string[], mapping: Readonly<Record<Role, readonly string[]>>): Role | null {
  return roles.toReversed().find((role) => mapping[role].some((text) => texts.includes(text))) ?? null;
}
