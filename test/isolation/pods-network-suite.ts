import { hostAddressOf, nodeArrival } from '@sampan/network';
import { expect, it } from 'vitest';
import { eventually } from '../clients/eventually.ts';
import { machineAddresses, type PodsStage, podIp, SERVICES } from './pods-stage.ts';

const POLICIES = '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies';

/** Whom pods of a guest reach through the network. */
export function podsNetworkSuite(started: () => PodsStage): void {
  it('and neither pods nor the API of another cluster', async () => {
    const stage = started();
    const { a, host, trap } = stage;
    const [ours, theirs] = [stage.networkOf('alpha'), stage.networkOf('beta')];
    const ownPod = await podIp(a);
    const hostPod = await podIp(host);
    expect(await stage.fetched(`http://${ownPod}/`)).toBe('of-a');
    const urls = [
      `http://${await stage.otherPod()}/`,
      `http://${theirs.link.inner}/`,
      `http://${theirs.link.host}:6443/`,
      `http://${theirs.link.host}:${trap.port}/`,
      `http://${nodeArrival(theirs)}/`,
      `http://${hostAddressOf(ours, ownPod)}:${trap.port}/`,
      // where the host cluster has the pod, if A has no pod there
      ...(hostPod === ownPod ? [] : [`http://${hostPod}/`]),
    ];
    for (const url of urls)
      expect([url, await stage.fetched(url)]).not.toEqual([
        url,
        expect.stringMatching(/of-(b|host)|machine/),
      ]);
  });

  it('and no address of the machine', async () => {
    const stage = started();
    const { trap } = stage;
    const { link, gateway } = stage.networkOf('alpha');
    trap.forget();
    for (const address of [
      ...machineAddresses(),
      link.host,
      link.inner,
      gateway,
      '127.0.0.1',
      '10.96.0.1',
      '0.0.0.0',
      '100.64.0.1',
    ])
      expect([address, await stage.fetched(`http://${address}:${trap.port}/`)]).toEqual([address, '']);
    expect(trap.visits).toEqual([]);
    // which answers who may ask
    expect(await (await fetch(`http://127.0.0.1:${trap.port}/`)).text()).toBe('the machine');
  });

  it('and not the server of the host cluster or the node’s sockets', async () => {
    const stage = started();
    const { node } = stage;
    const { port: api } = new URL(node.sampan.url);
    const { link } = stage.networkOf('alpha');
    for (const address of [...machineAddresses(), link.host, '127.0.0.1'])
      expect([address, await stage.connects(address, api)]).toEqual([address, false]);
    expect(await stage.connects('10.96.0.1', '443')).toBe(true);
  });

  it('by Services with endpoints elsewhere', async () => {
    const stage = started();
    const { trap } = stage;
    const theirs = stage.networkOf('beta');
    trap.forget();
    const targets: [string, number][] = [
      ...machineAddresses()
        .slice(0, 1)
        .map((address): [string, number] => [address, trap.port]),
      [stage.networkOf('alpha').link.host, trap.port],
      [await stage.otherPod(), 80],
      [theirs.link.host, 6443],
      [nodeArrival(theirs), 80],
    ];
    for (const [index, [address, port]] of targets.entries()) {
      const spec = { type: 'NodePort', ports: [{ port: 80, targetPort: port }] };
      const { clusterIP, ports } = await stage.serviceAt(`away-${index}`, spec, address, port);
      expect([address, await stage.fetched(`http://${clusterIP}/`)]).toEqual([address, '']);
      const outside = await fetch(`http://${nodeArrival(stage.networkOf('alpha'))}:${ports[0].nodePort}/`, {
        signal: AbortSignal.timeout(2000),
      }).then(
        (answer) => answer.text(),
        () => '',
      );
      expect([address, outside]).toEqual([address, '']);
    }
    expect(trap.visits).toEqual([]);
  });

  it('and take over no address of the machine or of others by externalIPs', async () => {
    const stage = started();
    const { a, trap } = stage;
    const [address = '127.0.0.1'] = machineAddresses();
    await a.create(SERVICES, {
      metadata: { name: 'thief' },
      spec: {
        selector: { app: 'web' },
        ports: [{ port: trap.port, targetPort: 80 }],
        externalIPs: [address, stage.networkOf('beta').link.host, '8.8.8.8'],
      },
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await (await fetch(`http://${address}:${trap.port}/`)).text()).toBe('the machine');
    await a.remove(`${SERVICES}/thief`);
  });

  it('and know no names of another cluster', async () => {
    const stage = started();
    const { a, b, host } = stage;
    const service = (name: string) => ({
      metadata: { name },
      spec: { selector: { app: 'web' }, ports: [{ port: 80 }] },
    });
    await a.create(SERVICES, service('only-a'));
    await b.create(SERVICES, service('only-b'));
    await host.create(SERVICES, service('only-host'));
    await eventually('the own name is known', async () => (await stage.fetched('http://only-a/')) === 'of-a');
    for (const name of ['only-b', 'only-host', 'only-b.default.svc.cluster.local', 'only-b.default.svc.beta'])
      expect(await stage.fetched(`http://${name}/`)).toBe('');
  });

  it('whatever their policies allow', async () => {
    const stage = started();
    const { a } = stage;
    await a.create(POLICIES, {
      metadata: { name: 'all' },
      spec: {
        podSelector: {},
        policyTypes: ['Ingress', 'Egress'],
        ingress: [{ from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
        egress: [{ to: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }],
      },
    });
    expect(await stage.fetched(`http://${await stage.otherPod()}/`)).toBe('');
    expect(await stage.fetched('http://web.default.svc/')).toBe('');
    expect(await stage.fetched('http://only-a/')).toBe('of-a');
    await a.remove(`${POLICIES}/all`);
  });
}
