import type { Invocation } from '../command.ts';
import { CHECKS, type Finding } from '../doctor/checks.ts';
import { printData, structuredFormat } from '../structured.ts';

const MARKS = { ok: 'ok  ', warning: 'warn', problem: 'FAIL' } as const;

/** Exit code 1 when something keeps Sampan from running. */
export async function run({ home, port, environment, options }: Invocation): Promise<number> {
  const findings: ({ name: string } & Finding)[] = [];
  for (const { name, check } of CHECKS) {
    findings.push({ name, ...(await check({ home, port, environment })) });
  }
  const format = structuredFormat(options.output);
  if (format) await printData(findings, format);
  else process.stdout.write(findings.map(line).join(''));
  return findings.some(({ level }) => level === 'problem') ? 1 : 0;
}

function line({ name, level, found, mend }: { name: string } & Finding): string {
  const first = `${MARKS[level]}  ${name.padEnd(12)} ${found}\n`;
  return mend && level !== 'ok' ? `${first}${' '.repeat(19)}→ ${mend}\n` : first;
}
