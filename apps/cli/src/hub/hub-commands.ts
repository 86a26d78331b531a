import type { Command, OptionSpec } from '../command.ts';

const TOPIC = 'Registry';

const text = (value: string, help: string): OptionSpec => ({ type: 'string', value, help });
const flag = (help: string): OptionSpec => ({ type: 'boolean', help });
const many = (value: string, help: string): OptionSpec => ({ ...text(value, help), multiple: true });

const output = (...choices: string[]): OptionSpec => ({
  type: 'string',
  short: 'o',
  value: choices.join('|'),
  choices,
  help: 'Output format',
});

/** Of commands that move images. */
const COPY = {
  platform: text('OS/ARCH', 'Only the image for this platform, as linux/arm64 (default: all)'),
  jobs: text('N', 'Blobs at once (default 4)'),
  'insecure-http': flag('Speak to other registries without encryption'),
  output: output('json', 'yaml', 'name'),
} as const satisfies Record<string, OptionSpec>;

const hub = (
  word: string,
  args: string,
  arity: Command['arity'] & object,
  summary: string,
  load: Command['load'],
) => ({
  name: `hub ${word}`,
  topic: TOPIC as Command['topic'] & string,
  args,
  arity,
  summary,
  load,
});

/** Commands about the registry; what they do with objects kubectl can do as well. */
export const HUB_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'push',
      'LAYOUT|TAR|- NAME[:TAG]',
      [2, 2],
      'Push an image that lies in a folder or a file',
      () => import('../commands/hub-push.ts'),
    ),
    details: `Takes OCI image layouts and their archives, and what "docker save" writes. For example:
docker save app | sampan hub push - shop/app:1
NAME is PROJECT/NAME in this registry, or HOST[:PORT]/… in another one.`,
    options: {
      image: text('NAME', 'Which of several images that are in there: its name, tag or digest'),
      tag: many('TAG', 'A further tag; may be repeated'),
      ...COPY,
    },
  },
  {
    ...hub(
      'pull',
      'NAME[:TAG|@DIGEST] FOLDER|FILE.tar|-',
      [2, 2],
      'Fetch an image into a folder or a file',
      () => import('../commands/hub-pull.ts'),
    ),
    details: `For example: sampan hub pull shop/app:1 app.tar; docker load -i app.tar
A folder becomes an OCI image layout. What broke off goes on where it ended.`,
    options: COPY,
  },
  {
    ...hub(
      'copy',
      'SOURCE[:TAG|@DIGEST] TARGET[:TAG]',
      [2, 2],
      'Copy an image between registries, or within one',
      () => import('../commands/hub-copy.ts'),
    ),
    details: `For example: sampan hub copy docker.io/library/nginx:1.27 shop/nginx:1.27
Logins are those of docker and of skopeo, podman and buildah: ~/.docker/config.json, containers' auth.json.`,
    options: {
      all: flag('All tags of a repository'),
      referrers: flag('And what refers to the image: signatures, for example'),
      ...COPY,
    },
  },
];
