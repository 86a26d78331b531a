/** Isolated from other pods (kubelet sysctl/safe_sysctls.go; every kernel since 4.5 has them). */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]);

/** Which namespace of the kernel a sysctl belongs to; undefined: none, it is the machine's (sysctl/namespace.go). */
export function sysctlNamespace(name: string): 'ipc' | 'net' | undefined {
  if (name === 'kernel.sem' || /^(?:kernel\.(?:shm|msg)|fs\.mqueue\.)/.test(name)) return 'ipc';
  return name.startsWith('net.') ? 'net' : undefined;
}

/** A sysctl's name, or a prefix that ends in `*` (policy/validation SysctlPatternFmt). */
export function isSysctlPattern(text: string): boolean {
  const segment = '[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?';
  return (
    text.length <= 253 &&
    new RegExp(`^(?:${segment}[./])*(?:${segment}|${segment}?[-_a-z0-9]*\\*|\\*)$`).test(text)
  );
}

/** Why a pod may not set a sysctl, as upstream says it; undefined: it may. Slashes are dots. */
export function sysctlRefusal(
  given: string,
  spec: { readonly hostNetwork?: boolean; readonly hostIPC?: boolean },
  unsafe: readonly string[],
): string | undefined {
  const name = given.replaceAll('/', '.');
  if (!SAFE_SYSCTLS.has(name) && !unsafe.some((pattern) => matches(pattern.replaceAll('/', '.'), name)))
    return `forbidden sysctl: "${name}" not allowlisted`;
  const namespace = sysctlNamespace(name);
  const shared = namespace === 'ipc' ? spec.hostIPC : spec.hostNetwork;
  return shared ? `forbidden sysctl: "${name}" not allowed with host ${namespace} enabled` : undefined;
}

function matches(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
