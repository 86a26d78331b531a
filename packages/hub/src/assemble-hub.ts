import { type Clock, type Logger, silentLogger } from '@sampan/base';
import type { BlobStore } from '@sampan/blobs';
import type { Records } from '@sampan/records';
import type { HubParts } from './api/call.ts';
import type { HubRequest } from './api/message.ts';
import { Registry } from './api/registry.ts';
import { TagLists } from './api/tag-lists.ts';
import { AuditLog } from './audit/audit-log.ts';
import { Charts } from './charts/charts.ts';
import type { HubEvent } from './events/event.ts';
import { EventLog } from './events/event-log.ts';
import { Collector } from './garbage/collector.ts';
import { GuardedDirectory } from './limits/guarded-directory.ts';
import { DEFAULT_LIMITS, type HubLimits } from './limits/hub-limits.ts';
import { LimitedGate } from './limits/limited-gate.ts';
import { RequestLimits } from './limits/request-limits.ts';
import { DigestLocks } from './metadata/digest-locks.ts';
import type { HubTables } from './metadata/schema.ts';
import { UploadBook } from './metadata/upload-book.ts';
import { UploadsInUse } from './metadata/uploads-in-use.ts';
import { HubMetrics } from './metrics/hub-metrics.ts';
import { Operations } from './operations/operations.ts';
import type { Directory } from './projects/directory.ts';
import { PullTimes } from './retention/pull-times.ts';
import { Retention } from './retention/retention.ts';
import type { KeyPair } from './tokens/key-file.ts';
import { TokenGate } from './tokens/token-gate.ts';
import { TokenKeys } from './tokens/token-keys.ts';
import { TokenService } from './tokens/token-service.ts';

export interface HubOptions {
  readonly blobs: BlobStore;
  readonly records: Records<HubTables>;
  readonly directory: Directory;
  readonly keyPair: KeyPair;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Who did what; see `AuditLog`. Absent: nobody wants to know. */
  readonly audit?: Logger;
  /** The registry's name in tokens: the same for all addresses it has. */
  readonly service: string;
  /** In place of the usual ones. */
  readonly limits?: Partial<HubLimits>;
}

export const TOKEN_PATH = '/hub/token';

/** Makes the parts of a registry and tells each of the others; nothing of it runs yet. */
export function assembleHub(options: HubOptions) {
  const { blobs, records, clock, logger } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const requestLimits = new RequestLimits(limits, clock);
  const audit = new AuditLog(options.audit ?? silentLogger);
  const directory = new GuardedDirectory(options.directory, requestLimits, audit);
  const tagLists = new TagLists();
  const written = (events: readonly HubEvent[]) => {
    for (const { repository } of events) tagLists.changed(repository);
  };
  const events = new EventLog({ records, clock, logger, written });
  const locks = new DigestLocks();
  const pulls = new PullTimes({ records, clock, logger });
  const parts: HubParts = {
    blobs,
    records,
    locks,
    clock,
    events,
    tagLists,
    directory,
    limits,
    pulls,
    uploads: new UploadBook(records),
    uploading: new UploadsInUse(),
  };
  const keys = new TokenKeys({ ...options.keyPair, service: options.service, clock });
  const gate = new LimitedGate(tokenGate(keys, parts), requestLimits);
  const registry = new Registry({ parts, gate, logger });
  const collector = new Collector(parts, logger);
  const retention = new Retention({ parts, logger });
  const metrics = new HubMetrics({ parts, limits: requestLimits, collector });
  const listeners = { audit: audit.hear, metrics: metrics.hear, 'pull times': pulls.hear };
  for (const [name, listener] of Object.entries(listeners)) events.listen(name, listener);
  return {
    parts,
    requestLimits,
    registry,
    charts: new Charts({ parts, run: (call) => registry.run(call), logger }),
    tokens: new TokenService({ keys, directory, clock }),
    operations: new Operations({ parts, collector, retention, metrics, logger }),
    collector,
    retention,
    pulls,
    metrics,
  };
}

function tokenGate(keys: TokenKeys, { directory, clock }: HubParts): TokenGate {
  const realm = ({ headers, origin }: HubRequest) =>
    `${origin.scheme}://${hostOf(headers.host)}${TOKEN_PATH}`;
  return new TokenGate({ keys, clock, realm, directory });
}

/** It goes into a quoted string of a header: nothing that could end that. */
function hostOf(header: string | undefined): string {
  return /^[a-zA-Z0-9.:[\]_-]{1,255}$/.test(header ?? '') ? (header ?? '') : 'localhost';
}
