import type { KubeAccess } from '@sampan/home';

export interface JoinOptions {
  /** Of the cluster's API, as it is reached from outside. */
  readonly server: Pick<KubeAccess, 'url' | 'ca'>;
  readonly token: string;
  /** PEM; signs who the cluster's API is towards kubelets. */
  readonly clientCa: string;
  /** Where pods find the cluster's DNS. */
  readonly dnsAddress: string;
}

const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
const CLIENT_CA = '/etc/kubernetes/pki/ca.crt';
const CONFIG = '/var/lib/kubelet/config.yaml';
const KUBECONFIG = '/var/lib/kubelet/kubeconfig';

/** By which a kubelet asks for its first certificate (Kubernetes docs, "TLS bootstrapping"). */
export function bootstrapKubeconfig({ server, token }: Pick<JoinOptions, 'server' | 'token'>) {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'cluster',
        cluster: {
          server: server.url,
          'certificate-authority-data': Buffer.from(server.ca).toString('base64'),
        },
      },
    ],
    users: [{ name: 'bootstrap', user: { token } }],
    contexts: [{ name: 'bootstrap', context: { cluster: 'cluster', user: 'bootstrap' } }],
    'current-context': 'bootstrap',
  };
}

/** Of upstream's kubelets from 1.20 on: only the cluster's API may ask it, and all its certificates are the cluster's. */
export function kubeletConfiguration({ dnsAddress }: Pick<JoinOptions, 'dnsAddress'>) {
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: CLIENT_CA },
    },
    authorization: { mode: 'Webhook' },
    clusterDomain: 'cluster.local',
    clusterDNS: [dnsAddress],
    rotateCertificates: true,
    serverTLSBootstrap: true,
    failSwapOn: false,
  };
}

/** To be typed, as root, on the machine that joins; JSON is YAML as well. */
export const joinScript = (options: JoinOptions): string => `umask 077
mkdir -p /etc/kubernetes/pki /var/lib/kubelet
cat > ${BOOTSTRAP} <<'END'
${JSON.stringify(bootstrapKubeconfig(options))}
END
cat > ${CLIENT_CA} <<'END'
${options.clientCa.trim()}
END
cat > ${CONFIG} <<'END'
${JSON.stringify(kubeletConfiguration(options))}
END
kubelet --config=${CONFIG} --bootstrap-kubeconfig=${BOOTSTRAP} --kubeconfig=${KUBECONFIG}
`;
