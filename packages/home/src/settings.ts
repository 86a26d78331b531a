import { readFileSync } from 'node:fs';
import { messageOf, SampanError } from '@sampan/base';
import { changing } from './change-lock.ts';
import { type HubBucketSettings, isHubBucket } from './hub-bucket.ts';
import { type HubLimitSettings, isHubLimits } from './hub-limits.ts';
import type { HomeLayout } from './layout.ts';
import { writeFileSafely } from './write-file.ts';

/** What a home remembers from start to start. */
export interface Settings {
  /** The TLS port. */
  readonly port?: number;
  /** The registry's port for plain HTTP on loopback. */
  readonly hubPort?: number;
  /** Limits of the registry that are not the usual ones. */
  readonly hubLimits?: HubLimitSettings;
  /** Where the registry keeps blobs; absent: in the home. */
  readonly hubBucket?: HubBucketSettings;
  /** Which of the machine's cluster networks is the host cluster's. */
  readonly network?: number;
  /** Hosts that the URLs of webhooks may name; none by default. */
  readonly webhookHosts?: readonly string[];
  /** The sample application was made once: it is not made again when somebody deleted it. */
  readonly sampleMade?: boolean;
}

/** What each setting must be, in words. */
const CHECKS: Readonly<Record<keyof Settings, readonly [is: (value: unknown) => boolean, what: string]>> = {
  port: [isPort, 'a port number'],
  hubPort: [isPort, 'a port number'],
  hubLimits: [
    isHubLimits,
    'limits of the registry (maxBlobBytes, uploads; account, address, failedLogins as {perSecond, burst})',
  ],
  hubBucket: [
    isHubBucket,
    'a bucket for the registry (bucket, region; endpoint, prefix ending in "/", pathStyle, redirects)',
  ],
  network: [(value) => Number.isSafeInteger(value) && Number(value) >= 0, 'a number of a network'],
  webhookHosts: [
    (value) => Array.isArray(value) && value.every((host) => typeof host === 'string'),
    'a list of host names',
  ],
  sampleMade: [(value) => typeof value === 'boolean', 'true or false'],
};

/** Throws `settings-invalid` when the file is there and cannot be understood. */
export function readSettings(home: HomeLayout): Settings {
  let text: string;
  try {
    text = readFileSync(home.settings, 'utf8');
  } catch (error) {
    if (isMissing(error)) return {};
    throw invalid(home, messageOf(error));
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw invalid(home, messageOf(error));
  }
  if (typeof value !== 'object' || value === null) throw invalid(home, 'it is not a JSON object');
  for (const [name, [is, what]] of Object.entries(CHECKS)) {
    const found: unknown = Object.getOwnPropertyDescriptor(value, name)?.value;
    if (found !== undefined && !is(found)) throw invalid(home, `${JSON.stringify(name)} is not ${what}`);
  }
  return value as Settings;
}

/** As they are now, changed. Throws `settings-invalid`, `home-locked`. */
export function changeSettings(home: HomeLayout, change: (settings: Settings) => Settings): void {
  changing(home, () => writeSettings(home, change(readSettings(home))));
}

export function writeSettings(home: HomeLayout, settings: Settings): void {
  writeFileSafely(home.settings, `${JSON.stringify(settings, null, 2)}\n`);
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536;
}

/** Whether an error of the file system says that the file is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function invalid(home: HomeLayout, reason: string): SampanError {
  return new SampanError('settings-invalid', `${home.settings} cannot be read: ${reason}.`, {
    hint: 'Mend the file, or remove it: only what is remembered from start to start is lost, such as the port.',
  });
}
