import type { k8s } from '@sampan/api';
import { adviceOn } from './advice.ts';

/** Where on the way from an object to an answering application something went wrong. */
export type Step = 'schedule' | 'volume' | 'network' | 'image' | 'start' | 'run' | 'probe' | 'node';

export interface Trouble {
  readonly step: Step;
  /** As kubectl shows it: `ImagePullBackOff`. */
  readonly reason: string;
  /** Upstream's words about this very pod. */
  readonly message: string;
  /** What it means or what to do, for people; empty when the message says it all. */
  readonly advice: string;
  /** Waiting alone hardly helps. */
  readonly lasting: boolean;
}

interface Meaning {
  readonly step: Step;
  readonly advice: string;
  readonly lasting: boolean;
}

const lasting = (step: Step, advice: string): Meaning => ({ step, advice, lasting: true });
const passing = (step: Step, advice: string): Meaning => ({ step, advice, lasting: false });

const PULL =
  'Is the name right, and can this machine reach the registry? For logins and mirrors: sampan help registry add';
const CRASH = 'The program ended. What it said: sampan logs NAME';

/** What the reasons of containers, pods and events mean. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ErrImagePull: lasting('image', PULL),
  ImagePullBackOff: lasting('image', PULL),
  InvalidImageName: lasting(
    'image',
    'An image is named like this: nginx:1.27 or ghcr.io/someone/something:tag',
  ),
  ErrImageNeverPull: lasting('image', 'Load it: sampan image load FILE.tar'),
  RegistryUnavailable: lasting('image', PULL),
  SignatureValidationFailed: lasting('image', ''),
  CreateContainerConfigError: lasting('start', 'It names a ConfigMap, Secret or user that is not there.'),
  CreateContainerError: lasting('start', 'The container could not be made with these settings.'),
  RunContainerError: lasting('start', 'The command could not be run: does the image have it?'),
  StartError: lasting('start', 'The command could not be run: does the image have it?'),
  ContainerCannotRun: lasting('start', 'The command could not be run: does the image have it?'),
  PostStartHookError: lasting('start', ''),
  CrashLoopBackOff: lasting('run', CRASH),
  Error: passing('run', CRASH),
  OOMKilled: lasting('run', 'It needs more memory than resources.limits.memory lets it have.'),
  DeadlineExceeded: lasting('run', ''),
  BackoffLimitExceeded: lasting('run', CRASH),
  Evicted: lasting('node', 'The machine ran out of disk space or memory: free some.'),
  NodeLost: passing('node', ''),
  Forbidden: lasting('node', "This machine's configuration does not let pods do that."),
  Unschedulable: passing('schedule', ''),
  FailedScheduling: passing('schedule', ''),
  SchedulingGated: passing('schedule', 'Something else is to lift its scheduling gates.'),
  FailedMount: passing('volume', ''),
  FailedAttachVolume: passing('volume', ''),
  FailedCreatePodSandBox: passing('network', ''),
  NetworkNotReady: passing('network', ''),
  Unhealthy: passing('probe', 'It runs, but its probe says that it is not ready.'),
};

const CALM = new Set(['ContainerCreating', 'PodInitializing', 'Completed', '']);

/** What is wrong with a pod; undefined: nothing, as far as anybody can tell yet. Pure. */
export function troubleOf(pod: k8s.Pod, events: readonly k8s.CoreV1Event[] = []): Trouble | undefined {
  const { status = {}, metadata } = pod;
  if (metadata?.deletionTimestamp) return undefined;
  if (status.phase === 'Failed' && status.reason) return trouble(status.reason, status.message);
  return containerTrouble(pod) ?? scheduleTrouble(status) ?? eventTrouble(pod, events);
}

function containerTrouble({ status = {}, spec }: k8s.Pod): Trouble | undefined {
  const statuses = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  for (const { state, lastState } of statuses) {
    const { waiting, terminated } = state ?? {};
    if (waiting && !CALM.has(waiting.reason ?? ''))
      return trouble(waiting.reason ?? '', said(waiting, lastState));
    if (terminated && terminated.exitCode !== 0) {
      const isFinal = status.phase === 'Failed' || spec?.restartPolicy === 'Never';
      return {
        ...trouble(terminated.reason ?? 'Error', ended(terminated)),
        ...(isFinal ? { lasting: true } : {}),
      };
    }
  }
  return undefined;
}

function said(waiting: k8s.ContainerStateWaiting, last: k8s.ContainerState | undefined): string {
  const before = last?.terminated ? `; the last time: ${ended(last.terminated)}` : '';
  return `${waiting.message ?? ''}${before}`;
}

function ended({ exitCode, signal, message, reason }: k8s.ContainerStateTerminated): string {
  const how = signal ? `ended by signal ${signal}` : `exit code ${exitCode}`;
  return [reason === 'OOMKilled' ? 'out of memory' : how, message?.trim()].filter(Boolean).join(': ');
}

function scheduleTrouble(status: k8s.PodStatus): Trouble | undefined {
  const scheduled = status.conditions?.find(({ type }) => type === 'PodScheduled');
  if (scheduled?.status !== 'False') return undefined;
  const reason = scheduled.reason === 'Unschedulable' ? 'FailedScheduling' : (scheduled.reason ?? '');
  return trouble(reason, scheduled.message);
}

/** A pod that is not ready is explained by the latest warning about it. */
function eventTrouble(
  { metadata, status = {} }: k8s.Pod,
  events: readonly k8s.CoreV1Event[],
): Trouble | undefined {
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True' || status.phase === 'Succeeded') return undefined;
  const latest = events
    .filter(({ type, involvedObject }) => type === 'Warning' && involvedObject.uid === metadata?.uid)
    .sort((a, b) => timeOf(b) - timeOf(a))[0];
  return latest && trouble(latest.reason ?? '', latest.message);
}

const timeOf = ({ lastTimestamp, eventTime, firstTimestamp }: k8s.CoreV1Event): number =>
  Date.parse(lastTimestamp ?? eventTime ?? firstTimestamp ?? '') || 0;

function trouble(reason: string, message = ''): Trouble {
  const meaning: Meaning = MEANINGS[reason] ?? passing('run', '');
  return { ...meaning, advice: adviceOn(meaning.step, message) ?? meaning.advice, reason, message };
}
