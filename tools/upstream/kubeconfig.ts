/** A kubeconfig for one server and one client certificate. */
export interface Access {
  readonly url: string;
  /** PEM texts. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The kubeconfig as JSON text, which is YAML too. */
export function kubeconfigOf({ url, ca, cert, key }: Access): string {
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'upstream',
      clusters: [{ name: 'upstream', cluster: { server: url, 'certificate-authority-data': base64(ca) } }],
      users: [
        { name: 'admin', user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } },
      ],
      contexts: [{ name: 'upstream', context: { cluster: 'upstream', user: 'admin' } }],
    },
    null,
    1,
  )}\n`;
}
