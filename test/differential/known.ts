/**
 * The known differences between an oracle's answers and ours. Each needs a reason that is also a line in
 * docs/compatibility.md; `knownDifferencesMarkdown` prints them.
 */
import { type Difference, matchesPath, matchesText } from './compare.ts';
import { CORPUS_NAMES, type CorpusName } from './corpus-name.ts';
import { KNOWN_WORKLOADS } from './known-workloads.ts';
import { REWORDED, rewordingOf } from './reworded.ts';
import type { Answer, Json } from './step.ts';

/** A rule that allows a difference. All given members must hold. */
export interface KnownDifference {
  readonly corpus: CorpusName;
  /** `scenario/step`, where `*` stands for any text; default all. */
  readonly step?: string;
  /** Path pattern of the difference, see `matchesPath`. */
  readonly path: string;
  /** `added`: only the oracle lacks it; `removed`: only we lack it. Default: any. */
  readonly only?: 'added' | 'removed';
  /** The status of the oracle's whole answer. */
  readonly oracleStatus?: number;
  /** The oracle's value must be a text that matches. */
  readonly oracles?: RegExp;
  /** The status of our whole answer must be 4xx. */
  readonly oursIsClientError?: boolean;
  /** Our value must be a text that matches. */
  readonly oursMatch?: RegExp;
  /** The JSON text of our whole answer must contain this. */
  readonly oursContains?: string;
  /** Our value must be this one. */
  readonly ours?: Json;
  /** A sentence: what differs and why. */
  readonly reason: string;
}

const core: CorpusName = 'core';

/** Fields that Kubernetes defaults today and 1.20 did not know, per path. */
const NEWER_FIELDS: readonly (readonly [path: string, reason: string])[] = [
  ['/**/spec/internalTrafficPolicy', 'Services default internalTrafficPolicy (since 1.21).'],
  ['/**/spec/completionMode', 'Jobs default completionMode (since 1.21).'],
  ['/**/spec/suspend', 'Jobs default suspend (since 1.21).'],
  ['/**/spec/manualSelector', 'Jobs default manualSelector (since 1.32).'],
  ['/**/rollingUpdate/maxSurge', 'DaemonSets default maxSurge (since 1.21).'],
  ['/**/spec/requiresRepublish', 'CSIDrivers default requiresRepublish (since 1.20 as an alpha).'],
  ['/**/spec/seLinuxMount', 'CSIDrivers default seLinuxMount (since 1.25).'],
  ['/**/spec/storageCapacity', 'CSIDrivers default storageCapacity (since 1.19 as an alpha).'],
  ['/**/spec/podReplacementPolicy', 'Jobs default podReplacementPolicy (since 1.28).'],
  [
    '/**/spec/persistentVolumeClaimRetentionPolicy',
    'StatefulSets default persistentVolumeClaimRetentionPolicy (since 1.23).',
  ],
  ['/**/status/lastPhaseTransitionTime', 'PersistentVolumes show when their phase changed (since 1.28).'],
  ['/**/spec/dataSourceRef', 'PersistentVolumeClaims mirror dataSource as dataSourceRef (since 1.24).'],
  ['/**/spec/parameters/scope', 'Parameters of IngressClasses default their scope (since 1.22).'],
  ['/**/status/availableReplicas', 'StatefulSets always show status.availableReplicas (since 1.22).'],
];

/**
 * Fields that are one whole to server-side apply today (`+structType=atomic`, `+mapType=atomic`, since 1.22) and
 * were owned part by part in 1.20.
 */
const ATOMIC = [
  ...['selector', 'nodeSelector', 'roleRef'],
  ...['involvedObject', 'regarding', 'scaleTargetRef', 'claimRef', 'dataSource'],
  ...['secrets', 'imagePullSecrets', 'ownerReferences', 'fieldRef'],
  ...['service/f:port', 'defaultBackend/f:resource', 'nodeAffinity/f:required'],
  ...['resourceFieldRef', 'scopeSelector'],
];

/** Requests that today's Kubernetes answers otherwise altogether. */
const CHANGED: readonly (readonly [step: string, reason: string])[] = [
  ['pods/bad proc mount', 'procMount is validated (the gate was off in 1.20).'],
  ['pods/ephemeral containers at creation', 'Ephemeral containers are refused at creation (since 1.23).'],
  [
    'statefulsets/template without containers',
    'Templates of StatefulSets are validated as pods are (since 1.36).',
  ],
  [
    'statefulsets/template with a bad container',
    'Templates of StatefulSets are validated as pods are (since 1.36).',
  ],
  ['services/put status', 'Only Services of type LoadBalancer have load balancer status (since 1.29).'],
  [
    'services/patch status leaves the rest',
    'Only Services of type LoadBalancer have load balancer status (since 1.29).',
  ],
  ['services/get status', 'Only Services of type LoadBalancer have load balancer status (since 1.29).'],
  [
    'services/field selector of services',
    'Services can be selected by spec.type and spec.clusterIP (since 1.25).',
  ],
  [
    'services/update: leave out the version',
    'Services can be updated without a resourceVersion (since 1.21).',
  ],
  [
    'services/update: leave out the cluster address',
    'A Service updated without its addresses keeps them (since 1.21).',
  ],
  [
    'ingresses/class name and annotation',
    'The annotation for an Ingress class may repeat the field (since 1.27).',
  ],
  [
    'errors/watch with resourceVersionMatch',
    'The resourceVersionMatch of a watch is checked by the rules of sendInitialEvents (since 1.27).',
  ],
  [
    'endpointslices/bad addresses',
    'EndpointSlices refuse loopback, link-local and multicast addresses, as Endpoints do.',
  ],
  [
    'events.k8s.io/update: change the note',
    'Events of events.k8s.io/v1 cannot be changed; 1.20 compared the new one with itself.',
  ],
  [
    'apply/status by the subresource',
    'A manager does not own status by a write that resets it (since 1.22).',
  ],
  [
    'namespaces/name too long',
    'The label kubernetes.io/metadata.name of a Namespace is checked, too (since 1.21).',
  ],
  [
    'custom/a fraction',
    'Validation of custom resources says more of a number that is no integer (apiextensions-apiserver 1.36).',
  ],
  [
    'custom/name too long',
    'A text of a custom resource that is too long is FieldValueTooLong (apiextensions-apiserver 1.36).',
  ],
  ['apply/port without a protocol', 'Applied ports default their protocol (since 1.21).'],
];

const COLUMNS = 'Tables have the columns of 1.36, which are more for some kinds.';
const ORDER = 'An applied list takes the order of the configuration.';
const EMPTY_MAP = 'An empty map that is applied is owned by its manager.';

/** Places in the answers to single steps that are otherwise today. */
const OTHERWISE: readonly (readonly [step: string, path: string, reason: string])[] = [
  ...['persistentvolumeclaims', 'persistentvolumes', 'csidrivers', 'priorityclasses'].flatMap((scenario) =>
    ['/body/columnDefinitions/**', '/body/rows/0/cells/*'].map(
      (path) => [`${scenario}/get as a Table`, path, COLUMNS] as const,
    ),
  ),
  [
    'horizontalpodautoscalers*/get as a Table',
    '/body/rows/0/cells/2',
    'Tables of HorizontalPodAutoscalers name the metric of each target.',
  ],
  [
    'horizontalpodautoscalers-v2/update: nothing new',
    '/body/spec/metrics/1',
    '1.20 repeated the metrics of an autoscaling/v2beta2 object at each update.',
  ],
  ['apply/variables are keyed', '/body/spec/template/spec/containers/**', ORDER],
  ['apply/replicas by another', '/body/spec/template/spec/containers/**', ORDER],
  ['apply/two managers of a set', '/body/metadata/finalizers/*', ORDER],
  ['apply/removes what nobody else has', '/body/metadata/managedFields/Apply one v1 ', EMPTY_MAP],
  ['apply/dry run', '/body/metadata/managedFields/Apply one v1 ', EMPTY_MAP],
  ['apply/an update takes over', '/body/metadata/managedFields/Apply one v1 ', EMPTY_MAP],
  ['apply/removes a container', '/body/metadata/managedFields/Apply two apps~1v1 ', EMPTY_MAP],
  ['apply/status is not applied', '/body/metadata/managedFields/Apply two apps~1v1 ', EMPTY_MAP],
  ...['ctl', 'two'].map(
    (manager) =>
      [
        'apply/get the deployment',
        `/body/metadata/managedFields/Apply ${manager} apps~1v1 `,
        'A manager does not own status by a write that resets it (since 1.22).',
      ] as const,
  ),
  [
    'apply/get the deployment',
    '/body/status/replicas',
    'A manager does not own status by a write that resets it (since 1.22).',
  ],
  [
    'metadata/finalizers twice',
    '/body/metadata/managedFields',
    'Field managers are told of sets that repeat an element, too.',
  ],
  [
    'custom/not a number',
    '/body/details/causes/0/reason',
    'A value of the wrong type in a custom resource is FieldValueTypeInvalid (apiextensions-apiserver 1.36).',
  ],
  [
    'csidrivers/update: change attach',
    '/body/details/causes/0/field',
    'The fields of a CSIDriver that cannot change are named one by one.',
  ],
  [
    'csidrivers/update: change attach',
    '/body/message',
    'The fields of a CSIDriver that cannot change are named one by one.',
  ],
  ...['/body/message', '/body/details/causes/0/message'].flatMap((path) => [
    [
      'pods/init container with a readiness probe',
      path,
      'Probes of init containers are forbidden unless those restart (since 1.28).',
    ] as const,
    [
      'daemonsets/nothing may be unavailable',
      path,
      'DaemonSets must have maxUnavailable or maxSurge.',
    ] as const,
  ]),
  [
    'namespaces/get as a Table',
    '/body/rows/0/object/metadata/labels/kubernetes.io~1metadata.name',
    'Namespaces carry the label kubernetes.io/metadata.name (since 1.21).',
  ],
  [
    'discovery/core resources',
    '/body/resources/pods~1eviction/version',
    'Evictions are of policy/v1 (since 1.22).',
  ],
  ['discovery/core resources', '/body/resources/services/verbs/*', 'Services can be deleted by collection.'],
  [
    'discovery/health of an unknown check',
    '/body/paths/*',
    'The list of paths that answers an unknown one is that of what is served.',
  ],
  ...['hard', 'used'].flatMap((member) =>
    ['patch status leaves the rest', 'get status', 'delete'].map(
      (step) =>
        [
          `resourcequotas/${step}`,
          `/body/status/${member}/requests.cpu`,
          'The use of ResourceQuotas is counted by the server itself, at once.',
        ] as const,
    ),
  ),
  ...['creationTimestamp', 'name', 'namespace'].map(
    (name) =>
      [
        'access/token',
        `/body/metadata/${name}`,
        'A TokenRequest names its ServiceAccount and time.',
      ] as const,
  ),
  [
    'access/rules of jane',
    '/body/status/resourceRules/**',
    'The default role system:basic-user allows selfsubjectreviews (since 1.28).',
  ],
  [
    'access/default role node-proxier',
    '/body/rules/4',
    'The default role system:node-proxier reads servicecidrs (since 1.33).',
  ],
];

function newerField([path, reason]: readonly [string, string]): KnownDifference[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return [
    { corpus: core, path, only: 'added', reason },
    { corpus: core, path: `/**/managedFields/*/fieldsV1/**/f:${name}`, only: 'added', reason },
  ];
}

export const KNOWN: readonly KnownDifference[] = [
  ...KNOWN_WORKLOADS,
  ...CORPUS_NAMES.flatMap((corpus) =>
    ['/status', '/headers/**', '/body', '/body/**'].map((path) => ({
      corpus,
      path,
      oracleStatus: 500,
      oursIsClientError: true,
      reason: 'A request that upstream answers with 500 although the client is at fault gets a 4xx.',
    })),
  ),
  ...['/body/metadata/managedFields', '/body/rows/*/object/metadata/managedFields'].map((path) => ({
    corpus: 'core' as const,
    step: 'apiservices/*',
    path,
    only: 'added' as const,
    reason: 'APIServices tell who manages their fields.',
  })),
  {
    corpus: 'apiextensions',
    step: 'built-in/watch list*',
    path: '/body/*/object/spec',
    only: 'removed',
    reason: "A bookmark has nothing but metadata; upstream adds the zero values of the kind's Go type.",
  },
  ...['/body/message', '/body/details/causes/*/message'].map((path) => ({
    corpus: 'apiextensions' as const,
    step: 'built-in/nothing in it',
    path,
    oracles: /Invalid value: null: must have exactly one version/,
    oursMatch: /Invalid value: \[\]: must have exactly one version/,
    reason: 'Messages show a list that is missing as an empty one.',
  })),
  {
    corpus: 'apiextensions',
    step: 'built-in/another version',
    path: '/body/message',
    oursContains: 'no kind \\"CustomResourceDefinition\\" is registered',
    reason: 'The types of versions that are served no more are not known at all.',
  },
  ...['patch in another version', 'get in the storage version'].map((step) => ({
    corpus: 'apiextensions' as const,
    step: `versions/${step}`,
    path: '/body/metadata/managedFields',
    only: 'added' as const,
    reason:
      'Managers are kept when a custom object is written in another version whose fields differ; upstream cannot compare the two and forgets all managers.',
  })),
  {
    corpus: core,
    path: '/**',
    oracleStatus: 422,
    oursContains: '"message":"invalid operation {',
    reason: 'A JSON patch with an unknown or incomplete operation is a bad request today.',
  },
  ...['', '/**'].map((more) => ({
    corpus: core,
    path: `/**/managedFields/*/fieldsV1/f:spec${more}`,
    only: 'added' as const,
    oursContains: '"subresource":"status"',
    reason: 'A manager keeps what it owns of spec when it writes status (since 1.22).',
  })),
  {
    corpus: core,
    step: 'resourcequotas/*',
    path: '/**/managedFields/Update kube-apiserver v1 ',
    only: 'added',
    oursContains: '"subresource":"status"',
    reason: 'The use of ResourceQuotas is counted by the server itself, at once.',
  },
  ...['f:status', 'f:status/**'].map((fields) => ({
    corpus: core,
    path: `/**/managedFields/*/fieldsV1/${fields}`,
    only: 'removed' as const,
    reason: 'A manager does not own status by a write that resets it (since 1.22).',
  })),
  ...ATOMIC.map((name) => ({
    corpus: core,
    path: `/**/fieldsV1/**/f:${name}/*/**`,
    only: 'removed' as const,
    reason: 'References, selectors and the like are owned as a whole (since 1.22).',
  })),
  ...['pods', 'pod-operations', 'limited'].map((scenario) => ({
    corpus: core,
    step: `${scenario}/*`,
    path: '/**/metadata/generation',
    only: 'added' as const,
    reason: 'Pods have a generation (since 1.33).',
  })),
  ...['conditions', 'currentReplicas'].map((name) => ({
    corpus: core,
    step: 'horizontalpodautoscalers-v2/*',
    path: `/body/status/${name}`,
    only: 'removed' as const,
    reason: 'Empty status of autoscaling/v2 is left out, which v2beta2 showed.',
  })),
  {
    corpus: core,
    path: '/**/fieldsV1/**/f:creationTimestamp',
    only: 'removed',
    reason: 'The creationTimestamp of a template is left out instead of null (since 1.34).',
  },
  {
    corpus: core,
    path: '/**/creationTimestamp',
    only: 'removed',
    oracles: /^null$/,
    reason: 'The creationTimestamp of a template is left out instead of null (since 1.34).',
  },
  ...[
    '/body/metadata/labels',
    '/body/metadata/labels/*',
    '/**/f:metadata',
    '/**/f:labels',
    '/**/f:labels/*',
  ].map((path) => ({
    corpus: core,
    step: 'namespaces/*',
    path,
    only: 'added' as const,
    oursContains: '"kubernetes.io/metadata.name"',
    reason: 'Namespaces carry the label kubernetes.io/metadata.name (since 1.21).',
  })),
  ...OTHERWISE.map(([step, path, reason]) => ({ corpus: core, step, path, reason })),
  {
    corpus: core,
    step: 'metadata/*',
    path: '/body/metadata/managedFields',
    only: 'removed',
    oursContains: '"rules":null',
    reason: 'An empty list that is shown as null is owned by nobody.',
  },
  ...CHANGED.map(([step, reason]) => ({ corpus: core, step, path: '/**', reason })),
  ...NEWER_FIELDS.flatMap(newerField),
  {
    corpus: core,
    path: '/**/columnDefinitions/*/description',
    reason: 'Descriptions of table columns have the words of today.',
  },
  {
    corpus: core,
    path: '/headers/warning',
    only: 'added',
    oursMatch: /^(?:299 - "(?:unknown|duplicate) field [^,]*(?:, )?)+$/,
    reason: 'Unknown and duplicate fields bring a Warning (since 1.25).',
  },
  {
    corpus: core,
    path: '/headers/warning',
    only: 'added',
    oursMatch: /deprecated/,
    reason: 'Deprecated kinds and fields bring the Warnings of 1.36.',
  },
  {
    corpus: core,
    step: 'discovery/*',
    path: '/body/resources/*/singularName',
    oursMatch: /^[a-z]+$/,
    reason: 'Discovery names the singular of each resource (since 1.27).',
  },
  {
    corpus: core,
    step: 'discovery/*',
    path: '/body/resources/*',
    only: 'added',
    reason: 'Discovery lists the resources of 1.36, which are more.',
  },
  ...['/body/message', '/body/details'].map((path) => ({
    corpus: core,
    path,
    oracles: /^406: Not Acceptable$|^415: Unsupported Media Type$|^\[object Object\]$/,
    oursContains: 'media types',
    reason: 'Answers 406 and 415 list the media types that are accepted (since 1.22).',
  })),
  {
    corpus: core,
    step: 'configmaps/merge patch that is a list',
    path: '/**',
    oursContains: '"status":400',
    reason: 'A merge patch that is not an object is a bad request (since 1.25).',
  },
  {
    corpus: core,
    step: 'apply/*',
    path: '/body/message',
    oracles: /^Incorrect version specified in apply patch/,
    oursMatch: /^invalid object type: /,
    reason: 'Applying another kind is answered in the words of 1.36.',
  },
  ...CORPUS_NAMES.flatMap((corpus) =>
    ['/body/message', '/body/details/causes/*/message'].map((path) => ({
      corpus,
      path,
      oracles:
        /unmarshal|Go value|Go struct|readObjectStart|Read[A-Z]\w+: |json parse error|yaml: |invalid character|error found in #\d+ byte|\.go:\d|pkg\/api\//,
      reason: "Messages that quote Go's decoders are worded by our own.",
    })),
  ),
];

/** The two answers a difference was found in, and by which step (`scenario/step`). */
export interface Compared {
  readonly corpus: CorpusName;
  readonly step: string;
  readonly expected: Answer;
  readonly actual: Answer;
}

/** Why `difference` is allowed: the reason of a rule, or of a rewording; undefined when it is not. */
export function reasonOf(compared: Compared, difference: Difference): string | undefined {
  return rewording(difference) ?? KNOWN.find((rule) => allows(rule, compared, difference))?.reason;
}

function allows(
  rule: KnownDifference,
  { corpus, step, expected, actual }: Compared,
  at: Difference,
): boolean {
  return (
    rule.corpus === corpus &&
    (rule.step === undefined || matchesText(rule.step, step)) &&
    (rule.oracleStatus === undefined || rule.oracleStatus === expected.status) &&
    (!rule.oursIsClientError || (actual.status >= 400 && actual.status < 500)) &&
    (rule.only !== 'added' || at.expected === undefined) &&
    (rule.only !== 'removed' || at.actual === undefined) &&
    (rule.oracles === undefined || rule.oracles.test(String(at.expected))) &&
    (rule.oursMatch === undefined || rule.oursMatch.test(String(at.actual))) &&
    (rule.oursContains === undefined || JSON.stringify(actual).includes(rule.oursContains)) &&
    (rule.ours === undefined || JSON.stringify(rule.ours) === JSON.stringify(at.actual)) &&
    matchesPath(rule.path, at.path)
  );
}

/** Whether our text is the oracle's in the words of today. */
function rewording({ expected, actual }: Difference): string | undefined {
  if (typeof expected !== 'string' || typeof actual !== 'string') return undefined;
  return rewordingOf(expected, actual);
}

/** The reasons as a Markdown list, one line each, for docs/compatibility.md. */
export function knownDifferencesMarkdown(): string {
  return [...new Set([...KNOWN, ...REWORDED].map(({ reason }) => reason))]
    .map((reason) => `- ${reason}\n`)
    .join('');
}
