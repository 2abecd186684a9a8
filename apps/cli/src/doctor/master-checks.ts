import { randomUUID } from 'node:crypto';
import { softwareVersion } from '@dossier/api/software-version.ts';
import { isFailure } from '@dossier/domain/failure.ts';
import { feedVersions, greetingSchema } from '@dossier/protocol/feed.ts';
import { deriveSigningKey } from '@dossier/protocol/signing-key.ts';
import type { SigningKey } from '@dossier/protocol/signing-key.ts';
import { createFeedClient } from '@dossier/replication/feed-client.ts';
import { trustByKeys, trustByToken } from '@dossier/replication/trust.ts';
import type { Trust } from '@dossier/replication/trust.ts';
import { requireOtherNode } from '@dossier/replication/identity.ts';
import { withoutRun } from '@dossier/replication/run-sentences.ts';
import { normaliseExternalAddress } from '@dossier/runtime/configuration.ts';
import type { Configuration } from '@dossier/runtime/configuration.ts';
import type { LinkedMaster } from './database-checks.ts';
import { failed, fromError, ok, skipped, warning } from './finding.ts';
import type { Finding } from './finding.ts';

const timeoutMs = 10_000;
const mostBytes = 64 * 1024;
/** Signatures hold for five minutes; a clock that is off by more than this is on its way there. */
const wiseSkewMs = 30_000;
const askedAtOnce = 8;

/** Greets each linked master as a sync would: reached, same token, same installation, same clock. */
export async function checkMasters(
  configuration: Configuration,
  masters: readonly LinkedMaster[],
  { nodeUuid, nodeKey }: { nodeUuid: string | null; nodeKey: SigningKey | null },
): Promise<Finding[]> {
  if (nodeUuid === null) return [skipped('masters', 'Which masters are linked is not known without the database.')];
  if (masters.length === 0) return [ok('masters', 'This node replicates from nobody.')];
  const findings: Finding[] = [];
  for (let at = 0; at < masters.length; at += askedAtOnce) {
    const asked = masters
      .slice(at, at + askedAtOnce)
      .map((master) => checkMaster(configuration, trustIn(master, { configuration, nodeKey }), { master, nodeUuid }));
    findings.push(...(await Promise.all(asked)).flat());
  }
  return findings;
}

/** As a sync would sign; null where nothing speaks for this node. */
function trustIn(
  { key: known }: LinkedMaster,
  { configuration, nodeKey }: { configuration: Configuration; nodeKey: SigningKey | null },
): Trust | null {
  const token = configuration.syncToken === null ? null : deriveSigningKey(configuration.syncToken);
  if (known !== null && nodeKey !== null) return trustByKeys(nodeKey, { known, token });
  return token && trustByToken(token);
}

async function checkMaster(
  configuration: Configuration,
  key: Trust | null,
  { master, nodeUuid }: { master: LinkedMaster; nodeUuid: string },
): Promise<Finding[]> {
  const check = `master ${master.url}`;
  if (key === null) return [skipped(check, 'Without SYNC_TOKEN, and not joined to it, this node can not greet it.')];
  const client = createFeedClient({ key, remoteUrl: master.url, version: softwareVersion, now: () => new Date(), randomNonce: randomUUID });
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const { body, skewMs } = await client.get('/feed/', { maximumBytes: mostBytes, signal });
    const greeting = greetingSchema.parse(JSON.parse(body.toString('utf8')));
    requireOtherNode(greeting, master.url, {
      node: nodeUuid,
      externalAddress: normaliseExternalAddress(configuration.externalAddress),
      normaliseExternalAddress,
    });
    if (!greeting.versions.some((version) => feedVersions.some((own) => own === version))) {
      return [
        failed(
          check,
          `It speaks the feed's versions ${greeting.versions.join(', ')}, this node ${feedVersions.join(', ')}.`,
          'Bring the older node up to date.',
        ),
      ];
    }
    const lists = `${master.lists} ${master.lists === 1 ? 'list is' : 'lists are'} linked`;
    return [
      ok(check, `It answers, signs as the master that this node knows, and has the same EXTERNAL_ADDRESS; ${lists}.`),
      checkClock(check, skewMs),
    ];
  } catch (error) {
    if (signal.aborted)
      return [failed(check, `It did not answer within ${timeoutMs / 1000} seconds.`, 'Check its load and the line to it.')];
    if (isFailure(error)) return [failed(check, `${error.code}: ${withoutRun(error.message)}`, withoutRun(error.remedy))];
    return [fromError(check, error, 'Look whether a dossier node answers at this address.')];
  } finally {
    client.close();
  }
}

function checkClock(check: string, skewMs: number): Finding {
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  const sentence =
    seconds === 0 ? 'Its clock agrees with this host’s.' : `Its clock is ${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} this host’s.`;
  if (Math.abs(skewMs) <= wiseSkewMs) return ok(check, sentence);
  return warning(check, sentence, 'Let both hosts follow a time server: from five minutes on nothing is synced.');
}
