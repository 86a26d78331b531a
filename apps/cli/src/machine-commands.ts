import type { Command, OptionSpec } from './command.ts';

const output = (...choices: string[]): OptionSpec => ({
  type: 'string',
  short: 'o',
  value: choices.join('|'),
  choices,
  help: 'Output format',
});

const UNLIMITED = Number.POSITIVE_INFINITY;

/** Commands about what is set up on this machine; most need root. */
export const MACHINE_COMMANDS: readonly Command[] = [
  {
    name: 'image load',
    topic: 'This machine',
    args: 'FILE.tar|-',
    arity: [1, 1],
    summary: 'Load images from a file, without any registry',
    details: `Takes what "docker save", "podman save" and "skopeo copy … oci-archive:" write. For example:
docker save myapp | sudo sampan image load -; sampan run myapp --port 8080`,
    load: () => import('./commands/image-load.ts'),
  },
  {
    name: 'image pull',
    topic: 'This machine',
    args: 'IMAGE',
    arity: [1, 1],
    summary: 'Fetch an image before something needs it',
    load: () => import('./commands/image-pull.ts'),
  },
  {
    name: 'image ls',
    topic: 'This machine',
    summary: 'List the images that are there',
    options: { output: output('json', 'yaml', 'name') },
    load: () => import('./commands/image-list.ts'),
  },
  {
    name: 'image rm',
    topic: 'This machine',
    args: 'IMAGE…',
    arity: [1, UNLIMITED],
    summary: 'Remove images',
    load: () => import('./commands/image-rm.ts'),
  },
  {
    name: 'registry add',
    topic: 'This machine',
    args: 'HOST',
    arity: [1, 1],
    summary: 'Say how images of a registry are fetched: mirror, login, authority',
    details: `For example:
sampan registry add ghcr.io --user ann --password-stdin < password.txt
sampan registry add docker.io --mirror https://mirror.example.com
What was set for the registry before is replaced.`,
    options: {
      mirror: {
        type: 'string',
        value: 'URL',
        multiple: true,
        help: 'Asked before the registry itself; may be repeated',
      },
      ca: { type: 'string', value: 'FILE', help: 'Certificate of an authority of its own, PEM' },
      user: { type: 'string', value: 'NAME', help: 'Who logs in' },
      'password-stdin': { type: 'boolean', help: 'Read the password from standard input' },
      'insecure-http': { type: 'boolean', help: 'Without encryption: for registries in your own network' },
    },
    load: () => import('./commands/registry-add.ts'),
  },
  {
    name: 'registry list',
    topic: 'This machine',
    summary: 'List registries with settings, and the proxy',
    options: { output: output('json', 'yaml') },
    load: () => import('./commands/registry-list.ts'),
  },
  {
    name: 'registry remove',
    topic: 'This machine',
    args: 'HOST',
    arity: [1, 1],
    summary: 'Forget the settings of a registry',
    load: () => import('./commands/registry-remove.ts'),
  },
  {
    name: 'registry proxy',
    topic: 'This machine',
    args: 'URL|none',
    arity: [1, 1],
    summary: 'Fetch all images through a proxy, or through none',
    details: 'For example: sampan registry proxy http://proxy.example.com:3128',
    options: {
      except: {
        type: 'string',
        value: 'HOSTS',
        help: 'Reached without it, as in NO_PROXY (default: networks at home)',
      },
    },
    load: () => import('./commands/registry-proxy.ts'),
  },
  {
    name: 'service install',
    topic: 'This machine',
    summary: 'Have Sampan and its applications come back after a reboot (systemd)',
    options: {
      listen: { type: 'string', value: 'ADDRESS', help: 'As of "up"' },
      'legacy-apis': { type: 'boolean', help: 'As of "up"' },
      'hub-port': { type: 'string', value: 'PORT', help: 'As of "up"' },
      'no-hub': { type: 'boolean', help: 'As of "up"' },
      'no-node': { type: 'boolean', help: 'As of "up"' },
      print: { type: 'boolean', help: 'Only show the units' },
    },
    load: () => import('./commands/service-install.ts'),
  },
  {
    name: 'service remove',
    topic: 'This machine',
    summary: 'Leave it to people to start Sampan',
    load: () => import('./commands/service-remove.ts'),
  },
];
