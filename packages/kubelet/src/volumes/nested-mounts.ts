import { mkdir } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import type { k8s } from '@sampan/api';
import { containerSpecs } from '../pods/container-spec.ts';

/**
 * Where other volumes are mounted within this one, relative to it: as it is read-only, the runtime cannot make the
 * places (upstream volume/util/nested_volumes.go). Pure.
 */
export function nestedMountPoints(pod: k8s.Pod, name: string): string[] {
  const points = new Set<string>();
  for (const { container } of containerSpecs(pod.spec ?? {})) {
    const mounts = (container.volumeMounts ?? []).map(({ mountPath, ...mount }) => ({
      ...mount,
      path: `${normalize(mountPath).replace(/\/$/, '')}/`,
    }));
    for (const own of mounts.filter((mount) => mount.name === name && !mount.subPath && !mount.subPathExpr)) {
      const inner = mounts.filter(({ path }) => path !== own.path && path.startsWith(own.path));
      for (const { path } of inner) {
        // within another of the inner ones it is not this volume's
        const covered = inner.some((other) => other.path !== path && path.startsWith(other.path));
        if (!covered) points.add(path.slice(own.path.length, -1));
      }
    }
  }
  return [...points].sort();
}

/** Makes those places. Throws when one would be among the volume's own names. */
export async function makeNestedMountPoints(folder: string, pod: k8s.Pod, name: string): Promise<void> {
  for (const point of nestedMountPoints(pod, name)) {
    if (point.startsWith('..')) throw new Error(`invalid mount point within the volume: ${point}`);
    await mkdir(join(folder, point), { recursive: true, mode: 0o755 });
  }
}
