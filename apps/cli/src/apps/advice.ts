import type { Step } from './trouble.ts';

interface Advice {
  /** Of which steps; undefined: of all. */
  readonly steps?: readonly Step[];
  /** Found in the message. Plain alternatives: linear in its length. */
  readonly says: RegExp;
  readonly advice: string;
}

/** What known words of runtimes, registries and the scheduler mean for people; the first that fits counts. */
const ADVICE: readonly Advice[] = [
  {
    says: /no space left on device|disk quota exceeded/i,
    advice: 'The disk is full: free some. What images take: sampan image ls',
  },
  { says: /exec format error|no match for platform/i, advice: 'The image is for another kind of processor.' },
  {
    steps: ['image'],
    says: /x509:|certificate signed/i,
    advice: 'The registry has an authority of its own. Make it known: sampan registry add HOST --ca FILE',
  },
  {
    steps: ['image'],
    says: /HTTP response to HTTPS client/i,
    advice:
      'The registry speaks without encryption. If that is meant so: sampan registry add HOST --insecure-http',
  },
  {
    steps: ['image'],
    says: /toomanyrequests|429 Too Many/i,
    advice:
      'The registry lets only so many requests through. With a login it lets more: sampan help registry add',
  },
  {
    steps: ['image'],
    says: /unauthorized|authorization failed|denied|403 Forbidden/i,
    advice: 'There is no such image, or the registry wants a login: sampan help registry add',
  },
  {
    steps: ['image'],
    says: /no such host|i\/o timeout|connection refused|network is unreachable|no route to host|deadline exceeded/i,
    advice: 'Is the name right, and is this machine online? Behind a proxy: sampan help registry proxy',
  },
  {
    steps: ['image'],
    says: /not found|manifest unknown|name unknown/i,
    advice: 'The registry has no such image: are the name, and what follows its colon, right?',
  },
  {
    steps: ['start', 'run'],
    says: /no such file or directory|executable file not found/i,
    advice: 'The image does not have that program.',
  },
  {
    steps: ['start', 'run'],
    says: /permission denied/i,
    advice: 'The program is not executable, or not for the user that it is started as.',
  },
  {
    steps: ['schedule'],
    says: /^no nodes available/,
    advice: 'No machine runs containers for this cluster. To have this one do it: sudo sampan up',
  },
  {
    steps: ['schedule'],
    says: /Insufficient /,
    advice: 'It asks for more than is left (resources.requests): ask for less, or run fewer.',
  },
  {
    steps: ['schedule'],
    says: /free ports/,
    advice: 'Another pod has the port of the machine that it wants (hostPort).',
  },
  {
    steps: ['schedule'],
    says: /untolerated taint|had taints?/,
    advice: 'The machine takes no new pods now: sampan status says why.',
  },
  {
    steps: ['schedule', 'volume'],
    says: /unbound immediate PersistentVolumeClaims|persistentvolumeclaim .* not found/,
    advice: 'A volume that it names is not there yet.',
  },
];

/** What the words of a trouble mean; undefined: nothing more than they say. Pure. */
export function adviceOn(step: Step, message: string): string | undefined {
  return ADVICE.find(({ steps, says }) => (steps?.includes(step) ?? true) && says.test(message))?.advice;
}
