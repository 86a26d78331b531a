import type { App } from './app.ts';
import type { Step } from './trouble.ts';

const STEPS: Readonly<Record<Step, string>> = {
  schedule: 'no node takes its pods',
  volume: 'its volumes cannot be mounted',
  network: 'its pods get no network',
  image: 'its image cannot be had',
  start: 'its containers cannot be started',
  run: 'its program ends',
  probe: 'its pods run, but are not ready',
  node: 'its pods were refused or ended by the machine',
};

/** One line on what is wrong with an application, and what to do; undefined: nothing is. */
export function tellTrouble({ trouble, name }: App): { problem: string; advice: string } | undefined {
  if (!trouble) return undefined;
  const { step, reason, message, pod, advice } = trouble;
  const problem = `${name}: ${STEPS[step]} (${reason}${pod ? `, pod ${pod}` : ''})${message ? `: ${message}` : ''}`;
  return { problem, advice: advice.replaceAll('NAME', name) };
}
