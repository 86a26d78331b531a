/** `make test-upstream`: asks upstream afresh, records its answers, and replays them against Sampan. */
import { spawnSync } from 'node:child_process';
import { buildUpstreamPrograms } from './upstream-programs.ts';

const unbuilt = buildUpstreamPrograms(process.env);
if (unbuilt.length > 0) {
  console.log(`Not built: ${unbuilt.join(' ')}. The scripts need root, for apt-get, and Debian.`);
  process.exit(1);
}
const COMMANDS = [
  ['node', 'test/differential/record.ts', 'all'],
  ['vitest', 'run', 'test/differential'],
] as const;
for (const [program, ...args] of COMMANDS) {
  const { status } = spawnSync(program, args, { stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
