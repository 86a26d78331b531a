import { APP_COMMANDS } from './app-commands.ts';
import { CLUSTER_COMMANDS } from './clusters/cluster-commands.ts';
import type { Command, OptionSpec } from './command.ts';
import { HUB_COMMANDS } from './hub/hub-commands.ts';
import { MACHINE_COMMANDS } from './machine-commands.ts';

/** Options that every command takes. */
export const GLOBAL_OPTIONS = {
  home: {
    type: 'string',
    value: 'DIR',
    help: 'Folder of all state (SAMPAN_HOME; default ~/.sampan, for root /var/lib/sampan)',
  },
  port: {
    type: 'string',
    value: 'N',
    help: 'TLS port (SAMPAN_PORT; default 6443, or a free one, remembered)',
  },
  help: { type: 'boolean', short: 'h', help: 'Show help' },
} as const satisfies Record<string, OptionSpec>;

const output = (...choices: string[]): OptionSpec => ({
  type: 'string',
  short: 'o',
  value: choices.join('|'),
  choices,
  help: 'Output format',
});

const UNLIMITED = Number.POSITIVE_INFINITY;

export const COMMANDS: readonly Command[] = [
  {
    name: 'up',
    summary: 'Start Sampan in the background; harmless when it runs',
    options: {
      listen: { type: 'string', value: 'ADDRESS', help: 'Address to listen on (default 127.0.0.1)' },
      foreground: { type: 'boolean', help: 'Stay in this terminal, and log to it' },
      'legacy-apis': {
        type: 'boolean',
        help: 'Also serve removed betas that Kubernetes 1.20 components ask for',
      },
      'hub-port': {
        type: 'string',
        value: 'PORT',
        help: 'Port of the registry on localhost (default 5000, or a free one, remembered)',
      },
      'no-hub': { type: 'boolean', help: 'Without the registry' },
      'no-node': { type: 'boolean', help: 'Do not run containers on this machine' },
      'no-sample': { type: 'boolean', help: 'Do not create sample objects' },
      timeout: {
        type: 'string',
        value: 'SECONDS',
        help: 'Longest time to wait until it is ready (default 60)',
      },
    },
    load: () => import('./commands/up.ts'),
  },
  {
    name: 'down',
    summary: 'Stop Sampan; all objects stay',
    load: () => import('./commands/down.ts'),
  },
  {
    name: 'status',
    summary: 'Show version, processes, endpoints, memory and objects',
    details: 'Exit code 1 when Sampan does not run.',
    options: { output: output('json', 'yaml') },
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'backup',
    args: 'FILE',
    arity: [1, 1],
    summary: 'Back everything up while it serves: all clusters, the registry, keys, people',
    details: `For example: sampan backup /mnt/backups/sampan-$(date +%F).tar.gz
Not in it: images from elsewhere, logs, and what pods wrote to volumes. Each cluster is as of one moment of its own.`,
    options: {
      'no-images': { type: 'boolean', help: 'Without what the registry holds' },
      wait: { type: 'string', value: 'SECONDS', help: 'Longest wait for one cluster (default 60)' },
    },
    load: () => import('./commands/backup.ts'),
  },
  {
    name: 'restore',
    args: 'FILE',
    arity: [1, 1],
    summary: 'Make a home of a backup, where none is',
    load: () => import('./commands/restore.ts'),
  },
  ...APP_COMMANDS,
  ...CLUSTER_COMMANDS,
  ...HUB_COMMANDS,
  {
    name: 'kubeconfig',
    topic: 'Kubernetes',
    summary: 'Print a kubeconfig, or put it into your own',
    details: `For example: sampan kubeconfig > ~/.kube/sampan; export KUBECONFIG=~/.kube/sampan
Or, beside what you have: sampan kubeconfig --cluster dev --merge
With full rights, unless --user says for whom: that user has the rights that the cluster gives to the name.
A kubeconfig that got into wrong hands: sampan user revoke NAME ends all of that user's. All of a cluster's end with its
keys: sampan cluster rotate.`,
    options: {
      cluster: { type: 'string', value: 'NAME', help: 'Cluster (default host)' },
      merge: { type: 'boolean', help: 'Put it into your kubeconfig (KUBECONFIG, else ~/.kube/config)' },
      context: {
        type: 'string',
        value: 'NAME',
        help: 'Name in the kubeconfig (default sampan, or sampan-CLUSTER)',
      },
      'no-switch': { type: 'boolean', help: 'With --merge: leave your current context as it is' },
      user: { type: 'string', value: 'NAME', help: 'For this user, who has no rights of its own' },
      group: {
        type: 'string',
        short: 'g',
        value: 'G',
        multiple: true,
        help: 'Group of the user; may be repeated',
      },
      expires: { type: 'string', value: 'TIME', help: 'How long it can be used, as 12h or 30d (default 1y)' },
      output: output('json', 'yaml'),
    },
    load: () => import('./commands/kubeconfig.ts'),
  },
  {
    name: 'kubectl',
    topic: 'Kubernetes',
    args: '…',
    summary: 'Run the installed kubectl on Sampan',
    details: `What follows is given to kubectl as it is; --cluster, --home and --port go right after "kubectl", for example:
sampan kubectl --cluster dev get pods`,
    passThrough: true,
    options: { cluster: { type: 'string', value: 'NAME', help: 'Cluster (default host)' } },
    load: () => import('./commands/kubectl.ts'),
  },
  {
    name: 'user create',
    topic: 'People',
    args: 'NAME',
    arity: [1, 1],
    summary: 'Make a person: a kubeconfig on stdout, and a password for the registry, shown once',
    options: {
      group: {
        type: 'string',
        short: 'g',
        value: 'G',
        multiple: true,
        help: 'Group of the person; may be repeated',
      },
      cluster: {
        type: 'string',
        value: 'NAME',
        help: 'Cluster in which (default host); elsewhere without a password',
      },
      expires: { type: 'string', value: 'TIME', help: 'With --cluster: how long, as 30d (default 1y)' },
      output: output('json', 'yaml'),
    },
    load: () => import('./commands/user-create.ts'),
  },
  {
    name: 'user list',
    topic: 'People',
    summary: 'List people',
    options: { output: output('wide', 'json', 'yaml', 'name') },
    load: () => import('./commands/user-list.ts'),
  },
  {
    name: 'user delete',
    topic: 'People',
    args: 'NAME',
    arity: [1, 1],
    summary: 'Delete a person: password and certificates end at once',
    options: { cluster: { type: 'string', value: 'NAME', help: 'Cluster in which (default host)' } },
    load: () => import('./commands/user-delete.ts'),
  },
  {
    name: 'user revoke',
    topic: 'People',
    args: 'NAME',
    arity: [1, 1],
    summary: 'End all certificates that a person was given so far, also by "kubeconfig --user"',
    details:
      'The person and the password stay, and new certificates can be made: sampan kubeconfig --user NAME',
    options: { cluster: { type: 'string', value: 'NAME', help: 'Cluster in which (default host)' } },
    load: () => import('./commands/user-revoke.ts'),
  },
  {
    name: 'doctor',
    topic: 'This machine',
    summary: 'Check this machine, and say how to mend what is missing',
    details: 'What is missing for containers is installed by --fix, as root on Debian, Ubuntu and the like.',
    options: {
      fix: { type: 'boolean', help: 'Install what is missing; never removes anything' },
      // for "make up": says nothing when all is there
      needed: {
        type: 'boolean',
        help: 'As --fix, and only that, when containers cannot run without',
        hidden: true,
      },
      output: output('json', 'yaml'),
    },
    load: () => import('./commands/doctor.ts'),
  },
  ...MACHINE_COMMANDS,
  {
    name: 'reset',
    summary: 'Stop Sampan and delete its home with all objects',
    options: { confirm: { type: 'boolean', help: 'Yes, delete everything' } },
    load: () => import('./commands/reset.ts'),
  },
  {
    name: 'completion',
    topic: 'More',
    args: 'bash|zsh|fish',
    arity: [1, 1],
    summary: 'Print completion for a shell',
    details: 'For example in ~/.bashrc: source <(sampan completion bash)',
    load: () => import('./commands/completion.ts'),
  },
  {
    name: 'version',
    topic: 'More',
    summary: 'Show the version',
    options: { output: output('json', 'yaml') },
    load: () => import('./commands/version.ts'),
  },
  {
    name: 'help',
    topic: 'More',
    args: '[COMMAND]',
    arity: [0, UNLIMITED],
    summary: 'Show help',
    load: () => import('./commands/help.ts'),
  },
];
