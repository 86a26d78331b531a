import { describe, expect, it } from 'vitest';
import { service, slice } from '../../test/objects.ts';
import { MemoryZone } from './memory-zone.ts';
import { ZoneAnswers } from './zone-answers.ts';

const zone = new MemoryZone();
zone.putNamespace('ns');
zone.putService(
  service('web', {
    clusterIP: '10.96.0.5',
    ports: [
      { name: 'http', port: 80 },
      { name: 'dns', port: 53, protocol: 'UDP' },
    ],
  }),
);
zone.putService(service('db', { clusterIP: 'None', ports: [{ name: 'sql', port: 5432 }] }));
zone.putService(service('empty', { clusterIP: 'None', ports: [{ port: 80 }] }));
zone.putService(service('out', { type: 'ExternalName', externalName: 'Example.ORG' }));
zone.putService(service('alias', { type: 'ExternalName', externalName: 'web.ns.svc.cluster.local' }));
zone.putService(service('loop', { type: 'ExternalName', externalName: 'loop.ns.svc.cluster.local' }));
zone.putService(service('six', { clusterIP: 'fd00::5', clusterIPs: ['fd00::5'], ports: [{ port: 80 }] }));
zone.putSlice(slice('web', [{ name: 'http', port: 8080 }], [{ addresses: ['10.244.0.9'] }]));
zone.putSlice(
  slice(
    'db',
    [{ name: 'sql', port: 5432, protocol: 'TCP' }],
    [
      { addresses: ['10.244.0.2'], hostname: 'db-0' },
      { addresses: ['10.244.0.3'] },
      { addresses: ['10.244.0.4'], conditions: { ready: false } },
    ],
  ),
);
const answers = new ZoneAnswers(zone, 'cluster.local');
const ask = (name: string, type = 'A') => {
  const found = answers.answer(name, type);
  if (!found) return 'elsewhere';
  if (found.answers.length === 0) return found.rcode === 'NOERROR' ? 'nodata' : 'nxdomain';
  return found.answers.map((record) =>
    record.type === 'SRV' ? `${record.data.target}:${record.data.port}` : `${record.data}`,
  );
};

describe('names of a cluster', () => {
  it.each([
    ['web.ns.svc.cluster.local', 'A', ['10.96.0.5']],
    ['web.ns.svc.cluster.local', 'AAAA', 'nodata'],
    ['web.ns.svc.cluster.local', 'MX', 'nodata'],
    ['six.ns.svc.cluster.local', 'AAAA', ['fd00::5']],
    ['_http._tcp.web.ns.svc.cluster.local', 'SRV', ['web.ns.svc.cluster.local:80']],
    ['_dns._udp.web.ns.svc.cluster.local', 'SRV', ['web.ns.svc.cluster.local:53']],
    ['_dns._tcp.web.ns.svc.cluster.local', 'SRV', 'nxdomain'],
    ['web.ns.svc.cluster.local', 'SRV', ['web.ns.svc.cluster.local:80', 'web.ns.svc.cluster.local:53']],
    ['db.ns.svc.cluster.local', 'A', ['10.244.0.2', '10.244.0.3']],
    [
      '_sql._tcp.db.ns.svc.cluster.local',
      'SRV',
      ['db-0.db.ns.svc.cluster.local:5432', '10-244-0-3.db.ns.svc.cluster.local:5432'],
    ],
    ['db-0.db.ns.svc.cluster.local', 'A', ['10.244.0.2']],
    ['10-244-0-3.db.ns.svc.cluster.local', 'A', ['10.244.0.3']],
    ['10-244-0-4.db.ns.svc.cluster.local', 'A', 'nxdomain'],
    ['10-244-0-9.web.ns.svc.cluster.local', 'A', ['10.244.0.9']],
    ['empty.ns.svc.cluster.local', 'A', 'nxdomain'],
    ['alias.ns.svc.cluster.local', 'A', ['web.ns.svc.cluster.local', '10.96.0.5']],
    ['out.ns.svc.cluster.local', 'CNAME', ['example.org']],
    ['10-1-2-3.ns.pod.cluster.local', 'A', ['10.1.2.3']],
    ['10-1-2-3.other.pod.cluster.local', 'A', 'nxdomain'],
    ['no-ip.ns.pod.cluster.local', 'A', 'nxdomain'],
    ['absent.ns.svc.cluster.local', 'A', 'nxdomain'],
    ['web.other.svc.cluster.local', 'A', 'nxdomain'],
    ['a.b.web.ns.svc.cluster.local', 'A', 'nxdomain'],
    ['ns.svc.cluster.local', 'A', 'nodata'],
    ['svc.cluster.local', 'A', 'nodata'],
    ['cluster.local', 'A', 'nodata'],
    ['cluster.local', 'NS', ['ns.dns.cluster.local']],
    ['foo.cluster.local', 'A', 'nxdomain'],
    ['dns-version.cluster.local', 'TXT', ['1.1.0']],
    ['example.com', 'A', 'elsewhere'],
    ['notcluster.local', 'A', 'elsewhere'],
    ['5.0.96.10.in-addr.arpa', 'PTR', ['web.ns.svc.cluster.local']],
    ['2.0.244.10.in-addr.arpa', 'PTR', ['db-0.db.ns.svc.cluster.local']],
    ['8.8.8.8.in-addr.arpa', 'PTR', 'elsewhere'],
  ])('%s %s is %j', (name, type, wanted) => {
    expect(ask(name, type)).toEqual(wanted);
  });

  it('a "no" carries the SOA record that says how long it may be remembered', () => {
    expect(answers.answer('absent.ns.svc.cluster.local', 'A')?.authorities).toMatchObject([
      { type: 'SOA', name: 'cluster.local', data: { minimum: 5 } },
    ]);
  });

  it('an alias that leads out says where to look, one that leads to itself ends', () => {
    expect(answers.answer('out.ns.svc.cluster.local', 'A')).toMatchObject({ follow: 'example.org' });
    expect(ask('loop.ns.svc.cluster.local')).toHaveLength(9);
  });

  it('SRV answers bring the addresses of their targets', () => {
    expect(answers.answer('_sql._tcp.db.ns.svc.cluster.local', 'SRV')?.additionals).toMatchObject([
      { name: 'db-0.db.ns.svc.cluster.local', type: 'A', data: '10.244.0.2' },
      { name: '10-244-0-3.db.ns.svc.cluster.local', type: 'A', data: '10.244.0.3' },
    ]);
  });
});

describe('a view', () => {
  it('forgets what is deleted and follows what changes', () => {
    const view = new MemoryZone();
    view.putNamespace('ns');
    const web = service('web', { clusterIP: '10.96.0.5', ports: [] });
    view.putService(web);
    view.putSlice(slice('web', [], [{ addresses: ['10.244.0.2'], hostname: 'a' }]));
    expect(view.namesOf('10.244.0.2')).toEqual(['a.web.ns']);
    view.putSlice(slice('web', [], [{ addresses: ['10.244.0.3'] }]));
    expect(view.namesOf('10.244.0.2')).toEqual([]);
    expect(view.service('ns', 'web')?.endpoints).toMatchObject([{ host: '10-244-0-3' }]);
    view.putService(service('web', { clusterIP: '10.96.0.6', ports: [] }));
    expect(view.namesOf('10.96.0.5')).toEqual([]);
    expect(view.namesOf('10.96.0.6')).toEqual(['web.ns']);
    view.removeService(web);
    expect(view.service('ns', 'web')).toBeUndefined();
    expect(view.namesOf('10.96.0.6')).toEqual([]);
    view.removeSlice(slice('web', [], []));
    view.removeNamespace('ns');
    expect(view.hasNamespace('ns')).toBe(false);
  });
});
