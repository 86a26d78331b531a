/** Lists, selectors, paging, watches and deletecollection. */
import { get, namespace, PARTIAL_LIST, patch, post, remove, TABLE } from '../build.ts';
import type { Scenario, Step } from '../step.ts';

const ALL = '/api/v1/namespaces/trial-lists/configmaps';
// the controllers of a full server put kube-root-ca.crt into every namespace
const OURS = `${ALL}?labelSelector=set`;
const enc = encodeURIComponent;

const item = (name: string, labels: Record<string, string>): Step =>
  post(`create ${name}`, ALL, {
    metadata: { name, labels: { set: 'all', ...labels } },
    data: { from: name },
  });

const select = (selector: string): Step =>
  get(`labels ${selector}`, `${ALL}?labelSelector=${enc(`set,${selector}`)}`, {
    headers: { accept: PARTIAL_LIST },
    ignore: ['/body/metadata/resourceVersion'],
  });

export const LISTS: Scenario = {
  name: 'lists',
  steps: [
    namespace('trial-lists'),
    get('an empty list', OURS, { capture: { start: 'metadata.resourceVersion' } }),
    item('a', { app: 'web', tier: 'front', n: '1' }),
    item('b', { app: 'web', tier: 'back', n: '2' }),
    item('c', { app: 'db', n: '3' }),
    item('d', { app: 'db', tier: 'back', n: '10' }),
    item('e', { n: '' }),
    get('list', OURS),
    get(
      'list of all namespaces',
      `/api/v1/configmaps?labelSelector=${enc('set=all,app=db')}&fieldSelector=${enc('metadata.namespace=trial-lists')}`,
    ),
    get('list as a Table', OURS, { headers: { accept: TABLE } }),
    get('list as a Table with whole objects', `${OURS}&includeObject=Object&limit=1`, {
      headers: { accept: TABLE },
    }),
    get('list as a Table without objects', `${OURS}&includeObject=None`, { headers: { accept: TABLE } }),
    get('list as a Table with a wrong includeObject', `${OURS}&includeObject=Some`, {
      headers: { accept: TABLE },
    }),
    get('list as PartialObjectMetadataList', OURS, { headers: { accept: PARTIAL_LIST } }),
    select('app=web'),
    select('app==web'),
    select('app!=web'),
    select('app in (web,db)'),
    select('app notin (web)'),
    select('tier'),
    select('!tier'),
    select('n>2'),
    select('n<3'),
    select('n='),
    select('app=web,tier=back'),
    get('field metadata.name', `${ALL}?fieldSelector=${enc('metadata.name=a')}`),
    get('field metadata.name not equal', `${OURS}&fieldSelector=${enc('metadata.name!=a,metadata.name!=b')}`),
    get('field metadata.namespace of another', `${OURS}&fieldSelector=${enc('metadata.namespace=default')}`),
    get('first page', `${OURS}&limit=2`, {
      capture: { next: 'metadata.continue', page: 'metadata.resourceVersion' },
    }),
    item('aa', { n: '0' }),
    get('second page', `${OURS}&limit=2&continue=%{next}`, { capture: { next2: 'metadata.continue' } }),
    get('last page', `${OURS}&limit=2&continue=%{next2}`),
    get('page with a resourceVersion', `${OURS}&limit=2&continue=%{next}&resourceVersion=5`),
    get('limit without a selector', `${ALL}?limit=1&fieldSelector=${enc('metadata.name!=kube-root-ca.crt')}`),
    get('limit as large as the list', `${OURS}&limit=6`),
    get('list at an exact version', `${OURS}&resourceVersion=%{page}&resourceVersionMatch=Exact`),
    get(
      'list not older than a version',
      `${OURS}&resourceVersion=%{page}&resourceVersionMatch=NotOlderThan`,
      { sorted: true },
    ),
    get('list from any version', `${OURS}&resourceVersion=0`, { sorted: true }),
    get('list at a version in the future', `${OURS}&resourceVersion=99999999`),
    patch('change a', 'merge', `${ALL}/a`, { metadata: { labels: { app: 'changed' } } }),
    remove('delete b', `${ALL}/b`),
    get('watch from the start', `${OURS}&watch=true&resourceVersion=%{start}`, { events: 8 }),
    get(
      'watch with a label selector turns changes into deletions',
      `${ALL}?labelSelector=${enc('app=web')}&watch=true&resourceVersion=%{start}`,
      { events: 4 },
    ),
    get(
      'watch one by name',
      `${ALL}?fieldSelector=${enc('metadata.name=b')}&watch=true&resourceVersion=%{start}`,
      { events: 2 },
    ),
    get(
      'watch as a Table',
      `${ALL}?fieldSelector=${enc('metadata.name=b')}&watch=true&resourceVersion=%{start}`,
      { events: 2, headers: { accept: TABLE } },
    ),
    get(
      'watch as PartialObjectMetadata',
      `${ALL}?fieldSelector=${enc('metadata.name=b')}&watch=true&resourceVersion=%{start}`,
      {
        events: 2,
        headers: { accept: 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io' },
      },
    ),
    get('watch without a version brings what is there', `${OURS}&watch=true`, { events: 5, sorted: true }),
    get(
      'watch that ends',
      `${ALL}?fieldSelector=${enc('metadata.name=zz')}&watch=true&resourceVersion=%{start}&timeoutSeconds=1`,
      { events: 0 },
    ),
    get(
      'watch by the old path',
      `/api/v1/watch/namespaces/trial-lists/configmaps/b?resourceVersion=%{start}`,
      { events: 2 },
    ),
    remove('deletecollection dry-run', `${OURS}&dryRun=All`),
    remove('deletecollection with a selector', `${ALL}?labelSelector=${enc('app=db')}`),
    get('list after deletecollection', OURS),
    remove('deletecollection of the rest', OURS),
    get('list of nothing', OURS),
    remove('deletecollection of nothing', OURS),
  ],
};
