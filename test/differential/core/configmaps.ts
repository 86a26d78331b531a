/** One object's life with every verb and patch, on the plainest kind. */
import { get, namespace, PARTIAL, patch, post, put, remove, TABLE } from '../build.ts';
import type { Scenario } from '../step.ts';

const NS = '/api/v1/namespaces/trial-configmaps';
const ALL = `${NS}/configmaps`;
const ONE = `${ALL}/one`;

const one = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'one', labels: { app: 'web', tier: 'front' }, annotations: { note: 'first' } },
  data: { a: '1', b: '2' },
  binaryData: { raw: 'AAEC' },
};

export const CONFIGMAPS: Scenario = {
  name: 'configmaps',
  steps: [
    namespace('trial-configmaps'),
    get('get one that is not there', ONE),
    post('create', ALL, one, {
      capture: { uid: 'metadata.uid', created: 'metadata.resourceVersion' },
    }),
    post('create again', ALL, one),
    get('get', ONE),
    get('get as a Table', ONE, { headers: { accept: TABLE } }),
    get('get as PartialObjectMetadata', ONE, { headers: { accept: PARTIAL } }),
    get('get as YAML', ONE, { headers: { accept: 'application/yaml' }, ignore: ['/body'] }),
    get('get as something unknown', ONE, { headers: { accept: 'text/csv' } }),
    get('get with an exact resourceVersion', `${ONE}?resourceVersion=0`),
    put(
      'update',
      ONE,
      { ...one, data: { a: '1', c: '3' } },
      { capture: { updated: 'metadata.resourceVersion' } },
    ),
    put('update with nothing new keeps the version', ONE, { ...one, data: { a: '1', c: '3' } }),
    put('update with an old version', ONE, {
      ...one,
      metadata: { ...one.metadata, resourceVersion: '%{created}' },
    }),
    put('update with a version that is no number', ONE, {
      ...one,
      metadata: { ...one.metadata, resourceVersion: 'abc' },
    }),
    put('update with another name', ONE, { ...one, metadata: { name: 'two' } }),
    put('update with no name', ONE, { ...one, metadata: {} }),
    put('update with another namespace', ONE, { ...one, metadata: { name: 'one', namespace: 'default' } }),
    put('update with another uid', ONE, { ...one, metadata: { name: 'one', uid: 'another' } }),
    put('update of one that is not there', `${ALL}/none`, { ...one, metadata: { name: 'none' } }),
    put('update with another kind', ONE, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'one' } }),
    patch('JSON patch', 'json', ONE, [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'add', path: '/data/d', value: '4' },
      { op: 'copy', from: '/data/d', path: '/data/e' },
      { op: 'move', from: '/data/e', path: '/data/f' },
      { op: 'remove', path: '/data/c' },
      { op: 'replace', path: '/data/a', value: '11' },
    ]),
    patch('JSON patch whose test fails', 'json', ONE, [{ op: 'test', path: '/data/a', value: 'x' }]),
    patch('JSON patch that removes what is not there', 'json', ONE, [{ op: 'remove', path: '/data/nope' }]),
    patch('JSON patch replaces what is not there', 'json', ONE, [
      { op: 'replace', path: '/data/nope', value: '' },
    ]),
    patch('JSON patch with an unknown operation', 'json', ONE, [{ op: 'frob', path: '/data/nope' }]),
    patch('JSON patch that is an object', 'json', ONE, { op: 'remove', path: '/data/a' }),
    patch('JSON patch to a wrong type', 'json', ONE, [{ op: 'replace', path: '/data', value: 'text' }]),
    patch('JSON patch to another name', 'json', ONE, [
      { op: 'replace', path: '/metadata/name', value: 'two' },
    ]),
    patch('merge patch', 'merge', ONE, {
      metadata: { labels: { tier: null, added: 'yes' } },
      data: { d: null, g: '7' },
    }),
    patch('merge patch with nothing new', 'merge', ONE, { data: { g: '7' } }),
    patch('merge patch with an old version', 'merge', ONE, {
      metadata: { resourceVersion: '%{created}' },
      data: { h: '1' },
    }),
    patch('merge patch that is a list', 'merge', ONE, [1]),
    patch('merge patch with a wrong type', 'merge', ONE, { data: { h: 5 } }),
    patch('merge patch with an invalid key', 'merge', ONE, { data: { 'no spaces': '' } }),
    patch('strategic patch', 'strategic', ONE, {
      metadata: { annotations: { note: 'second' } },
      data: { $patch: 'replace', z: '26' },
    }),
    patch('strategic patch deletes a map', 'strategic', ONE, { binaryData: { $patch: 'delete' } }),
    patch('strategic patch with an unknown directive', 'strategic', ONE, { data: { $patch: 'frob' } }),
    patch('strategic patch adds a finalizer', 'strategic', ONE, {
      metadata: { finalizers: ['example.com/hold'] },
    }),
    patch('patch of an unknown type', 'merge', ONE, {}, { type: 'application/fancy-patch' } as never),
    patch('patch of one that is not there', 'merge', `${ALL}/none`, { data: {} }),
    patch('dry-run patch', 'merge', `${ONE}?dryRun=All`, { data: { dry: 'run' } }),
    patch('patch with a wrong dry-run', 'merge', `${ONE}?dryRun=Some`, { data: { dry: 'run' } }),
    get('get after a dry run', ONE),
    remove('delete with a wrong uid', ONE, {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: 'other' },
    }),
    remove('delete with an old version', ONE, { preconditions: { resourceVersion: '%{created}' } }),
    remove('dry-run delete', `${ONE}?dryRun=All`),
    remove('delete waits for the finalizer', ONE),
    get('get one that is being deleted', ONE),
    remove('delete again', ONE),
    patch('a finalizer cannot be added during deletion', 'merge', ONE, {
      metadata: { finalizers: ['example.com/hold', 'example.com/more'] },
    }),
    patch('removing the finalizer deletes', 'merge', ONE, { metadata: { finalizers: null } }),
    get('get a deleted one', ONE),
    remove('delete one that is not there', ONE),
    post('create with generateName', ALL, { metadata: { generateName: 'some-' }, data: {} }),
    post('create without a name', ALL, { apiVersion: 'v1', kind: 'ConfigMap', metadata: {} }),
    post('create immutable', ALL, { metadata: { name: 'fixed' }, immutable: true, data: { a: '1' } }),
    put('change immutable data', `${ALL}/fixed`, {
      metadata: { name: 'fixed' },
      immutable: true,
      data: { a: '2' },
    }),
    put('make mutable again', `${ALL}/fixed`, { metadata: { name: 'fixed' }, data: { a: '1' } }),
    remove('delete with background propagation', `${ALL}/fixed?propagationPolicy=Background`),
    post('create with a dry run', `${ALL}?dryRun=All`, one, { ignore: [] }),
    get('the dry run stored nothing', ONE),
    post('create with a namespace that does not match', ALL, {
      metadata: { name: 'x', namespace: 'default' },
    }),
    post('create in no namespace', '/api/v1/configmaps', one),
    post('create in a namespace that is not there', '/api/v1/namespaces/trial-none/configmaps', one),
    post('create with a name in the path', ONE, one),
    post('create with a resourceVersion', ALL, { metadata: { name: 'versioned', resourceVersion: '5' } }),
    post('create with uid and times set', ALL, {
      metadata: {
        name: 'preset',
        uid: 'mine',
        creationTimestamp: '2001-01-01T00:00:00Z',
        generation: 7,
        selfLink: '/x',
      },
    }),
    post('create with a fieldManager', `${ALL}?fieldManager=somebody`, {
      metadata: { name: 'managed' },
      data: { a: '1' },
    }),
    post('create with a fieldManager that is too long', `${ALL}?fieldManager=${'x'.repeat(129)}`, {
      metadata: { name: 'managed2' },
    }),
  ],
};
