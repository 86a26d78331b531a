import { hashRobotSecret, newRobotSecret, type RobotAccountObject, robotLogin } from '@sampan/hub/kinds';
import { waitMsOf, withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { getHubObject, untilSeen } from '../hub/hub-objects.ts';
import { ROBOT } from '../hub/robot-kind.ts';
import { expiryFrom } from '../hub/robot-spec.ts';
import { tellSecret } from '../hub/tell-secret.ts';
import { usage } from '../parse.ts';

/** Gives a robot a new secret; the old one is none from then on. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, options } = invocation;
  const secret = newRobotSecret();
  const expiry = expiryFrom(options);
  return await withHost(invocation, async (client) => {
    const { spec, metadata } = await getHubObject(client, ROBOT, args[0] ?? '');
    if (spec?.secretRef) {
      const { namespace, name } = spec.secretRef;
      throw usage(
        'The secret of this robot is made by the registry.',
        `A new one is made when it is gone: sampan kubectl -n ${namespace} delete secret ${name}`,
      );
    }
    const patch = { spec: { secretHash: hashRobotSecret(secret), ...expiry } };
    const { name = '' } = metadata;
    const changed = await client.patch<RobotAccountObject>(ROBOT.ref, undefined, name, 'merge', patch);
    if (waitMsOf(invocation) > 0) await untilSeen(invocation, client, ROBOT, changed);
    const ends = changed.spec?.expiresAt;
    await tellSecret(invocation, {
      name: robotLogin(name),
      secret,
      ...(ends === undefined ? {} : { expiresAt: ends }),
    });
    return 0;
  });
}
