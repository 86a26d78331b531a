import { hasApt } from '../src/doctor/apt.ts';
import { missingPackages } from '../src/doctor/packages.ts';

/** For the start of a test file: whether its tests can run here; in CI they must. */
export function canRunContainers(): boolean {
  const missing = missingPackages(process.env.PATH)
    .filter(({ optional }) => !optional)
    .map(({ name }) => name);
  if (process.getuid?.() !== 0) missing.push('root');
  if (missing.length === 0) return true;
  if (process.env.CI && hasApt())
    throw new Error(`in CI containers must run; missing: ${missing.join(', ')}`);
  console.log(`tests with real containers are left out here; missing: ${missing.join(', ')}`);
  return false;
}
