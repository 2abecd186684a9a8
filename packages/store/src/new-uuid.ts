import { randomUUID } from 'node:crypto';

/** A UUID of version 7, as the database's own new_uuid() makes them, without asking the database: new rows stay side by side in an index. */
export function newUuid(): string {
  const milliseconds = Date.now().toString(16).padStart(12, '0');
  // Behind the version, which stands at the fifteenth place, all of a random UUID is as it has to be.
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7${randomUUID().slice(15)}`;
}
