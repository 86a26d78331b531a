import type { KubeObject } from '@sampan/api';
import { conditions, number, object, text, time } from '@sampan/api/custom-kinds';
import { DEFAULT_RANGES, GROUP, HOST_CLUSTER, VERSION } from './cluster.ts';

/** Below the home's folder `backups`: cannot lead out of it. */
const backupName = (description: string) =>
  text(description, {
    maxLength: 300,
    pattern: '^[A-Za-z0-9][-A-Za-z0-9_.]*(/[A-Za-z0-9][-A-Za-z0-9_.]*){0,3}$',
  });

const ASKED = {
  from: object(
    'It is made of another’s content; read once, when it is made.',
    {
      cluster: text('The name of another cluster.', { maxLength: 63 }),
      backup: backupName('A file below the home’s folder “backups”.'),
    },
    [],
    {
      'x-kubernetes-validations': [
        { rule: 'has(self.cluster) != has(self.backup)', message: 'name either a cluster or a backup' },
      ],
    },
  ),
  sleepRequestedAt: time('It sleeps until the next request; each new time asks once.'),
  wakeRequestedAt: time('It wakes; each new time asks once.'),
  backup: object('Copies of it, made while it serves.', {
    requestedAt: time('One more now; each new time asks once.'),
    schedule: text('When, in five fields of cron, in UTC.', { maxLength: 100 }),
    keep: number('How many of the newest are kept.', { minimum: 1, maximum: 1000, default: 7 }),
  }),
  restore: object(
    'Puts back what a backup holds in place of all that is there.',
    { requestedAt: time('Each new time asks once.'), backup: backupName('As in “from”.') },
    ['requestedAt', 'backup'],
  ),
  upgrade: object('To the release of Sampan that runs.', {
    requestedAt: time('Now, not when the cluster is next used; each new time asks once.'),
    rollbackRequestedAt: time(
      'Puts back what was before the last upgrade or restore; each new time asks once.',
    ),
  }),
  rotation: object('New keys, in two phases.', {
    startRequestedAt: time('New keys sign, the old ones are believed, too; each new time asks once.'),
    finishRequestedAt: time('The old keys are not believed any more; each new time asks once.'),
  }),
  deletion: object(
    'It lies in the trash; without this field it is as before.',
    {
      requestedAt: time('Since when.'),
      keepSeconds: number('So long after it the object is deleted, with all that is its.', {
        maximum: 31_536_000,
        default: 86_400,
      }),
    },
    ['requestedAt'],
  ),
};

const KEEPS_ADDRESSES = 'a cluster keeps its addresses; make another one';

/** Not addresses of clusters (RFC 1122, RFC 3927, RFC 6598, RFC 5771): their networks would not work. */
const NOT_INSIDE = ['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '100.64.0.0/10', '224.0.0.0/3'];

/** An IPv4 CIDR of a size that this range of prefixes has. */
function range([least, most]: readonly [number, number], wanted: string) {
  return {
    maxLength: 18,
    pattern: '^([0-9]{1,3}\\.){3}[0-9]{1,3}/[0-9]{1,2}$',
    'x-kubernetes-validations': [
      {
        rule: `isCIDR(self) && self == string(cidr(self).masked()) && cidr(self).prefixLength() >= ${least} && cidr(self).prefixLength() <= ${most}`,
        message: `must be ${wanted}`,
      },
      {
        rule: `!isCIDR(self) || !${JSON.stringify(NOT_INSIDE)}.exists(never, cidr(never).containsIP(cidr(self).ip()) || cidr(self).containsIP(cidr(never).ip()))`,
        message: `must not touch ${NOT_INSIDE.join(', ')}, which stand for other things`,
      },
    ],
  };
}

const SPEC = {
  type: 'object',
  description: 'What is wanted.',
  properties: {
    description: text('What it is for, for people.', { maxLength: 1024 }),
    trust: text('sandboxed: its pods run under gVisor.', {
      enum: ['trusted', 'sandboxed'],
      default: 'trusted',
    }),
    idleSeconds: number('Without a request for so long it sleeps; 0: never.', { default: 600 }),
    paused: { type: 'boolean', description: 'It serves no requests.' },
    ...ASKED,
    network: {
      type: 'object',
      description: 'Addresses inside; every cluster may have the same.',
      properties: {
        pods: text('Of pods: a /24.', {
          ...range([24, 24], 'a /24 such as 10.244.0.0/24, with zeros behind its prefix'),
          default: DEFAULT_RANGES.pods,
        }),
        services: text('Of Services: a /12 to a /28.', {
          ...range([12, 28], 'a range such as 10.96.0.0/12, from /12 to /28, with zeros behind its prefix'),
          default: DEFAULT_RANGES.services,
        }),
      },
      'x-kubernetes-validations': [
        {
          rule: `!isCIDR(self.pods) || !isCIDR(self.services) || (!cidr(self.pods).containsIP(cidr(self.services).ip()) && !cidr(self.services).containsIP(cidr(self.pods).ip()))`,
          message: 'pods and services overlap',
        },
        { rule: 'self == oldSelf', message: KEEPS_ADDRESSES },
      ],
    },
    nodes: object('Machines that join it by a token.', {
      ranges: {
        type: 'array',
        description:
          'CIDRs of their addresses: there, and nowhere else, the cluster calls kubelets, for logs, exec and proxies.',
        maxItems: 32,
        items: {
          type: 'string',
          maxLength: 43,
          'x-kubernetes-validations': [{ rule: 'isCIDR(self)', message: 'no CIDR, such as 192.0.2.0/24' }],
        },
      },
    }),
    revoked: {
      type: 'array',
      description:
        'Certificates that are believed no more, though they have not ended. Taking an entry away brings nothing back.',
      maxItems: 1000,
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['user'],
      items: object(
        'All certificates of a user that were made up to a time.',
        {
          user: text('As certificates name it (CN).', { minLength: 1, maxLength: 256 }),
          until: time('Those that are made later hold.'),
        },
        ['user', 'until'],
      ),
    },
    quota: {
      type: 'object',
      description: 'What it may take of the machine; absent: as much as there is.',
      properties: {
        objects: number('Objects that it may store.'),
        bytes: number('Bytes that its database may have.'),
        requestsPerSecond: number('Requests that are answered in a second.', { minimum: 1 }),
        pods: number('Pods that may run at once.'),
        cpu: { ...quantity('CPU of all its pods together.') },
        memory: { ...quantity('Memory of all its pods together.') },
      },
    },
  },
};

function quantity(description: string) {
  return {
    'x-kubernetes-int-or-string': true,
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    description,
  };
}

const STATUS = {
  type: 'object',
  description: 'What is.',
  properties: {
    observedGeneration: number('The generation that this is about.'),
    phase: text('Where it is in its life.', {
      enum: ['Creating', 'Running', 'Sleeping', 'Upgrading', 'Failed', 'Deleting'],
    }),
    conditions: conditions('Ready, BackedUp, Restored, Upgraded or KeysRotated.'),
    endpoint: text('Its URL for clients outside.'),
    version: text('The Kubernetes release that it serves.'),
    storedBytes: number('Of its files.'),
    storedObjects: number('Objects that it has.'),
    lastRequestTime: time('When it was last asked for something.'),
    nodes: number('Nodes that it has.'),
    handled: {
      type: 'object',
      description: 'Of what was asked for by a time: the last one that was done, or given up.',
      additionalProperties: time('As it was asked.'),
    },
    backup: object('The newest.', {
      time: time('When it was made.'),
      file: text('Below the home’s folder “backups”.'),
      bytes: number('Its size.'),
    }),
  },
};

const column = (name: string, type: string, jsonPath: string, more: object = {}) => ({
  name,
  type,
  jsonPath,
  ...more,
});

/** The kind Cluster as a CustomResourceDefinition: installed where the controller runs. */
export const clusterDefinition: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: `clusters.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Cluster',
    names: {
      plural: 'clusters',
      singular: 'cluster',
      kind: 'Cluster',
      listKind: 'ClusterList',
      shortNames: ['cl'],
    },
    versions: [
      {
        name: VERSION,
        served: true,
        storage: true,
        subresources: { status: {} },
        additionalPrinterColumns: [
          column('Phase', 'string', '.status.phase'),
          column('Objects', 'integer', '.status.storedObjects', { priority: 1 }),
          column('Bytes', 'integer', '.status.storedBytes', { priority: 1 }),
          column('Endpoint', 'string', '.status.endpoint', { priority: 1 }),
          column('Last request', 'date', '.status.lastRequestTime'),
          column('Age', 'date', '.metadata.creationTimestamp'),
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A Kubernetes cluster of its own on this machine.',
            'x-kubernetes-validations': [
              {
                rule: `self.metadata.name != "${HOST_CLUSTER}"`,
                message: 'this is how the machine’s own cluster is called',
              },
              {
                rule: '(has(self.spec) && has(self.spec.network)) == (has(oldSelf.spec) && has(oldSelf.spec.network))',
                message: KEEPS_ADDRESSES,
              },
            ],
            properties: {
              metadata: {
                type: 'object',
                properties: {
                  // a folder, a path of URLs and a part of names of networks
                  name: { type: 'string', pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$', maxLength: 63 },
                },
              },
              spec: SPEC,
              status: STATUS,
            },
          },
        },
      },
    ],
  },
};
