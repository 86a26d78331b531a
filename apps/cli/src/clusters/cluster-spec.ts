import type { ClusterSpec } from '@sampan/clusters';
import { HOST } from '../check-cluster.ts';
import type { OptionValues } from '../command.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';
import { durationOf } from './durations.ts';

/** What can be bounded, and how values are told. */
const QUOTAS = {
  objects: wholeNumber,
  bytes: bytesOf,
  requestsPerSecond: wholeNumber,
  pods: wholeNumber,
  cpu: quantityOf,
  memory: quantityOf,
} as const satisfies Readonly<Record<string, (name: string, value: string) => number | string>>;

/** RFC 1123; the API checks it as well, less politely. Throws `usage`. */
export function checkNewName(name: string): string {
  if (name === HOST) throw usage('"host" is the name of the cluster of Sampan itself.', 'Choose another.');
  if (/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(name)) return name;
  throw usage(
    `${JSON.stringify(name)} cannot name a cluster.`,
    'Use up to 63 lower case letters, digits and -, beginning and ending with a letter or digit.',
  );
}

/** The spec that options of `cluster create` ask for; what is not said is left to defaults. Throws `usage`. */
export function specFrom(options: OptionValues): ClusterSpec {
  const { description, pods, services } = options;
  const idleSeconds = durationOf('idle', options.idle);
  const ranges = {
    ...(pods ? { pods: String(pods) } : {}),
    ...(services ? { services: String(services) } : {}),
  };
  const quota = quotaFrom(listOf(options.quota));
  return {
    ...(typeof description === 'string' ? { description } : {}),
    ...(options.sandboxed === true ? { trust: 'sandboxed' as const } : {}),
    ...(idleSeconds === undefined ? {} : { idleSeconds }),
    ...(options.paused === true ? { paused: true } : {}),
    ...(Object.keys(ranges).length > 0 ? { network: ranges } : {}),
    ...(Object.keys(quota).length > 0 ? { quota } : {}),
  };
}

function quotaFrom(words: readonly string[]): NonNullable<ClusterSpec['quota']> {
  const pairs = words.flatMap((word) => word.split(',')).map((word) => pairOf('quota', word, 'pods=20'));
  return Object.fromEntries(
    pairs.map(([name, value]) => {
      if (!(name in QUOTAS))
        throw usage(
          `There is no quota of ${JSON.stringify(name)}.`,
          `Known: ${Object.keys(QUOTAS).join(', ')}`,
        );
      return [name, QUOTAS[name as keyof typeof QUOTAS](name, value)];
    }),
  );
}

/** Of `--label KEY=VALUE`. Throws `usage`. */
export const labelsFrom = (words: readonly string[]): Record<string, string> =>
  Object.fromEntries(words.map((word) => pairOf('label', word, 'team=blue')));

function pairOf(option: string, word: string, example: string): readonly [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(word) ?? [];
  if (name !== undefined && value !== undefined) return [name, value];
  throw usage(`--${option} cannot be ${JSON.stringify(word)}.`, `For example: --${option} ${example}`);
}

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (value !== '' && Number.isSafeInteger(number) && number >= 0) return number;
  throw usage(`--quota ${name} cannot be ${JSON.stringify(value)}.`, 'It is a whole number.');
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  K: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

function bytesOf(name: string, value: string): number {
  const [, digits, unit = ''] = /^(\d{1,12})([KMG]i?)?$/.exec(value) ?? [];
  const bytes = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw usage(`--quota ${name} cannot be ${JSON.stringify(value)}.`, 'For example: --quota bytes=100Mi');
}

/** The API knows what quantities are. */
function quantityOf(name: string, value: string): string {
  if (/^\d+(\.\d+)?([munkKMGTPE]i?)?$/.test(value)) return value;
  throw usage(`--quota ${name} cannot be ${JSON.stringify(value)}.`, 'For example: --quota cpu=2,memory=4Gi');
}
