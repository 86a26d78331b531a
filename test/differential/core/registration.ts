/** What extends the API: configurations of webhooks and APIServices. Nothing here is ever called. */
import { kindScenario } from '../build.ts';

const ADMISSION = '/apis/admissionregistration.k8s.io/v1';
const rule = {
  operations: ['CREATE'],
  apiGroups: ['trial.example.com'],
  apiVersions: ['v1'],
  resources: ['trials'],
};
const webhook = {
  name: 'check.example.com',
  clientConfig: { service: { namespace: 'trial', name: 'hook', path: '/check' } },
  rules: [rule],
  sideEffects: 'None',
  admissionReviewVersions: ['v1'],
};
const hooks = (...changes: object[]) => ({ webhooks: changes.map((change) => ({ ...webhook, ...change })) });
const rules = (change: object) => hooks({ rules: [{ ...rule, ...change }] });
const service = (change: object) =>
  hooks({ clientConfig: { service: { namespace: 'trial', name: 'hook', ...change } } });
const url = (text: string) => hooks({ clientConfig: { url: text } });

const CASES = {
  'no webhooks': { webhooks: undefined },
  'two of one name': hooks({}, {}),
  'name with one label': hooks({ name: 'short' }),
  'name that is none': hooks({ name: 'Not A Name' }),
  'no name': hooks({ name: undefined }),
  'no client': hooks({ clientConfig: {} }),
  'url and service': hooks({ clientConfig: { url: 'https://example.com', ...webhook.clientConfig } }),
  'plain url': url('http://example.com/path'),
  'url with everything': url('https://user@example.com/path?query=1#fragment'),
  'url of an authority': hooks({ clientConfig: { url: 'https://example.com/x', caBundle: 'QQ==' } }),
  'service without names': service({ namespace: '', name: '' }),
  'service with a port': service({ port: 70000 }),
  'path without a slash': service({ path: 'check' }),
  'path of empty parts': service({ path: '/a//b' }),
  'path of slashes': service({ path: '//' }),
  'path that is no name': service({ path: '/A_b' }),
  'no operations': rules({ operations: [] }),
  'odd operations': rules({ operations: ['*', 'READ'] }),
  'no groups': rules({ apiGroups: [] }),
  'all groups and one': rules({ apiGroups: ['*', 'a'] }),
  'no versions': rules({ apiVersions: [] }),
  'empty version': rules({ apiVersions: ['', '*'] }),
  'no resources': rules({ resources: [] }),
  'empty resource': rules({ resources: [''] }),
  'all resources and one': rules({ resources: ['*', 'pods'] }),
  'all subresources and one': rules({ resources: ['pods/*', 'pods/status'] }),
  'a subresource of all and of one': rules({ resources: ['*/status', 'pods/status'] }),
  'everything and one': rules({ resources: ['*/*', 'pods'] }),
  'odd scope': rules({ scope: 'Everywhere' }),
  'odd policies': hooks({ failurePolicy: 'Maybe', matchPolicy: 'Maybe', sideEffects: 'Maybe' }),
  'no side effects said': hooks({ sideEffects: undefined }),
  'some side effects': hooks({ sideEffects: 'Some' }),
  'no time': hooks({ timeoutSeconds: 0 }),
  'much time': hooks({ timeoutSeconds: 31 }),
  'no review versions': hooks({ admissionReviewVersions: [] }),
  'unknown review version': hooks({ admissionReviewVersions: ['v9'] }),
  'odd review versions': hooks({ admissionReviewVersions: ['v1', 'v1', 'V!'] }),
  'odd selectors': hooks({
    namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Odd' }] },
    objectSelector: { matchLabels: { 'not a label': 'x' } },
  }),
};

const UPDATES = {
  'change the time': hooks({ timeoutSeconds: 5 }),
  'make it wrong': hooks({ name: 'short' }),
  'change nothing': {},
};

export const VALIDATING_WEBHOOKS = kindScenario({
  name: 'validatingwebhookconfigurations',
  collection: `${ADMISSION}/validatingwebhookconfigurations`,
  object: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: 'trial-validating' },
    webhooks: [webhook],
  },
  cases: CASES,
  updates: UPDATES,
});

export const MUTATING_WEBHOOKS = kindScenario({
  name: 'mutatingwebhookconfigurations',
  collection: `${ADMISSION}/mutatingwebhookconfigurations`,
  object: {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'trial-mutating' },
    webhooks: [webhook],
  },
  cases: { ...CASES, 'odd reinvocation': hooks({ reinvocationPolicy: 'Often' }) },
  updates: UPDATES,
});

const group = 'trial.example.com';
const spec = { group, version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 };
const target = { namespace: 'trial', name: 'api' };
const changed = (change: object) => ({ spec: { ...spec, ...change } });

export const API_SERVICES = kindScenario({
  name: 'apiservices',
  collection: '/apis/apiregistration.k8s.io/v1/apiservices',
  object: {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1.${group}` },
    spec,
  },
  cases: {
    'another name': changed({ version: 'v2' }),
    'no group': changed({ group: '' }),
    'no version': changed({ version: '' }),
    'odd group and version': changed({ group: 'A B', version: 'V!' }),
    'no priorities': changed({ groupPriorityMinimum: undefined, versionPriority: undefined }),
    'high priorities': changed({ groupPriorityMinimum: 20001, versionPriority: 1001 }),
    'local with an authority': changed({ caBundle: 'QQ==', insecureSkipTLSVerify: true }),
    'service without names': changed({ service: {} }),
    'service with a port': changed({ service: { ...target, port: 0 } }),
    'service that is trusted twice': changed({
      service: target,
      caBundle: 'QQ==',
      insecureSkipTLSVerify: true,
    }),
  },
  updates: {
    'change a priority': changed({ versionPriority: 11 }),
    'make it wrong': changed({ versionPriority: 0 }),
  },
});
