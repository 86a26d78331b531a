/**
 * The known differences of pods and what makes them, Services, accounts, quotas and certificate requests; see
 * `known.ts`.
 */
import type { KnownDifference } from './known.ts';
import type { Json } from './step.ts';

const corpus = 'core';

const ERRORS = ['/body/message', '/body/details/causes/**'];

/** One step whose error has other words or another place today; `now` is what ours must say. */
const reworded = (step: string, now: string, reason: string): KnownDifference[] =>
  ERRORS.map((path) => ({ corpus, step, path, oursContains: JSON.stringify(now).slice(1, -1), reason }));

/** One step whose error has another type today; its words are compared. */
const retyped = (step: string, ours: Json, reason: string): KnownDifference => ({
  corpus,
  step,
  path: '/body/details/causes/*/reason',
  ours,
  reason,
});

const warned = (step: string, oursMatch: RegExp, reason: string): KnownDifference => ({
  corpus,
  step,
  path: '/headers/warning',
  only: 'added',
  oursMatch,
  reason,
});

const at = (
  step: string,
  paths: readonly string[],
  rest: Omit<KnownDifference, 'corpus' | 'step' | 'path'>,
) => paths.map((path): KnownDifference => ({ corpus, step, path, ...rest }));

const QOS = 'A write of the status of a pod keeps status.qosClass when it leaves it out.';
const RESTARTS = 'The column Restarts is a text, since it says when the last one was (since 1.22).';

const PODS: readonly KnownDifference[] = [
  retyped(
    'pods/init container with a readiness probe',
    'FieldValueForbidden',
    'Probes of init containers are forbidden unless those restart (since 1.28).',
  ),
  warned(
    'pods/negative grace period',
    /spec\.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1"$/,
    'Negative grace periods bring a Warning.',
  ),
  warned(
    'pods/image pull secret without a name',
    /spec\.imagePullSecrets\[0\]\.name: invalid empty name/,
    'References without a name bring a Warning.',
  ),
  ...at('pods/image pull secret without a name', ['/body/metadata/managedFields'], {
    only: 'added',
    reason:
      'Fields of a list item without its key are tracked, since names of references default to an empty text.',
  }),
  ...reworded(
    'pods/host network with another host port',
    'spec.containers[0].ports[0].hostPort: Invalid value: 81: must match `containerPort` when `hostNetwork` is true',
    'With hostNetwork the host port is at fault, not the port of the container.',
  ),
  ...reworded(
    'pods/bad host aliases',
    'spec.hostAliases[0].hostnames[0]',
    'Errors of host aliases name the alias.',
  ),
  ...reworded(
    'pods/envFrom with a bad prefix',
    'spec.containers[0].envFrom[2].configMapRef.name: Required value]',
    'Names of environment variables may be of all printable characters but = (since 1.32).',
  ),
  ...reworded(
    'pods/request above the limit',
    'must be less than or equal to cpu limit of 1',
    'Errors of requests name the limit.',
  ),
  ...reworded(
    'pods/extended resource with another request',
    'must be equal to example.com/gpu limit of 2',
    'Errors of requests name the limit.',
  ),
  retyped(
    'pods/bad termination message policy',
    'FieldValueNotSupported',
    'A wrong terminationMessagePolicy is an unsupported value.',
  ),
  ...at('pods/seccomp profiles', ['/body/metadata/annotations'], {
    only: 'removed',
    reason: 'Annotations no longer follow the seccomp profile (since 1.27).',
  }),
  ...at('pods/all kinds of volumes', ['/**/f:volumeClaimTemplate/f:metadata/.'], {
    only: 'removed',
    reason: 'The creationTimestamp of a template is left out instead of null (since 1.34).',
  }),
  ...at('pods/node affinity', ['/**/f:requiredDuringSchedulingIgnoredDuringExecution/**'], {
    only: 'removed',
    reason: 'References, selectors and the like are owned as a whole (since 1.22).',
  }),
  warned(
    'pods/pod affinity',
    /labelSelector: a null labelSelector results in matching no pod"$/,
    'Pod affinity without a selector brings a Warning.',
  ),
  ...reworded(
    'pods/bad pod affinity',
    'requiredDuringSchedulingIgnoredDuringExecution[0].labelSelector.matchExpressions[0].operator',
    'Errors of a pod affinity name its labelSelector.',
  ),
  ...at('pods/get as a Table', ['/body/columnDefinitions/3/type', '/body/rows/0/cells/3'], {
    oursMatch: /^(?:string|0)$/,
    reason: RESTARTS,
  }),
  ...at('pods/*', ['/body/status/qosClass'], { only: 'added', ours: 'BestEffort', reason: QOS }),
];

const OPERATIONS: readonly KnownDifference[] = [
  ...at(
    'pod-operations/get a running pod as a Table',
    ['/body/columnDefinitions/3/type', '/body/rows/0/cells/3'],
    { oursMatch: /^(?:string|0)$/, reason: RESTARTS },
  ),
  ...at('pod-operations/*', ['/body/status/qosClass'], { only: 'added', ours: 'BestEffort', reason: QOS }),
  ...at('pod-operations/*', ['/body/status/conditions/1'], {
    only: 'added',
    oursContains: '"reason":"EvictionByEvictionAPI"',
    reason: 'Evicted pods have the condition DisruptionTarget (since 1.26).',
  }),
  ...at(
    'pod-operations/the budget has not been counted',
    ['/headers/retry-after', '/body/details/retryAfterSeconds'],
    { only: 'added', reason: 'Evictions that come too early may be tried again in 10 seconds.' },
  ),
];

const GENERATION = ['/body/metadata/generation', '/body/rows/0/object/metadata/generation'];

const CONTROLLERS: readonly KnownDifference[] = [
  ...['podtemplates', 'jobs', 'cronjobs'].flatMap((scenario) =>
    at(`${scenario}/*`, GENERATION, {
      only: 'added',
      reason: 'PodTemplates, Jobs and CronJobs have a generation.',
    }),
  ),
  ...['no spec', 'no template'].flatMap((step) =>
    reworded(
      `statefulsets/${step}`,
      'spec.template.spec.containers: Required value',
      'Templates of StatefulSets are validated as pods are (since 1.36).',
    ),
  ),
  retyped(
    'daemonsets/nothing may be unavailable',
    'FieldValueRequired',
    'DaemonSets must have maxUnavailable or maxSurge.',
  ),
  ...at('daemonsets/get as a Table', ['/body/rows/0/object/metadata/annotations'], {
    only: 'added',
    oursContains: '"annotations":{"deprecated.daemonset.template.generation":"1"}',
    reason: 'Tables show the same annotations of a DaemonSet as the object has.',
  }),
  ...['jobs/own selector', 'jobs/update: change the selector'].flatMap((step) =>
    reworded(
      step,
      '{"batch.kubernetes.io/controller-uid":"<uid>","batch.kubernetes.io/job-name":"once","controller-uid":"<uid>","job-name":"once"}',
      'Pods of Jobs carry labels with a domain, too (since 1.27).',
    ),
  ),
  ...at('jobs/get as a Table', ['/body/columnDefinitions/*/**'], {
    oursContains: '"name":"Status"',
    reason: 'Tables of Jobs have a column Status.',
  }),
  ...at('jobs/get as a Table', ['/body/rows/0/cells/*'], {
    oursContains:
      '"cells":["once","Running","0/1","","<age>","c","busybox:1.36","batch.kubernetes.io/controller-uid=<uid>"]',
    reason: 'Tables of Jobs have a column Status.',
  }),
  ...at('jobs/get as a Table', ['/body/rows/0/object/metadata/labels/batch.kubernetes.io*'], {
    only: 'added',
    reason: 'Pods of Jobs carry labels with a domain, too (since 1.27).',
  }),
  ...at('cronjobs/get as a Table', ['/body/columnDefinitions/*/**'], {
    oursContains: '"name":"Timezone"',
    reason: 'Tables of CronJobs have a column Timezone.',
  }),
  ...at('cronjobs/get as a Table', ['/body/rows/0/cells/*'], {
    oursContains:
      '"cells":["nightly","0 3 * * *","<none>","True",0,"<none>","<age>","c","busybox:1.36","<none>"]',
    reason: 'Tables of CronJobs have a column Timezone.',
  }),
  ...at('cronjobs/delete', ['/body/**'], {
    oursContains: '"status":"Success"',
    reason: 'Deleting a CronJob deletes its Jobs: only v1beta1 orphaned them (since 1.21).',
  }),
];

const UNKEPT_STATUS = 'Only Services of type LoadBalancer have load balancer status (since 1.29).';
const DRY_RUN = 'Dry runs of Services take addresses and ports, say so, and give them back.';

const SERVICES: readonly KnownDifference[] = [
  ...at('services/*', ['/body/spec/clusterIP', '/body/spec/clusterIPs'], {
    only: 'added',
    oursContains: '"clusterIP":"<address>","clusterIPs":["<address>"]',
    reason: DRY_RUN,
  }),
  ...at('services/*', ['/body/spec/ports/0/nodePort'], {
    oracles: /^32769$/,
    ours: '<port>',
    reason: DRY_RUN,
  }),
  ...at('services/clusterIP outside the range', ['/**'], {
    oursContains: 'failed to allocate IP 1.2.3.4: the provided IP (1.2.3.4) is not in the valid range.',
    reason: DRY_RUN,
  }),
  ...at('services/node port outside the range', ['/**'], {
    oursContains: 'Invalid value: 80: provided port is not in the valid range.',
    reason: DRY_RUN,
  }),
  ...reworded(
    'services/bad load balancer ranges',
    'spec.LoadBalancerSourceRanges[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    'Errors of loadBalancerSourceRanges name the range.',
  ),
  ...at(
    'services/external IPs',
    [
      '/body/spec/externalTrafficPolicy',
      '/body/metadata/managedFields/*/fieldsV1/f:spec/f:externalTrafficPolicy',
    ],
    { only: 'added', reason: 'Services with external IPs default externalTrafficPolicy.' },
  ),
  retyped(
    'services/unknown external traffic policy',
    'FieldValueNotSupported',
    'A wrong externalTrafficPolicy is an unsupported value.',
  ),
  ...['strategic patch adds a port by number', 'strategic patch deletes a port'].flatMap((step) => [
    ...at(
      `services/${step}`,
      ['/body/metadata/labels/s', '/**/f:labels/f:s', '/body/status/loadBalancer/ingress'],
      {
        only: 'removed',
        reason: UNKEPT_STATUS,
      },
    ),
    ...at(`services/${step}`, ['/body/metadata/managedFields/*/fieldsV1/f:spec/**'], {
      only: 'added',
      reason: 'A manager keeps what it owns of spec when it writes status (since 1.22).',
    }),
  ]),
  ...['delete', 'free the node port'].flatMap((step) =>
    at(`services/${step}`, ['/body/*', '/body/metadata/*'], {
      oursContains: '"kind":"Service"',
      reason: 'Deletes of Services answer with the Service.',
    }),
  ),
];

const COUNTED = 'Quotas are counted, for which upstream needs a controller that the oracle does not run.';

const OTHERS: readonly KnownDifference[] = [
  ...at(
    'serviceaccounts/ask for a token',
    ['creationTimestamp', 'name', 'namespace'].map((name) => `/body/metadata/${name}`),
    {
      oursMatch: /^(?:<time>|robot|trial-accounts)$/,
      reason: 'Answers to token requests have the name, namespace and time.',
    },
  ),
  ...at('resourcequotas/*', ['/body/status/hard', '/body/status/used'], {
    only: 'added',
    oursContains: '"hard":{"pods":"5","requests.cpu":"2"},"used":{"pods":"0","requests.cpu":"0"}',
    reason: COUNTED,
  }),
  // the server counts again once somebody else has written the status
  ...at('resourcequotas/*', ['/body/status/*/requests.cpu'], {
    only: 'added',
    oursMatch: /^[02]$/,
    reason: COUNTED,
  }),
  ...at('resourcequotas/*', ['/body/status/used/pods'], { oracles: /^1$/, ours: '0', reason: COUNTED }),
  ...at('resourcequotas/get as a Table', ['/body/columnDefinitions/*/name', '/body/rows/0/cells/*'], {
    oursContains: '"cells":["q","pods: 0/5, requests.cpu: 0/2","","<age>"]',
    reason: 'Tables of ResourceQuotas end with the age (since 1.33).',
  }),
  ...at('certificatesigningrequests/*', ['/body/spec/extra'], {
    only: 'added',
    oursContains: '"extra":{"authentication.kubernetes.io/credential-id":["X509SHA256=',
    reason: 'Users are known with the credential by which they came (since 1.32).',
  }),
  ...at(
    'certificatesigningrequests/get as a Table',
    ['/body/columnDefinitions/*/name', '/body/columnDefinitions/5'],
    {
      oursContains: '"name":"RequestedDuration"',
      reason: 'Tables of CertificateSigningRequests have a column RequestedDuration (since 1.22).',
    },
  ),
  ...at('certificatesigningrequests/get as a Table', ['/body/rows/0/cells/*'], {
    oursContains: '"<none>","Pending"]',
    reason: 'Tables of CertificateSigningRequests have a column RequestedDuration (since 1.22).',
  }),
];

export const KNOWN_WORKLOADS: readonly KnownDifference[] = [
  ...PODS,
  ...OPERATIONS,
  ...CONTROLLERS,
  ...SERVICES,
  ...OTHERS,
];
