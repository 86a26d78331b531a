import type { k8s } from '@sampan/api';

export interface HostPort {
  readonly ip: string;
  /** `TCP/80`. */
  readonly port: string;
}

const ANY = '0.0.0.0';

/** Ports of the node that a pod takes, those of sidecars included. */
export function hostPortsOf(spec: k8s.PodSpec): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const found: HostPort[] = [];
  for (const container of [...(spec.containers ?? []), ...sidecars]) {
    for (const { hostPort, hostIP, protocol } of container.ports ?? []) {
      if (hostPort) found.push({ ip: hostIP || ANY, port: `${protocol || 'TCP'}/${hostPort}` });
    }
  }
  return found;
}

/** The ports of a node that are taken: a port on any address takes it on all. */
export class TakenPorts {
  readonly #addresses = new Map<string, string[]>();

  add({ ip, port }: HostPort): void {
    const present = this.#addresses.get(port);
    if (present) present.push(ip);
    else this.#addresses.set(port, [ip]);
  }

  remove({ ip, port }: HostPort): void {
    const present = this.#addresses.get(port);
    const at = present?.indexOf(ip) ?? -1;
    if (at >= 0) present?.splice(at, 1);
    if (present?.length === 0) this.#addresses.delete(port);
  }

  clashes({ ip, port }: HostPort): boolean {
    const present = this.#addresses.get(port);
    return present?.some((other) => other === ip || other === ANY || ip === ANY) ?? false;
  }
}
