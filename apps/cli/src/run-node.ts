import { constants, getPriority, setPriority } from 'node:os';
import type { Command } from 'commander';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import { createLogger, prefersPretty } from '@dossier/runtime/logger.ts';
import type { Logger } from '@dossier/runtime/logger.ts';
import { createShutdown } from '@dossier/runtime/shutdown.ts';
import { catchStrayLines } from '@dossier/runtime/stray-lines.ts';
import { configurationOf } from './context.ts';
import type { Context } from './context.ts';
import { print } from './output.ts';
import { startRoles } from './roles.ts';
import { box } from './table.ts';
import { startTracing } from './tracing.ts';
import { openNode } from './wire.ts';

export interface Roles {
  readonly name: 'start' | 'api' | 'worker';
  readonly api: boolean;
  readonly worker: boolean;
}

/** The contract allows 10 s after a signal. */
const closingTimeoutMs = 9_000;

/** Opens the node and starts its roles; they run until a signal ends the process. */
export async function runNode(command: Command, context: Context, roles: Roles): Promise<void> {
  const loaded = configurationOf(command, context);
  const { configuration, warnings, file } = loaded;
  const logger = createLogger({ level: configuration.logLevel, name: roles.name, node: configuration.nodeName, pretty: prefersPretty() });
  catchStrayLines(logger);
  for (const warning of warnings) logger.warn(warning);
  logger.debug({ file }, 'configuration read');
  const shutdown = createShutdown({ logger, timeoutMs: closingTimeoutMs });
  shutdown.install();
  if (!roles.api) giveWay(logger);
  try {
    const tracing = await startTracing(context.environment, roles.name);
    if (tracing) shutdown.add('the traces', () => tracing.close());
    const telemetry = tracing?.telemetry ?? null;
    const node = await openNode(loaded, { logger, shutdown, name: roles.name, mayMigrate: roles.name === 'start', telemetry });
    if (node.generatedPassword !== null) print(passwordBox(configuration, node.generatedPassword));
    const { url } = await startRoles(node, roles, shutdown);
    if (url === null) logger.info('ready: the worker waits for jobs');
    else logger.info({ url }, `ready: ${url}`);
  } catch (error) {
    await shutdown.close();
    throw error;
  }
}

/** Lets the host's other processes go first, above all the API that people at the gate wait for: a sync may take a little longer. */
function giveWay(logger: Logger): void {
  const wanted = constants.priority.PRIORITY_BELOW_NORMAL;
  try {
    if (getPriority() < wanted) setPriority(wanted);
  } catch (error) {
    logger.debug({ err: error }, 'the priority of the worker could not be lowered');
  }
}

function passwordBox({ adminUsername }: Configuration, password: string): string {
  return box([
    'The administrator was made. The password is shown this once:',
    '',
    `  user      ${adminUsername}`,
    `  password  ${password}`,
    '',
    `"dossier user password ${adminUsername}" sets a new one.`,
  ]);
}
