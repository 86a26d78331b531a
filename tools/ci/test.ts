/** `make test`: everything that CI runs. The last line is `N passed, N failed`. */
import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { installDebianPackages } from './debian-packages.ts';
import { STEPS, type Step, VITEST_REPORT } from './steps.ts';
import { buildUpstreamPrograms } from './upstream-programs.ts';

interface Counts {
  passed: number;
  failed: number;
}

const missing = installDebianPackages();
if (missing.length > 0)
  console.log(`Not installed, and tests will miss it: ${missing.join(' ')} (apt-get, as root)`);
const unbuilt = process.env.CI ? buildUpstreamPrograms(process.env) : [];
rmSync(VITEST_REPORT, { force: true });

const total: Counts = { passed: 0, failed: unbuilt.length };
const failedSteps: string[] = [...unbuilt];
for (const step of STEPS) {
  const { passed, failed } = runStep(step);
  total.passed += passed;
  total.failed += failed;
  if (failed > 0) failedSteps.push(step.name);
}
if (failedSteps.length > 0) console.log(`\nFailed: ${failedSteps.join(', ')}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed === 0 ? 0 : 1;

function runStep({ name, command, counts }: Step): Counts {
  const began = performance.now();
  console.log(`\n== ${name}`);
  const [program = '', ...args] = command;
  const { status, error } = spawnSync(program, args, { stdio: 'inherit' });
  if (error) console.log(error.message);
  const ok = status === 0;
  console.log(`== ${name}: ${ok ? 'ok' : 'FAILED'} (${((performance.now() - began) / 1000).toFixed(1)} s)`);
  const counted = counts === undefined ? undefined : readCounts(counts);
  if (!counted) return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  // a file that could not be loaded, or an error between tests, fails the run though no test did
  return { passed: counted.passed, failed: ok ? counted.failed : Math.max(1, counted.failed) };
}

function readCounts(file: string): Counts | undefined {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8')) as {
      numPassedTests: number;
      numFailedTests: number;
    };
    return { passed: report.numPassedTests, failed: report.numFailedTests };
  } catch {
    return undefined;
  }
}
