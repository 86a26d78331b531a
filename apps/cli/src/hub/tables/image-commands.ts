import type { Command, OptionSpec } from '../../command.ts';
import { flag, hub, INSECURE, many, output, text } from './command-table.ts';

/** Of commands that move images. */
const COPY = {
  platform: text('OS/ARCH', 'Only the image for this platform, as linux/arm64 (default: all)'),
  jobs: text('N', 'Blobs at once (default 4)'),
  ...INSECURE,
  output: output('json', 'yaml', 'name'),
} as const satisfies Record<string, OptionSpec>;

/** Moving images, and logging in to do so. */
export const IMAGE_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'push',
      'FILE NAME[:TAG]',
      [2, 2],
      'Push an image that lies in a folder or a file',
      () => import('../../commands/hub-push.ts'),
    ),
    details: `Takes OCI image layouts and their archives, and what "docker save" writes. For example:
docker save app | sampan hub push - shop/app:1
FILE is a folder, a tar archive, or - for standard input. NAME is PROJECT/NAME in this registry, or HOST[:PORT]/… in
another one.`,
    options: {
      image: text('NAME', 'Which of several images that are in there: its name, tag or digest'),
      tag: many('TAG', 'A further tag; may be repeated'),
      ...COPY,
    },
  },
  {
    ...hub(
      'pull',
      'NAME[:TAG] FILE',
      [2, 2],
      'Fetch an image into a folder or a file',
      () => import('../../commands/hub-pull.ts'),
    ),
    details: `For example: sampan hub pull shop/app:1 app.tar; docker load -i app.tar
FILE ends with .tar, or is - for standard output; all else is a folder, which becomes an OCI image layout. There, what broke
off goes on where it ended. NAME may end with @DIGEST instead of a tag.`,
    options: COPY,
  },
  {
    ...hub(
      'copy',
      'SOURCE TARGET',
      [2, 2],
      'Copy an image between registries, or within one',
      () => import('../../commands/hub-copy.ts'),
    ),
    details: `For example: sampan hub copy docker.io/library/nginx:1.27 shop/nginx:1.27
Logins are those of docker and of skopeo, podman and buildah: ~/.docker/config.json, containers' auth.json.`,
    options: {
      all: flag('All tags of a repository'),
      referrers: flag('And what refers to the image: signatures, for example'),
      ...COPY,
    },
  },
  {
    ...hub(
      'login',
      '[HOST]',
      [0, 1],
      'Log in docker, skopeo, podman and buildah',
      () => import('../../commands/hub-login.ts'),
    ),
    details: `On this machine no name is needed: sampan hub login; docker push localhost:5000/shop/app
As somebody: sampan hub login --user ann --password-stdin < password.txt
Other logins in the same files are kept.`,
    options: {
      user: text('NAME', 'Who logs in (default: a robot of yours with all rights)'),
      'password-stdin': flag('Read the password from standard input'),
      ...INSECURE,
    },
  },
  hub('logout', '[HOST]', [0, 1], 'Forget a login', () => import('../../commands/hub-logout.ts')),
];
