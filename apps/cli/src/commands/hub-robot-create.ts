import {
  HUB_GROUP,
  HUB_VERSION,
  hashRobotSecret,
  newRobotSecret,
  type RobotAccountObject,
  robotLogin,
} from '@sampan/hub/kinds';
import { printedOnly } from '../apps/make.ts';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation, OptionValues } from '../command.ts';
import { createHubObject, untilSeen } from '../hub/hub-objects.ts';
import { ROBOT } from '../hub/robot-kind.ts';
import { expiryFrom, permissionsFrom } from '../hub/robot-spec.ts';
import { fromNothing } from '../hub/spec-patch.ts';
import { tellSecret } from '../hub/tell-secret.ts';
import { usage } from '../parse.ts';

/** The secret is made here, and only its hash is kept: it is shown once. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const secret = newRobotSecret();
  const [text = ''] = args;
  const expiry = fromNothing<{ expiresAt: string }>(expiryFrom(options));
  const object: RobotAccountObject = {
    apiVersion: `${HUB_GROUP}/${HUB_VERSION}`,
    kind: 'RobotAccount',
    metadata: { name: ROBOT.objectName(text) },
    spec: {
      ...(typeof options.description === 'string' ? { description: options.description } : {}),
      permissions: permissionsFrom(text, options),
      ...expiry,
      ...secretPlace(options, secret),
    },
  };
  if (await printedOnly(invocation, [object])) {
    if (object.spec?.secretHash) process.stderr.write(`The secret that the hash is of: ${secret}\n`);
    return 0;
  }
  return await withHost(invocation, async (client) => {
    const created = await createHubObject(client, ROBOT, object);
    if (waitMsOf(invocation) > 0) await untilSeen(invocation, client, ROBOT, created);
    const { secretRef } = object.spec ?? {};
    const kept = secretRef ? { secretRef } : { secret };
    await tellSecret(invocation, {
      name: robotLogin(created.metadata.name ?? ''),
      ...kept,
      ...expiry,
    });
    return 0;
  });
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
