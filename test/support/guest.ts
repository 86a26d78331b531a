import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { homeLayout, kubeconfigYaml } from '@sampan/home';
import { issueCertificate, loadCertificateAuthority } from '@sampan/machinery';
import { Kubectl } from '../clients/kubectl.ts';
import type { Sampan } from './sampan.ts';

export interface TestGuest {
  readonly name: string;
  /** As the cluster's administrator. */
  readonly kubectl: Kubectl;
  readonly url: string;
  readonly kubeconfig: string;
}

/** Makes a guest cluster; `host` is a kubectl of the host cluster. It goes with the home. */
export async function createGuest(
  sampan: Pick<Sampan, 'home' | 'url' | 'ca'>,
  host: Kubectl,
  name: string,
  spec: object = {},
): Promise<TestGuest> {
  const cluster = { apiVersion: 'clusters.sampan.dev/v1', kind: 'Cluster', metadata: { name }, spec };
  await host.run(['apply', '-f', host.file(`cluster-${name}.json`, cluster)]);
  await host.run(`wait --for=condition=Ready cluster/${name} --timeout=60s`);
  const keys = JSON.parse(
    await readFile(join(homeLayout(sampan.home).clusters, name, 'keys.json'), 'utf8'),
  ) as { readonly caCertificate: string; readonly caKey: string };
  const { certificatePem, privateKeyPem = '' } = issueCertificate(
    loadCertificateAuthority(keys.caCertificate, keys.caKey),
    {
      subject: { commonName: 'admin', organizations: ['system:masters'] },
      usages: ['digital signature', 'client auth'],
    },
  );
  const url = `${sampan.url}/clusters/${name}`;
  const kubeconfig = join(host.folder, `kubeconfig-${name}`);
  const access = { url, ca: sampan.ca, certificate: certificatePem, key: privateKeyPem };
  writeFileSync(kubeconfig, kubeconfigYaml(access, { cluster: name, user: 'admin' }));
  return { name, url, kubeconfig, kubectl: new Kubectl('kubectl', kubeconfig) };
}
