import { createLogger } from '@dossier/runtime/logger.ts';
import type { LoadedConfiguration } from '@dossier/runtime/configuration.ts';
import { checkDatabase } from './database-checks.ts';
import { ok, warning } from './finding.ts';
import type { Finding } from './finding.ts';
import { checkDisk, checkExternalAddress, checkPhotos, checkPort, checkToken, checkWeb, guarded } from './host-checks.ts';
import { checkMasters } from './master-checks.ts';

/** All findings about a node, in the order in which a person would look. Never throws for what it finds. */
export async function examine({ configuration, file, warnings }: LoadedConfiguration): Promise<Finding[]> {
  const logger = createLogger({ level: 'silent', name: 'doctor', pretty: false });
  const source = file === null ? 'the environment and defaults' : file;
  const settings = [
    ok('settings', `They are read from ${source}, and possible.`),
    // The token's length has a finding of its own.
    ...warnings
      .filter((text) => !text.startsWith('SYNC_TOKEN '))
      .map((text) => warning('settings', text, 'dossier.example.yaml documents every key.')),
  ];
  const host = [
    await guarded('port', () => checkPort(configuration)),
    await guarded('disk', () => checkDisk(configuration)),
    await guarded('photos', () => checkPhotos(configuration)),
    await guarded('web', checkWeb),
    await guarded('token', () => checkToken(configuration)),
    await guarded('address', () => checkExternalAddress(configuration)),
  ];
  const { findings, masters, nodeUuid, nodeKey } = await checkDatabase(configuration, logger);
  return [...settings, ...host, ...findings, ...(await checkMasters(configuration, masters, { nodeUuid, nodeKey }))];
}
