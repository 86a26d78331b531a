import type * as k8s from '../../generated/types.ts';
import { visitContainers } from './containers.ts';

interface Used {
  readonly field: string;
  readonly hostIP: string;
  readonly hostPort: number;
}

/** A pod with thousands of equal ports gets no warning for each pair of them. */
const MAX_WARNINGS = 100;

/** Ports that containers of one pod define twice. */
export function portWarnings(spec: k8s.PodSpec, path: string): string[] {
  const warnings: string[] = [];
  const used = new Map<string, Used[]>();
  visitContainers(spec, path, (container, at) => {
    container.ports?.forEach((port, i) => {
      const field = `${at}.ports[${i}]`;
      const mine: Used = { field, hostIP: port.hostIP ?? '', hostPort: port.hostPort ?? 0 };
      if (mine.hostIP !== '' && mine.hostPort === 0) {
        const shown = `{Name:${port.name ?? ''} HostPort:0 ContainerPort:${port.containerPort} Protocol:${port.protocol ?? ''} HostIP:${mine.hostIP}}`;
        warnings.push(`${field}: hostIP set without hostPort: ${shown}`);
      }
      const key = `${port.containerPort}/${port.protocol ?? ''}`;
      const others = used.get(key) ?? [];
      for (const other of others) {
        if (warnings.length >= MAX_WARNINGS) break;
        const problem = compare(mine, other);
        if (problem !== undefined) warnings.push(`${field}: ${problem} port definition with ${other.field}`);
      }
      used.set(key, others);
      others.push(mine);
    });
  });
  return warnings;
}

function compare(a: Used, b: Used): string | undefined {
  if (a.hostIP === b.hostIP && a.hostPort === b.hostPort) return 'duplicate';
  if (a.hostPort === 0 || b.hostPort === 0) return 'overlapping';
  const oneOpen = (a.hostIP === '') !== (b.hostIP === '');
  return a.hostPort === b.hostPort && oneOpen ? 'dangerously ambiguous' : undefined;
}
