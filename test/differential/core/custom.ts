/** CustomResourceDefinitions and custom resources as 1.20 has them; the rest is asked of the newer oracle. */
import { get, namespace, patch, post, put, remove, TABLE, variants } from '../build.ts';
import type { Scenario } from '../step.ts';

const CRDS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const NS = '/apis/core.trial.example.com/v1/namespaces/trial-custom';
const version = {
  name: 'v1',
  served: true,
  storage: true,
  subresources: {
    status: {},
    scale: { specReplicasPath: '.spec.replicas', statusReplicasPath: '.status.replicas' },
  },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: {
        spec: {
          type: 'object',
          required: ['size'],
          properties: {
            size: { type: 'integer', minimum: 1, maximum: 10 },
            color: { type: 'string', enum: ['red', 'blue'], default: 'red' },
            replicas: { type: 'integer' },
            name: { type: 'string', pattern: '^[a-z]+$', maxLength: 5 },
          },
        },
        status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      },
    },
  },
};
const crd = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'boats.core.trial.example.com' },
  spec: {
    group: 'core.trial.example.com',
    scope: 'Namespaced',
    names: { plural: 'boats', singular: 'boat', kind: 'Boat', shortNames: ['bo'], categories: ['all'] },
    versions: [version],
  },
};
const boat = {
  apiVersion: 'core.trial.example.com/v1',
  kind: 'Boat',
  metadata: { name: 'b' },
  spec: { size: 3 },
};
// conditions come from a controller, in its time
const LATER = {
  ignore: ['/body/status/**', '/body/status', '/body/metadata/managedFields/**', '/body/spec/conversion'],
};

export const CUSTOM: Scenario = {
  name: 'custom',
  steps: [
    namespace('trial-custom'),
    ...variants(CRDS, crd, {
      'name that does not match': { 'metadata/name': 'ships.core.trial.example.com' },
      'no group': { 'spec/group': undefined },
      'no versions': { 'spec/versions': [] },
      'no storage version': { 'spec/versions/0/storage': false },
      'unknown scope': { 'spec/scope': 'Odd' },
      'no schema': { 'spec/versions/0/schema': undefined },
      'kind in lower case only by singular': {
        'spec/names/singular': undefined,
        'spec/names/listKind': undefined,
      },
      'bad plural': { 'spec/names/plural': 'Boats' },
    }),
    post('create the definition', CRDS, crd, LATER),
    get('list when served', `${NS}/boats`, { until: 200 }),
    post('create', `${NS}/boats`, boat, { until: 201 }),
    get('get', `${NS}/boats/b`),
    get('get as a Table', `${NS}/boats/b`, {
      headers: { accept: TABLE },
      ignore: ['/body/rows/0/cells/2', '/body/columnDefinitions/*/description'],
    }),
    ...variants(`${NS}/boats`, boat, {
      'too small': { 'spec/size': 0 },
      'too large': { 'spec/size': 11 },
      'not a number': { 'spec/size': 'x' },
      'a fraction': { 'spec/size': 1.5 },
      'size is missing': { spec: {} },
      'unknown color': { 'spec/color': 'green' },
      'pattern does not match': { 'spec/name': 'A1' },
      'name too long': { 'spec/name': 'abcdefg' },
      'unknown fields are pruned': { 'spec/more': 1, more: 2 },
      'bad metadata': { 'metadata/labels': { 'a b': '' } },
    }),
    patch('merge patch', 'merge', `${NS}/boats/b`, { spec: { size: 4 } }),
    patch('JSON patch', 'json', `${NS}/boats/b`, [{ op: 'replace', path: '/spec/size', value: 5 }]),
    patch('strategic patch is not supported', 'strategic', `${NS}/boats/b`, { spec: { size: 6 } }),
    put('update without a version', `${NS}/boats/b`, boat),
    patch('status', 'merge', `${NS}/boats/b/status`, { status: { replicas: 1 }, spec: { size: 9 } }),
    get('scale', `${NS}/boats/b/scale`),
    put('put scale', `${NS}/boats/b/scale`, {
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      metadata: { name: 'b' },
      spec: { replicas: 2 },
    }),
    get('discovery', '/apis/core.trial.example.com/v1', { ignore: ['/body/resources/*/storageVersionHash'] }),
    remove('delete', `${NS}/boats/b`),
    remove('delete the definition', `${CRDS}/boats.core.trial.example.com`, undefined, LATER),
  ],
};
