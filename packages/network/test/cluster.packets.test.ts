import { existsSync } from 'node:fs';
import { readFile, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { admitLink, forgetLink } from '../src/cluster/foreign-firewall.ts';
import { run } from '../src/command.ts';
import {
  addressesOf,
  chooseIndex,
  clusterTable,
  ensureHostPods,
  ensureNetwork,
  forgetHostPods,
  hostAddressOf,
  hostTable,
  leaseHolders,
  listNetworks,
  NftApplier,
  releaseStale,
  removeNetwork,
} from '../src/index.ts';
import { servicePortsOf } from '../src/services/service-ports.ts';
import { Dialer } from './dial.ts';
import { Lab, labName, whyNoLab } from './lab.ts';
import { service, slice } from './objects.ts';

const why = whyNoLab();

describe.skipIf(why !== undefined)('networks of clusters', () => {
  let one: Lab;
  let two: Lab;
  const host = new NftApplier();
  const other = new NftApplier();
  beforeAll(async () => {
    one = await Lab.create('one');
    two = await Lab.create('two');
  });
  afterAll(async () => {
    await host.remove(`sampan-${one?.network.name}`);
    await other.remove(`sampan-${two?.network.name}`);
    await one?.close();
    await two?.close();
  });

  it('have the same addresses inside and others towards the machine, and do not reach each other', async () => {
    await host.apply(hostTable(one.network, { ports: [] }));
    await other.apply(hostTable(two.network, { ports: [] }));
    const [a, b] = [await one.pod('a'), await two.pod('b')];
    await Promise.all([a.serve(80), b.serve(80)]);
    expect(a.ip).toBe(b.ip);
    const dialer = new Dialer();
    const inside = new Dialer(a.netns);
    try {
      expect(await dialer.dial(hostAddressOf(one.network, a.ip), 80)).toMatch(/^a /);
      expect(await dialer.dial(hostAddressOf(two.network, b.ip), 80)).toMatch(/^b /);
      expect(await inside.dial(hostAddressOf(two.network, b.ip), 80, 'tcp', 300)).toBe('timeout');
      expect(await inside.dial(two.network.link.inner, 80, 'tcp', 300)).toBe('timeout');
    } finally {
      dialer.close();
      inside.close();
    }
  });

  it('reach the outside by the address of the machine, and are reached from there by its ports', async () => {
    const name = labName('out');
    const [here, there] = [1, 2].map((i) => `198.18.${process.pid % 250}.${i}`);
    await run('ip', ['netns', 'add', name]);
    try {
      await run('ip', ['link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name]);
      await run('ip', ['address', 'add', `${here}/24`, 'dev', name]);
      await run('ip', ['link', 'set', name, 'up']);
      await run('ip', ['-n', name, 'address', 'add', `${there}/24`, 'dev', 'eth0']);
      await run('ip', ['-n', name, 'link', 'set', 'eth0', 'up']);
      const pod = await one.pod('p');
      await pod.serve(80);
      await one.serve('outside', `/run/netns/${name}`, [80]);
      const inside = new Dialer(pod.netns);
      const outside = new Dialer(`/run/netns/${name}`);
      try {
        expect(await inside.dial(there ?? '', 80)).toBe(`outside ${here}`);
        const to = { ip: hostAddressOf(one.network, pod.ip), port: 80 };
        await host.apply(hostTable(one.network, { ports: [{ protocol: 'tcp', port: 18_300, to }] }));
        // with the address that the client has, not the machine's
        expect(await outside.dial(here ?? '', 18_300)).toBe(`p ${there}`);
        // a neighbour that knows the ranges gets no further than those ports
        await run('ip', ['-n', name, 'route', 'add', '100.64.0.0/10', 'via', here ?? '']);
        await one.serve('machine', '/proc/self/ns/net', [18_301]);
        expect(await outside.dial(to.ip, 80, 'tcp', 300)).toBe('timeout');
        expect(await outside.dial(one.network.link.host, 18_301, 'tcp', 300)).toBe('timeout');
        expect(await outside.dial(here ?? '', 18_301)).toBe(`machine ${there}`);
        // at one address of the machine only
        const at = (address: string) => ({ address, protocol: 'tcp' as const, port: 18_300, to });
        await host.apply(hostTable(one.network, { ports: [at(here ?? '')] }));
        expect(await outside.dial(here ?? '', 18_300)).toBe(`p ${there}`);
        await host.apply(hostTable(one.network, { ports: [at('127.0.0.1')] }));
        expect(await outside.dial(here ?? '', 18_300)).toBe('refused');
        await host.apply(hostTable(one.network, { ports: [] }));
      } finally {
        inside.close();
        outside.close();
      }
    } finally {
      await run('ip', ['link', 'delete', name]).catch(() => {});
      await run('ip', ['netns', 'delete', name]);
    }
  });

  it('reach the API of their cluster at the link, and nothing else that listens on loopback', async () => {
    const pod = await one.pod('caller');
    const open = { tcp: [], udp: [] };
    await one.serve('api', '/proc/self/ns/net', [18_310, 18_311]);
    const inside = new Dialer(pod.netns);
    const fromNode = new Dialer(one.netns);
    const dial = (port: number) => inside.dial(one.network.link.host, port, 'tcp', 500);
    try {
      await host.apply(hostTable(one.network, { ports: [], allowed: open }));
      expect(await dial(18_310)).toBe('refused');
      for (const address of ['127.0.0.1', '0.0.0.0']) {
        const api = { address, port: 18_310 };
        await host.apply(hostTable(one.network, { ports: [], allowed: open, api }));
        expect(await dial(18_310)).toBe(`api ${hostAddressOf(one.network, pod.ip)}`);
        expect(await dial(18_311)).toBe('refused');
      }
      // as the Service `kubernetes`
      const endpoint = { addresses: [one.network.link.host] };
      const ports = servicePortsOf(
        [service('kubernetes', { clusterIP: '10.96.0.1', ports: [{ name: 'https', port: 443 }] })],
        [slice('kubernetes', [{ name: 'https', port: 18_310 }], [endpoint])],
        'n',
      );
      const state = { ports, apiPods: [], policies: [], pods: [], namespaces: [] };
      await one.nft.apply(clusterTable(state, addressesOf(one.network)));
      for (const dialer of [inside, fromNode])
        expect(await dialer.dial('10.96.0.1', 443, 'tcp', 500)).toMatch(/^api 100\./);
    } finally {
      inside.close();
      fromNode.close();
    }
  });

  it('are reached by processes of the machine that are pods of them, and by no others', async () => {
    const { network } = one;
    const pod = await one.pod('answers');
    await pod.serve(80);
    const hostPods = await ensureHostPods(network, `/${network.name}`);
    await ensureHostPods(network, `/${network.name}`);
    const cgroup = `/sys/fs/cgroup/${hostPods?.cgroup}`;
    const ports = servicePortsOf(
      [service('s', { clusterIP: '10.96.0.77', ports: [{ port: 80 }] })],
      [slice('s', [{ port: 80 }], [{ addresses: [pod.ip] }])],
      'n',
    );
    const state = { ports, apiPods: [], policies: [], pods: [], namespaces: [] };
    await one.nft.apply(clusterTable(state, addressesOf(network)));
    await host.apply(hostTable(network, { ports: [], ...(hostPods ? { hostPods } : {}) }));
    const member = new Dialer(undefined, cgroup);
    const stranger = new Dialer();
    try {
      expect(hostPods).toBeDefined();
      for (const ip of [pod.ip, '10.96.0.77'])
        for (const protocol of ['tcp', 'udp'] as const)
          if (ip === pod.ip || protocol === 'tcp')
            expect(await member.dial(ip, 80, protocol, 500)).toBe(`answers ${network.link.host}`);
      expect(await stranger.dial(pod.ip, 80, 'tcp', 300)).not.toMatch(/^answers/);
    } finally {
      member.close();
      stranger.close();
      await host.apply(hostTable(network, { ports: [] }));
      await forgetHostPods(network);
      await expect
        .poll(() =>
          rmdir(cgroup).then(
            () => true,
            () => false,
          ),
        )
        .toBe(true);
    }
  });

  it('are made again without harm, and mended when a part is missing', async () => {
    const pod = await one.pod('kept');
    await pod.serve(80);
    const dialer = new Dialer();
    try {
      await ensureNetwork(one.network);
      expect(await dialer.dial(hostAddressOf(one.network, pod.ip), 80)).toMatch(/^kept /);
      await run('ip', ['link', 'delete', one.network.name]);
      expect(await dialer.dial(hostAddressOf(one.network, pod.ip), 80, 'tcp', 300)).not.toMatch(/^kept /);
      await ensureNetwork(one.network);
      expect(await dialer.dial(hostAddressOf(one.network, pod.ip), 80)).toMatch(/^kept /);
      await run('ip', ['-n', one.network.name, 'link', 'delete', 'uplink']);
      await ensureNetwork(one.network);
      expect(await dialer.dial(hostAddressOf(one.network, pod.ip), 80)).toMatch(/^kept /);
    } finally {
      dialer.close();
    }
  });

  it('are let through where Docker or another firewall forwards nothing by itself', async () => {
    const netns = one.netns;
    const rules = async () =>
      (await run('iptables', ['-S'], { netns })).split('\n').filter((rule) => rule.includes('sampan'));
    const iptables = (...args: string[]) => run('iptables', args, { netns });
    await admitLink('link0', netns);
    expect(await rules()).toEqual([]);
    for (const [chain, restrict, lift] of [
      ['FORWARD', ['-P', 'FORWARD', 'DROP'], ['-P', 'FORWARD', 'ACCEPT']],
      ['DOCKER-USER', ['-N', 'DOCKER-USER'], ['-X', 'DOCKER-USER']],
    ] as const) {
      await iptables(...restrict);
      await admitLink('link0', netns);
      await admitLink('link0', netns);
      expect(await rules()).toEqual(
        ['-o', '-i'].map((side) => `-A ${chain} ${side} link0 -m comment --comment sampan -j ACCEPT`),
      );
      await forgetLink('link0', netns);
      await forgetLink('link0', netns);
      expect(await rules()).toEqual([]);
      await iptables(...lift);
    }
  });

  it('keep their number unless another network has it, and start to look at different places', async () => {
    const { name, index } = one.network;
    expect(await chooseIndex(name, index)).toBe(index);
    const other = await chooseIndex('other', index);
    expect(other).not.toBe(index);
    expect(await chooseIndex('another')).not.toBe(other);
    expect(await chooseIndex('other', other)).toBe(other);
  });

  it('are removed whole, twice if need be', async () => {
    const lab = await Lab.create('del');
    const { name } = lab.network;
    expect(await listNetworks()).toContain(name);
    await removeNetwork(name);
    await removeNetwork(name);
    expect(await listNetworks()).not.toContain(name);
    await expect(run('ip', ['link', 'show', name])).rejects.toMatchObject({ code: 'network-command-failed' });
    await lab.close();
  });

  it('give an address back at DEL, however often, also when the network is gone', async () => {
    const lab = await Lab.create('ipam');
    try {
      const { ip, netns } = await lab.pod('p');
      const id = netns.split('/').at(-1) ?? '';
      expect((await leaseHolders(lab.folders, lab.network.name)).get(ip)).toBe(id);
      await lab.cni('DEL', id);
      await lab.cni('DEL', id);
      expect((await leaseHolders(lab.folders, lab.network.name)).size).toBe(0);
      await lab.cni('ADD', id);
      await removeNetwork(lab.network.name);
      await lab.cni('DEL', id);
      expect((await leaseHolders(lab.folders, lab.network.name)).size).toBe(0);
      await rm(join(lab.folders.clusters, `${lab.network.name}.json`));
      await lab.cni('DEL', id);
      await expect(lab.cni('ADD', id)).rejects.toThrow(/the network t-ipam-\d+ is not there/);
    } finally {
      await lab.close();
    }
  });

  it('give back addresses of pods that ended without DEL', async () => {
    const lab = await Lab.create('stale');
    try {
      const kept = await lab.pod('kept');
      const lost = await lab.pod('lost');
      const idOf = (netns: string) => netns.split('/').at(-1) ?? '';
      const released = await releaseStale(lab.folders, lab.network, new Set([idOf(kept.netns)]));
      expect(released).toEqual([idOf(lost.netns)]);
      expect([...(await leaseHolders(lab.folders, lab.network.name)).values()]).toEqual([idOf(kept.netns)]);
      expect(await releaseStale(lab.folders, lab.network, new Set([idOf(kept.netns)]))).toEqual([]);
    } finally {
      await lab.close();
    }
  });

  it('refuse sandboxes that name no network, and names that are none', async () => {
    for (const network of ['', '../x', 'a b', '$(id)', '-x'])
      await expect(one.cni('ADD', 'none', network)).rejects.toThrow(/names no network/);
  });

  it('are put into the configuration that containerd reads', async () => {
    const text = await readFile(join(one.folders.conf, '10-sampan.conflist'), 'utf8');
    expect(JSON.parse(text)).toMatchObject({ cniVersion: '1.0.0', plugins: [{ type: 'sampan-cni' }] });
    const half = join(one.folders.conf, '10-sampan.conflist.new');
    expect(existsSync(half)).toBe(false);
  });
});
