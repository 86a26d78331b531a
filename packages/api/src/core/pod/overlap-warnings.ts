import type * as k8s from '../../generated/types.ts';
import { goQuote } from '../../meta/go-quote.ts';
import { append } from '../../validation/append.ts';

/** Files of one volume that hide each other (warningsForOverlappingVirtualPaths). */

/** Comparisons of two files for one pod, after which no more are made: their number grows with the square of the files'. */
const MAX_COMPARISONS = 1_000_000;
interface Budget {
  left: number;
}

export function overlapWarnings(volumes: readonly k8s.Volume[]): string[] {
  const budget: Budget = { left: MAX_COMPARISONS };
  return volumes.flatMap((volume) => {
    const name = `volume ${goQuote(volume.name ?? '')}`;
    const { configMap, secret, downwardAPI } = volume;
    return [
      ...overlaps(pathsOf(configMap?.items), `${name} (ConfigMap ${goQuote(configMap?.name ?? '')})`, budget),
      ...overlaps(pathsOf(secret?.items), `${name} (Secret ${goQuote(secret?.secretName ?? '')})`, budget),
      ...overlaps(pathsOf(downwardAPI?.items), `${name} (DownwardAPI)`, budget),
      ...projectedOverlaps(volume.projected, name, budget),
    ];
  });
}

function pathsOf(items: readonly { path?: string }[] | undefined): string[] {
  return (items ?? []).map((item) => item.path ?? '');
}

function projectedOverlaps(
  projected: k8s.ProjectedVolumeSource | undefined,
  name: string,
  budget: Budget,
): string[] {
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
    append(warnings, overlaps(paths, label, budget));
    const unique = [...new Set(paths)];
    if (budget.left < 0) break;
    append(warnings, overlaps([...unique, ...all].sort(), label, budget));
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

function overlaps(paths: readonly string[], label: string, budget: Budget): string[] {
  if (paths.length < 2) return [];
  budget.left -= paths.length * paths.length;
  if (budget.left < 0) return [];
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
