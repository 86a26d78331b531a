import {
  HUB_GROUP,
  HUB_VERSION,
  hashRobotSecret,
  newRobotSecret,
  type RobotAccountObject,
  type RobotPermission,
  robotLogin,
} from '@sampan/hub/kinds';
import { printedOnly } from '../apps/make.ts';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import { durationOf } from '../clusters/durations.ts';
import type { Invocation, OptionValues } from '../command.ts';
import { createHubObject, untilSeen } from '../hub/hub-objects.ts';
import { roleFrom } from '../hub/project-spec.ts';
import { ROBOT } from '../hub/robot-kind.ts';
import { tellSecret } from '../hub/tell-secret.ts';
import { usage } from '../parse.ts';
import { listOf } from '../values.ts';

/** The secret is made here, and only its hash is kept: it is shown once. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const secret = newRobotSecret();
  const [text = ''] = args;
  const object: RobotAccountObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'RobotAccount',
    metadata: { name: ROBOT.objectName(text) },
    spec: {
      ...(typeof options.description === 'string' ? { description: options.description } : {}),
      permissions: permissionsFrom(text, options),
      ...expiry(options),
      ...secretPlace(options, secret),
    },
  };
  if (await printedOnly(invocation, [object])) return 0;
  return await withHost(invocation, async (client) => {
    const created = await createHubObject(client, ROBOT, object);
    if (waitMsOf(invocation) > 0) await untilSeen(invocation, client, ROBOT, created);
    const { secretRef } = object.spec ?? {};
    const kept = secretRef ? { secretRef } : { secret };
    await tellSecret(invocation, {
      name: robotLogin(created.metadata.name ?? ''),
      ...kept,
      ...expiry(options),
    });
    return 0;
  });
}

/** Throws `usage`. */
function permissionsFrom(text: string, options: OptionValues): RobotPermission[] {
  const role = roleFrom(options.role);
  const named = listOf(options.project);
  const slash = text.indexOf('/');
  if (slash >= 0 && !text.startsWith('robot/')) {
    if (named.length > 0 || options['all-projects'] === true)
      throw usage(
        'A robot named PROJECT/NAME has rights in that project.',
        'For several projects name it without a slash.',
      );
    return [{ project: text.slice(0, slash), role }];
  }
  if (options['all-projects'] === true) return [{ project: '*', role }];
  if (named.length === 0)
    throw usage(
      'In which projects?',
      'Name it PROJECT/NAME, or say --project (may be repeated) or --all-projects.',
    );
  return named.map((project) => ({ project, role }));
}

function expiry(options: OptionValues): { readonly expiresAt?: string } {
  const seconds = durationOf('expires', options.expires);
  return seconds === undefined
    ? {}
    : { expiresAt: `${new Date(Date.now() + seconds * 1000).toISOString().slice(0, 19)}Z` };
}

function secretPlace(
  options: OptionValues,
  secret: string,
): Partial<NonNullable<RobotAccountObject['spec']>> {
  const place = options['secret-in'];
  if (typeof place !== 'string') return { secretHash: hashRobotSecret(secret) };
  const [namespace = '', name = '', ...more] = place.split('/');
  if (namespace === '' || name === '' || more.length > 0)
    throw usage(
      `--secret-in cannot be ${JSON.stringify(place)}.`,
      'For example: --secret-in default/shop-login',
    );
  return { secretRef: { namespace, name } };
}
