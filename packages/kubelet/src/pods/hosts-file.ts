import type { k8s } from '@sampan/api';

const HEAD = `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
`;

/** A pod's /etc/hosts (kubelet managedHostsFileContent). `hostname`: as the pod sees it; `domain` may be empty. */
export function hostsFile(
  ips: readonly string[],
  hostname: string,
  domain: string,
  aliases: readonly k8s.HostAlias[],
): string {
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = ips.map((ip) => `${ip}\t${names}\n`).join('');
  return `${HEAD}${own}${added(aliases)}`;
}

/** That of a pod on the machine's network: the machine's own, and what the pod adds (nodeHostsFileContent). */
export function nodeHostsFile(machines: string, aliases: readonly k8s.HostAlias[]): string {
  return `# Kubernetes-managed hosts file (host network).\n${machines}${added(aliases)}`;
}

function added(aliases: readonly k8s.HostAlias[]): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map(({ ip, hostnames = [] }) => `${ip}\t${hostnames.join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}
