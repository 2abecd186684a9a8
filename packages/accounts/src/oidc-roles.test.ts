import { expect, it } from 'vitest';
import { claimTexts, mappedRole } from './oidc-roles.ts';

const mapping = { admin: ['chiefs'], operator: ['guards', 'desk'], viewer: ['staff'] };

it.each([
  [{ roles: 'chiefs' }, 'roles', 'admin'],
  [{ roles: ['staff', 'guards'] }, 'roles', 'operator'],
  [{ realm_access: { roles: ['staff'] } }, 'realm_access.roles', 'viewer'],
  [{ 'https://id.example/roles': ['desk'] }, 'https://id.example/roles', 'operator'],
  [{ roles: ['admin'] }, 'roles', null],
  [{ roles: { admin: true } }, 'roles', null],
  [{ roles: [true, 1, null] }, 'roles', null],
  [{}, 'constructor.name', null],
  [{}, 'roles', null],
])('%j, by %s: %s', (claims, name, role) => {
  expect(mappedRole(claimTexts(claims, name), mapping)).toBe(role);
});
