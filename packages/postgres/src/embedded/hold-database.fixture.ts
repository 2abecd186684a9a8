import { createLogger } from '@dossier/runtime/logger.ts';

import { startEmbeddedDatabase } from '../embedded.ts';

// A process of its own for the tests: joins the database of the folder in its first argument, says so in one line of
// JSON, and leaves when its standard input ends. SIGUSR2 makes it exit without leaving.
const logger = createLogger({ level: 'silent', name: 'fixture', pretty: false });
const database = await startEmbeddedDatabase({ dataDir: process.argv[2] ?? '', logger });
process.once('SIGUSR2', () => process.exit(1));
process.stdin.once('end', () => void database.stop());
process.stdin.resume();
// Last: the test answers to this line with whatever it wants to see handled.
process.stdout.write(`${JSON.stringify({ url: database.url, owned: database.owned })}\n`);
