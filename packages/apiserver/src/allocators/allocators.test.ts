import { type KubeObject, StatusError } from '@sampan/api';
import { describe, expect, test } from 'vitest';
import { NodePortAllocator } from './node-port.ts';
import { ServiceAllocators } from './service-allocators.ts';
import { ServiceIpAllocator } from './service-ip.ts';

const first = (): number => 0;

describe('cluster IPs', () => {
  test('start with the first address and are drawn from the upper band', () => {
    const ips = new ServiceIpAllocator('10.96.0.0/24', first);
    expect(ips.first).toBe('10.96.0.1');
    expect(ips.allocateNext()).toBe('10.96.0.16');
    expect(new ServiceIpAllocator().range).toBe('10.96.0.0/12');
  });

  test('fall back to the lower band, and end', () => {
    const ips = new ServiceIpAllocator('10.0.0.0/29', first);
    const all = Array.from({ length: 6 }, () => ips.allocateNext());
    expect(new Set(all).size).toBe(6);
    expect(all).not.toContain('10.0.0.0');
    expect(all).not.toContain('10.0.0.7');
    expect(() => ips.allocateNext()).toThrow('range is full');
    ips.release('10.0.0.3');
    expect(ips.allocateNext()).toBe('10.0.0.3');
  });

  test.each([
    [
      '10.96.0.0',
      'the provided IP (10.96.0.0) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    ],
    [
      '1.2.3.4',
      'the provided IP (1.2.3.4) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    ],
    [
      'fd00::1',
      'the provided IP (fd00::1) is not in the valid range. The range of valid IPs is 10.96.0.0/24',
    ],
    ['10.96.0.1', 'provided IP is already allocated'],
  ])('refuse %s', (ip, message) => {
    const ips = new ServiceIpAllocator('10.96.0.0/24');
    ips.reserve('10.96.0.1');
    expect(() => ips.reserve(ip)).toThrow(message);
  });

  test('are of either family', () => {
    const ips = new ServiceIpAllocator('fd00:1::/112', first);
    expect(ips.family).toBe('IPv6');
    expect(ips.allocateNext()).toBe('fd00:1::100');
  });

  test.each(['x', '10.0.0.0/31', ''])('need a range: not %j', (range) => {
    expect(() => new ServiceIpAllocator(range)).toThrow(
      expect.objectContaining({ code: 'invalid-service-range' }),
    );
  });
});

describe('node ports', () => {
  test('are drawn from the upper band', () => {
    expect(new NodePortAllocator(undefined, first).allocateNext()).toBe(30086);
    expect(new NodePortAllocator('80-80').allocateNext()).toBe(80);
  });

  test('are taken once, in the range', () => {
    const ports = new NodePortAllocator();
    ports.reserve(30080);
    expect(() => ports.reserve(30080)).toThrow('provided port is already allocated');
    expect(() => ports.reserve(80)).toThrow(
      'provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
  });

  test.each(['', '1', '2-1', '0-5', '1-70000'])('need a range: not %j', (range) => {
    expect(() => new NodePortAllocator(range)).toThrow(
      expect.objectContaining({ code: 'invalid-node-port-range' }),
    );
  });
});

const service = (spec: Record<string, unknown>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { type: 'ClusterIP', ports: [{ port: 80, protocol: 'TCP' }], selector: { app: 'web' }, ...spec },
});

function refusal(task: () => unknown): string {
  try {
    task();
  } catch (thrown) {
    if (thrown instanceof StatusError) return thrown.message;
    throw thrown;
  }
  return 'nothing refused';
}

describe('services', () => {
  const allocators = (): ServiceAllocators =>
    new ServiceAllocators({ clusterIpRanges: ['10.96.0.0/24'], random: first });

  test('get an address and their families', () => {
    const all = allocators();
    const web = service({});
    all.allocateCreate(web, false).commit();
    expect(web.spec).toMatchObject({
      clusterIP: '10.96.0.16',
      clusterIPs: ['10.96.0.16'],
      ipFamilies: ['IPv4'],
      ipFamilyPolicy: 'SingleStack',
    });
    expect(all.ips[0]?.has('10.96.0.16')).toBe(true);
  });

  test('get one address of each family where they want both', () => {
    const all = new ServiceAllocators({ clusterIpRanges: ['10.96.0.0/24', 'fd00::/112'], random: first });
    const web = service({ ipFamilyPolicy: 'PreferDualStack' });
    all.allocateCreate(web, false).commit();
    expect(web.spec.clusterIPs).toEqual(['10.96.0.16', 'fd00::100']);
    const single = service({ ...web.spec, ipFamilyPolicy: 'SingleStack' });
    all.allocateUpdate(single, web, false).commit();
    expect(single.spec.clusterIPs).toEqual(['10.96.0.16']);
    expect(all.ips[1]?.has('fd00::100')).toBe(false);
  });

  test('give back what they took when the write fails, and in a dry run', () => {
    const all = allocators();
    const free = [all.ips[0]?.free, all.nodePorts.free];
    all.allocateCreate(service({ type: 'NodePort' }), false).revert();
    all.allocateCreate(service({ type: 'NodePort' }), true).commit();
    expect([all.ips[0]?.free, all.nodePorts.free]).toEqual(free);
  });

  test('give back the address when a node port is refused', () => {
    const all = allocators();
    const free = all.ips[0]?.free;
    const web = service({ type: 'NodePort', ports: [{ port: 80, nodePort: 80 }] });
    expect(refusal(() => all.allocateCreate(web, false))).toBe(
      'Service "web" is invalid: spec.ports[0].nodePort: Invalid value: 80: provided port is not in the valid range. The range of valid ports is 30000-32767',
    );
    expect(all.ips[0]?.free).toBe(free);
  });

  test('are refused an address that is taken', () => {
    const all = allocators();
    const spec = { clusterIP: '10.96.0.9', clusterIPs: ['10.96.0.9'] };
    all.allocateCreate(service(spec), false).commit();
    expect(refusal(() => all.allocateCreate(service(spec), false))).toBe(
      'Service "web" is invalid: spec.clusterIPs: Invalid value: ["10.96.0.9"]: failed to allocate IP 10.96.0.9: provided IP is already allocated',
    );
  });

  test('share a node port between protocols', () => {
    const web = service({
      type: 'NodePort',
      ports: [
        { name: 'a', port: 53, protocol: 'TCP' },
        { name: 'b', port: 53, protocol: 'UDP', nodePort: 30053 },
      ],
    });
    allocators().allocateCreate(web, false).commit();
    expect(web.spec.ports.map((port: { nodePort: number }) => port.nodePort)).toEqual([30053, 30053]);
  });

  test('give up node ports when they become cluster IPs, once that is stored', () => {
    const all = allocators();
    const web = service({ type: 'NodePort' });
    all.allocateCreate(web, false).commit();
    const port: number = web.spec.ports[0].nodePort;
    const change = all.allocateUpdate(
      service({ ...web.spec, type: 'ClusterIP', ports: [{ port: 80 }] }),
      web,
      false,
    );
    expect(all.nodePorts.has(port)).toBe(true);
    change.commit();
    expect(all.nodePorts.has(port)).toBe(false);
    expect(all.ips[0]?.has(web.spec.clusterIP)).toBe(true);
  });

  test('give up everything when deleted, and are known again after a restart', () => {
    const all = allocators();
    const web = service({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    all.allocateCreate(web, false).commit();
    expect(web.spec.healthCheckNodePort).toBeGreaterThan(30000);
    const after = allocators();
    after.rebuild([web]);
    expect([after.ips[0]?.free, after.nodePorts.free]).toEqual([all.ips[0]?.free, all.nodePorts.free]);
    after.release(web);
    expect([after.ips[0]?.free, after.nodePorts.free]).toEqual([allocators().ips[0]?.free, 2768]);
  });

  test('have no address of their own when headless or elsewhere', () => {
    const all = allocators();
    const free = all.ips[0]?.free;
    all.allocateCreate(service({ clusterIP: 'None', clusterIPs: ['None'] }), false).commit();
    all.allocateCreate(service({ type: 'ExternalName', externalName: 'a.example.com' }), false).commit();
    expect(all.ips[0]?.free).toBe(free);
  });
});
