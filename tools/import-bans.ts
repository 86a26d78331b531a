import { posix } from 'node:path';
import { banReason } from './tiers.ts';

export interface Ban {
  readonly line: number;
  readonly specifier: string;
  readonly reason: string;
}

const IMPORT = /(?:\bfrom\s*|\bimport\s*\(\s*|^\s*import\s+)(['"])([^'"\n]+)\1/gm;

/** The imports of a file (`packages/NAME/src/…`) that its tier forbids. */
export function findBans(file: string, text: string): Ban[] {
  const own = placeOf(file);
  const bans: Ban[] = [];
  for (const match of text.matchAll(IMPORT)) {
    const specifier = match[2] ?? '';
    const reason = reasonAgainst(own, file, specifier);
    if (reason) bans.push({ line: text.slice(0, match.index).split('\n').length, specifier, reason });
  }
  return bans;
}

function reasonAgainst(own: string, file: string, specifier: string): string | undefined {
  const scoped = /^@sampan\/([^/]+)(\/.+)?$/.exec(specifier);
  if (scoped)
    return banReason(
      own,
      scoped[1] === 'cli' || APPS.has(scoped[1] ?? '') ? `apps/${scoped[1]}` : `packages/${scoped[1]}`,
    );
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.join(posix.dirname(file), specifier);
  const place = placeOf(target);
  if (place === own) return undefined;
  if (!/^(packages|apps)\//.test(place)) return file.includes('/src/') ? OUTSIDE : undefined;
  return banReason(own, place) ?? 'other packages are imported by name, through what they export';
}

const OUTSIDE = 'what is shipped imports nothing from tools and tests';
/** `hub` is the name of a package and of an app; the package has the import name. */
const APPS = new Set(['server', 'guests', 'node', 'cli', 'console']);

const placeOf = (file: string): string => file.split('/').slice(0, 2).join('/');
