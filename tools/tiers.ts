/** Which place may import which: docs/architecture.md, "Layout". */
export interface Place {
  readonly path: string;
  readonly tier: number;
}

const at = (tier: number, ...paths: string[]): Place[] => paths.map((path) => ({ path, tier }));

/** Of all places of the design, those that are not there yet included. */
export const PLACES: readonly Place[] = [
  ...at(0, 'packages/base'),
  ...at(1, 'packages/api', 'packages/store', 'packages/blobs', 'packages/records', 'packages/oci'),
  ...at(2, 'packages/machinery', 'packages/home'),
  ...at(
    3,
    ...[
      'apiserver',
      'controllers',
      'scheduler',
      'kubelet',
      'network',
      'clusters',
      'hub',
      'flows',
      'instances',
    ]
      .concat('batch', 'metrics', 'logs', 'disks')
      .map((name) => `packages/${name}`),
  ),
  ...at(4, ...['server', 'guests', 'hub', 'node', 'cli', 'console'].map((name) => `apps/${name}`)),
];

/** `home` holds keys, which `machinery` makes: the one import within tier 2. */
const ALLOWED_WITHIN: readonly (readonly [from: string, to: string])[] = [
  ['packages/home', 'packages/machinery'],
];

const REASONS: Readonly<Record<number, string>> = {
  0: 'tier 0 is what everything stands on: it imports nothing of Sampan',
  1: 'packages of tier 1 are used alone: each knows only packages/base',
  2: 'tier 2 serves tier 3 and must not know it',
  3: 'packages of tier 3 meet through API objects and the interfaces of tier 2, so that each is understood, tested and replaced alone',
  4: 'apps are composition roots: nothing imports them, not even each other',
};

/** Why `from` must not import `to`; undefined: it may. Places are paths as in `PLACES`. */
export function banReason(from: string, to: string): string | undefined {
  if (from === to) return undefined;
  const importer = PLACES.find(({ path }) => path === from);
  const imported = PLACES.find(({ path }) => path === to);
  if (!importer) return `${from} is in no tier: add it to tools/tiers.ts`;
  if (!imported) return `${to} is in no tier: add it to tools/tiers.ts`;
  if (imported.tier < importer.tier) return undefined;
  if (ALLOWED_WITHIN.some(([a, b]) => a === from && b === to)) return undefined;
  return imported.tier === 4 ? REASONS[4] : REASONS[importer.tier];
}
