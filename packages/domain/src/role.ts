/** What a user may do, each role also everything before it: `viewer` reads, `operator` changes dossiers and photos, `admin` all. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Whether a user of one role may do what needs the other. */
export function mayActAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}
