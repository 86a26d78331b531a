import type { Command, OptionSpec } from './command.ts';

const CLUSTER_OPTIONS = {
  cluster: { type: 'string', value: 'NAME', help: 'Cluster (default host)' },
  namespace: { type: 'string', value: 'NAME', help: 'Namespace (default "default")' },
} as const satisfies Record<string, OptionSpec>;

/** Of commands that make or change objects: people see what they would have to write. */
const MAKE_OPTIONS = {
  'dry-run': { type: 'boolean', help: 'Change nothing; show the objects' },
  output: {
    type: 'string',
    short: 'o',
    value: 'yaml|json|name',
    choices: ['yaml', 'json', 'name'],
    help: 'Print the objects',
  },
} as const satisfies Record<string, OptionSpec>;

const UNLIMITED = Number.POSITIVE_INFINITY;

/** Commands for people who have no kubectl, and need not learn it. */
export const APP_COMMANDS: readonly Command[] = [
  {
    name: 'run',
    topic: 'Applications',
    args: 'IMAGE [-- ARGUMENTS]',
    arity: [1, UNLIMITED],
    summary: 'Run a container image as an application',
    details: `For example: sampan run nginx --port 80
What it makes, as you would write it for kubectl: sampan run nginx --port 80 --dry-run -o yaml`,
    options: {
      name: { type: 'string', value: 'NAME', help: "Name of the application (default: the image's)" },
      port: {
        type: 'string',
        short: 'p',
        value: 'N',
        multiple: true,
        help: 'Port of the program to open on this machine; may be repeated',
      },
      env: {
        type: 'string',
        short: 'e',
        value: 'NAME=VALUE',
        multiple: true,
        help: 'Variable of the program; may be repeated',
      },
      replicas: { type: 'string', value: 'N', help: 'How many of it run (default 1)' },
      wait: { type: 'string', value: 'SECONDS', help: 'Longest wait until it runs (default 60; 0: none)' },
      ...CLUSTER_OPTIONS,
      ...MAKE_OPTIONS,
    },
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'ps',
    topic: 'Applications',
    summary: 'List applications, and what is wrong with them',
    options: {
      all: { type: 'boolean', short: 'a', help: 'Of all namespaces' },
      ...CLUSTER_OPTIONS,
      output: {
        type: 'string',
        short: 'o',
        value: 'json|yaml|name',
        choices: ['json', 'yaml', 'name'],
        help: 'Output format',
      },
    },
    load: () => import('./commands/ps.ts'),
  },
  {
    name: 'open',
    topic: 'Applications',
    args: 'NAME',
    arity: [1, 1],
    summary: 'Print the address of an application; on a desktop, show it in the browser',
    options: { print: { type: 'boolean', help: 'Only print it' }, ...CLUSTER_OPTIONS },
    load: () => import('./commands/open.ts'),
  },
  {
    name: 'logs',
    topic: 'Applications',
    args: '[NAME]',
    arity: [0, 1],
    summary: "Show what an application says; without a name, the server's log",
    options: {
      follow: { type: 'boolean', short: 'f', help: 'Go on as it grows' },
      tail: { type: 'string', short: 'n', value: 'N', help: 'Last lines to show (default 100)' },
      previous: { type: 'boolean', help: 'Of the containers before the last restart' },
      container: { type: 'string', short: 'c', value: 'NAME', help: 'One container (default: all)' },
      timestamps: { type: 'boolean', help: 'With the time of each line' },
      since: { type: 'string', value: 'SECONDS', help: 'Nothing older' },
      node: { type: 'boolean', help: 'The log of what runs containers on this machine' },
      hub: { type: 'boolean', help: 'The log of the registry' },
      ...CLUSTER_OPTIONS,
    },
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'exec',
    topic: 'Applications',
    args: 'NAME [-- COMMAND]',
    arity: [1, UNLIMITED],
    summary: 'Run a command in an application; without one, a shell',
    details: 'For example: sampan exec web -- ls -l /. The exit code is that of the command.',
    options: {
      container: { type: 'string', short: 'c', value: 'NAME', help: 'Container (default: the first)' },
      stdin: { type: 'boolean', short: 'i', help: 'Give it what this command gets (default on a terminal)' },
      tty: { type: 'boolean', short: 't', help: 'With a terminal (default on a terminal)' },
      ...CLUSTER_OPTIONS,
    },
    load: () => import('./commands/exec.ts'),
  },
  {
    name: 'scale',
    topic: 'Applications',
    args: 'NAME N',
    arity: [2, 2],
    summary: 'Run N of an application; 0 stops it',
    options: { ...CLUSTER_OPTIONS, ...MAKE_OPTIONS },
    load: () => import('./commands/scale.ts'),
  },
  {
    name: 'rm',
    topic: 'Applications',
    args: 'NAME…',
    arity: [1, UNLIMITED],
    summary: 'Remove applications',
    options: CLUSTER_OPTIONS,
    load: () => import('./commands/rm.ts'),
  },
  {
    name: 'apply',
    topic: 'Applications',
    args: '-f FILE',
    summary: 'Make or change what files of Kubernetes objects say',
    options: {
      filename: {
        type: 'string',
        short: 'f',
        value: 'FILE',
        multiple: true,
        help: 'File, folder, or - for standard input; may be repeated',
      },
      force: { type: 'boolean', help: 'Take over fields that somebody else set' },
      ...CLUSTER_OPTIONS,
      ...MAKE_OPTIONS,
    },
    load: () => import('./commands/apply.ts'),
  },
];
