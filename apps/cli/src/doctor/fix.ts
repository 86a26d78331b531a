import {
  aptCommand,
  aptInstall,
  aptUpdate,
  available,
  disableService,
  extractBusybox,
  hasApt,
} from './apt.ts';
import { missingPackages, type SystemPackage } from './packages.ts';

export interface FixOptions {
  readonly path: string;
  readonly isRoot: boolean;
  /** Leave alone what only some need, unless something that all need is missing too: then nothing takes time. */
  readonly onlyNeeded: boolean;
  /** Says something to the person who waits. */
  readonly say: (text: string) => void;
}

/** What is missing for containers after as much was done about it as could be. */
export interface FixResult {
  readonly installed: readonly string[];
  readonly missing: readonly SystemPackage[];
  /** Why, and what to do; empty when nothing that matters is missing. */
  readonly advice: string;
}

/**
 * Installs what is missing of Debian's packages. Quick when there is nothing to do: then no program is run. Never
 * removes a package, and never throws for what could not be had: containers may do without, or the rest of Sampan may.
 */
export function installMissing({ path, isRoot, onlyNeeded, say }: FixOptions): FixResult {
  const wanted = missingPackages(path);
  if (wanted.every(({ optional }) => onlyNeeded && optional))
    return { installed: [], missing: [], advice: '' };
  const names = wanted.map(({ name }) => name);
  if (!hasApt()) return { installed: [], missing: wanted, advice: otherSystem(wanted) };
  if (!isRoot) return { installed: [], missing: wanted, advice: `Run as root: ${aptCommand(names)}` };
  const obtainable = findAvailable(wanted);
  say(`Installing ${obtainable.join(', ') || 'nothing'} …`);
  const reasons = install(obtainable);
  const missing = missingPackages(path);
  const installed = wanted.filter((entry) => !missing.includes(entry));
  for (const { service } of installed) if (service) disableService(service);
  return { installed: installed.map(({ name }) => name), missing, advice: advise(missing, reasons) };
}

/** A machine that never asked for the list of packages knows of none. */
function findAvailable(wanted: readonly SystemPackage[]): string[] {
  const names = wanted.map(({ name }) => name);
  const known = available(names);
  if (wanted.every(({ name, optional }) => optional || known.includes(name))) return known;
  aptUpdate();
  return available(names);
}

/** All at once; when that fails one by one, so that one that conflicts keeps no other away. Returns what went wrong. */
function install(names: readonly string[]): Map<string, string> {
  const reasons = new Map<string, string>();
  const simple = names.filter((name) => name !== 'busybox-static');
  if (simple.length > 0 && !aptInstall(simple).ok) {
    // an old list names files that the mirror has replaced
    aptUpdate();
    for (const name of simple) {
      const { ok, reason } = aptInstall([name]);
      if (!ok) reasons.set(name, reason);
    }
  }
  if (names.includes('busybox-static') && !aptInstall(['busybox-static']).ok) {
    const { ok, reason } = extractBusybox();
    if (!ok) reasons.set('busybox-static', reason);
  }
  return reasons;
}

function advise(missing: readonly SystemPackage[], reasons: ReadonlyMap<string, string>): string {
  const needed = missing.filter(({ optional }) => !optional);
  if (needed.length === 0) return '';
  const lines = needed.map(
    ({ name, without }) =>
      `  ${name}: ${reasons.get(name) ?? 'no package of this name is known'} (${without})`,
  );
  return `Not installed:
${lines.join('\n')}
Is this machine online, and is its list of packages up to date? Then try again, or install them by hand:
  apt-get update && ${aptCommand(needed.map(({ name }) => name))}`;
}

function otherSystem(wanted: readonly SystemPackage[]): string {
  const names = wanted.filter(({ optional }) => !optional).map(({ name }) => name);
  return `This system has no apt: install what these packages of Debian hold by its own means: ${names.join(', ')}`;
}
