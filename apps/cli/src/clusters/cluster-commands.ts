import type { Command, OptionSpec } from '../command.ts';

const UNLIMITED = Number.POSITIVE_INFINITY;
const TOPIC = 'Clusters';

const text = (value: string, help: string): OptionSpec => ({ type: 'string', value, help });
const flag = (help: string): OptionSpec => ({ type: 'boolean', help });

const output = (...choices: string[]): OptionSpec => ({
  type: 'string',
  short: 'o',
  value: choices.join('|'),
  choices,
  help: 'Output format',
});

/** Of commands that change objects. */
const CHANGE = {
  wait: text('SECONDS', 'Longest wait until it is done (default 60; 0: none)'),
  'dry-run': flag('Change nothing; show what would be'),
  output: output('json', 'yaml', 'name'),
} as const satisfies Record<string, OptionSpec>;

const CONFIRM = text('NAME', 'Its name once more, so that no other one is meant');

/** What both ways of making a cluster take. */
const MAKE = {
  description: text('TEXT', 'What it is for'),
  label: { ...text('KEY=VALUE', 'Label of the cluster; may be repeated'), multiple: true },
  sandboxed: flag('Run its pods under gVisor'),
  idle: text('TIME', 'Sleep after so long without a request (default 10m; 0: never)'),
  quota: {
    ...text(
      'NAME=N',
      'At most so many objects, bytes, requestsPerSecond, pods, cpu or memory; may be repeated',
    ),
    multiple: true,
  },
  paused: flag('Make it, but have it answer no requests until "resume"'),
  pods: text('RANGE', 'Addresses of pods (default 10.244.0.0/24, in every cluster)'),
  services: text('RANGE', 'Addresses of Services (default 10.96.0.0/12, in every cluster)'),
  ...CHANGE,
} as const satisfies Record<string, OptionSpec>;

const one = (
  word: string,
  summary: string,
  load: Command['load'],
  options: Command['options'] = CHANGE,
): Command => ({
  name: `cluster ${word}`,
  topic: TOPIC,
  args: 'NAME',
  arity: [1, 1],
  summary,
  options,
  load,
});

/** Before the list of these commands. */
export const CLUSTERS_ABOUT = `A cluster is a Kubernetes of its own on this machine, apart from all others; asleep it takes nothing.

First: sampan cluster create dev
Then: sampan run nginx --port 80 --cluster dev`;

/** Commands about clusters beside the host's; all they do kubectl can do with objects of the kind Cluster. */
export const CLUSTER_COMMANDS: readonly Command[] = [
  {
    ...one(
      'create',
      'Make a cluster: a Kubernetes of its own',
      () => import('../commands/cluster-create.ts'),
      {
        from: text('BACKUP', 'Make it of a backup: a file, or one that "describe" shows'),
        clone: text('NAME', 'Make it of another cluster, with all its objects'),
        ...MAKE,
      },
    ),
    details: `For example: sampan cluster create dev
Then: sampan run nginx --port 80 --cluster dev
In your own kubectl: sampan kubeconfig --merge --cluster dev`,
  },
  {
    name: 'cluster list',
    topic: TOPIC,
    summary: 'List clusters, and whether they run or sleep',
    options: {
      selector: { ...text('LABELS', 'Only those with these labels'), short: 'l' },
      output: output('wide', 'json', 'yaml', 'name'),
    },
    load: () => import('../commands/cluster-list.ts'),
  },
  one(
    'describe',
    'Show what a cluster is, what ails it, and its backups',
    () => import('../commands/cluster-describe.ts'),
    {
      output: output('json', 'yaml', 'name'),
    },
  ),
  {
    name: 'cluster usage',
    topic: TOPIC,
    args: '[NAME…]',
    arity: [0, UNLIMITED],
    summary: 'Show what clusters take of this machine, and what they may',
    options: { output: output('json', 'yaml') },
    load: () => import('../commands/cluster-usage.ts'),
  },
  {
    ...one('delete', 'Put a cluster into the trash', () => import('../commands/cluster-delete.ts'), {
      confirm: CONFIRM,
      keep: text('TIME', 'How long it can be taken back (default 1d)'),
      now: flag('Delete it at once, and for good'),
      ...CHANGE,
    }),
    details: `For example: sampan cluster delete dev --confirm=dev
Its pods end, and for a day all else is kept: sampan cluster undelete dev
With --now nothing of it is left but backups.`,
  },
  one(
    'undelete',
    'Have a cluster back that was deleted, for a day',
    () => import('../commands/cluster-undelete.ts'),
  ),
  {
    ...one(
      'sleep',
      'Have a cluster sleep until its next request',
      () => import('../commands/cluster-sleep.ts'),
    ),
    details: `Clusters without pods fall asleep by themselves after ten minutes; asleep they take no memory and no time.
One that is to answer nobody: sampan cluster pause NAME`,
  },
  one('wake', 'Wake a cluster before its next request does', () => import('../commands/cluster-wake.ts')),
  {
    ...one(
      'pause',
      'Have a cluster answer nobody until it is resumed',
      () => import('../commands/cluster-pause.ts'),
    ),
    details: 'Its pods run on, but nobody looks after them.',
  },
  one('resume', 'Have a paused cluster go on', () => import('../commands/cluster-resume.ts')),
  {
    name: 'cluster upgrade',
    topic: TOPIC,
    args: '[NAME…]',
    arity: [0, UNLIMITED],
    summary: 'Bring clusters to this release, one after the other',
    details: `After a new release of Sampan: clusters are upgraded by themselves when they are next used; this does it now, and ends with
the first that fails. What was before is kept for a day: sampan cluster upgrade NAME --rollback`,
    options: {
      all: flag('All that are there'),
      rollback: flag('Put back what was before the last upgrade or restore'),
      ...CHANGE,
    },
    load: () => import('../commands/cluster-upgrade.ts'),
  },
  {
    name: 'cluster backup',
    topic: TOPIC,
    args: 'NAME [FILE]',
    arity: [1, 2],
    summary: 'Back a cluster up while it serves, now or by the clock',
    details: `For example: sampan cluster backup dev dev.tar
Each night at three (UTC), the newest seven kept: sampan cluster backup dev --schedule "0 3 * * *" --keep 7
Backups hold the keys of the cluster. They do not hold what its pods wrote to volumes.`,
    options: {
      schedule: text('CRON', 'Five fields, UTC; "none": no more'),
      keep: text('N', 'How many of the newest are kept (default 7)'),
      ...CHANGE,
    },
    load: () => import('../commands/cluster-backup.ts'),
  },
  {
    name: 'cluster restore',
    topic: TOPIC,
    args: 'NAME BACKUP',
    arity: [2, 2],
    summary: 'Replace what a cluster has by what a backup holds',
    details: `For example: sampan cluster restore dev dev.tar --confirm=dev
What was there is kept for a day: sampan cluster upgrade dev --rollback
Into another cluster instead: sampan cluster create NAME --from dev.tar`,
    options: { confirm: CONFIRM, ...CHANGE },
    load: () => import('../commands/cluster-restore.ts'),
  },
  {
    name: 'cluster clone',
    topic: TOPIC,
    args: 'NAME NEW',
    arity: [2, 2],
    summary: 'Make a cluster of another one, with all its objects',
    details: `For example: sampan cluster clone dev trial
It has keys of its own; kubeconfigs of the other one are no good in it. What pods wrote to volumes is not copied.`,
    options: MAKE,
    load: () => import('../commands/cluster-clone.ts'),
  },
  {
    ...one(
      'rotate',
      'Give a cluster new keys, in two phases',
      () => import('../commands/cluster-rotate.ts'),
      {
        finish: flag('Believe the old keys no more: all kubeconfigs from before end'),
        ...CHANGE,
      },
    ),
    details: `For example: sampan cluster rotate dev, then hand out new kubeconfigs, then: sampan cluster rotate dev --finish
Between both, kubeconfigs of before and new ones hold. To end those of one user only: sampan user revoke NAME --cluster dev`,
  },
  {
    ...one(
      'token',
      'Make a token by which a machine joins a cluster',
      () => import('../commands/cluster-token.ts'),
      {
        from: {
          ...text('RANGE', 'Where such machines are: there logs and exec reach them; may be repeated'),
          multiple: true,
        },
        expires: text('TIME', 'How long it can be used (default 1d)'),
        output: output('json', 'yaml'),
      },
    ),
    details: `For example: sampan cluster token dev --from 192.0.2.0/24 > join.sh
Then, as root on the other machine, which has a kubelet and containerd: sh join.sh`,
  },
];
