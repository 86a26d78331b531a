import { systemClock } from '@sampan/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Server, startServer } from './harness.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer(systemClock);
});
afterAll(() => server.close());

async function namespace(name: string, labels: Record<string, string>): Promise<void> {
  const prefixed = Object.entries(labels).map(([key, value]) => [`pod-security.kubernetes.io/${key}`, value]);
  await server.ask('POST', '/api/v1/namespaces', {
    metadata: { name, labels: Object.fromEntries(prefixed) },
  });
  await server.ask('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { metadata: { name: 'default' } });
}

const SAFE = {
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'c',
      image: 'a:1',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
  ],
};
const PLAIN = { containers: [{ name: 'c', image: 'a:1' }] };
const HOST = {
  ...PLAIN,
  hostNetwork: true,
  containers: [{ ...PLAIN.containers[0], securityContext: { privileged: true } }],
};

const RESTRICTED =
  'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false), ' +
  'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]), ' +
  'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true), ' +
  'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';

const pod = (ns: string, spec: object, name = 'p') =>
  server.ask('POST', `/api/v1/namespaces/${ns}/pods`, { metadata: { name }, spec });
const deployment = (ns: string, spec: object) =>
  server.ask('POST', `/apis/apps/v1/namespaces/${ns}/deployments`, {
    metadata: { name: 'd' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec },
    },
  });
const warnings = (headers: { warning?: unknown }): string =>
  String(headers.warning ?? '').replaceAll('\\"', '"');

describe('Pod Security', () => {
  it('enforces the restricted standard', async () => {
    await namespace('strict', { enforce: 'restricted' });
    expect((await pod('strict', PLAIN)).body.message).toBe(
      `pods "p" is forbidden: violates PodSecurity "restricted:latest": ${RESTRICTED}`,
    );
    expect((await pod('strict', SAFE)).status).toBe(201);
  });

  it('enforces the baseline standard, and says both standards in order', async () => {
    await namespace('base', { enforce: 'baseline', 'enforce-version': 'v1.30' });
    const both =
      'host namespaces (hostNetwork=true), privileged (container "c" must not set securityContext.privileged=true)';
    expect((await pod('base', HOST)).body.message).toBe(
      `pods "p" is forbidden: violates PodSecurity "baseline:v1.30": ${both}`,
    );
    expect((await pod('base', PLAIN)).status).toBe(201);
  });

  it('goes by the version: what came later is not asked', async () => {
    await namespace('old', { enforce: 'restricted', 'enforce-version': 'v1.18' });
    const { body } = await pod('old', PLAIN);
    expect(body.message).toContain('allowPrivilegeEscalation != false');
    expect(body.message).not.toContain('seccompProfile');
    expect(body.message).not.toContain('capabilities');
  });

  it('warns of pods and of templates, which are let in', async () => {
    await namespace('warned', { warn: 'restricted' });
    const made = await pod('warned', PLAIN);
    expect(made.status).toBe(201);
    expect(warnings(made.headers)).toContain(`would violate PodSecurity "restricted:latest": ${RESTRICTED}`);
    await namespace('enforced', { enforce: 'baseline' });
    const answer = await deployment('enforced', HOST);
    expect(answer.status).toBe(201);
    expect(warnings(answer.headers)).toContain(
      'would violate PodSecurity "baseline:latest": host namespaces',
    );
  });

  it('warns of existing pods when a namespace becomes stricter', async () => {
    await namespace('later', {});
    await pod('later', HOST, 'b');
    await pod('later', HOST, 'a');
    await pod('later', SAFE, 'safe');
    const labels = { 'pod-security.kubernetes.io/enforce': 'baseline' };
    const answer = await server.ask('PATCH', '/api/v1/namespaces/later', { metadata: { labels } });
    expect(warnings(answer.headers)).toContain(
      'existing pods in namespace "later" violate the new PodSecurity enforce level "baseline:latest"',
    );
    expect(warnings(answer.headers)).toContain('a (and 1 other pod): host namespaces, privileged');
  });

  it('refuses labels that it does not know', async () => {
    const labels = {
      'pod-security.kubernetes.io/enforce': 'strict',
      'pod-security.kubernetes.io/warn-version': 'v2',
    };
    const { body } = await server.ask('POST', '/api/v1/namespaces', { metadata: { name: 'odd', labels } });
    expect(body.message).toBe(
      'Namespace "odd" is invalid: [metadata.labels[pod-security.kubernetes.io/enforce]: Invalid value: "strict": must be one of privileged, baseline, restricted, ' +
        'metadata.labels[pod-security.kubernetes.io/warn-version]: Invalid value: "v2": must be "latest" or "v1.x"]',
    );
  });

  it('lets pods be that are only labelled', async () => {
    await namespace('kept', {});
    await pod('kept', HOST);
    const enforce = { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } };
    await server.ask('PATCH', '/api/v1/namespaces/kept', enforce);
    const labelled = { metadata: { labels: { x: 'y' } } };
    expect((await server.ask('PATCH', '/api/v1/namespaces/kept/pods/p', labelled)).status).toBe(200);
    const image = { spec: { containers: [{ name: 'c', image: 'b:2' }] } };
    const strategic = { 'content-type': 'application/strategic-merge-patch+json' };
    expect((await server.ask('PATCH', '/api/v1/namespaces/kept/pods/p', image, strategic)).status).toBe(403);
  });
});
