/**
 * How built-in kinds are served today, asked of the one that this oracle has: CustomResourceDefinitions. WatchList
 * (KEP-3157), field validation (KEP-2885), apply, every patch, pages, options.
 */
import { get, PARTIAL, PARTIAL_LIST, patch, post, put, remove, TABLE } from '../build.ts';
import type { Body, Scenario, Step } from '../step.ts';
import { CRDS, type Definition, definition, object } from './define.ts';

const text = { type: 'string' };
const kindOf = (plural: string, kind: string): Definition => ({
  group: 'built',
  plural,
  kind,
  spec: object({ a: text }),
});
const labelled = (plural: string, kind: string, labels: Record<string, string> = {}) => {
  const crd = definition(kindOf(plural, kind));
  return { ...crd, metadata: { ...crd.metadata, labels: { of: 'trial-built', ...labels } } };
};
const PATH = (plural: string) => `${CRDS}/${plural}.built.trial.example.com`;
const ALPHAS = PATH('alphas');
const OURS = `labelSelector=${encodeURIComponent('of=trial-built')}`;
const INITIAL = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
// conditions come one by one
const LATER = { ignore: ['/**/status/**', '/**/managedFields/**', '/**/managedFields', '/**/generation'] };
const IN_ROWS = {
  ignore: [...LATER.ignore, '/**/columnDefinitions/*/description', '/**/cells/1'],
};
const established = (plural: string): Step =>
  get(`wait for ${plural}`, `/apis/built.trial.example.com/v1/${plural}`, { until: 200, prepare: true });
const watch = (name: string, query: string, events: number, rest: Partial<Step> = LATER): Step =>
  get(name, `${CRDS}?watch=true&${OURS}&${query}`, { events, ...rest });
const dry = (name: string, query: string, body: Body, rest: Partial<Step> = {}): Step =>
  post(name, `${CRDS}?dryRun=All${query}`, body, rest);
const raw = (name: string, query: string, text: string, type = 'application/json'): Step => ({
  name,
  method: 'POST',
  path: `${CRDS}?dryRun=All${query}`,
  raw: text,
  type,
});
const fresh = labelled('deltas', 'Delta');
const withUnknown = {
  ...fresh,
  odd: 1,
  metadata: { ...fresh.metadata, odder: { x: 1 } },
  spec: { ...fresh.spec, oddest: [], names: { ...fresh.spec.names, last: '' } },
};
const twice = JSON.stringify(fresh)
  .replace('"scope":"Namespaced"', '"scope":"Cluster","scope":"Namespaced"')
  .replace('"plural":"deltas"', '"plural":"x","plural":"deltas"');

export const BUILT_IN: Scenario = {
  name: 'built-in',
  steps: [
    post('create alphas', CRDS, labelled('alphas', 'Alpha', { n: '1' }), LATER),
    post('create betas', CRDS, labelled('betas', 'Beta', { n: '2' }), LATER),
    post('create gammas', CRDS, labelled('gammas', 'Gamma', { n: '3' }), LATER),
    ...['alphas', 'betas', 'gammas'].map(established),
    get('list', `${CRDS}?${OURS}`, { ...LATER, capture: { full: 'metadata.resourceVersion' } }),
    get('list as a Table', `${CRDS}?${OURS}`, { headers: { accept: TABLE }, ...IN_ROWS }),
    get('list as metadata', `${CRDS}?${OURS}`, { headers: { accept: PARTIAL_LIST }, ...LATER }),
    get('get as metadata', ALPHAS, { headers: { accept: PARTIAL }, ...LATER }),
    get('first page', `${CRDS}?${OURS}&limit=1`, { ...LATER, capture: { next: 'metadata.continue' } }),
    get('second page', `${CRDS}?${OURS}&limit=1&continue=%{next}`, LATER),
    get('field name', `${CRDS}?fieldSelector=metadata.name%3Dalphas.built.trial.example.com`, LATER),
    get('field that is not selectable', `${CRDS}?fieldSelector=spec.group%3Dx`),
    get('field of a namespace', `${CRDS}?fieldSelector=metadata.namespace%3Dx`),
    get('label selector that is none', `${CRDS}?labelSelector=${encodeURIComponent('a in b')}`),
    watch('watch list', INITIAL, 4),
    watch('watch list from a version', `${INITIAL}&resourceVersion=%{full}`, 4, { ...LATER, sorted: true }),
    watch('watch list as a Table', INITIAL, 4, { headers: { accept: TABLE }, ...IN_ROWS }),
    watch('watch list as metadata', INITIAL, 4, {
      headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      ...LATER,
    }),
    get(
      'watch list of a label',
      `${CRDS}?watch=true&${INITIAL}&labelSelector=${encodeURIComponent('of=trial-built,n=2')}`,
      {
        events: 2,
        ...LATER,
      },
    ),
    watch(
      'watch list of a name',
      `${INITIAL}&fieldSelector=metadata.name%3Dbetas.built.trial.example.com`,
      2,
    ),
    watch('watch list of nothing', `${INITIAL}&fieldSelector=metadata.name%3Dnone`, 1),
    watch('initial events without a match', 'sendInitialEvents=true', 1),
    watch('no initial events', 'sendInitialEvents=false', 1),
    watch('match without initial events', 'resourceVersionMatch=NotOlderThan', 1),
    watch('exact match', 'sendInitialEvents=true&resourceVersionMatch=Exact', 1),
    get('initial events without a watch', `${CRDS}?sendInitialEvents=true`),
    dry('unknown by default', '', withUnknown),
    dry('unknown and Strict', '&fieldValidation=Strict', withUnknown),
    dry('unknown and Ignore', '&fieldValidation=Ignore', withUnknown),
    raw('twice by default', '', twice),
    raw('twice and Strict', '&fieldValidation=Strict', twice),
    raw(
      'YAML twice and Strict',
      '&fieldValidation=Strict',
      `a: 1\na: 2\napiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {}\n`,
      'application/yaml',
    ),
    raw('YAML', '', JSON.stringify(fresh), 'application/yaml'),
    raw('YAML that is none', '', '{a: [', 'application/yaml'),
    raw('unknown type', '', '{}', 'text/plain'),
    raw('another kind', '', '{"apiVersion":"apiextensions.k8s.io/v1","kind":"Odd"}'),
    raw(
      'another version',
      '',
      '{"apiVersion":"apiextensions.k8s.io/v1beta1","kind":"CustomResourceDefinition"}',
    ),
    raw('another group', '', '{"apiVersion":"apps/v1","kind":"Deployment"}'),
    raw('nothing in it', '', '{}'),
    raw(
      'wrong type',
      '',
      '{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","spec":{"group":5}}',
    ),
    dry('unknown dry run', '&dryRun=Odd', fresh),
    dry('unknown mode', '&fieldValidation=Odd', fresh),
    dry('long manager', `&fieldManager=${'m'.repeat(129)}`, fresh),
    dry(
      'generateName',
      '',
      { ...fresh, metadata: { generateName: 'x' } },
      { ignore: ['/body/message', '/body/details/name', '/body/details/causes/1/message'] },
    ),
    dry('no name', '', { ...fresh, metadata: {} }),
    dry('bad labels', '', { ...fresh, metadata: { ...fresh.metadata, labels: { 'a b': 'c d' } } }),
    dry('bad finalizer', '', { ...fresh, metadata: { ...fresh.metadata, finalizers: ['a b'] } }),
    dry('short finalizer', '', { ...fresh, metadata: { ...fresh.metadata, finalizers: ['short'] } }),
    dry('owner without a name', '', {
      ...fresh,
      metadata: {
        ...fresh.metadata,
        ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: '', uid: '' }],
      },
    }),
    put('put without a version', `${ALPHAS}?dryRun=All`, labelled('alphas', 'Alpha')),
    put('put of an old version', `${ALPHAS}?dryRun=All`, {
      ...labelled('alphas', 'Alpha'),
      metadata: { name: 'alphas.built.trial.example.com', resourceVersion: '1' },
    }),
    put('put of another name', `${ALPHAS}?dryRun=All`, labelled('betas', 'Beta')),
    put('put of one that is not there', `${PATH('nones')}?dryRun=All`, labelled('nones', 'None')),
    patch('merge patch', 'merge', `${ALPHAS}?dryRun=All`, { metadata: { annotations: { a: 'b' } } }, LATER),
    patch('merge patch of nothing', 'merge', `${ALPHAS}?dryRun=All`, {}, LATER),
    patch('merge patch that does not fit', 'merge', `${ALPHAS}?dryRun=All`, { spec: 5 }),
    patch('merge patch with an unknown field', 'merge', `${ALPHAS}?dryRun=All`, { spec: { odd: 1 } }, LATER),
    patch(
      'strategic patch',
      'strategic',
      `${ALPHAS}?dryRun=All`,
      { metadata: { labels: { n: null, m: '1' } } },
      LATER,
    ),
    patch(
      'strategic patch of a finalizer',
      'strategic',
      `${ALPHAS}?dryRun=All`,
      { metadata: { finalizers: ['a.example.com/b'] } },
      LATER,
    ),
    patch(
      'JSON patch',
      'json',
      `${ALPHAS}?dryRun=All`,
      [
        { op: 'test', path: '/spec/scope', value: 'Namespaced' },
        { op: 'remove', path: '/metadata/labels/n' },
      ],
      LATER,
    ),
    ...[
      [{ op: 'frob' }],
      [{ op: 'add', path: '/spec/a' }],
      [{ op: 'move', path: '/spec/a' }],
      [{ op: 'remove' }],
      [{ op: 'remove', path: '/none' }],
      [{ op: 'test', path: '/spec/scope', value: 'x' }],
      [{ op: 'add', path: '/spec/x', value: 1, odd: 2 }],
      {},
    ].map((body, i) =>
      patch(`JSON patch ${i + 1} that is wrong`, 'json', `${ALPHAS}?dryRun=All`, body as Body, LATER),
    ),
    patch(
      'apply',
      'apply',
      `${ALPHAS}?dryRun=All&fieldManager=m`,
      {
        apiVersion: 'apiextensions.k8s.io/v1',
        kind: 'CustomResourceDefinition',
        metadata: { name: 'alphas.built.trial.example.com', annotations: { a: 'b' } },
      },
      LATER,
    ),
    patch('apply in conflict', 'apply', `${ALPHAS}?dryRun=All&fieldManager=m`, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'alphas.built.trial.example.com' },
      spec: { names: { kind: 'Other', plural: 'alphas' } },
    }),
    patch('apply that creates', 'apply', `${PATH('deltas')}?dryRun=All&fieldManager=m`, fresh, LATER),
    patch('apply with an unknown field', 'apply', `${PATH('deltas')}?dryRun=All&fieldManager=m`, {
      ...fresh,
      odd: 1,
    }),
    patch('apply without a manager', 'apply', `${PATH('deltas')}?dryRun=All`, fresh),
    patch('apply of another kind', 'apply', `${PATH('deltas')}?dryRun=All&fieldManager=m`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
    }),
    remove('delete with a wrong uid', ALPHAS, { preconditions: { uid: 'x' } }),
    remove('delete with an old version', ALPHAS, { preconditions: { resourceVersion: '1' } }),
    remove('delete with an unknown policy', `${ALPHAS}?propagationPolicy=Odd`),
    remove('delete with two policies', ALPHAS, { propagationPolicy: 'Orphan', orphanDependents: true }),
    remove('delete with an unknown option', ALPHAS, { odd: 1, dryRun: ['All'] }, LATER),
    remove('delete of another kind', ALPHAS, { apiVersion: 'v1', kind: 'Pod' }),
    remove('dry-run delete', `${ALPHAS}?dryRun=All`, undefined, LATER),
    remove('delete', ALPHAS, undefined, LATER),
    remove('deletecollection', `${CRDS}?${OURS}`, undefined, LATER),
    get('all gone', PATH('gammas'), { until: 404 }),
  ],
};

const HELD: Definition = { group: 'held', plural: 'barges', kind: 'Barge', spec: object({ a: text }) };
const BARGES = '/apis/held.trial.example.com/v1/namespaces/trial-held/barges';
const BARGE_CRD = `${CRDS}/barges.held.trial.example.com`;
const barge = (name: string, metadata: object = {}) => ({
  apiVersion: 'held.trial.example.com/v1',
  kind: 'Barge',
  metadata: { name, ...metadata },
  spec: { a: 'x' },
});

export const TERMINATING: Scenario = {
  name: 'terminating',
  steps: [
    {
      ...post('namespace', '/api/v1/namespaces', { metadata: { name: 'trial-held' } }),
      prepare: true,
      oursOnly: true,
    },
    post('define', CRDS, definition(HELD), { prepare: true }),
    get('wait', BARGES, { until: 200, prepare: true }),
    post('held', BARGES, barge('held', { finalizers: ['example.com/hold'] }), { until: 201 }),
    post('free', BARGES, barge('free')),
    remove('delete the definition', BARGE_CRD, undefined, LATER),
    post('create', BARGES, barge('late'), { until: 403 }),
    patch('apply that would create', 'apply', `${BARGES}/late?fieldManager=m`, barge('late')),
    get('the free one is gone', `${BARGES}/free`, { until: 404 }),
    get('the held one waits', `${BARGES}/held`),
    get('the definition waits', BARGE_CRD, { ...LATER }),
    patch('change the held one', 'merge', `${BARGES}/held`, { spec: { a: 'y' } }),
    remove('delete the held one again', `${BARGES}/held`),
    remove('delete the definition again', BARGE_CRD, undefined, LATER),
    patch('free it', 'merge', `${BARGES}/held`, { metadata: { finalizers: null } }),
    get('the definition is gone', BARGE_CRD, { until: 404 }),
  ],
};
