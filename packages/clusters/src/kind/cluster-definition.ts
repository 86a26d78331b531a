import type { KubeObject } from '@sampan/api';
import { GROUP, VERSION } from './cluster.ts';

const text = (description: string, more: object = {}) => ({ type: 'string', description, ...more });
const number = (description: string, more: object = {}) => ({
  type: 'integer',
  format: 'int64',
  minimum: 0,
  description,
  ...more,
});
const time = (description: string) => text(description, { format: 'date-time' });

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
    sleepRequestedAt: time('It sleeps until the next request after this time.'),
    network: {
      type: 'object',
      description: 'Addresses inside; every cluster may have the same.',
      properties: {
        pods: text('Of pods: a /24.', { maxLength: 18, default: '10.244.0.0/24' }),
        services: text('Of Services.', { maxLength: 18, default: '10.96.0.0/12' }),
      },
      'x-kubernetes-validations': [
        { rule: 'self == oldSelf', message: 'a cluster keeps its addresses; make another one' },
      ],
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
    conditions: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['type'],
      items: {
        type: 'object',
        required: ['type', 'status', 'reason', 'lastTransitionTime'],
        properties: {
          type: text('Ready.'),
          status: text('True, False or Unknown.', { enum: ['True', 'False', 'Unknown'] }),
          reason: text('Why, in one word.'),
          message: text('Why, for people.'),
          lastTransitionTime: time('Since when.'),
          observedGeneration: number('The generation that this is about.'),
        },
      },
    },
    endpoint: text('Its URL for clients outside.'),
    version: text('The Kubernetes release that it serves.'),
    storedBytes: number('Of its files.'),
    storedObjects: number('Objects that it has.'),
    lastRequestTime: time('When it was last asked for something.'),
    nodes: number('Nodes that it has.'),
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
