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

/** Of commands that change objects. */
const CHANGE = {
  wait: text('SECONDS', 'Longest wait until the registry has seen it (default 60; 0: none)'),
  output: output('json', 'yaml', 'name'),
} as const satisfies Record<string, OptionSpec>;
const DRY_RUN = { 'dry-run': flag('Change nothing; show what would be') } as const satisfies Record<
  string,
  OptionSpec
>;

const PROJECT_OPTIONS = {
  public: flag('All may pull, without a login too'),
  description: text('TEXT', 'What it is for'),
  quota: text('SIZE', 'Most that it may hold, as 10Gi; "none": no limit'),
  member: many(
    'NAME=ROLE',
    'Who may do what: ann=developer, group:qa=guest, serviceaccount:NAMESPACE/NAME=guest',
  ),
  immutable: many('[REPOS:]TAGS', 'Tags that stay as they are, as "v*"; may be repeated; "none": no more'),
  'artifact-type': many('GLOB', 'Only artifacts of these media types; may be repeated; "none": all'),
  retain: text('[REPOS:]TAGS', 'Retention is for these tags (default all); "none": no more'),
  'keep-last': text('N', 'Of each repository so many that were pushed last are kept'),
  'keep-pushed': text('TIME', 'What was pushed in so long is kept, as 30d'),
  'keep-pulled': text('TIME', 'What was pulled in so long is kept, as 30d'),
  schedule: text('CRON', 'When the others are deleted: five fields, UTC; "none": only when asked'),
  ...CHANGE,
  ...DRY_RUN,
} as const satisfies Record<string, OptionSpec>;

const WEBHOOK_OPTIONS = {
  event: many('EVENT', 'push, pull, delete, quota; may be repeated (default push and delete)'),
  filter: text('[REPOS:]TAGS', 'Only of these; "none": of all'),
  secret: text('NAMESPACE/NAME[/KEY]', 'Secret by which it is signed; "none": not signed'),
  ca: text('FILE', 'Certificate of the receiver’s own authority, PEM; "none": the usual ones'),
  description: text('TEXT', 'What it is for'),
  ...CHANGE,
  ...DRY_RUN,
} as const satisfies Record<string, OptionSpec>;

const LIST = { output: output('wide', 'json', 'yaml', 'name') } as const;
const SHOW = { output: output('json', 'yaml', 'name') } as const;
const ROLES = ['guest', 'developer', 'maintainer', 'admin'];
const UNLIMITED = Number.POSITIVE_INFINITY;

const lists = (word: string, args: string, summary: string, load: Command['load']): Command => ({
  ...hub(`${word} list`, args, [0, 1], summary, load),
  options: LIST,
});
const describes = (word: string, args: string, summary: string, load: Command['load']): Command => ({
  ...hub(`${word} describe`, args, [1, 1], summary, load),
  options: SHOW,
});

/** What commands of three words are about, for the overview. */
export const HUB_FAMILIES: Readonly<Record<string, string>> = {
  'hub project': 'Projects: who may pull and push, how much, and what is kept',
  'hub repo': 'Repositories: what there is, and what it takes',
  'hub tag': 'Tags: what there is, when it was pushed and pulled',
  'hub robot': 'Logins for programs',
  'hub webhook': 'Who is told of pushes, pulls and deletions',
};

/** Commands about the registry; what they do with objects kubectl can do as well. */
export const HUB_COMMANDS: readonly Command[] = [
  {
    ...hub(
      'push',
      'FILE NAME[:TAG]',
      [2, 2],
      'Push an image that lies in a folder or a file',
      () => import('../commands/hub-push.ts'),
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
      () => import('../commands/hub-pull.ts'),
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
  {
    ...hub(
      'login',
      '[HOST]',
      [0, 1],
      'Log in docker, skopeo, podman and buildah',
      () => import('../commands/hub-login.ts'),
    ),
    details: `On this machine no name is needed: sampan hub login; docker push localhost:5000/shop/app
As somebody: sampan hub login --user ann --password-stdin < password.txt
Other logins in the same files are kept.`,
    options: {
      user: text('NAME', 'Who logs in (default: a robot of yours with all rights)'),
      'password-stdin': flag('Read the password from standard input'),
      'insecure-http': COPY['insecure-http'],
    },
  },
  hub('logout', '[HOST]', [0, 1], 'Forget a login', () => import('../commands/hub-logout.ts')),
  {
    ...hub(
      'usage',
      '[PROJECT…]',
      [0, UNLIMITED],
      'Show what projects hold, and what they may',
      () => import('../commands/hub-usage.ts'),
    ),
    options: { output: output('json', 'yaml') },
  },
  {
    ...hub(
      'gc',
      '',
      [0, 0],
      'Delete what nobody needs; the registry serves meanwhile',
      () => import('../commands/hub-gc.ts'),
    ),
    details: 'It does so by itself now and then. What a push of the last day may be about to need is let be.',
    options: {
      'dry-run': flag('Delete nothing; say what would be'),
      grace: text('TIME', 'How long blobs wait for a push (default 1d; 0: only while nobody pushes)'),
      output: output('json', 'yaml'),
    },
  },
  {
    ...hub(
      'fsck',
      '',
      [0, 0],
      'Look whether all that was pushed is there',
      () => import('../commands/hub-fsck.ts'),
    ),
    details: 'Exit code 1 when something is missing or damaged.',
    options: { read: flag('Read every byte, too'), output: output('json', 'yaml') },
  },
  {
    ...hub(
      'retention',
      'PROJECT',
      [1, 1],
      "Run a project's retention now",
      () => import('../commands/hub-retention.ts'),
    ),
    options: { 'dry-run': flag('Delete nothing; say what would be'), output: output('json', 'yaml') },
  },
  {
    ...hub(
      'project create',
      'NAME',
      [1, 1],
      'Make a project: repositories that belong together',
      () => import('../commands/hub-project-create.ts'),
    ),
    details: `For example: sampan hub project create shop --member ann=developer --quota 10Gi
Roles: guest pulls, developer pushes too, maintainer and admin delete too.`,
    options: PROJECT_OPTIONS,
  },
  {
    ...hub('project update', 'NAME', [1, 1], 'Change a project; what is not named stays', async () => {
      const [{ updateOf }, { PROJECT }, { projectPatch }] = await Promise.all([
        import('./hub-objects.ts'),
        import('./project-kind.ts'),
        import('./project-spec.ts'),
      ]);
      return { run: updateOf(PROJECT, projectPatch) };
    }),
    details: `For example, the last ten of each repository stay, the others go each night:
sampan hub project update shop --keep-last 10 --schedule "0 3 * * *"
A member with the role "none" is taken out: --member ann=none`,
    options: { private: flag('Only members may pull'), ...PROJECT_OPTIONS },
  },
  lists('project', '', 'List projects', async () => {
    const [{ listOf }, { PROJECT }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./project-kind.ts'),
    ]);
    return { run: listOf(PROJECT) };
  }),
  describes('project', 'NAME', 'Show what a project is', async () => {
    const [{ describeOf }, { PROJECT }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./project-kind.ts'),
    ]);
    return { run: describeOf(PROJECT) };
  }),
  {
    ...hub(
      'project delete',
      'NAME',
      [1, 1],
      'Delete a project',
      () => import('../commands/hub-project-delete.ts'),
    ),
    options: {
      confirm: text('NAME', 'Yes, of this one'),
      'with-content': flag('And all that is in it'),
      wait: CHANGE.wait,
    },
  },
  lists('repo', '[PROJECT]', 'List repositories', async () => {
    const [{ listOf }, { REPOSITORY }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./content-kinds.ts'),
    ]);
    return { run: listOf(REPOSITORY) };
  }),
  describes('repo', 'NAME', 'Show what a repository holds', async () => {
    const [{ describeOf }, { REPOSITORY }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./content-kinds.ts'),
    ]);
    return { run: describeOf(REPOSITORY) };
  }),
  {
    ...hub(
      'repo delete',
      'NAME',
      [1, 1],
      'Delete a repository with all that is in it',
      () => import('../commands/hub-repo-delete.ts'),
    ),
    options: { confirm: text('NAME', 'Yes, of this one') },
  },
  {
    ...lists(
      'tag',
      '[REPOSITORY]',
      'List tags; of other registries too',
      () => import('../commands/hub-tag-list.ts'),
    ),
    options: { 'insecure-http': COPY['insecure-http'], ...LIST },
  },
  {
    ...describes(
      'tag',
      'NAME:TAG',
      'Show what a tag names; of other registries too',
      () => import('../commands/hub-tag-describe.ts'),
    ),
    details: 'What the image says of itself is read from it, which counts as a pull; not with --output.',
    options: { 'insecure-http': COPY['insecure-http'], ...SHOW },
  },
  {
    ...hub(
      'tag delete',
      'NAME:TAG…',
      [1, UNLIMITED],
      'Delete tags; what they name stays under its digest',
      () => import('../commands/hub-tag-delete.ts'),
    ),
    details: 'A further tag for an image is a copy: sampan hub copy shop/app:1 shop/app:stable',
    options: { 'insecure-http': COPY['insecure-http'] },
  },
  {
    ...hub(
      'robot create',
      'PROJECT/NAME|NAME',
      [1, 1],
      'Make a login for programs; its secret is shown once',
      () => import('../commands/hub-robot-create.ts'),
    ),
    details: `For example: sampan hub robot create shop/ci --role developer --expires 90d -o json`,
    options: {
      role: { ...text('ROLE', 'What it may do: guest, developer, maintainer, admin'), choices: ROLES },
      project: many('NAME', 'Of a robot without a project in its name: where; may be repeated'),
      'all-projects': flag('Everywhere'),
      expires: text('TIME', 'How long it can be used, as 90d (default: for ever)'),
      description: text('TEXT', 'What it is for'),
      'secret-in': text('NAMESPACE/NAME', 'Let the registry make the secret, as an imagePullSecret'),
      ...CHANGE,
      ...DRY_RUN,
    },
  },
  {
    ...hub('robot update', 'PROJECT/NAME|NAME', [1, 1], 'Change a robot; its secret stays', async () => {
      const [{ updateOf }, { ROBOT }, { robotPatch }] = await Promise.all([
        import('./hub-objects.ts'),
        import('./robot-kind.ts'),
        import('./robot-spec.ts'),
      ]);
      return { run: updateOf(ROBOT, robotPatch) };
    }),
    options: {
      role: { ...text('ROLE', 'What it may do: guest, developer, maintainer, admin'), choices: ROLES },
      project: many('NAME', 'With --role: where; may be repeated'),
      'all-projects': flag('With --role: everywhere'),
      expires: text('TIME', 'How long it can be used from now; "never": for ever'),
      disable: flag('It may do nothing from now on'),
      enable: flag('It may log in again'),
      description: text('TEXT', 'What it is for'),
      ...CHANGE,
      ...DRY_RUN,
    },
  },
  {
    ...hub(
      'robot renew',
      'PROJECT/NAME|NAME',
      [1, 1],
      'Give a robot a new secret; the old one ends',
      () => import('../commands/hub-robot-renew.ts'),
    ),
    options: { expires: text('TIME', 'How long it can be used from now'), ...CHANGE },
  },
  lists('robot', '[PROJECT]', 'List robots', async () => {
    const [{ listOf }, { ROBOT }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./robot-kind.ts'),
    ]);
    return { run: listOf(ROBOT) };
  }),
  describes('robot', 'PROJECT/NAME|NAME', 'Show what a robot may do', async () => {
    const [{ describeOf }, { ROBOT }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./robot-kind.ts'),
    ]);
    return { run: describeOf(ROBOT) };
  }),
  hub('robot delete', 'PROJECT/NAME|NAME…', [1, UNLIMITED], 'Delete robots: their secrets end', async () => {
    const [{ deleteOf }, { ROBOT }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./robot-kind.ts'),
    ]);
    return { run: deleteOf(ROBOT) };
  }),
  {
    ...hub(
      'webhook create',
      'PROJECT/NAME URL',
      [2, 2],
      'Tell a URL what happens in a project',
      () => import('../commands/hub-webhook-create.ts'),
    ),
    details: `For example: sampan hub webhook create shop/ci https://ci.example.com/hook --event push --filter "web:v*"`,
    options: WEBHOOK_OPTIONS,
  },
  lists('webhook', '[PROJECT]', 'List webhooks, and how they fare', async () => {
    const [{ listOf }, { WEBHOOK }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./webhook-kind.ts'),
    ]);
    return { run: listOf(WEBHOOK) };
  }),
  describes('webhook', 'PROJECT/NAME', 'Show what a webhook is', async () => {
    const [{ describeOf }, { WEBHOOK }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./webhook-kind.ts'),
    ]);
    return { run: describeOf(WEBHOOK) };
  }),
  {
    ...hub('webhook deliveries', 'PROJECT/NAME', [1, 1], 'List what a webhook was told', async () => {
      const [{ listOf }, { DELIVERY }] = await Promise.all([
        import('./hub-objects.ts'),
        import('./content-kinds.ts'),
      ]);
      return { run: listOf(DELIVERY) };
    }),
    options: LIST,
  },
  {
    ...hub(
      'webhook update',
      'PROJECT/NAME',
      [1, 1],
      'Change a webhook; what is not named stays',
      async () => {
        const [{ updateOf }, { WEBHOOK }, { webhookPatch }] = await Promise.all([
          import('./hub-objects.ts'),
          import('./webhook-kind.ts'),
          import('./webhook-spec.ts'),
        ]);
        return { run: updateOf(WEBHOOK, webhookPatch) };
      },
    ),
    options: {
      url: text('URL', 'Who is told'),
      disable: flag('Send nothing from now on'),
      enable: flag('Send again'),
      ...WEBHOOK_OPTIONS,
    },
  },
  {
    ...hub(
      'webhook replay',
      'PROJECT/NAME DELIVERY',
      [2, 2],
      'Send a delivery again',
      () => import('../commands/hub-webhook-replay.ts'),
    ),
    options: CHANGE,
  },
  hub('webhook delete', 'PROJECT/NAME…', [1, UNLIMITED], 'Delete webhooks', async () => {
    const [{ deleteOf }, { WEBHOOK }] = await Promise.all([
      import('./hub-objects.ts'),
      import('./webhook-kind.ts'),
    ]);
    return { run: deleteOf(WEBHOOK) };
  }),
];
