/** One server and one client certificate; all PEM texts. */
export interface KubeAccess {
  readonly url: string;
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface KubeconfigNames {
  readonly cluster: string;
  readonly user: string;
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A kubeconfig object (client-go's `clientcmd/api/v1.Config`) with everything in it. */
export function kubeconfigObject(access: KubeAccess, names: KubeconfigNames) {
  const { cluster, user } = names;
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: cluster, cluster: { server: access.url, 'certificate-authority-data': base64(access.ca) } },
    ],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(access.certificate),
          'client-key-data': base64(access.key),
        },
      },
    ],
    contexts: [{ name: cluster, context: { cluster, user } }],
    'current-context': cluster,
    preferences: {},
  };
}

/** The same as YAML. Names must be plain scalars; those of clusters and users are. */
export function kubeconfigYaml(access: KubeAccess, names: KubeconfigNames): string {
  const { cluster, user } = names;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${JSON.stringify(cluster)}
  cluster:
    server: ${access.url}
    certificate-authority-data: ${base64(access.ca)}
users:
- name: ${JSON.stringify(user)}
  user:
    client-certificate-data: ${base64(access.certificate)}
    client-key-data: ${base64(access.key)}
contexts:
- name: ${JSON.stringify(cluster)}
  context:
    cluster: ${JSON.stringify(cluster)}
    user: ${JSON.stringify(user)}
current-context: ${JSON.stringify(cluster)}
preferences: {}
`;
}
