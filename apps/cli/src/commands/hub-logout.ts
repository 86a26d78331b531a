import { StatusError } from '@sampan/api';
import { robotLogin } from '@sampan/hub/kinds';
import { withHost } from '../clusters/change-cluster.ts';
import type { Invocation } from '../command.ts';
import { findHubPlace, hubPlace, isOwnHost } from '../hub/hub-place.ts';
import { ownRobotName } from '../hub/own-robot.ts';
import { forgetPlainHttp } from '../hub/plain-http.ts';
import { loginsOf } from '../hub/registries.ts';
import { ROBOT } from '../hub/robot-kind.ts';
import { namesOf } from './hub-login.ts';

/** Forgets a login; the robot that `login` made for it goes, too. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, home, environment } = invocation;
  const host = args[0] ?? hubPlace(home).host;
  const logins = loginsOf(invocation);
  const place = findHubPlace(home);
  const isOwn = place !== undefined && isOwnHost(place, host);
  const credentials = await logins.find(host, '');
  let isGone = false;
  for (const name of namesOf(host)) isGone = (await logins.remove(name)) || isGone;
  forgetPlainHttp(environment, namesOf(host));
  const name = ownRobotName();
  const isRobots = credentials?.kind === 'password' && credentials.user === robotLogin(name);
  if (isOwn && place.admin && isRobots) await deleteRobot(invocation, name);
  process.stdout.write(isGone ? `Logged out of ${host}\n` : `There was no login for ${host}\n`);
  return 0;
}

async function deleteRobot(invocation: Invocation, name: string): Promise<void> {
  await withHost(invocation, async (client) => {
    await client.delete(ROBOT.ref, undefined, name).catch((error: unknown) => {
      if (!(error instanceof StatusError) || error.code !== 404) throw error;
    });
  });
}
