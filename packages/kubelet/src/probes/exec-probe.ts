import type { k8s } from '@sampan/api';
import { expand } from '../pods/expand.ts';
import { type ContainerRuntime, RuntimeError } from '../runtime/index.ts';
import { failure, MOST_OUTPUT, type ProbeOutcome, success } from './probe-outcome.ts';

/** The command exits with 0 in time (kubelet pkg/probe/exec). Throws when it cannot be run at all. */
export async function probeExec(
  runtime: Pick<ContainerRuntime, 'exec'>,
  id: string,
  { command = [] }: k8s.ExecAction,
  container: k8s.Container,
  timeoutMs: number,
): Promise<ProbeOutcome> {
  const words = expandStatic(command, container);
  try {
    const { exitCode, stdout, stderr } = await runtime.exec(id, words, timeoutMs);
    const output = Buffer.concat([stdout, stderr]).subarray(0, MOST_OUTPUT).toString('utf8');
    return exitCode === 0 ? success(output) : failure(output);
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.kind !== 'timeout') throw error;
    return failure(`command timed out: "${words.join(' ')}" timed out after ${timeoutMs / 1000}s`);
  }
}

/** Only variables whose value stands in the spec are known here (kubelet ExpandContainerCommandOnlyStatic). */
function expandStatic(command: readonly string[], { env = [] }: k8s.Container): string[] {
  const values = new Map(env.flatMap(({ name, value }) => (value ? [[name, value] as const] : [])));
  return command.map((word) => expand(word, values));
}
