import { nodeArrival } from '@sampan/network';
import { expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { container, MERGE, machineAddresses, PODS, type PodsStage, podOf, SERVICES } from './pods-stage.ts';
import type { Cluster } from './two-guests.ts';

/** Whether a guest's API can be brought to reach for its user what the user cannot. */
export function podsApiSuite(started: () => PodsStage): void {
  it('when it calls webhooks, which are reached in pods of the own cluster only', async () => {
    const stage = started();
    const { a, trap } = stage;
    await a.create(SERVICES, {
      metadata: { name: 'own' },
      spec: { selector: { app: 'web' }, ports: [{ port: 443, targetPort: 80 }] },
    });
    // it is reached, but speaks no TLS
    await eventually('the own pod is called', async () =>
      (await webhookFailure(a, 'own')).includes('HTTP response to HTTPS client'),
    );
    trap.forget();
    const places = [
      ...machineAddresses(),
      await stage.otherPod(),
      stage.networkOf('alpha').link.host,
      nodeArrival(stage.networkOf('beta')),
    ];
    for (const [index, address] of places.entries()) {
      const name = `called-${index}`;
      const spec = { ports: [{ port: 443, targetPort: trap.port }] };
      await stage.serviceAt(name, spec, address, trap.port);
      expect(await webhookFailure(a, name)).toContain('no endpoints available');
    }
    expect(trap.visits).toEqual([]);
  });

  it.each(['127.0.0.1', '169.254.169.254', '100.64.0.1', '0.0.0.0', 'MACHINE', 'LINK', 'OTHER'])(
    'when their status says that they are at %s',
    async (where) => {
      const stage = started();
      const { a, trap } = stage;
      const places: Record<string, string> = {
        MACHINE: machineAddresses()[0] ?? '',
        LINK: stage.networkOf('alpha').link.host,
        OTHER: await stage.otherPod(),
      };
      const ip = places[where] ?? where;
      trap.forget();
      // an object that no agent tells of, and one that it does
      await a.create(
        PODS,
        podOf('ghost', {
          nodeName: 'nowhere',
          containers: [container({ ports: [{ containerPort: trap.port }] })],
        }),
      );
      for (const name of ['ghost', 'web']) {
        const status = { phase: 'Running', podIP: ip, podIPs: [{ ip }], hostIP: ip };
        await a.ask({ method: 'PATCH', path: `${PODS}/${name}/status`, type: MERGE, body: { status } });
        for (const number of [trap.port, 80, 6443]) {
          const { text } = await a.get(`${PODS}/${name}:${number}/proxy/`);
          expect(text).not.toMatch(/of-b|of-host|the machine/);
        }
      }
      expect(trap.visits).toEqual([]);
      await a.remove(`${PODS}/ghost?gracePeriodSeconds=0`);
    },
  );

  it('to the node, but for what it tells of their own', async () => {
    const { a, b, host, node } = started();
    const path = `/api/v1/nodes/${node.name}/proxy`;
    const pods = (await a.get(`${path}/pods`)).text;
    expect(pods).toContain('client');
    const uid = (await b.get(`${PODS}/web`)).json().metadata.uid;
    const hostUid = (await host.get(`${PODS}/web`)).json().metadata.uid;
    for (const way of [
      'pods',
      'stats/summary',
      'metrics/cadvisor',
      'metrics/resource',
      'metrics',
      'logs/',
      'runningpods/',
    ]) {
      const { text } = await a.get(`${path}/${way}`);
      expect(text).not.toContain(uid);
      expect(text).not.toContain(hostUid);
    }
  });

  it.each([
    'streams/exec',
    './streams/exec',
    'x/../streams/exec',
    '%2e%2e/streams/exec',
    '//streams/exec',
    'logs/../../../../../etc/passwd',
    'logs/%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    'run/default/web/c?cmd=id',
    'exec/default/web/c?command=id',
    'configz',
    'debug/pprof/',
  ])('to more of the node by the path %s', async (way) => {
    const { a, node } = started();
    const path = `/api/v1/nodes/${node.name}/proxy/${way}`;
    for (const method of ['GET', 'POST']) {
      const { code, text } = await a.ask({ method, path, body: method === 'POST' ? {} : undefined });
      expect([301, 400, 403, 404, 405]).toContain(code);
      expect(text).not.toContain('root:');
    }
  });

  it('to containers of another cluster by their ids or names', async () => {
    const { a, b, kubectl } = started();
    const { containerID } = (await b.get(`${PODS}/web`)).json().status.containerStatuses[0];
    const id = containerID.replace('containerd://', '');
    const state = { ready: true, restartCount: 0, started: true, state: { running: {} } };
    const status = { containerStatuses: [{ name: 'c', containerID, image: 'i', imageID: '', ...state }] };
    await a.ask({ method: 'PATCH', path: `${PODS}/client/status`, type: MERGE, body: { status } });
    const { out } = await kubectl.try(['exec', 'client', '--', 'cat', '/www/index.html']);
    expect(out).not.toContain('of-b');
    expect((await a.get(`${PODS}/client/log?container=${id}`)).code).toBe(400);
    expect((await a.get(`${PODS}/client/log?container=..%2f..%2fdefault_web`)).code).toBe(400);
  });
}

const WEBHOOKS = '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations';

/** What the API answers to a write for which it must ask this Service of the cluster. */
async function webhookFailure(cluster: Cluster, service: string): Promise<string> {
  const webhook = {
    name: 'reach.test.dev',
    clientConfig: { service: { namespace: 'default', name: service, port: 443 } },
    rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps'] }],
    ...{ admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 5 },
  };
  await cluster.create(WEBHOOKS, { metadata: { name: 'reach' }, webhooks: [webhook] });
  const object = { metadata: { generateName: 'x' } };
  const { code, text } = await cluster.create('/api/v1/namespaces/default/configmaps', object);
  await cluster.remove(`${WEBHOOKS}/reach`);
  expect(code).toBe(500);
  return text;
}
