import type { Invocation } from '../command.ts';
import { CHECKS, type Finding } from '../doctor/checks.ts';
import { installMissing } from '../doctor/fix.ts';
import { printData, structuredFormat } from '../structured.ts';

const MARKS = { ok: 'ok  ', warning: 'warn', problem: 'FAIL' } as const;

/** Exit code 1 when something keeps Sampan from running. */
export async function run(invocation: Invocation): Promise<number> {
  const { home, port, environment, options } = invocation;
  if (options.fix === true || options.needed === true) fix(invocation);
  if (options.needed === true) return 0;
  const findings: ({ name: string } & Finding)[] = [];
  for (const { name, check } of CHECKS) {
    findings.push({ name, ...(await check({ home, port, environment })) });
  }
  const format = structuredFormat(options.output);
  if (format) await printData(findings, format);
  else process.stdout.write(findings.map(line).join(''));
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

/** What could not be installed is said; Sampan starts all the same, then without containers. */
function fix({ environment, options }: Invocation): void {
  const say = (text: string) => void process.stderr.write(`${text}\n`);
  const isRoot = process.getuid?.() === 0;
  const path = environment.PATH ?? '';
  const { installed, advice } = installMissing({ path, isRoot, onlyNeeded: options.needed === true, say });
  if (installed.length > 0) say(`Installed ${installed.join(', ')}.`);
  if (advice) say(advice);
}

function line({ name, level, found, mend }: { name: string } & Finding): string {
  const first = `${MARKS[level]}  ${name.padEnd(12)} ${found}\n`;
  return mend && level !== 'ok' ? `${first}${' '.repeat(19)}→ ${mend}\n` : first;
}
