import { defaultHome } from '@sampan/home';
import type { Invocation } from './command.ts';
import { asCalled } from './program-name.ts';

export interface Outcome {
  /** Whether containers run on this machine. */
  readonly hasNode: boolean;
  /** Of the registry, on localhost; undefined: it does not run. */
  readonly hubPort: number | undefined;
  /** Where the sample application answers. */
  readonly sample: string | undefined;
}

/** What a command has to say of the home so that it means this one too; empty: nothing. */
export function homeFlag({ home, environment }: Pick<Invocation, 'home' | 'environment'>): string {
  return environment.SAMPAN_HOME || home.root === defaultHome() ? '' : ` --home ${home.root}`;
}

/** What `up` ends with: where things are, and what to try. */
export function nextSteps({ home, environment }: Invocation, { hasNode, hubPort, sample }: Outcome): string {
  const flag = homeFlag({ home, environment });
  const steps: [string, string][] = hasNode
    ? [
        ['ps', 'see what runs'],
        ['run nginx --port 80', 'run something of your own'],
        ...(sample ? [['scale hello 3', 'run three of the sample'] as [string, string]] : []),
      ]
    : [
        ['status', 'see what runs'],
        ['kubectl get all -A', 'look around'],
      ];
  const all: [string, string][] = [
    ...steps,
    ['cluster create dev', 'make a cluster of its own'],
    ['down', `stop; everything stays in ${home.root}`],
  ];
  const lines = all.map(([words, what]) => `  ${`sampan${flag} ${words}`.padEnd(28 + flag.length)}${what}`);
  const places = [
    ...(sample ? [`The sample application:  ${sample}`] : []),
    `For kubectl, Helm and others:  sampan${flag} kubeconfig > ~/.kube/sampan && export KUBECONFIG=~/.kube/sampan`,
    ...(hubPort === undefined
      ? []
      : [
          `For docker, podman and others:  sampan${flag} hub login, then push localhost:${hubPort}/library/NAME`,
        ]),
  ];
  return asCalled(`\n${places.join('\n')}\n\nTry next:\n${lines.join('\n')}\n`, environment);
}
