import type * as k8s from '../../generated/types.ts';
import { goQuote } from '../../meta/go-quote.ts';

/** Files of one volume that hide each other (warningsForOverlappingVirtualPaths). */

/** More files than this in one volume are not compared with each other. */
const MAX_FILES = 1000;

export function overlapWarnings(volumes: readonly k8s.Volume[]): string[] {
  return volumes.flatMap((volume) => {
    const name = `volume ${goQuote(volume.name ?? '')}`;
    const { configMap, secret, downwardAPI } = volume;
    return [
      ...overlaps(pathsOf(configMap?.items), `${name} (ConfigMap ${goQuote(configMap?.name ?? '')})`),
      ...overlaps(pathsOf(secret?.items), `${name} (Secret ${goQuote(secret?.secretName ?? '')})`),
      ...overlaps(pathsOf(downwardAPI?.items), `${name} (DownwardAPI)`),
      ...projectedOverlaps(volume.projected, name),
    ];
  });
}

function pathsOf(items: readonly { path?: string }[] | undefined): string[] {
  return (items ?? []).map((item) => item.path ?? '');
}

function projectedOverlaps(projected: k8s.ProjectedVolumeSource | undefined, name: string): string[] {
  const warnings: string[] = [];
  const all = new Set<string>();
  for (const source of projected?.sources ?? []) {
    const described = describe(source);
    if (described === undefined) {
      if (Object.values(source).every((value) => value === undefined)) {
        warnings.push(`${name} (Projected) has no sources provided`);
      }
      continue;
    }
    const [what, paths] = described;
    const label = `${name} (Projected ${what})`;
    warnings.push(...overlaps(paths, label));
    const unique = [...new Set(paths)];
    warnings.push(...overlaps([...unique, ...all].sort(), label));
    for (const path of unique) all.add(path);
  }
  return warnings;
}

function describe(source: k8s.VolumeProjection): [string, string[]] | undefined {
  const { configMap, secret, downwardAPI, serviceAccountToken: token, clusterTrustBundle: bundle } = source;
  if (configMap?.items) return [`ConfigMap ${goQuote(configMap.name ?? '')}`, pathsOf(configMap.items)];
  if (secret?.items) return [`Secret ${goQuote(secret.name ?? '')}`, pathsOf(secret.items)];
  if (downwardAPI?.items) return ['DownwardAPI', pathsOf(downwardAPI.items)];
  if (token !== undefined) return ['ServiceAccountToken', [token.path]];
  if (bundle === undefined) return undefined;
  return [`ClusterTrustBundle ${goQuote(bundle.name ?? bundle.signerName ?? '')}`, [bundle.path]];
}

function overlaps(paths: readonly string[], label: string): string[] {
  if (paths.length < 2 || paths.length > MAX_FILES) return [];
  const warnings: string[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const normal = path.replace(/\/+$/, '');
    const other = collision(seen, normal);
    if (other !== undefined) {
      warnings.push(`${label}: overlapping paths: ${goQuote(normal)} with ${goQuote(other)}`);
    }
    seen.add(normal);
  }
  return warnings;
}

function collision(seen: ReadonlySet<string>, path: string): string | undefined {
  for (const other of seen) {
    if (other === '' || path === '') return undefined;
    if (other === path || `${other}/`.startsWith(path) || `${path}/`.startsWith(other)) return other;
  }
  return undefined;
}
