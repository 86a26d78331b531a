import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateRequest, generateKeys } from '@sampan/machinery';
import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.ts';
import { useKubectl } from './setup.ts';

describe('kubectl and who may do what', () => {
  const setup = useKubectl();
  const request = () => ['get', 'configmaps', '--server', setup.plane.url, '--kubeconfig=/dev/null'];

  it('says who one is, also as somebody else', async () => {
    const { kubectl } = setup;
    expect(await kubectl.run('auth whoami')).toMatch(
      /Username +admin\nGroups +\[system:masters system:authenticated\]/,
    );
    expect(await kubectl.run('auth whoami --as=ann --as-group=crew')).toMatch(
      /Username +ann\nGroups +\[crew system:authenticated\]/,
    );
  });

  it('reconciles roles: adds what is missing, tells what it did', async () => {
    const { kubectl } = setup;
    await kubectl.run('create role sailor --verb=get --resource=pods');
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'sailor', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['secrets'], verbs: ['get'] }],
    };
    expect(await kubectl.try(['auth', 'reconcile', '-f', kubectl.file('role.yaml', role)])).toMatchObject({
      code: 0,
      out: 'role.rbac.authorization.k8s.io/sailor reconciled\n',
      err: expect.stringContaining('missing rules added:'),
    });
    expect(await kubectl.run('get role sailor -o jsonpath={.rules[*].resources[*]}')).toBe('pods secrets');
  });

  it('makes tokens of ServiceAccounts that open what they may', async () => {
    const { kubectl } = setup;
    await kubectl.run('create serviceaccount robot');
    await kubectl.run('create rolebinding robots --clusterrole=view --serviceaccount=default:robot');
    const token = await kubectl.run('create token robot --duration=1h');
    const ca = join(kubectl.folder, 'ca.pem');
    writeFileSync(ca, setup.plane.ca);
    const asRobot = [`--certificate-authority=${ca}`, `--token=${token}`];
    expect(await kubectl.run([...request(), ...asRobot, '-o', 'name'])).toContain(
      'configmap/kube-root-ca.crt',
    );
    expect(await kubectl.fail(['delete', ...request().slice(1), '--all', ...asRobot])).toContain(
      'User "system:serviceaccount:default:robot" cannot',
    );
    const other = await kubectl.run('create token robot --audience=elsewhere');
    expect(await kubectl.fail([...request(), asRobot[0] ?? '', `--token=${other}`])).toContain(
      'Unauthorized',
    );
  });

  it('binds a token to a Secret, and the token ends with it', async () => {
    const { kubectl } = setup;
    await kubectl.run('create serviceaccount bound');
    await kubectl.run('create secret generic anchor');
    await kubectl.run('create rolebinding bounds --clusterrole=view --serviceaccount=default:bound');
    const token = await kubectl.run(
      'create token bound --bound-object-kind=Secret --bound-object-name=anchor',
    );
    const ca = join(kubectl.folder, 'ca.pem');
    writeFileSync(ca, setup.plane.ca);
    const args = [...request(), `--certificate-authority=${ca}`, `--token=${token}`];
    await kubectl.run(args);
    await kubectl.run('delete secret anchor');
    await eventually('the token is refused', async () =>
      (await kubectl.try(args)).err.includes('Unauthorized'),
    );
  });

  it('approves a certificate request, whose certificate then opens the API, and denies another', async () => {
    const { kubectl } = setup;
    const keys = generateKeys();
    const key = join(kubectl.folder, 'ann.key');
    writeFileSync(key, keys.privateKeyPem);
    for (const name of ['ann', 'bob']) {
      const pem = createCertificateRequest(keys.privateKey, { commonName: name, organizations: [] });
      await kubectl.run(['create', '-f', kubectl.file('csr.yaml', signingRequest(name, pem))]);
    }
    expect(await kubectl.run('get csr ann')).toMatch(
      /ann +\d+s +kubernetes.io\/kube-apiserver-client +admin +<none> +Pending/,
    );
    await kubectl.run('certificate approve ann');
    await kubectl.run('certificate deny bob');
    const issued = await eventually('a certificate', async () =>
      kubectl.run('get csr ann -o jsonpath={.status.certificate}'),
    );
    expect(await kubectl.run('get csr ann')).toContain('Approved,Issued');
    expect(await kubectl.run('get csr bob')).toContain('Denied');
    const ca = join(kubectl.folder, 'ca.pem');
    const certificate = join(kubectl.folder, 'ann.pem');
    writeFileSync(ca, setup.plane.ca);
    writeFileSync(certificate, Buffer.from(issued, 'base64'));
    const asAnn = [
      `--certificate-authority=${ca}`,
      `--client-certificate=${certificate}`,
      `--client-key=${key}`,
    ];
    expect(await kubectl.fail([...request(), ...asAnn])).toContain(
      'User "ann" cannot list resource "configmaps"',
    );
  });
});

function signingRequest(name: string, pem: string) {
  return {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: 'kubernetes.io/kube-apiserver-client',
      usages: ['client auth'],
    },
  };
}
