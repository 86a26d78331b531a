/** Known differences of what admission and actions on subresources do; part of `KNOWN`. */
import type { KnownDifference } from './known.ts';

const COUNTED = 'The use of ResourceQuotas is counted by the server itself, at once.';
const DRY_SERVICES =
  'Dry runs of Services show and check the addresses and ports they would get (newer than 1.20).';
const TOKENS = 'Answers to token requests name their account and have no managedFields.';

/** [steps, path, reason] of what only we have. */
const ADDED: readonly (readonly [step: string, path: string, reason: string])[] = [
  ['pod*', '/body/status/qosClass', "Writes of a pod's status keep its qosClass (newer than 1.20)."],
  [
    'pod-operations/*',
    '/body/status/conditions/*',
    'Evicted pods have the condition DisruptionTarget (newer than 1.20).',
  ],
  ...['/headers/retry-after', '/body/details/retryAfterSeconds'].map(
    (path) =>
      [
        'pod-operations/the budget has not been counted',
        path,
        'Evictions that a budget cannot answer yet say when to try again (newer than 1.20).',
      ] as const,
  ),
  [
    'certificatesigningrequests*',
    '/body/spec/extra',
    'Users with a client certificate carry its fingerprint as authentication.kubernetes.io/credential-id (newer than 1.20).',
  ],
  ['services/*', '/body/spec/clusterIP', DRY_SERVICES],
  ['services/*', '/body/spec/clusterIPs', DRY_SERVICES],
  ...['hard', 'used', 'hard/*', 'used/*'].map(
    (name) => ['resourcequotas/*', `/body/status/${name}`, COUNTED] as const,
  ),
  [
    'namespaces/get as a Table',
    '/body/rows/*/object/metadata/labels/*',
    'Namespaces carry the label kubernetes.io/metadata.name (since 1.21).',
  ],
];

/** [step, path, reason] of what is otherwise. */
const OTHERWISE: readonly (readonly [step: string, path: string, reason: string])[] = [
  ['services/*', '/body/spec/ports/*/nodePort', DRY_SERVICES],
  ['services/clusterIP outside the range', '/**', DRY_SERVICES],
  ['services/node port outside the range', '/**', DRY_SERVICES],
  [
    'services/free the node port',
    '/body/**',
    'Deleting a Service answers with the Service (newer than 1.20).',
  ],
  ['services/delete', '/body/**', 'Deleting a Service answers with the Service (newer than 1.20).'],
  ['resourcequotas/get status', '/body/status/used/*', COUNTED],
  ['resourcequotas/delete', '/body/status/used/*', COUNTED],
  ['access/token', '/body/metadata/**', TOKENS],
  ['serviceaccounts/ask for a token', '/body/metadata/**', TOKENS],
  [
    'namespaces/name too long',
    '/body/**',
    'A namespace with too long a name also has too long a label kubernetes.io/metadata.name (since 1.21).',
  ],
];

export const KNOWN_IN_ADMISSION: readonly KnownDifference[] = [
  ...ADDED.map(([step, path, reason]) => ({
    corpus: 'core' as const,
    step,
    path,
    only: 'added' as const,
    reason,
  })),
  ...OTHERWISE.map(([step, path, reason]) => ({ corpus: 'core' as const, step, path, reason })),
];
